//! Anthropic's messages as InvokeModel takes them: enough for text, whole and streamed.

use crate::answer::{Answer, Block};
use crate::errors::AwsError;
use crate::stream::Event;
use base64::Engine;
use serde_json::{Map, Value, json};

/// What the body has to say it is.
const VERSION: &str = "bedrock-2023-05-31";
/// Characters of a piece of streamed text.
const PIECE: usize = 5;

/// The body as Converse would have it; only what is known here is let through.
pub fn converse(body: &Value) -> Result<Value, AwsError> {
    let malformed = |what: &str| AwsError::validation(format!("Malformed input request: {what}"));
    let map = body.as_object().ok_or_else(|| malformed("expected type: JSONObject"))?;
    const KNOWN: &[&str] = &["anthropic_version", "max_tokens", "messages", "system", "anthropic_beta"];
    if let Some(key) = map.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(malformed(&format!("#: extraneous key [{key}] is not permitted")));
    }
    if map.get("anthropic_version").and_then(Value::as_str) != Some(VERSION) {
        return Err(malformed(&format!("anthropic_version: expected {VERSION}")));
    }
    let limit = map
        .get("max_tokens")
        .and_then(Value::as_u64)
        .ok_or_else(|| malformed("max_tokens: Field required"))?;
    let messages =
        map.get("messages").and_then(Value::as_array).ok_or_else(|| malformed("messages: Field required"))?;
    let mut turns = Vec::new();
    for message in messages {
        let content =
            blocks(message.get("content")).ok_or_else(|| malformed("messages: text is expected"))?;
        turns.push(json!({"role": message.get("role"), "content": content}));
    }
    let mut made = Map::new();
    if let Some(system) = map.get("system") {
        let system = blocks(Some(system)).ok_or_else(|| malformed("system: text is expected"))?;
        made.insert("system".into(), system.into());
    }
    made.insert("messages".into(), turns.into());
    made.insert("inferenceConfig".into(), json!({"maxTokens": limit}));
    Ok(Value::Object(made))
}

fn blocks(content: Option<&Value>) -> Option<Vec<Value>> {
    match content? {
        Value::String(text) => Some(vec![json!({"text": text})]),
        Value::Array(blocks) => blocks
            .iter()
            .map(|b| {
                let is_text = b.get("type")?.as_str()? == "text";
                is_text.then_some(json!({"text": b.get("text")?.as_str()?}))
            })
            .collect(),
        _ => None,
    }
}

fn text(answer: &Answer) -> String {
    let texts =
        answer.blocks.iter().filter_map(|b| if let Block::Text(t) = b { Some(t.as_str()) } else { None });
    texts.collect()
}

/// The answer as one body.
pub fn message(answer: &Answer, model: &str) -> Value {
    json!({"id": "msg_bdrk_emulator", "type": "message", "role": "assistant", "model": model,
        "content": [{"type": "text", "text": text(answer)}], "stop_reason": answer.stop, "stop_sequence": null,
        "usage": {"input_tokens": answer.usage.input, "output_tokens": answer.usage.output}})
}

/// The answer as events: each is a `chunk` that holds one of Anthropic's.
pub fn chunks(answer: &Answer, model: &str) -> Vec<Event> {
    let mut begin = message(answer, model);
    if let Value::Object(map) = &mut begin {
        map.insert("content".into(), json!([]));
        map.insert("stop_reason".into(), Value::Null);
    }
    let mut events = vec![
        json!({"type": "message_start", "message": begin}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
    ];
    let letters: Vec<char> = text(answer).chars().collect();
    events.extend(letters.chunks(PIECE).map(|piece| {
        let text: String = piece.iter().collect();
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})
    }));
    events.push(json!({"type": "content_block_stop", "index": 0}));
    events
        .push(json!({"type": "message_delta", "delta": {"stop_reason": answer.stop, "stop_sequence": null},
        "usage": {"output_tokens": answer.usage.output}}));
    events.push(json!({"type": "message_stop", "amazon-bedrock-invocationMetrics": {
        "inputTokenCount": answer.usage.input, "outputTokenCount": answer.usage.output,
        "invocationLatency": 1, "firstByteLatency": 1}}));
    let wrapped = events.into_iter().map(|event| {
        let bytes = base64::engine::general_purpose::STANDARD.encode(event.to_string());
        ("chunk", json!({"bytes": bytes}))
    });
    wrapped.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_needs_its_version_and_its_limit() {
        let good = json!({"anthropic_version": VERSION, "max_tokens": 5,
            "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]});
        assert_eq!(converse(&good).unwrap()["messages"][0]["content"], json!([{"text": "hi"}]));
        for key in ["anthropic_version", "max_tokens", "messages"] {
            let mut bad = good.clone();
            bad.as_object_mut().unwrap().remove(key);
            assert!(converse(&bad).is_err(), "{key}");
        }
    }
}
