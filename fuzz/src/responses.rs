//! Requests for responses, and streams of them: what a request becomes, and events without a gap, however a stream is cut.

use bedrock_filter::openai::{Endpoint, Error};
use bedrock_filter::translate::chat::Headers;
use bedrock_filter::translate::{self, Client, Limits, Options, Reply};
use serde_json::Value;

use super::allocation::{Bound, bounded};
use super::random::Random;
use super::requests::options;
use super::{ANSWERED, CALLER, judge};

const MODELS: &[&str] = &[
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
    "us.amazon.nova-pro-v1:0",
    "openai.gpt-oss-120b-1:0",
    "mistral.mistral-large-2407-v1:0",
];

/// What is asked for.
const ASKED: &[&str] = &[
    r#""tools":[{"type":"function","name":"f"},{"type":"custom","name":"sql"},{"type":"local_shell"},
        {"type":"namespace","name":"n","description":"","tools":[{"type":"function","name":"f"}]},{"type":"apply_patch"}]"#,
    r#""reasoning":{"summary":"auto"}"#,
    r#""text":{"format":{"type":"json_schema","name":"a","schema":{"type":"object"}}}"#,
];

fn replies() -> &'static [Reply] {
    thread_local! {
        // Once for each thread, and for good.
        static ALL: &'static [Reply] = made().leak();
    }
    ALL.with(|all| *all)
}

fn made() -> Vec<Reply> {
    let reply = |members: &&str| {
        let request = format!(r#"{{"input":"Hi","stream":true,{members}}}"#);
        let client = Client { name: CALLER, ..Client::default() };
        let resolve = |_: Option<&str>| Ok(MODELS[1].to_owned());
        let options = Options::default();
        let asked = translate::request(Endpoint::Responses, request.as_bytes(), &client, &options, resolve);
        asked.expect("a request").1.reply
    };
    ASKED.iter().map(reply).collect()
}

/// An event repeats ids and its kind, three of them each text, and the last two the whole response.
const BOUND: Bound = Bound { per_byte: 400, any: 128 << 10 };

/// The first byte chooses what is tried, the second the model or the request, and how a stream is cut; the rest is a body.
pub fn check(bytes: &[u8]) {
    let [kind, choice, body @ ..] = bytes else { return };
    let at = usize::from(*choice);
    match kind % 3 {
        0 => {
            let endpoint = if kind & 4 == 0 { Endpoint::Responses } else { Endpoint::InputTokens };
            let _ = judge::request(
                endpoint,
                MODELS[at % MODELS.len()],
                body,
                &Headers::default(),
                &options(*kind),
            );
        }
        1 => {
            let reply = &replies()[at % replies().len()];
            let whole = bounded("a response", body.len(), BOUND, || reply.whole(body, ANSWERED));
            match whole {
                Ok(response) => drop(judge::value(&response)),
                Err(error) => judge::refused(&error, 500..600),
            }
        }
        _ => {
            let reply = &replies()[at % replies().len()];
            let whole =
                bounded("a stream of a response", body.len(), BOUND, || run(reply, body, |left| left));
            let mut random = Random::of(std::slice::from_ref(choice));
            let pieces = run(reply, body, |left| 1 + random.below(left.min(60)));
            assert_eq!(whole, pieces, "what comes out depends on how it was cut");
            judge(&whole.0, whole.1.as_ref());
        }
    }
}

fn run(reply: &Reply, bytes: &[u8], mut cut: impl FnMut(usize) -> usize) -> (Vec<u8>, Option<Error>) {
    let mut stream = reply.clone().stream(ANSWERED, &Limits::default()).expect("a stream");
    let mut out = Vec::new();
    let mut rest = bytes;
    let mut error = None;
    while !rest.is_empty() && error.is_none() {
        let (piece, after) = rest.split_at(cut(rest.len()).clamp(1, rest.len()));
        error = stream.bytes(piece, &mut out).err();
        rest = after;
    }
    let error = error.or_else(|| stream.end(&mut out).err());
    match &error {
        Some(error) if stream.has_begun() => stream.fail(error, &mut out),
        Some(_) => assert!(out.is_empty(), "events before the stream has begun"),
        None => {}
    }
    (out, error)
}

/// Events by their names and numbers, and one end.
fn judge(out: &[u8], error: Option<&Error>) {
    if let Some(error) = error {
        judge::refused(error, 400..600);
    }
    let text = std::str::from_utf8(out).expect("UTF-8");
    assert!(text.is_empty() || text.ends_with("\n\n"), "half an event: {text}");
    let events: Vec<&str> = text.split_terminator("\n\n").collect();
    for (at, event) in events.iter().enumerate() {
        let (name, data) = event.split_once('\n').expect("two lines");
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").expect("data")).expect("JSON");
        assert_eq!(name.strip_prefix("event: "), data["type"].as_str(), "{event}");
        assert_eq!(data["sequence_number"].as_u64(), Some(at as u64), "{event}");
        let ends = ["completed", "incomplete", "failed"].map(|end| format!("response.{end}"));
        let is_end = ends.iter().any(|end| data["type"] == **end);
        assert_eq!(is_end, at + 1 == events.len(), "{event}");
        assert!(!is_end || (data["type"] == "response.failed") == error.is_some(), "{event}");
    }
}
