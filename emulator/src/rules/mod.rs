//! The rules that the service enforces beyond its service model. The first violation is the answer.

mod content;
mod family;
mod tools;
mod turns;

use crate::errors::AwsError;
use crate::models::Facts;
use serde_json::Value;

/// Checks a Converse body that fits its shape; `streamed`: in ConverseStream.
pub fn check(body: &Value, facts: &Facts, streamed: bool) -> Result<(), AwsError> {
    let turns = turns(body);
    turns::check(&turns)?;
    content::check(&turns, body)?;
    tools::check(&turns, body)?;
    family::check(&turns, body, facts, streamed)
}

/// Checks that a Converse body fits into the model's context.
pub fn length(body: &Value, facts: &Facts) -> Result<(), AwsError> {
    family::context::check(body, facts)
}

/// A message: its path, its role, its blocks.
struct Turn<'a> {
    index: usize,
    role: &'a str,
    blocks: &'a [Value],
}

impl<'a> Turn<'a> {
    /// The blocks of one kind.
    fn all(&self, kind: &'static str) -> impl Iterator<Item = &'a Value> {
        self.blocks.iter().filter_map(move |b| b.get(kind))
    }

    fn has(&self, kind: &'static str) -> bool {
        self.all(kind).next().is_some()
    }
}

fn turns(body: &Value) -> Vec<Turn<'_>> {
    items(body, "/messages")
        .iter()
        .enumerate()
        .map(|(index, m)| Turn {
            index,
            role: m.get("role").and_then(Value::as_str).unwrap_or_default(),
            blocks: items(m, "/content"),
        })
        .collect()
}

/// The array at `pointer`, empty when there is none.
fn items<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

    fn on(model: &str, body: &Value) -> String {
        check(body, &Facts::of(model), false).err().map(|e| e.message).unwrap_or_default()
    }

    fn messages(messages: Value) -> Value {
        json!({"messages": messages, "toolConfig": {"tools": [tool("f")]}})
    }

    fn tool(name: &str) -> Value {
        json!({"toolSpec": {"name": name, "inputSchema": {"json": {"type": "object"}}}})
    }

    fn user(content: Value) -> Value {
        json!({"role": "user", "content": content})
    }

    fn assistant(content: Value) -> Value {
        json!({"role": "assistant", "content": content})
    }

    fn call(id: &str) -> Value {
        json!({"toolUse": {"toolUseId": id, "name": "f", "input": {}}})
    }

    fn result(id: &str) -> Value {
        json!({"toolResult": {"toolUseId": id, "content": [{"text": "ok"}]}})
    }

    fn refused(body: &Value, part: &str) {
        let message = on(SONNET, body);
        assert!(message.contains(part), "wanted `{part}`, got `{message}`");
    }

    #[test]
    fn a_whole_tool_conversation_passes() {
        let body = messages(json!([
            user(json!([{"text": "go"}])),
            assistant(json!([{"text": "ok"}, call("a"), call("b")])),
            user(json!([result("a"), result("b"), {"text": "and?"}])),
            assistant(json!([{"text": "done"}])),
            user(json!([{"text": "thanks"}]))
        ]));
        assert_eq!(on(SONNET, &body), "");
    }

    #[test]
    fn turns_start_with_the_user_and_alternate() {
        refused(&messages(json!([])), "A conversation must start with a user message.");
        refused(&messages(json!([assistant(json!([{"text": "x"}]))])), "must start with a user message");
        refused(
            &messages(json!([user(json!([{"text": "x"}])), user(json!([{"text": "y"}]))])),
            "must alternate",
        );
        refused(
            &messages(json!([user(json!([]))])),
            "The content field in the Message object at messages.0 is empty.",
        );
    }

    #[test]
    fn blank_text_is_refused_everywhere() {
        refused(&messages(json!([user(json!([{"text": " \n"}]))])), "messages.0.content.0 is blank");
        let body = messages(json!([
            user(json!([{"text": "a"}])),
            assistant(json!([call("a")])),
            user(json!([{"toolResult": {"toolUseId": "a", "content": [{"text": ""}]}}]))
        ]));
        refused(&body, "is blank");
        let mut body = messages(json!([user(json!([{"text": "a"}]))]));
        body["system"] = json!([{"text": "  "}]);
        refused(&body, "is blank");
    }

    #[test]
    fn calls_are_answered_in_the_next_turn_and_only_there() {
        let with = |last: Value| {
            messages(json!([
                user(json!([{"text": "a"}])),
                assistant(json!([call("a"), call("b")])),
                user(last)
            ]))
        };
        refused(
            &with(json!([result("a")])),
            "Expected toolResult blocks at messages.2.content for the following Ids: b",
        );
        refused(
            &with(json!([result("a"), result("b"), result("c")])),
            "exceeds the number of toolUse blocks",
        );
        refused(&messages(json!([user(json!([result("a")]))])), "exceeds the number of toolUse blocks");
        let twice = messages(json!([
            user(json!([{"text": "a"}])),
            assistant(json!([call("a"), call("a")])),
            user(json!([result("a")]))
        ]));
        refused(&twice, "unique");
    }

    #[test]
    fn tools_are_defined_when_used_and_well_made() {
        let mut body = messages(json!([
            user(json!([{"text": "a"}])),
            assistant(json!([call("a")])),
            user(json!([result("a")]))
        ]));
        body.as_object_mut().unwrap().remove("toolConfig");
        refused(&body, "The toolConfig field must be defined");
        let mut body = messages(json!([user(json!([{"text": "a"}]))]));
        body["toolConfig"] = json!({"tools": [tool("f"), tool("f")]});
        refused(&body, "unique");
        body["toolConfig"] = json!({"tools": [tool("f")], "toolChoice": {"tool": {"name": "g"}}});
        refused(&body, "g");
        body["toolConfig"] =
            json!({"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "string"}}}}]});
        refused(&body, "must be one of the following: object.");
    }

    #[test]
    fn documents_and_images_are_looked_at() {
        let document =
            |name: &str| json!({"document": {"format": "txt", "name": name, "source": {"bytes": "YQ=="}}});
        refused(
            &messages(json!([user(json!([document("a")]))])),
            "A text block must be included when using documents.",
        );
        refused(
            &messages(json!([user(json!([{"text": "a"}, document("a.txt")]))])),
            "The document file name can only contain",
        );
        refused(
            &messages(json!([user(json!([{"text": "a"}, document("a  b")]))])),
            "The document file name can only contain",
        );
        let image = |bytes: &str| json!({"image": {"format": "jpeg", "source": {"bytes": bytes}}});
        refused(
            &messages(json!([user(json!([{"text": "a"}, image("iVBORw0KGgo=")]))])),
            "appears to be a image/png",
        );
        refused(&messages(json!([user(json!([{"text": "a"}, image("AAAA")]))])), "Could not process image");
        let good = image("/9j/4AAQ");
        assert_eq!(on(SONNET, &messages(json!([user(json!([good]))]))), "");
        let many: Vec<Value> = (0..21).map(|_| good.clone()).collect();
        refused(&messages(json!([user(json!(many))])), "20");
        refused(
            &messages(json!([
                user(json!([{"text": "a"}])),
                assistant(json!([good])),
                user(json!([{"text": "a"}]))
            ])),
            "user",
        );
    }
}
