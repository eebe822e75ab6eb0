//! Ends an answer early.

use super::{Answer, Block};
use crate::tokens;
use serde_json::{Value, json};

/// Cuts the text at a stop sequence, and everything at `maxTokens`.
pub(super) fn limit(body: &Value, answer: &mut Answer) {
    let config = body.get("inferenceConfig");
    let stops = config.and_then(|c| c.get("stopSequences")).and_then(Value::as_array);
    let stops: Vec<&str> = stops.into_iter().flatten().filter_map(Value::as_str).collect();
    for at in 0..answer.blocks.len() {
        let Some(Block::Text(text) | Block::Cited(text, _)) = answer.blocks.get_mut(at) else { continue };
        let first = stops.iter().filter_map(|s| text.find(s).map(|i| (i, *s))).min_by_key(|(i, _)| *i);
        if let Some((place, stop)) = first {
            text.truncate(place);
            answer.blocks.truncate(at + 1);
            answer.stop = "stop_sequence".to_owned();
            answer.fields = requested_fields(body, stop);
            break;
        }
    }
    let Some(mut left) = config.and_then(|c| c.get("maxTokens")).and_then(Value::as_u64) else { return };
    for at in 0..answer.blocks.len() {
        let Some(block) = answer.blocks.get_mut(at) else { return };
        let need = block.tokens();
        if need <= left {
            left -= need;
            continue;
        }
        let keep = match block {
            Block::Text(text) | Block::Reasoning(text, _) | Block::Cited(text, _) => {
                let kept = tokens::cut(text, left).map(str::len);
                text.truncate(kept.unwrap_or(text.len()));
                !text.is_empty()
            }
            Block::Redacted(_) | Block::Tool(..) | Block::ServerCall(..) | Block::ServerResult(..) => false,
        };
        answer.blocks.truncate(if keep { at + 1 } else { at });
        answer.stop = "max_tokens".to_owned();
        return;
    }
}

fn requested_fields(body: &Value, stop: &str) -> Option<Value> {
    let paths = body.get("additionalModelResponseFieldPaths")?.as_array()?;
    paths.iter().any(|p| p == "/stop_sequence").then(|| json!({"stop_sequence": stop}))
}
