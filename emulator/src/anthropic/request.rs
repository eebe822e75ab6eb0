//! Converts an Anthropic body to Converse's form; unknown members are refused.

use crate::errors::AwsError;
use serde_json::{Map, Value, json};

/// Values of `anthropic_version`: as AWS documents it, and as Anthropic's SDK for Bedrock sends from 2.x on (read in 2.14).
const VERSIONS: [&str; 2] = ["bedrock-2023-05-31", "2026-10-21"];
/// Members that Converse has under its own names.
const NAMED: &[&str] = &[
    "anthropic_version",
    "max_tokens",
    "messages",
    "metadata",
    "stop_sequences",
    "system",
    "temperature",
    "tool_choice",
    "tools",
    "top_p",
];
/// Members that Converse takes among its additional ones.
const ADDITIONAL: &[&str] = &["anthropic_beta", "context_management", "output_config", "thinking", "top_k"];
/// Prefixes of the types of tools that Claude knows without a schema.
const OWN_TOOLS: &[&str] = &["bash_", "computer_", "memory_", "text_editor_", "tool_search_tool_"];

fn malformed(what: &str) -> AwsError {
    AwsError::validation(format!(
        "Malformed input request: {what}, please reformat your input and try again."
    ))
}

/// The body in Converse's form.
pub fn converse(body: &Value) -> Result<Value, AwsError> {
    let map = body.as_object().ok_or_else(|| malformed("expected type: JSONObject"))?;
    if let Some(key) =
        map.keys().find(|key| !NAMED.contains(&key.as_str()) && !ADDITIONAL.contains(&key.as_str()))
    {
        return Err(AwsError::validation(format!("{key}: Extra inputs are not permitted")));
    }
    let version = map.get("anthropic_version").and_then(Value::as_str);
    if !version.is_some_and(|version| VERSIONS.contains(&version)) {
        return Err(malformed(&format!("anthropic_version: expected {}", VERSIONS[0])));
    }
    let limit = map
        .get("max_tokens")
        .and_then(Value::as_u64)
        .ok_or_else(|| malformed("max_tokens: Field required"))?;
    let messages =
        map.get("messages").and_then(Value::as_array).ok_or_else(|| malformed("messages: Field required"))?;
    let mut made = Map::new();
    let turn = |message: &Value| {
        Ok(json!({"role": message.get("role"), "content": blocks(message.get("content"))?}))
    };
    made.insert("messages".into(), messages.iter().map(turn).collect::<Result<Vec<_>, AwsError>>()?.into());
    if let Some(system) = map.get("system") {
        made.insert("system".into(), blocks(Some(system))?.into());
    }
    made.insert("inferenceConfig".into(), limits(map, limit));
    if let Some(tools) = map.get("tools").and_then(Value::as_array).filter(|tools| !tools.is_empty()) {
        made.insert("toolConfig".into(), tool_config(tools, map.get("tool_choice"))?);
    }
    let mut more: Map<String, Value> = map
        .iter()
        .filter(|(key, _)| ADDITIONAL.contains(&key.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    if let Some(schema) = map.get("output_config").and_then(|c| c.pointer("/format/schema")) {
        let schema = json!({"jsonSchema": {"schema": schema.to_string()}});
        made.insert(
            "outputConfig".into(),
            json!({"textFormat": {"type": "json_schema", "structure": schema}}),
        );
    }
    if let Some(choice) = map.get("tool_choice").filter(|c| c.get("type").is_some_and(|t| t == "none")) {
        more.insert("tool_choice".into(), choice.clone());
    }
    if !more.is_empty() {
        made.insert("additionalModelRequestFields".into(), more.into());
    }
    Ok(Value::Object(made))
}

fn limits(map: &Map<String, Value>, limit: u64) -> Value {
    let mut config = Map::from_iter([("maxTokens".to_owned(), limit.into())]);
    for (name, ours) in
        [("temperature", "temperature"), ("top_p", "topP"), ("stop_sequences", "stopSequences")]
    {
        if let Some(value) = map.get(name) {
            config.insert(ours.to_owned(), value.clone());
        }
    }
    Value::Object(config)
}

fn tool_config(tools: &[Value], choice: Option<&Value>) -> Result<Value, AwsError> {
    let mut made = Vec::new();
    for (i, tool) in tools.iter().enumerate() {
        let kind = tool.get("type").and_then(Value::as_str).unwrap_or("custom");
        let own = OWN_TOOLS.iter().any(|beginning| kind.starts_with(beginning));
        if kind != "custom" && !own {
            return Err(AwsError::validation(format!(
                "tools.{i}: Input tag '{kind}' found using 'type' does not match any of the expected tags: 'bash_20250124', \
                 'custom', 'memory_20250818', 'text_editor_20250124', 'text_editor_20250429', 'text_editor_20250728'"
            )));
        }
        let schema = match tool.get("input_schema") {
            Some(schema) => schema.clone(),
            None if own => json!({"type": "object"}),
            None => return Err(malformed(&format!("tools.{i}.custom.input_schema: Field required"))),
        };
        let mut spec = json!({"name": tool.get("name"), "inputSchema": {"json": schema}});
        if let (Value::Object(spec), Some(strict)) = (&mut spec, tool.get("strict")) {
            spec.insert("strict".into(), strict.clone());
        }
        made.push(json!({"toolSpec": spec}));
        made.extend(cache_point(tool));
    }
    let choice = match choice.and_then(|c| c.get("type")).and_then(Value::as_str) {
        Some("any") => Some(json!({"any": {}})),
        Some("tool") => Some(json!({"tool": {"name": choice.and_then(|c| c.get("name"))}})),
        _ => None,
    };
    let mut config = json!({"tools": made});
    if let (Value::Object(config), Some(choice)) = (&mut config, choice) {
        config.insert("toolChoice".into(), choice);
    }
    Ok(config)
}

fn cache_point(of: &Value) -> Option<Value> {
    let control = of.get("cache_control").filter(|c| !c.is_null())?;
    let mut point = json!({"type": "default"});
    if let (Value::Object(point), Some(ttl)) = (&mut point, control.get("ttl")) {
        point.insert("ttl".into(), ttl.clone());
    }
    Some(json!({"cachePoint": point}))
}

fn blocks(content: Option<&Value>) -> Result<Vec<Value>, AwsError> {
    match content {
        Some(Value::String(text)) => Ok(vec![json!({"text": text})]),
        Some(Value::Array(blocks)) => {
            let mut made = Vec::new();
            for block in blocks {
                made.push(self::block(block)?);
                made.extend(cache_point(block));
            }
            Ok(made)
        }
        _ => Err(malformed("content: Input should be a valid string or list")),
    }
}

fn block(block: &Value) -> Result<Value, AwsError> {
    let get = |name: &str| block.get(name).cloned().unwrap_or_default();
    Ok(match block.get("type").and_then(Value::as_str).unwrap_or_default() {
        "text" => json!({"text": get("text")}),
        "image" => {
            json!({"image": {"format": format(block), "source": source(block, "image", &["base64"])?}})
        }
        "document" => {
            let source = source(block, "document", &["base64", "content", "text"])?;
            json!({"document": {"format": format(block), "name": "document", "source": source}})
        }
        "search_result" => {
            let found: Vec<String> = texts(block.get("content"));
            json!({"text": format!("{} {}", get("title").as_str().unwrap_or_default(), found.join(" "))})
        }
        "thinking" => {
            json!({"reasoningContent": {"reasoningText": {"text": get("thinking"), "signature": get("signature")}}})
        }
        "redacted_thinking" => json!({"reasoningContent": {"redactedContent": get("data")}}),
        "tool_use" => {
            json!({"toolUse": {"toolUseId": get("id"), "name": get("name"), "input": get("input")}})
        }
        "tool_result" => {
            let content = match block.get("content") {
                None => Vec::new(),
                content => blocks(content)?,
            };
            let content: Vec<Value> = content.into_iter().filter(|b| b.get("cachePoint").is_none()).collect();
            let failed = block.get("is_error").and_then(Value::as_bool) == Some(true);
            let status = if failed { "error" } else { "success" };
            json!({"toolResult": {"toolUseId": get("tool_use_id"), "content": content, "status": status}})
        }
        kind => {
            return Err(AwsError::validation(format!(
                "messages: Input tag '{kind}' found using 'type' does not match any of the expected tags"
            )));
        }
    })
}

/// The format: `png` for `image/png`, `txt` for `text/plain`.
fn format(block: &Value) -> &str {
    let media = block.pointer("/source/media_type").and_then(Value::as_str).unwrap_or("text/plain");
    match media.split_once('/').map_or(media, |(_, kind)| kind) {
        "plain" => "txt",
        kind => kind,
    }
}

/// The source of media, which must be of one of these types: Bedrock fetches no URLs and stores no files.
fn source(block: &Value, kind: &str, types: &[&str]) -> Result<Value, AwsError> {
    let data = block.pointer("/source/data").cloned().unwrap_or_default();
    match block.pointer("/source/type").and_then(Value::as_str) {
        Some(found) if !types.contains(&found) => Err(AwsError::validation(format!(
            "messages.content.{kind}.source: Input tag '{found}' found using 'type' does not match any of the expected tags: '{}'",
            types.join("', '")
        ))),
        Some("text") => Ok(json!({"text": data})),
        Some("content") => Ok(json!({"text": texts(block.pointer("/source/content")).join("\n")})),
        Some(_) => Ok(json!({"bytes": data})),
        None => Err(malformed(&format!("messages.content.{kind}.source.type: Field required"))),
    }
}

/// The texts of a text, or of blocks.
fn texts(content: Option<&Value>) -> Vec<String> {
    match content {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(blocks)) => {
            blocks.iter().filter_map(|block| Some(block.get("text")?.as_str()?.to_owned())).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> Value {
        json!({"anthropic_version": VERSIONS[0], "max_tokens": 5,
            "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]})
    }

    #[test]
    fn a_body_needs_its_version_and_its_limit() {
        assert_eq!(converse(&body()).unwrap()["messages"][0]["content"], json!([{"text": "hi"}]));
        let mut newer = body();
        newer["anthropic_version"] = VERSIONS[1].into();
        assert!(converse(&newer).is_ok());
        for key in ["anthropic_version", "max_tokens", "messages"] {
            let mut bad = body();
            bad.as_object_mut().unwrap().remove(key);
            assert!(converse(&bad).is_err(), "{key}");
        }
        let mut bad = body();
        bad["stream"] = json!(true);
        assert!(converse(&bad).unwrap_err().message.contains("stream: Extra inputs are not permitted"));
    }

    #[test]
    fn nothing_is_fetched_and_no_files_are_kept() {
        let said = |block: Value| {
            let mut asked = body();
            asked["messages"][0]["content"] = json!([block]);
            converse(&asked).map(|made| made["messages"][0]["content"][0].clone())
        };
        let base64 = json!({"type": "base64", "media_type": "image/png", "data": "iVBO"});
        assert_eq!(said(json!({"type": "image", "source": base64})).unwrap()["image"]["format"], "png");
        let blocks = json!({"type": "content", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]});
        let document = said(json!({"type": "document", "source": blocks})).unwrap();
        assert_eq!(document["document"]["source"], json!({"text": "a\nb"}));
        let found = json!({"type": "search_result", "title": "t", "source": "s", "content": [{"type": "text", "text": "x"}]});
        assert_eq!(said(found).unwrap(), json!({"text": "t x"}));
        for kind in ["image", "document"] {
            for source in [
                json!({"type": "url", "url": "https://x/"}),
                json!({"type": "file", "file_id": "f"}),
                json!({}),
            ] {
                assert!(said(json!({"type": kind, "source": source})).is_err(), "{kind} {source}");
            }
        }
    }

    #[test]
    fn tools_calls_and_thoughts_are_those_of_converse() {
        let mut asked = body();
        asked["metadata"] = json!({"user_id": "u"});
        asked["tools"] = json!([{"name": "f", "input_schema": {"type": "object"}, "cache_control": {"type": "ephemeral"}},
                                {"type": "bash_20250124", "name": "bash"}]);
        asked["tool_choice"] = json!({"type": "tool", "name": "f"});
        asked["thinking"] = json!({"type": "disabled"});
        asked["messages"] = json!([
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "signature": "s"},
                                              {"type": "tool_use", "id": "a", "name": "f", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "no", "is_error": true}]}
        ]);
        let made = converse(&asked).unwrap();
        assert_eq!(made["toolConfig"]["tools"][1], json!({"cachePoint": {"type": "default"}}));
        assert_eq!(made["toolConfig"]["toolChoice"], json!({"tool": {"name": "f"}}));
        assert_eq!(made["messages"][1]["content"][0]["reasoningContent"]["reasoningText"]["signature"], "s");
        let result = json!({"toolUseId": "a", "content": [{"text": "no"}], "status": "error"});
        assert_eq!(made["messages"][2]["content"][0]["toolResult"], result);
        asked["tools"] = json!([{"type": "web_search_20250305", "name": "web_search"}]);
        assert!(converse(&asked).unwrap_err().message.contains("web_search_20250305"));
    }
}
