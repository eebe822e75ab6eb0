//! Bedrock's streams and the chunks a client is given for them, a file per behaviour, each cut in every possible way.

use bedrock_filter::openai::Error;
use bedrock_filter::translate::Streamed as _;
use bedrock_filter::translate::chat::Stream;
use bedrock_filter::translate::notes::Unsupported;
use bedrock_filter::translate::{Limits, chat};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::cases::{Refusal, run_all};
use super::frames::{self, Header, error, event, exception, frame};
use super::json::{Json, differences};
use super::{ANSWERED, chat_reply, dump_answer, options, translate};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case<'a> {
    /// Bedrock's id of the model.
    model: String,
    #[serde(borrow)]
    request: &'a RawValue,
    /// Type and payload: an event's, `exception:` and its type, or `error:` and its code with the message as payload.
    /// A string as payload of an event is its text as it is.
    #[serde(borrow)]
    events: Vec<(String, &'a RawValue)>,
    /// What each chunk adds: the delta of its choice, `finish_reason`, `usage`, or `[DONE]`.
    #[serde(borrow)]
    chunks: Vec<&'a RawValue>,
    /// How the stream ends where it does not end well.
    error: Option<Refusal>,
}

/// What came of a stream: the text for the client, and whether it ended well.
type Outcome = (String, Result<(), Error>);

#[test]
fn every_stream_becomes_what_its_golden_file_says_however_it_is_cut() {
    run_all("streams", check);
}

fn check(name: &str, text: &str) -> Result<(), Vec<String>> {
    let case: Case<'_> = serde_json::from_str(text).map_err(|error| vec![format!("the case: {error}")])?;
    let context = context(&case.model, case.request.get());
    let bytes: Vec<u8> =
        case.events.iter().flat_map(|(kind, payload)| encoded(kind, payload.get())).collect();
    let whole = run(&context, [&bytes[..]]);
    let mut lines = chunks(&case, &context, &whole.0);
    dump_answer(&format!("stream-{name}"), None, Some(&said(&whole.0)));
    match (&case.error, &whole.1) {
        (None, Ok(())) => {}
        (Some(expected), Err(error)) => lines.extend(expected.differences(error)),
        (None, Err(error)) => lines.push(format!("an error: {} ({:?})", error.message, error.code)),
        (Some(_), Ok(())) => lines.push("no error".to_owned()),
    }
    for size in [1, 7] {
        if run(&context, bytes.chunks(size)) != whole {
            lines.push(format!("in pieces of {size} it becomes something else"));
        }
    }
    let differs = |at: &usize| {
        let (one, other) = bytes.split_at(*at);
        run(&context, [one, other]) != whole
    };
    lines.extend(
        (0..bytes.len()).find(differs).map(|at| format!("cut at byte {at} it becomes something else")),
    );
    if lines.is_empty() { Ok(()) } else { Err(lines) }
}

fn context(model: &str, request: &str) -> chat::Reply {
    let outgoing = translate(model, request.as_bytes(), &options(Unsupported::Refuse)).unwrap();
    assert_eq!(outgoing.operation, "converse-stream");
    chat_reply(&outgoing.reply)
}

fn encoded(kind: &str, payload: &str) -> Vec<u8> {
    let text: Option<String> = serde_json::from_str(payload).ok();
    match (kind.split_once(':'), &text) {
        (Some(("exception", kind)), _) => exception(kind, payload),
        (Some(("error", code)), Some(message)) => error(code, message),
        _ => event(kind, text.as_deref().unwrap_or(payload)),
    }
}

fn run<'a>(context: &chat::Reply, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut stream = Stream::new(context.clone(), ANSWERED, &Limits::default());
    let mut out = Vec::new();
    for piece in pieces {
        if let Err(error) = stream.bytes(piece, &mut out) {
            return (String::from_utf8(out).unwrap(), Err(error));
        }
    }
    let end = stream.end(&mut out);
    (String::from_utf8(out).unwrap(), end)
}

/// The chunks, without what says that they are all.
fn said(out: &str) -> Vec<serde_json::Value> {
    let data = out.split_terminator("\n\n").filter_map(|event| event.strip_prefix("data: "));
    data.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect()
}

/// How the chunks differ. What is the same in all of them is checked here and not repeated in the files.
fn chunks(case: &Case<'_>, context: &chat::Reply, out: &str) -> Vec<String> {
    let expected: Vec<Json> = case.chunks.iter().map(|chunk| Json::parse(chunk.get()).unwrap()).collect();
    let mut events: Vec<&str> = out.split("\n\n").collect();
    let mut lines = Vec::new();
    if events.pop() != Some("") {
        lines.push("the last event has no blank line behind it".to_owned());
    }
    let got: Vec<Json> = events
        .iter()
        .map(|event| event.strip_prefix("data: ").unwrap_or_else(|| panic!("no data: {event}")))
        .map(|data| if data == "[DONE]" { Json::Text(data.to_owned()) } else { Json::parse(data).unwrap() })
        .collect();
    if expected.len() != got.len() {
        lines.push(format!("expected {} chunks, got {}", expected.len(), got.len()));
    }
    for (index, (expected, got)) in expected.iter().zip(&got).enumerate() {
        let chunk = enveloped(expected, context);
        lines.extend(differences(&chunk, got).into_iter().map(|line| format!("chunk {index} {line}")));
    }
    lines
}

/// The whole chunk of what it adds.
fn enveloped(added: &Json, context: &chat::Reply) -> Json {
    let Json::Object(added) = added else { return added.clone() };
    let word = |word: &str| Json::Word(word.to_owned());
    let text = |text: &str| Json::Text(text.to_owned());
    let object = |members: Vec<(&str, Json)>| {
        Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    };
    let mut members = vec![
        ("id", text("chatcmpl-req-1")),
        ("object", text("chat.completion.chunk")),
        ("created", Json::Number("1700000000".to_owned())),
        ("model", text(&context.model)),
    ];
    let whole = Json::Object(added.clone());
    if let Some(usage) = whole.member("usage") {
        members.extend([("choices", Json::List(Vec::new())), ("usage", usage.clone())]);
        members.extend(whole.member("service_tier").map(|tier| ("service_tier", tier.clone())));
        return object(members);
    }
    let finish_reason = whole.member("finish_reason").cloned();
    let delta = if finish_reason.is_some() { object(Vec::new()) } else { whole };
    let choice = object(vec![
        ("index", Json::Number("0".to_owned())),
        ("delta", delta),
        ("logprobs", word("null")),
        ("finish_reason", finish_reason.unwrap_or_else(|| word("null"))),
    ]);
    members.push(("choices", Json::List(vec![choice])));
    if context.include_usage {
        members.push(("usage", word("null")));
    }
    object(members)
}

/// A client that takes everything: text, a call, usage.
const REQUEST: &str = r#"{"model":"my-model","messages":[{"role":"user","content":"Hi"}],"stream":true,
    "stream_options":{"include_usage":true},"tools":[{"type":"function","function":{"name":"f"}}]}"#;
const MODEL: &str = "us.anthropic.claude-3-7-sonnet-20250219-v1:0";

fn answer() -> Vec<Vec<u8>> {
    vec![
        event("messageStart", r#"{"role":"assistant"}"#),
        event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"Grüße"}}"#),
        event(
            "contentBlockStart",
            r#"{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"t","name":"f"}}}"#,
        ),
        event("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"toolUse":{"input":"{}"}}}"#),
        event("messageStop", r#"{"stopReason":"tool_use"}"#),
        event("metadata", r#"{"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3}}"#),
    ]
}

#[test]
fn a_stream_cut_at_any_byte_is_an_error_and_never_done() {
    let context = context(MODEL, REQUEST);
    let frames = answer();
    let bytes = frames.concat();
    // Without its metadata the answer is whole all the same.
    let without_metadata = bytes.len() - frames.last().unwrap().len();
    for at in 0..bytes.len() {
        let (out, end) = run(&context, [&bytes[..at]]);
        let done = out.ends_with("data: [DONE]\n\n");
        assert_eq!((end.is_ok(), done), (at == without_metadata, at == without_metadata), "cut at byte {at}");
        if let Err(error) = end {
            assert_eq!((error.status, error.code), (502, Some("stream_cut")), "cut at byte {at}");
        }
    }
}

#[test]
fn what_comes_after_the_whole_answer_is_skipped() {
    let context = context(MODEL, REQUEST);
    let mut bytes = answer().concat();
    let whole = run(&context, [&bytes[..]]);
    bytes.extend_from_slice(b"anything at all, even what is no frame");
    assert_eq!(run(&context, [&bytes[..]]), whole);
    assert!(whole.1.is_ok());
}

/// The defects after two good frames: what was said before stays, and the error comes as soon as it can be seen.
fn corrupt(defect: &[u8]) -> Outcome {
    let context = context(MODEL, REQUEST);
    let mut bytes = answer()[..2].concat();
    let said = run(&context, [&bytes[..]]).0;
    bytes.extend_from_slice(defect);
    let whole = run(&context, [&bytes[..]]);
    assert_eq!(whole.0, said);
    assert_eq!(run(&context, bytes.chunks(1)), whole);
    assert_eq!(run(&context, bytes.chunks(7)), whole);
    whole
}

#[test]
fn a_corrupt_frame_is_an_error_at_once_and_no_wait_for_more_bytes() {
    let good = event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"x"}}"#);
    let changed = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let last = good.len() - 1;
    for (name, defect) in [
        ("length", changed(3)),
        ("headers length", changed(7)),
        ("prelude checksum", changed(11)),
        ("header", changed(14)),
        ("payload", changed(last - 10)),
        ("message checksum", changed(last)),
        ("two gigabytes", frames::prelude(0x8000_0000, 0)),
        ("more than the limit", frames::prelude(16 * 1024 * 1024 + 1, 0)),
        ("no bytes", frames::prelude(0, 0)),
        ("less than a frame has", frames::prelude(15, 0)),
        ("headers longer than the frame", frames::prelude(100, 85)),
        ("headers of all there is", frames::prelude(100, u32::MAX)),
        ("a header without a value", frames::raw_frame(b"\x03abc", b"{}")),
        ("a header of an unknown type", frames::raw_frame(b"\x01a\x0a", b"{}")),
        ("a header that ends too early", frames::raw_frame(b"\x01a\x07\x00\x09short", b"{}")),
        ("text instead of frames", b"<html>It works!</html>".to_vec()),
        ("a kind that nobody knows", frame(&[(":message-type", "rumour".into())], b"{}")),
        ("no kind", frame(&[(":event-type", "messageStop".into())], br#"{"stopReason":"end_turn"}"#)),
    ] {
        let error = corrupt(&defect).1.expect_err(name);
        assert_eq!(
            (error.status, error.code),
            (502, Some("bad_upstream_response")),
            "{name}: {}",
            error.message
        );
    }
}

#[test]
fn any_single_bit_that_falls_over_is_noticed() {
    let context = context(MODEL, REQUEST);
    let bytes = answer().concat();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        let (out, end) = run(&context, [&changed[..]]);
        assert!(end.is_err(), "byte {at}");
        assert!(!out.contains("[DONE]"), "byte {at}");
    }
}

#[test]
fn headers_may_come_in_any_order_and_of_any_type() {
    let context = context(MODEL, REQUEST);
    let others = [
        ("a", Header::Bool(true)),
        ("b", Header::Bool(false)),
        ("c", Header::Byte(-1)),
        ("d", Header::Short(-2)),
        ("e", Header::Int(-3)),
        ("f", Header::Long(-4)),
        ("g", Header::Bytes(vec![0, 255, 7])),
        ("h", Header::Text("Grüße".to_owned())),
        ("i", Header::Timestamp(1_700_000_000_000)),
        ("j", Header::Uuid([9; 16])),
        ("", Header::Text(String::new())),
    ];
    let plain = answer();
    let expected = run(&context, [&plain.concat()[..]]);
    let kinds = [
        "messageStart",
        "contentBlockDelta",
        "contentBlockStart",
        "contentBlockDelta",
        "messageStop",
        "metadata",
    ];
    for turn in 0..others.len() + 3 {
        let bytes: Vec<u8> = kinds
            .iter()
            .zip(&plain)
            .flat_map(|(kind, plain)| {
                let mut headers: Vec<(&str, Header)> = others.to_vec();
                headers.extend([
                    (":content-type", "application/json".into()),
                    (":message-type", "event".into()),
                    (":event-type", (*kind).into()),
                ]);
                headers.rotate_left(turn);
                let start = plain.iter().position(|byte| *byte == b'{').unwrap();
                frame(&headers, &plain[start..plain.len() - 4])
            })
            .collect();
        assert_eq!(run(&context, [&bytes[..]]), expected, "rotated by {turn}");
    }
}

#[test]
fn an_event_as_long_as_the_limit_is_taken() {
    let context = context(MODEL, REQUEST);
    let mut frames = answer();
    let text = "x".repeat(1 << 20);
    frames.insert(
        1,
        event("contentBlockDelta", &format!(r#"{{"contentBlockIndex":0,"delta":{{"text":"{text}"}}}}"#)),
    );
    let bytes = frames.concat();
    let whole = run(&context, [&bytes[..]]);
    assert!(whole.1.is_ok());
    assert!(whole.0.len() > 1 << 20);
    assert_eq!(run(&context, bytes.chunks(16_384)), whole);
}

#[test]
fn two_requests_do_not_share_their_tool_names() {
    let request = |name: &str| {
        format!(
            r#"{{"messages":[{{"role":"user","content":"x"}}],"stream":true,
                "tools":[{{"type":"function","function":{{"name":"{name}"}}}}]}}"#
        )
    };
    let (one, other) = (context(MODEL, &request("a.b")), context(MODEL, &request("a b")));
    let bytes = [
        event(
            "contentBlockStart",
            r#"{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"a_b"}}}"#,
        ),
        event("messageStop", r#"{"stopReason":"tool_use"}"#),
    ]
    .concat();
    assert!(run(&one, [&bytes[..]]).0.contains(r#""name":"a.b""#));
    assert!(run(&other, [&bytes[..]]).0.contains(r#""name":"a b""#));
}
