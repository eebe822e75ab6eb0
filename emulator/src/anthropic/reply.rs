//! An answer in Anthropic's format: whole, and as events.

use crate::answer::{Answer, Block, Usage};
use crate::stream::Event;
use base64::Engine;
use serde_json::{Value, json};

/// Characters per delta of a streamed block.
const PIECE: usize = 5;

/// The answer as one body.
pub fn message(answer: &Answer, model: &str) -> Value {
    let content: Vec<Value> = answer.blocks.iter().map(block).collect();
    json!({"id": "msg_bdrk_emulator", "type": "message", "role": "assistant", "model": model,
        "content": content, "stop_reason": answer.stop, "stop_sequence": null, "usage": usage(&answer.usage)})
}

fn usage(usage: &Usage) -> Value {
    let (read, written) = usage.cache.unwrap_or_default();
    let of = |ttl: &str| if usage.ttl == ttl { written } else { 0 };
    json!({"input_tokens": usage.input, "output_tokens": usage.output,
        "cache_read_input_tokens": read, "cache_creation_input_tokens": written,
        "cache_creation": {"ephemeral_5m_input_tokens": of("5m"), "ephemeral_1h_input_tokens": of("1h")}})
}

fn block(block: &Block) -> Value {
    match block {
        Block::Text(text) | Block::Cited(text, _) => json!({"type": "text", "text": text}),
        Block::Reasoning(text, signature) => {
            json!({"type": "thinking", "thinking": text, "signature": signature})
        }
        Block::Redacted(data) => json!({"type": "redacted_thinking", "data": data}),
        Block::ServerCall(id, name, input) => {
            json!({"type": "server_tool_use", "id": id, "name": name, "input": input})
        }
        Block::ServerResult(id, kind) => json!({"type": kind, "tool_use_id": id, "content": []}),
        Block::Tool(id, name, input) => json!({"type": "tool_use", "id": id, "name": name, "input": input}),
    }
}

/// The answer as events: `chunk` frames with one event of Anthropic's each.
pub fn chunks(answer: &Answer, model: &str) -> Vec<Event> {
    let mut begin = message(answer, model);
    if let Value::Object(map) = &mut begin {
        map.insert("content".into(), json!([]));
        map.insert("stop_reason".into(), Value::Null);
    }
    let mut events = vec![json!({"type": "message_start", "message": begin})];
    for (index, block) in answer.blocks.iter().enumerate() {
        let (start, deltas) = streamed(block);
        events.push(json!({"type": "content_block_start", "index": index, "content_block": start}));
        let delta = |delta| json!({"type": "content_block_delta", "index": index, "delta": delta});
        events.extend(deltas.into_iter().map(delta));
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
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

/// The start of a block, and its deltas.
fn streamed(block: &Block) -> (Value, Vec<Value>) {
    match block {
        Block::Text(text) | Block::Cited(text, _) => {
            let deltas = pieces(text).map(|t| json!({"type": "text_delta", "text": t}));
            (json!({"type": "text", "text": ""}), deltas.collect())
        }
        Block::Reasoning(text, signature) => {
            let thoughts = pieces(text).map(|t| json!({"type": "thinking_delta", "thinking": t}));
            let signed = signature.iter().map(|s| json!({"type": "signature_delta", "signature": s}));
            (json!({"type": "thinking", "thinking": "", "signature": ""}), thoughts.chain(signed).collect())
        }
        Block::Redacted(_) | Block::ServerCall(..) | Block::ServerResult(..) => {
            (self::block(block), Vec::new())
        }
        Block::Tool(id, name, input) => {
            let input = input.to_string();
            let deltas = pieces(&input).map(|t| json!({"type": "input_json_delta", "partial_json": t}));
            (json!({"type": "tool_use", "id": id, "name": name, "input": {}}), deltas.collect())
        }
    }
}

fn pieces(text: &str) -> impl Iterator<Item = String> {
    let letters: Vec<char> = text.chars().collect();
    let pieces: Vec<String> = letters.chunks(PIECE).map(|piece| piece.iter().collect()).collect();
    pieces.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Map;

    #[test]
    fn a_stream_has_the_blocks_of_the_message() {
        let blocks = vec![
            Block::Reasoning("I see".into(), Some("sig".into())),
            Block::Tool("t".into(), "f".into(), json!({"a": "long enough"})),
        ];
        let answer = Answer {
            blocks,
            stop: "tool_use".into(),
            usage: Usage::default(),
            beside: Map::new(),
            fields: None,
        };
        assert_eq!(message(&answer, "m")["content"][1]["input"], json!({"a": "long enough"}));
        let read = |event: &Event| -> Value {
            let bytes = event.1["bytes"].as_str().unwrap();
            serde_json::from_slice(&base64::engine::general_purpose::STANDARD.decode(bytes).unwrap()).unwrap()
        };
        let events: Vec<Value> = chunks(&answer, "m").iter().map(read).collect();
        let json: String = events.iter().filter_map(|e| e["delta"]["partial_json"].as_str()).collect();
        assert_eq!(json, "{\"a\":\"long enough\"}");
        assert!(events.iter().any(|e| e["delta"]["signature"] == "sig"));
    }
}
