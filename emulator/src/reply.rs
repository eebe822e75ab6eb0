//! A Converse answer as one JSON body.

use crate::answer::{Answer, Block, Usage};
use crate::faults::Faults;
use serde_json::{Map, Value, json};

/// The body of a Converse answer.
pub fn converse(answer: &Answer, faults: &Faults, latency: u64) -> Value {
    let content: Vec<Value> = answer.blocks.iter().map(block).collect();
    let mut body = answer.beside.clone();
    body.insert("output".into(), json!({"message": {"role": "assistant", "content": content}}));
    body.insert("stopReason".into(), answer.stop.clone().into());
    body.insert("metrics".into(), json!({"latencyMs": latency}));
    if !faults.no_metadata {
        body.insert("usage".into(), usage(&answer.usage, faults));
    }
    if let Some(fields) = &answer.fields {
        body.insert("additionalModelResponseFields".into(), fields.clone());
    }
    if faults.unknown_event {
        body.insert("somethingNew".into(), json!({"nobody": ["knows", 1, null]}));
    }
    Value::Object(body)
}

fn block(block: &Block) -> Value {
    match block {
        Block::Text(text) => json!({"text": text}),
        Block::Reasoning(text, None) => json!({"reasoningContent": {"reasoningText": {"text": text}}}),
        Block::Reasoning(text, Some(signature)) => {
            json!({"reasoningContent": {"reasoningText": {"text": text, "signature": signature}}})
        }
        Block::Redacted(data) => json!({"reasoningContent": {"redactedContent": data}}),
        Block::Tool(id, name, input) => json!({"toolUse": {"toolUseId": id, "name": name, "input": input}}),
        Block::ServerCall(id, name, input) => {
            json!({"toolUse": {"toolUseId": id, "name": name, "type": "server_tool_use", "input": input}})
        }
        Block::ServerResult(id, kind) => {
            json!({"toolResult": {"toolUseId": id, "type": kind, "status": "success", "content": []}})
        }
        Block::Cited(text, citations) if text.is_empty() => {
            json!({"citationsContent": {"citations": citations}})
        }
        Block::Cited(text, citations) => {
            json!({"citationsContent": {"content": [{"text": text}], "citations": citations}})
        }
    }
}

/// The counts, as both answers and streams state them.
pub fn usage(usage: &Usage, faults: &Faults) -> Value {
    if let Some(tokens) = faults.usage {
        return json!({"inputTokens": tokens, "outputTokens": tokens, "totalTokens": tokens});
    }
    let mut out = Map::new();
    let (read, written) = usage.cache.unwrap_or_default();
    out.insert("inputTokens".into(), usage.input.into());
    out.insert("outputTokens".into(), usage.output.into());
    out.insert("totalTokens".into(), (usage.input + usage.output + read + written).into());
    if usage.cache.is_some() {
        out.insert("cacheReadInputTokens".into(), read.into());
        out.insert("cacheWriteInputTokens".into(), written.into());
        if written > 0 {
            out.insert("cacheDetails".into(), json!([{"ttl": usage.ttl, "inputTokens": written}]));
        }
    }
    out.insert("serverToolUsage".into(), json!({}));
    Value::Object(out)
}
