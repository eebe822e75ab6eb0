//! Limits on parts of a chat and of its answer: what is just within one is taken, one more is refused and says so.

use bedrock_filter::openai::Error;
use bedrock_filter::translate::Streamed as _;
use bedrock_filter::translate::chat::Stream;
use bedrock_filter::translate::{Limits, Options};
use serde_json::{Value, json};

use super::frames::{event, prelude};
use super::{ANSWERED, chat_reply, translate};

const MODEL: &str = "us.anthropic.claude-sonnet-4-20250514-v1:0";
const PNG: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

fn attempt(request: &Value, limits: Limits) -> Result<(), Error> {
    let options = Options { limits, ..Options::default() };
    translate(MODEL, request.to_string().as_bytes(), &options).map(|_| ())
}

#[test]
fn images_are_counted_over_all_messages_and_however_they_come() {
    let image = json!({ "type": "image_url", "image_url": { "url": PNG } });
    let file = json!({ "type": "file", "file": { "file_data": PNG } });
    let stored = json!({ "type": "image_url", "image_url": { "url": "s3://bucket/a.png" } });
    let call = json!({ "role": "assistant", "tool_calls": [
        { "id": "a", "type": "function", "function": { "name": "f", "arguments": "{}" } }] });
    let request = json!({ "messages": [
        { "role": "user", "content": [{ "type": "text", "text": "Hi" }, image] },
        call,
        { "role": "tool", "tool_call_id": "a", "content": [stored] },
        { "role": "user", "content": [file] },
    ] });
    assert_eq!(attempt(&request, Limits { images: 3, ..Limits::default() }), Ok(()));
    let error = attempt(&request, Limits { images: 2, ..Limits::default() }).unwrap_err();
    assert_eq!((error.status, error.code), (400, Some("too_many_images")));
    assert_eq!(error.param.as_deref(), Some("messages[3].content[0]"));
}

#[test]
fn schemas_have_a_depth_of_their_own() {
    let limits = Limits { schema_depth: 3, json_depth: 1, ..Limits::default() };
    let tool = |schema: Value| {
        json!({ "messages": [{ "role": "user", "content": "Hi" }],
            "tools": [{ "type": "function", "function": { "name": "f", "parameters": schema } }] })
    };
    let answer = |schema: Value| {
        json!({ "messages": [{ "role": "user", "content": "Hi" }],
            "response_format": { "type": "json_schema", "json_schema": { "name": "n", "schema": schema } } })
    };
    let just = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
    let over = json!({ "type": "object", "properties": { "a": { "enum": ["x"] } } });
    assert_eq!(attempt(&tool(just.clone()), limits.clone()), Ok(()));
    assert_eq!(attempt(&answer(just), limits.clone()), Ok(()));
    for (request, param) in [
        (tool(over.clone()), "tools[0].function.parameters"),
        (answer(over), "response_format.json_schema.schema"),
    ] {
        let error = attempt(&request, limits.clone()).unwrap_err();
        assert_eq!((error.status, error.param.as_deref()), (400, Some(param)));
        assert!(error.message.contains("deeper than 3"), "{}", error.message);
    }
}

fn stream(limits: &Limits) -> Stream {
    let request = br#"{"messages":[{"role":"user","content":"Hi"}],"stream":true}"#;
    let reply = translate(MODEL, request, &Options::default()).unwrap().reply;
    Stream::new(chat_reply(&reply), ANSWERED, limits)
}

#[test]
fn a_stream_that_goes_on_and_says_nothing_is_an_error() {
    let limits = Limits { silent_frames: 3, ..Limits::default() };
    let text = event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"x"}}"#);
    for silent in [
        event("rumour", "{}"),
        event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":""}}"#),
        event("contentBlockStop", "{}"),
        event("metadata", "{}"),
    ] {
        let (mut stream, mut out) = (stream(&limits), Vec::new());
        // What is said in between does not let it go on for ever.
        for _ in 0..3 {
            stream.bytes(&text, &mut out).unwrap();
            stream.bytes(&silent, &mut out).unwrap();
        }
        stream.bytes(&text, &mut out).unwrap();
        let error = stream.bytes(&silent, &mut out).unwrap_err();
        assert_eq!((error.status, error.code), (502, Some("bad_upstream_response")));
    }
}

#[test]
fn a_frame_of_four_gigabytes_is_refused_when_its_length_is_there() {
    let mut out = Vec::new();
    let error = stream(&Limits::default()).bytes(&prelude(u32::MAX, 0), &mut out).unwrap_err();
    assert_eq!((error.status, error.code), (502, Some("bad_upstream_response")));
    assert!(error.message.contains("4294967295"), "{}", error.message);
}

#[test]
fn a_stream_with_blocks_without_end_is_an_error() {
    for (kind, begins) in [
        ("contentBlockStart", r#""start":{"toolUse":{"toolUseId":"t","name":"f"}}"#),
        ("contentBlockDelta", r#""delta":{"reasoningContent":{"text":"x"}}"#),
    ] {
        let (mut stream, mut out) = (stream(&Limits::default()), Vec::new());
        let mut block = |index: usize| {
            let frame = event(kind, &format!(r#"{{"contentBlockIndex":{index},{begins}}}"#));
            stream.bytes(&frame, &mut out)
        };
        for index in 0..1_024 {
            block(index).unwrap();
        }
        assert_eq!(block(1_024).unwrap_err().status, 502);
    }
}
