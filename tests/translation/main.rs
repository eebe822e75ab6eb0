//! Chats, translated: golden files in `tests/golden/` and properties over generated ones. Everything goes through the
//! crate's public functions, and nothing here shares code with it: frames, JSON and checksums are written anew.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

mod answers;
mod bad_input;
mod bad_messages;
mod bad_responses;
mod bedrock_rules;
mod carried;
mod cases;
mod families;
mod frames;
mod generate;
mod golden_embeddings;
mod golden_messages;
mod golden_replies;
mod golden_requests;
mod golden_streams;
mod input_order;
mod json;
mod limits;
mod linear_time;
mod messages;
mod properties;
mod random;
mod replies;
mod responses;
mod wire;
mod written;

use std::path::Path;

use bedrock_filter::openai::{Endpoint, Error};
use bedrock_filter::translate::notes::Unsupported;
use bedrock_filter::translate::{Answered, Client, Options, Reply, chat};
use serde_json::Value;
use serde_json::value::RawValue;

/// The name of the key that every request here comes with.
const CALLER: &str = "team-a";

/// What is known of every answer here before its body.
const ANSWERED: Answered<'static> =
    Answered { request_id: "req-1", created: 1_700_000_000, input_tokens: None };

fn options(unsupported: Unsupported) -> Options {
    Options { unsupported, ..Options::default() }
}

/// A translated request, its body in one piece.
#[derive(Debug)]
struct Outgoing {
    operation: &'static str,
    body: Vec<u8>,
    ignored: Vec<String>,
    reply: Reply,
}

/// Translates a chat request for the Bedrock model `model`, whatever the request calls it.
fn translate(model: &str, body: &[u8], options: &Options) -> Result<Outgoing, Error> {
    translate_with(chat::Headers::default(), model, body, options)
}

/// The same, of a client that sends these headers.
fn translate_with(
    headers: chat::Headers<'_>,
    model: &str,
    body: &[u8],
    options: &Options,
) -> Result<Outgoing, Error> {
    translate_to(Endpoint::ChatCompletions, headers, model, body, options)
}

/// The same, of a client that sends it to this endpoint.
fn translate_to(
    endpoint: Endpoint,
    headers: chat::Headers<'_>,
    model: &str,
    body: &[u8],
    options: &Options,
) -> Result<Outgoing, Error> {
    let resolve = |_: Option<&str>| Ok(model.to_owned());
    let client = Client { name: CALLER, terms: None, chat: headers, recall: None, is_part: false };
    bedrock_filter::translate::request(endpoint, body, &client, options, resolve).map(|(_, outgoing)| {
        Outgoing {
            operation: outgoing.operation,
            body: outgoing.body.into_vec(),
            ignored: outgoing.ignored,
            reply: outgoing.reply,
        }
    })
}

fn chat_reply(reply: &Reply) -> chat::Reply {
    match reply {
        Reply::Chat(context) => context.clone(),
        _ => panic!("a chat has a chat's reply"),
    }
}

/// Writes the body where `DUMP_CONVERSE_DIR` says, so that AWS's own client can check it against the service model.
fn dump(name: &str, model: &str, outgoing: &Outgoing) {
    let Some(folder) = std::env::var_os("DUMP_CONVERSE_DIR") else { return };
    let body: Box<RawValue> = serde_json::from_slice(&outgoing.body).unwrap();
    let name: String = name.chars().map(|c| if matches!(c, ':' | '/') { '-' } else { c }).collect();
    let file = Path::new(&folder).join(name + ".json");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(
        file,
        format!(r#"{{"modelId":"{model}","operation":"{}","body":{body}}}"#, outgoing.operation),
    )
    .unwrap();
}

/// Writes what a client is given where `DUMP_ANSWERS_DIR` says, whole, as a stream, or both of one answer, so that
/// OpenAI's own SDK can check it against its types.
fn dump_answer(name: &str, whole: Option<&Value>, chunks: Option<&[Value]>) {
    let Some(folder) = std::env::var_os("DUMP_ANSWERS_DIR") else { return };
    std::fs::create_dir_all(&folder).unwrap();
    let answer = serde_json::json!({ "whole": whole, "chunks": chunks });
    std::fs::write(
        Path::new(&folder).join(name.trim_end_matches(".json").to_owned() + ".json"),
        answer.to_string(),
    )
    .unwrap();
}

/// The same of a response and its events.
fn dump_response(name: &str, response: &Value, events: &[Value]) {
    let Some(folder) = std::env::var_os("DUMP_ANSWERS_DIR") else { return };
    std::fs::create_dir_all(&folder).unwrap();
    let answer = serde_json::json!({ "response": response, "events": events });
    std::fs::write(Path::new(&folder).join(name.to_owned() + ".json"), answer.to_string()).unwrap();
}
