//! Anthropic's API: bodies of any bytes for Claude as itself, and streams of chunks of any bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bedrock_filter::openai::Endpoint;
use bedrock_filter::translate::chat::Headers;
use bedrock_filter::translate::messages::as_anthropic;
use bedrock_filter::translate::notes::Unsupported;
use bedrock_filter::translate::{self, Answered, Client, Limits, Options, Reply};
use serde_json::Value;

use super::allocation::{Bound, bounded};
use super::judge;

const BOUND: Bound = Bound { per_byte: 200, any: 512 << 10 };
const MODELS: &[&str] =
    &["us.amazon.nova-pro-v1:0", "us.meta.llama3-3-70b-instruct-v1:0", "openai.gpt-oss-120b-1:0"];
const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const ANSWERED: Answered<'static> =
    Answered { request_id: "req-1", created: 1_700_000_000, input_tokens: None };

/// The first byte says how lenient the gateway is; the rest is a body, a stream and an answer.
pub fn check(bytes: &[u8]) {
    let [how, bytes @ ..] = bytes else { return };
    let unsupported = if how & 1 == 0 { Unsupported::Refuse } else { Unsupported::Ignore };
    let options = Options { unsupported, ..Options::default() };
    bounded("a request", bytes.len(), BOUND, || native(bytes, &options));
    translated(bytes, &options);
    bounded("an answer", bytes.len(), BOUND, || answered(bytes));
    let (_, told) = as_anthropic(500, bytes, None);
    assert_eq!(serde_json::from_slice::<Value>(&told).expect("JSON")["type"], "error");
}

fn native(body: &[u8], options: &Options) {
    let client = Client { name: "team-a", terms: None, chat: Headers::default(), recall: None, is_part: false };
    let resolve = |_: Option<&str>| Ok(CLAUDE.to_owned());
    let counted = translate::request(Endpoint::MessageTokens, body, &client, options, resolve);
    match translate::request(Endpoint::Messages, body, &client, options, resolve) {
        Err(error) => {
            judge::refused(&error, 400..414);
            assert_eq!(counted.expect_err("what is refused is not counted"), error);
        }
        Ok((_, outgoing)) => {
            assert!(matches!(outgoing.reply, Reply::Messages(_)));
            let (_, counted) = counted.expect("what is taken is counted");
            let Some(sent) = judge::value(&outgoing.body.into_vec()) else { return };
            assert_eq!(sent["anthropic_version"], "bedrock-2023-05-31");
            assert!(sent.get("model").is_none() && sent.get("stream").is_none());
            is_counted(sent, &counted.body.into_vec());
        }
    }
}

/// What is counted is what would be sent, with a limit on tokens.
fn is_counted(mut sent: Value, counted: &[u8]) {
    let counted: Value = serde_json::from_slice(counted).expect("JSON");
    let own = counted["input"]["invokeModel"]["body"].as_str().expect("a body");
    let mut own = judge::value(&STANDARD.decode(own).expect("base64")).expect("what is sent is JSON");
    assert!(own.get("max_tokens").is_some_and(|limit| !limit.is_null()));
    for body in [&mut sent, &mut own] {
        body.as_object_mut().expect("an object").remove("max_tokens");
    }
    assert_eq!(own, sent);
}

/// The same for models that are asked by Converse.
fn translated(body: &[u8], options: &Options) {
    for model in MODELS {
        let _ = judge::request(Endpoint::Messages, model, body, &Headers::default(), options);
    }
}

fn answered(bytes: &[u8]) {
    let body = br#"{"stream":true}"#;
    let client = Client { name: "team-a", terms: None, chat: Headers::default(), recall: None, is_part: false };
    let resolve = |_: Option<&str>| Ok(CLAUDE.to_owned());
    let asked = translate::request(Endpoint::Messages, body, &client, &Options::default(), resolve);
    let (_, mut outgoing) = asked.expect("a request");
    if let Err(error) = outgoing.reply.whole(bytes, ANSWERED) {
        judge::refused(&error, 502..503);
    }
    let mut stream = outgoing.reply.stream(ANSWERED, &Limits::default()).expect("a stream");
    let mut out = Vec::new();
    let result = stream.bytes(bytes, &mut out).and_then(|()| stream.end(&mut out));
    if let Err(error) = result {
        stream.fail(&error, &mut out);
    }
    let text = String::from_utf8(out).expect("text");
    for event in text.split_terminator("\n\n") {
        let (name, data) = event.split_once('\n').expect("two lines");
        let Some(data) = judge::value(data.strip_prefix("data: ").expect("data").as_bytes()) else {
            continue;
        };
        assert_eq!(name.strip_prefix("event: "), data["type"].as_str());
    }
}
