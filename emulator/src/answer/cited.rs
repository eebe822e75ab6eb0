//! Answers with citations: of web pages that Nova found, and of documents.

use super::{Answer, Block};
use crate::encoding;
use base64::Engine;
use serde_json::{Value, json};

/// Whether the request has Nova's web search tool.
pub(super) fn grounds(body: &Value) -> bool {
    let tools = body.pointer("/toolConfig/tools").and_then(Value::as_array).into_iter().flatten();
    tools.into_iter().any(|t| t.pointer("/systemTool/name").is_some_and(|name| name == "nova_grounding"))
}

/// The search, its result, the text and its citations, in the order of AWS's example of Web Grounding.
pub(super) fn search(query: &str, text: String, answer: &mut Answer) {
    let id = format!("tooluse_{:022x}", encoding::hash(query.as_bytes()));
    let web = |path: &str| json!({"location": {"web": {"url": format!("https://www.example.com/{path}"), "domain": "www.example.com"}}});
    answer.blocks.extend([
        Block::ServerCall(id.clone(), "nova_grounding".to_owned(), json!({"query": query})),
        Block::ServerResult(id, "nova_grounding_result".to_owned()),
        Block::Text(text),
        Block::Cited(String::new(), vec![web("news"), web("more")]),
        Block::Text(" That is all.".to_owned()),
    ]);
}

/// A citation of each document to be cited: of its beginning for text, else of its first page.
pub(super) fn documents(body: &Value) -> Vec<Value> {
    let turns = body.get("messages").and_then(Value::as_array).into_iter().flatten();
    let blocks = turns.filter_map(|turn| turn.get("content")?.as_array()).flatten();
    let documents = blocks.filter_map(|block| block.get("document")).enumerate();
    documents
        .filter(|(_, document)| document.pointer("/citations/enabled") == Some(&Value::Bool(true)))
        .map(|(index, document)| {
            let (quote, location) = if document.get("format").is_some_and(|format| format == "txt") {
                let quote: String = text(document).chars().take(16).collect();
                let end = quote.chars().count();
                (quote, json!({"documentChar": {"documentIndex": index, "start": 0, "end": end}}))
            } else {
                let place = json!({"documentPage": {"documentIndex": index, "start": 1, "end": 2}});
                ("as it is written".to_owned(), place)
            };
            json!({"title": document.get("name"), "sourceContent": [{"text": quote}], "location": location})
        })
        .collect()
}

fn text(document: &Value) -> String {
    let of = |pointer| document.pointer(pointer).and_then(Value::as_str);
    let bytes = of("/source/bytes").and_then(|b| base64::engine::general_purpose::STANDARD.decode(b).ok());
    match of("/source/text") {
        Some(text) => text.to_owned(),
        None => String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned(),
    }
}
