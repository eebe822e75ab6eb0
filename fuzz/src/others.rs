//! Bodies of embeddings and moderations, and lists that go in pieces.

use bedrock_filter::openai::Endpoint;
use bedrock_filter::translate::chat::Headers;
use bedrock_filter::translate::split::{Gathered, PerCall, split};
use serde_json::Value;

use super::judge;
use super::requests::options;

/// A model of every row of the table of embedding models, and of none.
const MODELS: &[&str] = &[
    "amazon.titan-embed-g1-text-02",
    "amazon.titan-embed-text-v1",
    "amazon.titan-embed-text-v2:0",
    "amazon.titan-embed-image-v1",
    "amazon.nova-2-multimodal-embeddings-v1:0",
    "cohere.embed-english-v3",
    "us.cohere.embed-multilingual-v3",
    "cohere.embed-v4:0",
    "amazon.nova-pro-v1:0",
];

/// The first byte chooses the model and the endpoint, the second what is configured; the rest is the body.
pub fn check(bytes: &[u8]) {
    let [model, choices, body @ ..] = bytes else { return };
    let endpoint =
        [Endpoint::Embeddings, Endpoint::Moderations, Endpoint::Completions][usize::from(choices >> 5) % 3];
    let model = MODELS[usize::from(*model) % MODELS.len()];
    // A moderation is a guardrail's: without any it is refused.
    let options = options(*choices);
    if endpoint != Endpoint::Completions {
        let _ = judge::request(endpoint, model, body, &Headers::default(), &options);
    }
    let items = 1 + usize::from(*choices & 3);
    let per_call = PerCall { items: Some(items), one_choice: choices & 4 != 0 };
    let pieces = match split(body, endpoint, &options.limits, |_| Ok(per_call)) {
        Ok(None) => return,
        Err(error) => return judge::refused(&error, 400..500),
        Ok(Some(pieces)) => pieces,
    };
    assert!(pieces.pieces() > 1);
    let name = if endpoint == Endpoint::Completions { "prompt" } else { "input" };
    let Some(whole) = judge::value(body) else { return };
    let mut put_together = Vec::new();
    for index in 0..pieces.pieces() {
        let piece = pieces.piece(body, index).expect("a piece");
        let mut piece: Value = serde_json::from_slice(&piece).expect("a piece is JSON");
        if per_call.one_choice && endpoint == Endpoint::Completions {
            // A prompt has as many pieces as choices, and need be no list.
            assert!(matches!(piece["n"].as_u64(), None | Some(0..=1 | 17..)), "a piece for several choices");
            continue;
        }
        let items = piece[name].take();
        let items = items.as_array().expect("a piece has a list");
        assert!((1..=per_call.items.unwrap_or(1)).contains(&items.len()));
        put_together.extend_from_slice(items);
    }
    // Where a name stands twice the last holds, in the whole as in the pieces.
    if !put_together.is_empty() {
        assert_eq!(whole[name].as_array(), Some(&put_together), "the pieces are not the whole");
    }
    assert_eq!(pieces.piece(body, pieces.pieces()), None);
    let mut gathered = Gathered::new(&pieces);
    // What is no answer is told as such, and changes nothing.
    judge::refused(
        &gathered.add(0, body).err().unwrap_or_else(|| bedrock_filter::openai::Error::new(502, "x")),
        500..600,
    );
    assert!(!gathered.is_whole());
}
