//! Reasoning that is carried for a client: what an answer gives, whole or as a stream, is what the next request takes.

use bedrock_filter::openai::Endpoint;
use bedrock_filter::translate::thoughts::{Recall, Thoughts};
use bedrock_filter::translate::{Client, Limits, Options, Reply};
use serde_json::{Value, json};

use super::frames::event;
use super::{ANSWERED, CALLER};

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

/// What was kept last.
#[derive(Debug, Default)]
struct Kept(Option<Thoughts>);

impl Recall for Kept {
    fn recall(&self, model: &str, calls: &[&str]) -> Vec<Option<Vec<u8>>> {
        assert_eq!(model, CLAUDE);
        let found = |call: &&str| self.0.as_ref().filter(|kept| kept.call == **call);
        calls.iter().map(|call| found(call).map(|kept| kept.reasoning.clone())).collect()
    }
}

fn sent(body: &Value, kept: &Kept) -> (Value, Vec<String>, Reply) {
    sent_to(Endpoint::ChatCompletions, body, kept)
}

fn sent_to(endpoint: Endpoint, body: &Value, kept: &Kept) -> (Value, Vec<String>, Reply) {
    let body = body.to_string();
    let client = Client { name: CALLER, recall: Some(kept), ..Client::default() };
    let resolve = |_: Option<&str>| Ok(CLAUDE.to_owned());
    let options = Options::default();
    let (_, outgoing) =
        bedrock_filter::translate::request(endpoint, body.as_bytes(), &client, &options, resolve).unwrap();
    let ignored = outgoing.ignored.clone();
    (serde_json::from_slice(&outgoing.body.into_vec()).unwrap(), ignored, outgoing.reply)
}

fn asked(messages: Value, stream: bool) -> Value {
    let tool = json!({"type": "function", "function": {"name": "f"}});
    json!({"messages": messages, "tools": [tool], "reasoning_effort": "low", "stream": stream})
}

/// Blocks of an answer in which Bedrock calls its own tool too.
fn blocks() -> Value {
    json!([
        {"reasoningContent": {"redactedContent": "cmVk"}},
        {"reasoningContent": {"reasoningText": {"text": "I \"think\"\n", "signature": "signed"}}},
        {"text": "I call."},
        {"toolUse": {"toolUseId": "own", "name": "search", "input": {}, "type": "server_tool_use"}},
        {"toolUse": {"toolUseId": "first", "name": "f", "input": {"a": 1}}},
        {"toolUse": {"toolUseId": "second", "name": "f", "input": {}}},
    ])
}

fn whole() -> Vec<u8> {
    let message = json!({"role": "assistant", "content": blocks()});
    json!({"output": {"message": message}, "stopReason": "tool_use"}).to_string().into_bytes()
}

/// The same as a stream, its texts in pieces.
fn frames() -> Vec<u8> {
    let delta = |index: usize, delta: Value| {
        event("contentBlockDelta", &json!({"contentBlockIndex": index, "delta": delta}).to_string())
    };
    let start = |index: usize, call: Value| {
        event(
            "contentBlockStart",
            &json!({"contentBlockIndex": index, "start": {"toolUse": call}}).to_string(),
        )
    };
    let call = |id: &str, name: &str| json!({"toolUseId": id, "name": name});
    [
        delta(0, json!({"reasoningContent": {"redactedContent": "cmVk"}})),
        delta(1, json!({"reasoningContent": {"text": "I \"th"}})),
        delta(1, json!({"reasoningContent": {"text": "ink\"\n"}})),
        delta(1, json!({"reasoningContent": {"signature": "sig"}})),
        delta(1, json!({"reasoningContent": {"signature": "ned"}})),
        delta(2, json!({"text": "I call."})),
        start(3, json!({"toolUseId": "own", "name": "search", "type": "server_tool_use"})),
        start(4, call("first", "f")),
        delta(4, json!({"toolUse": {"input": "{\"a\":1}"}})),
        start(5, call("second", "f")),
        event("messageStop", r#"{"stopReason": "tool_use"}"#),
        metadata(),
    ]
    .concat()
}

fn metadata() -> Vec<u8> {
    event("metadata", r#"{"usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}}"#)
}

/// What is kept of a stream that comes in these pieces.
fn kept_of<'b>(reply: &Reply, pieces: impl IntoIterator<Item = &'b [u8]>) -> Option<Thoughts> {
    let mut stream = reply.clone().stream(ANSWERED, &Limits::default()).unwrap();
    let mut kept = None;
    for piece in pieces {
        let mut out = Vec::new();
        stream.bytes(piece, &mut out).unwrap();
        kept = kept.or_else(|| stream.thoughts());
        // The client must not know that there is no more to come before it is kept.
        let out = String::from_utf8(out).unwrap();
        let has_ended = out.contains(r#""finish_reason":"tool_calls""#) || out.contains("response.completed");
        assert!(kept.is_some() || !has_ended, "{out}");
    }
    kept
}

#[test]
fn what_an_answer_thinks_goes_back_before_its_calls_word_for_word() {
    let question = json!({"role": "user", "content": "go"});
    let (_, _, reply) = sent(&asked(json!([question]), false), &Kept::default());
    assert!(reply.keeps_thoughts());
    let kept = reply.thoughts(&whole()).unwrap();
    assert_eq!(kept.call, "first");

    let (_, _, streamed) = sent(&asked(json!([question]), true), &Kept::default());
    let bytes = frames();
    for at in 0..=bytes.len() {
        let (one, other) = bytes.split_at(at);
        assert_eq!(kept_of(&streamed, [one, other]).as_ref(), Some(&kept), "cut at {at}");
    }

    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let result = |id: &str| json!({"role": "tool", "tool_call_id": id, "content": "done"});
    let returned = |calls: Value| json!({"role": "assistant", "content": "I call.", "tool_calls": calls});
    let kept = Kept(Some(kept));
    let history = json!([
        question,
        returned(json!([call("first"), call("second")])),
        result("first"),
        result("second")
    ]);
    let (body, ignored, _) = sent(&asked(history, false), &kept);
    assert_eq!(body["messages"][1]["content"].as_array().unwrap()[..3], blocks().as_array().unwrap()[..3]);
    assert_eq!(body["additionalModelRequestFields"]["thinking"]["type"], "enabled");
    assert_eq!(ignored, Vec::<String>::new());

    // Another call's reasoning is not this one's.
    let (body, ignored, _) =
        sent(&asked(json!([question, returned(json!([call("x")])), result("x")]), false), &kept);
    assert_eq!(body["additionalModelRequestFields"], Value::Null);
    assert_eq!(ignored, ["reasoning_effort"]);
}

#[test]
fn items_of_a_response_have_their_thoughts_before_them_again() {
    let tool = json!({"type": "function", "name": "f"});
    let asked = |input: Value, stream: bool| json!({"input": input, "tools": [tool], "reasoning": {"effort": "low"}, "store": false, "stream": stream});
    let question = json!({"role": "user", "content": "go"});
    let (_, _, reply) = sent_to(Endpoint::Responses, &asked(json!([question]), false), &Kept::default());
    let kept = reply.thoughts(&whole()).unwrap();
    let (_, _, streamed) = sent_to(Endpoint::Responses, &asked(json!([question]), true), &Kept::default());
    assert_eq!(kept_of(&streamed, [&frames()[..]]).as_ref(), Some(&kept));

    let kept = Kept(Some(kept));
    let said = json!({"role": "assistant", "content": "I call."});
    let call = json!({"type": "function_call", "call_id": "first", "name": "f", "arguments": "{}"});
    let result = json!({"type": "function_call_output", "call_id": "first", "output": "done"});
    let (body, ignored, _) =
        sent_to(Endpoint::Responses, &asked(json!([question, said, call, result]), false), &kept);
    assert_eq!(body["messages"][1]["content"].as_array().unwrap()[..3], blocks().as_array().unwrap()[..3]);
    assert_eq!(body["additionalModelRequestFields"]["thinking"]["type"], "enabled");
    assert_eq!(ignored, Vec::<String>::new());
}

#[test]
fn nothing_is_kept_of_an_answer_that_calls_nothing_or_breaks_off() {
    let (_, _, reply) = sent(&asked(json!([{"role": "user", "content": "go"}]), true), &Kept::default());
    let bytes = frames();
    for end in 0..bytes.len() - metadata().len() {
        assert_eq!(kept_of(&reply, [&bytes[..end]]), None, "{end}");
    }
    let thought = json!({"reasoningContent": {"reasoningText": {"text": "t", "signature": "s"}}});
    let message = json!({"role": "assistant", "content": [thought, {"text": "hi"}]});
    let body = json!({"output": {"message": message}, "stopReason": "end_turn"}).to_string();
    assert_eq!(reply.thoughts(body.as_bytes()), None);
}
