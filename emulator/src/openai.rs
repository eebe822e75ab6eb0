//! `/openai/v1/chat/completions`, Bedrock's endpoint of OpenAI's API: text and tools, whole and streamed.

use crate::answer::{Answer, Block};
use crate::errors::AwsError;
use crate::faults::Faults;
use bytes::Bytes;
use serde_json::{Map, Value, json};

/// Characters per chunk of streamed text.
const PIECE: usize = 5;

/// The body in Converse's form, from which the answer is made.
pub fn converse(body: &Value) -> Result<Value, AwsError> {
    let invalid = |what: &str| AwsError::validation(what.to_owned());
    let messages =
        body.get("messages").and_then(Value::as_array).ok_or_else(|| invalid("messages: required"))?;
    let mut turns: Vec<Value> = Vec::new();
    for message in messages {
        let text = message.get("content").and_then(Value::as_str).unwrap_or_default();
        match message.get("role").and_then(Value::as_str) {
            Some("user") => turns.push(json!({"role": "user", "content": [{"text": text}]})),
            Some("assistant") => turns.push(json!({"role": "assistant", "content": [{"text": text}]})),
            Some("tool") => turns.push(json!({"role": "user", "content": [{"toolResult": {
                "toolUseId": message.get("tool_call_id"), "content": [{"text": text}]}}]})),
            Some("system" | "developer") => {}
            _ => return Err(invalid("messages: role")),
        }
    }
    let mut made = Map::new();
    made.insert("messages".into(), turns.into());
    let tools: Vec<Value> = body
        .get("tools")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|tool| {
            let function = tool.get("function")?;
            let schema = function.get("parameters").cloned().unwrap_or_default();
            Some(json!({"toolSpec": {"name": function.get("name")?, "inputSchema": {"json": schema}}}))
        })
        .collect();
    if !tools.is_empty() {
        made.insert("toolConfig".into(), json!({"tools": tools}));
    }
    Ok(Value::Object(made))
}

/// Text, tool calls, and finish reason.
fn parts(answer: &Answer) -> (Option<String>, Vec<Value>, &'static str) {
    let (mut text, mut calls) = (None::<String>, Vec::new());
    for block in &answer.blocks {
        match block {
            Block::Text(piece) => text.get_or_insert_default().push_str(piece),
            Block::Tool(id, name, input) => calls.push(json!({"id": id, "type": "function",
                "function": {"name": name, "arguments": input.to_string()}})),
            _ => {}
        }
    }
    let reason = match answer.stop.as_str() {
        "max_tokens" => "length",
        _ if !calls.is_empty() => "tool_calls",
        _ => "stop",
    };
    (text, calls, reason)
}

fn usage(answer: &Answer) -> Value {
    let (input, output) = (answer.usage.input, answer.usage.output);
    json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output})
}

/// The answer as one body.
pub fn completion(answer: &Answer, model: &str) -> Value {
    let (text, calls, reason) = parts(answer);
    let mut message = json!({"role": "assistant", "content": text, "refusal": null});
    if let (Value::Object(map), false) = (&mut message, calls.is_empty()) {
        map.insert("tool_calls".into(), calls.into());
    }
    json!({"id": "chatcmpl-emulator", "object": "chat.completion", "created": 1, "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": reason, "logprobs": null}], "usage": usage(answer)})
}

/// The answer as server-sent events.
pub fn events(answer: &Answer, model: &str, with_usage: bool, faults: &Faults) -> Vec<Bytes> {
    let (text, calls, reason) = parts(answer);
    let chunk = |choices: Value| {
        json!({"id": "chatcmpl-emulator", "object": "chat.completion.chunk", "created": 1, "model": model,
            "choices": choices})
    };
    let choice = |delta: Value, reason: Option<&str>| {
        chunk(json!([{"index": 0, "delta": delta, "finish_reason": reason}]))
    };
    let mut chunks = vec![choice(json!({"role": "assistant", "content": ""}), None)];
    let letters: Vec<char> = text.unwrap_or_default().chars().collect();
    for piece in letters.chunks(PIECE) {
        chunks.push(choice(json!({"content": piece.iter().collect::<String>()}), None));
    }
    for (index, mut call) in calls.into_iter().enumerate() {
        set(&mut call, "index", index.into());
        chunks.push(choice(json!({"tool_calls": [call]}), None));
    }
    chunks.push(choice(json!({}), Some(reason)));
    if with_usage {
        let mut last = chunk(json!([]));
        set(&mut last, "usage", usage(answer));
        chunks.push(last);
    }
    let mut events: Vec<Bytes> = chunks.iter().map(event).collect();
    events.push(Bytes::from_static(b"data: [DONE]\n\n"));
    if let Some((at, error)) = &faults.exception {
        events.truncate(*at);
        events.push(event(&error_body(error)));
    }
    if let Some(at) = faults.cut {
        events.truncate(at);
    }
    events
}

fn set(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(map) = object {
        map.insert(name.to_owned(), value);
    }
}

fn event(value: &Value) -> Bytes {
    format!("data: {value}\n\n").into()
}

/// The body of an error on this endpoint.
pub fn error_body(error: &AwsError) -> Value {
    let kind = match error.status {
        429 => "rate_limit_error",
        500.. => "server_error",
        _ => "invalid_request_error",
    };
    json!({"error": {"message": error.message, "type": kind, "param": null, "code": error.name}})
}
