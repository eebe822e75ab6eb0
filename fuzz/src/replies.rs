//! Bodies of any bytes as whole replies, to every endpoint's request.

use bedrock_filter::openai::Endpoint;
use bedrock_filter::translate::chat::Guardrail;
use bedrock_filter::translate::{self, Client, Options, Reply};
use serde_json::Value;

use super::allocation::{Bound, bounded};
use super::{ANSWERED, CALLER, judge};

/// A reply asks for what its bytes, their text as JSON and its vectors as numbers take.
const BOUND: Bound = Bound { per_byte: 200, any: 64 << 10 };

/// Requests of every kind that an answer depends on.
pub(crate) const CHATS: &[&str] = &[
    r#""user":"me""#,
    r#""tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"a.b"}},
        {"type":"custom","custom":{"name":"sql"}}]"#,
    r#""functions":[{"name":"f"},{"name":"a.b"}]"#,
    r#""response_format":{"type":"json_object"}"#,
];

/// By endpoint: what was asked, and the model.
const OTHERS: &[(Endpoint, &str, &str)] = &[
    (
        Endpoint::Completions,
        r#"{"prompt":"Hi","echo":true,"stream":true}"#,
        "anthropic.claude-3-haiku-20240307-v1:0",
    ),
    (Endpoint::Embeddings, r#"{"input":"Hi"}"#, "amazon.titan-embed-text-v2:0"),
    (Endpoint::Embeddings, r#"{"input":"Hi","encoding_format":"base64"}"#, "amazon.titan-embed-image-v1"),
    (Endpoint::Embeddings, r#"{"input":["Hi","Ho"]}"#, "cohere.embed-english-v3"),
    (Endpoint::Embeddings, r#"{"input":["Hi","Ho"],"encoding_format":"base64"}"#, "cohere.embed-v4:0"),
    (Endpoint::Embeddings, r#"{"input":"Hi"}"#, "amazon.nova-2-multimodal-embeddings-v1:0"),
    (Endpoint::Moderations, r#"{"input":"Hi"}"#, "guardrail"),
    (Endpoint::Moderations, r#"{"input":[{"type":"text","text":"Hi"}]}"#, "guardrail"),
    (Endpoint::ChatCompletions, CALLING, "us.amazon.nova-pro-v1:0"),
    (Endpoint::ChatCompletions, CALLING, "moonshotai.kimi-k2.5"),
];

/// A chat with a tool: Nova thinks in its text, and Kimi writes calls into it.
const CALLING: &str = r#"{"messages":[{"role":"user","content":"Hi"}],"stream":true,
    "tools":[{"type":"function","function":{"name":"f"}}]}"#;

/// What the answers are to: chats first.
pub(crate) fn contexts() -> &'static [(Endpoint, Reply)] {
    thread_local! {
        // Once for each thread, and for good.
        static ALL: &'static [(Endpoint, Reply)] = made().leak();
    }
    ALL.with(|all| *all)
}

fn made() -> Vec<(Endpoint, Reply)> {
    let chats = CHATS.iter().map(|members| {
        let request = format!(
            r#"{{"messages":[{{"role":"user","content":"Hi"}}],"stream":true,
                "stream_options":{{"include_usage":true}},{members}}}"#
        );
        (Endpoint::ChatCompletions, request, "anthropic.claude-3-haiku-20240307-v1:0")
    });
    let others = OTHERS.iter().map(|(endpoint, request, model)| (*endpoint, (*request).to_owned(), *model));
    let context = |(endpoint, request, model): (Endpoint, String, &str)| {
        let guardrail = Guardrail {
            identifier: "own1".to_owned(),
            version: "7".to_owned(),
            trace: None,
            stream_mode: None,
        };
        let guardrail = (endpoint == Endpoint::Moderations).then_some(guardrail);
        let options = Options { guardrail, ..Options::default() };
        let client = Client { name: CALLER, ..Client::default() };
        let resolve = |_: Option<&str>| Ok(model.to_owned());
        let (_, outgoing) = translate::request(endpoint, request.as_bytes(), &client, &options, resolve)
            .unwrap_or_else(|error| panic!("{request}: {error:?}"));
        (endpoint, outgoing.reply)
    };
    chats.chain(others).map(context).collect()
}

/// The first byte chooses what was asked; the rest is the reply's body.
pub fn check(bytes: &[u8]) {
    let [context, body @ ..] = bytes else { return };
    let (endpoint, context) = &contexts()[usize::from(*context) % contexts().len()];
    let result = bounded("a reply", body.len(), BOUND, || context.whole(body, ANSWERED));
    let at_once = bounded("a reply as a stream", body.len(), BOUND, || context.at_once(body, ANSWERED));
    assert_eq!(result.as_ref().err(), at_once.as_ref().err(), "an error depends on how the answer is told");
    assert_eq!(result, context.whole(body, ANSWERED), "the same reply becomes two things");
    match result {
        Ok(answer) => taken(*endpoint, &answer),
        Err(error) => judge::refused(&error, 500..600),
    }
}

/// What OpenAI's SDK requires.
fn taken(endpoint: Endpoint, answer: &[u8]) {
    let Some(answer) = judge::value(answer) else { return };
    let list = |name: &str| answer[name].as_array().unwrap_or_else(|| panic!("no list of {name}: {answer}"));
    assert!(answer["model"].is_string(), "{answer}");
    let has_head = |kind: &str| {
        assert_eq!(answer["object"], kind);
        assert!(answer["id"].is_string() && answer["created"].is_u64(), "{answer}");
    };
    let counts = |usage: &Value, names: &[&str]| {
        assert!(usage.is_null() || names.iter().all(|name| usage[name].is_u64()), "{usage}");
    };
    let chat = ["prompt_tokens", "completion_tokens", "total_tokens"];
    match endpoint {
        Endpoint::ChatCompletions => {
            has_head("chat.completion");
            counts(&answer["usage"], &chat);
            for choice in list("choices") {
                assert!(choice["index"].is_u64() && choice["finish_reason"].is_string(), "{answer}");
                let message = &choice["message"];
                assert_eq!(message["role"], "assistant");
                assert!(message["content"].is_string() || message["content"].is_null(), "{answer}");
                for call in message["tool_calls"].as_array().into_iter().flatten() {
                    assert!(call["id"].is_string(), "{answer}");
                    let kind = call["type"].as_str().expect("a call has a type");
                    assert!(call[kind]["name"].is_string(), "{answer}");
                    assert!(
                        call[kind]["arguments"].is_string() || call[kind]["input"].is_string(),
                        "{answer}"
                    );
                }
            }
        }
        Endpoint::Responses | Endpoint::InputTokens => {}
        Endpoint::Completions => {
            has_head("text_completion");
            counts(&answer["usage"], &chat);
            for choice in list("choices") {
                assert!(choice["text"].is_string() && choice["finish_reason"].is_string(), "{answer}");
            }
        }
        Endpoint::Embeddings => {
            assert_eq!(answer["object"], "list");
            counts(&answer["usage"], &["prompt_tokens", "total_tokens"]);
            for (at, entry) in list("data").iter().enumerate() {
                assert_eq!(entry["object"], "embedding");
                assert_eq!(entry["index"].as_u64(), Some(at as u64));
                match &entry["embedding"] {
                    Value::Array(numbers) => assert!(numbers.iter().all(Value::is_number), "{answer}"),
                    Value::String(_) => {}
                    other => panic!("an embedding is {other}"),
                }
            }
        }
        // It goes on as it came: see `messages`.
        Endpoint::Messages | Endpoint::MessageTokens => {}
        Endpoint::Moderations => {
            assert!(answer["id"].is_string(), "{answer}");
            for result in list("results") {
                assert!(result["flagged"].is_boolean(), "{answer}");
                let categories = result["categories"].as_object().expect("categories");
                let scores = result["category_scores"].as_object().expect("scores");
                assert!(categories.keys().all(|name| scores[name].is_number()), "{answer}");
            }
        }
    }
}
