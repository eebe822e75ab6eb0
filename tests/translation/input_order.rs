//! Random lists of inputs, cut into as many pieces as the model needs and answered in any order.

use bedrock_filter::openai::Endpoint;
use bedrock_filter::translate::split::{Gathered, PerCall, split};
use bedrock_filter::translate::{Client, Limits, Options, embeddings};
use serde_json::{Value, json};

use super::ANSWERED;
use super::random::Random;

const MODELS: [&str; 5] = [
    "amazon.titan-embed-text-v1",
    "amazon.titan-embed-image-v1",
    "amazon.nova-2-multimodal-embeddings-v1:0",
    "cohere.embed-english-v3",
    "us.cohere.embed-v4:0",
];

/// The texts of a body for Bedrock.
fn texts(body: &Value) -> Vec<String> {
    let one = [body.get("inputText"), body.pointer("/singleEmbeddingParams/text/value")];
    match one.into_iter().flatten().next() {
        Some(text) => vec![text.as_str().unwrap().to_owned()],
        None => {
            body["texts"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
        }
    }
}

/// A vector that tells its text: its bytes.
fn vector(text: &str) -> Vec<u8> {
    text.bytes().collect()
}

/// What Bedrock answers to a body.
fn answer(model: &str, body: &Value) -> Value {
    let vectors: Vec<Vec<u8>> = texts(body).iter().map(|text| vector(text)).collect();
    if model.contains("titan") {
        json!({"embedding": vectors[0], "inputTextTokenCount": 2})
    } else if model.contains("nova") {
        json!({"embeddings": [{"embeddingType": "TEXT", "embedding": vectors[0]}]})
    } else {
        json!({"embeddings": {"float": vectors}})
    }
}

fn send(model: &str, body: &[u8]) -> Vec<u8> {
    let resolve = |_: Option<&str>| Ok(model.to_owned());
    let options = Options::default();
    let (_, outgoing) =
        bedrock_filter::translate::request(Endpoint::Embeddings, body, &Client::default(), &options, resolve)
            .unwrap();
    let answer = answer(model, &serde_json::from_slice(&outgoing.body.into_vec()).unwrap());
    outgoing.reply.whole(answer.to_string().as_bytes(), ANSWERED).unwrap()
}

#[test]
fn any_list_of_inputs_comes_back_in_its_order() {
    let mut random = Random::new(5);
    let parts =
        ["a", "text", "\"", "]", ",", "\\", "\n", "Grüße", "日本", "😀", " ", "[1]", "data:", "\u{7f}"];
    let mut cut = 0;
    for round in 0..400 {
        let model = MODELS[random.below(MODELS.len())];
        let length = if round % 20 == 0 { 1 + random.below(2_048) } else { 1 + random.below(60) };
        let inputs: Vec<String> =
            (0..length).map(|_| (0..=random.below(4)).map(|_| random.pick(&parts)).collect()).collect();
        let space = if random.once_in(2) { " \n" } else { "" };
        // With white space between them, and escapes as another writer has them.
        let items: Vec<String> = inputs
            .iter()
            .map(|text| serde_json::to_string(text).unwrap())
            .map(|text| if random.once_in(3) { text.replace('a', "\\u0061") } else { text })
            .collect();
        let list = items.join(&format!("{space},{space}"));
        let body = format!(r#"{{"model":"m","input":[{space}{list}{space}],"encoding_format":"float"}}"#);
        let per_call =
            |_: Option<&str>| Ok(PerCall { items: embeddings::texts_per_call(model), one_choice: true });
        let pieces = split(body.as_bytes(), Endpoint::Embeddings, &Limits::default(), per_call).unwrap();
        let reply = match pieces {
            None => send(model, body.as_bytes()),
            Some(pieces) => {
                cut += 1;
                let mut gathered = Gathered::new(&pieces);
                let mut left: Vec<usize> = (0..pieces.pieces()).collect();
                while !left.is_empty() {
                    let piece = left.swap_remove(random.below(left.len()));
                    let request = pieces.piece(body.as_bytes(), piece).unwrap();
                    gathered.add(piece, &send(model, &request)).unwrap();
                }
                assert!(gathered.is_whole());
                gathered.finish()
            }
        };
        let reply: Value = serde_json::from_slice(&reply).unwrap();
        let data = reply["data"].as_array().unwrap();
        assert_eq!(data.len(), inputs.len());
        for (index, (text, item)) in inputs.iter().zip(data).enumerate() {
            assert_eq!(item["index"], index);
            assert_eq!(item["embedding"], json!(vector(text)), "{model}: {text:?}");
        }
    }
    assert!(cut > 100, "{cut}");
}
