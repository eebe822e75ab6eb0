//! Reads the question in the last user turn.

use base64::Engine;
use serde_json::Value;

/// The question in the last user turn.
pub(super) struct Question {
    pub(super) text: String,
    pub(super) media: Vec<String>,
    pub(super) results: Vec<String>,
    /// The follow-up in a tool result, after `next:`.
    pub(super) next: Option<String>,
    pub(super) turns: usize,
    /// Whether the system prompt or the user asks for a JSON object.
    pub(super) wants_json: bool,
    /// Whether the last turn is the assistant's, and begins an object.
    pub(super) is_begun: bool,
}

impl Question {
    /// From a Converse body.
    pub(super) fn of(body: &Value) -> Self {
        let messages = body.get("messages").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let last = messages.iter().rfind(|m| m.get("role").and_then(Value::as_str) == Some("user"));
        let blocks =
            last.and_then(|m| m.get("content")).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let (mut texts, mut results) = (Vec::new(), Vec::new());
        for block in blocks {
            if let Some(text) = block.get("text").and_then(Value::as_str) {
                texts.push(text.to_owned());
            } else if let Some(text) = block.pointer("/guardContent/text/text").and_then(Value::as_str) {
                texts.push(text.to_owned());
            } else if let Some(Value::Array(parts)) = block.pointer("/toolResult/content") {
                results.extend(parts.iter().map(result_text));
            }
        }
        let text = texts.join("\n");
        let next = results.iter().find_map(|result| Some(result.split_once("next:")?.1.to_owned()));
        let system = body.get("system").and_then(Value::as_array).into_iter().flatten();
        let wants_json = system
            .filter_map(|block| block.get("text")?.as_str())
            .chain([text.as_str()])
            .any(|text| text.split(['.', ':', '\n']).any(asks_for_json));
        let is_begun = messages.last().is_some_and(|m| {
            m.get("role").and_then(Value::as_str) == Some("assistant")
                && m.pointer("/content/0/text").and_then(Value::as_str) == Some("{")
        });
        Self { text, media: media(blocks), results, next, turns: messages.len(), wants_json, is_begun }
    }
}

/// Whether a sentence tells the model to answer with a JSON object.
fn asks_for_json(sentence: &str) -> bool {
    let words = ["answer", "respond", "reply"];
    let first = sentence.trim_start().to_lowercase();
    words.iter().any(|word| first.starts_with(word)) && first.contains("json object")
}

fn result_text(part: &Value) -> String {
    if let Some(text) = part.get("text").and_then(Value::as_str) {
        text.to_owned()
    } else if let Some(json) = part.get("json") {
        json.to_string()
    } else {
        let kind = part.as_object().and_then(|m| m.keys().next()).map_or("nothing", String::as_str);
        format!("[{kind}]")
    }
}

/// `1 image: png, 68 bytes` for every kind of medium in the turn.
fn media(blocks: &[Value]) -> Vec<String> {
    let mut out = Vec::new();
    for kind in ["image", "document", "video", "audio"] {
        let found: Vec<String> = blocks
            .iter()
            .filter_map(|b| b.get(kind))
            .map(|m| {
                let format = m.get("format").and_then(Value::as_str).unwrap_or("no format");
                let name =
                    m.get("name").and_then(Value::as_str).map_or_else(String::new, |n| format!(", {n}"));
                let source = m.get("source");
                let size = source.and_then(|s| s.get("bytes")).and_then(Value::as_str).map(|b| {
                    let decoded = base64::engine::general_purpose::STANDARD.decode(b);
                    format!("{} bytes", decoded.map_or(0, |d| d.len()))
                });
                let uri = source.and_then(|s| s.pointer("/s3Location/uri")).and_then(Value::as_str);
                let size = size.unwrap_or_else(|| uri.unwrap_or("text").to_owned());
                format!("{format}{name}, {size}")
            })
            .collect();
        if !found.is_empty() {
            let s = if found.len() == 1 { "" } else { "s" };
            out.push(format!("{} {kind}{s}: {}", found.len(), found.join("; ")));
        }
    }
    out
}
