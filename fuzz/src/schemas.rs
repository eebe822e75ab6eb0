//! Schemas with references of every kind: they end, they are linear, and what becomes of them has no reference.

use bedrock_filter::openai::Endpoint;
use bedrock_filter::translate::chat::Headers;
use serde_json::{Map, Value, json};

use super::judge;
use super::random::Random;
use super::requests::options;

/// Families that take references, that take none, and that take closed schemas.
const MODELS: &[&str] = &[
    "us.amazon.nova-pro-v1:0",
    "anthropic.claude-3-haiku-20240307-v1:0",
    "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
];
const NAMES: &[&str] = &["A", "B", "C", "D", "a/b", "~", "%", "é", "$ref", ""];

pub fn check(bytes: &[u8]) {
    let mut random = Random::of(bytes);
    let model = random.pick(MODELS);
    let options = options(random.below(16) as u8);
    let schema = schema(&mut random);
    let is_strict = random.once_in(2);
    let request = if random.once_in(3) {
        json!({ "messages": [{ "role": "user", "content": "Hi" }], "response_format": {
            "type": "json_schema", "json_schema": { "name": "n", "schema": schema, "strict": is_strict } } })
    } else {
        json!({ "messages": [{ "role": "user", "content": "Hi" }], "tools": [{
            "type": "function", "function": { "name": "f", "parameters": schema, "strict": is_strict } }] })
    };
    let text = request.to_string();
    let Ok(body) =
        judge::request(Endpoint::ChatCompletions, model, text.as_bytes(), &Headers::default(), &options)
    else {
        return;
    };
    let sent: Value = serde_json::from_slice(&body).expect("JSON");
    let spec = sent.pointer("/toolConfig/tools/0/toolSpec");
    let sent_schema = spec.and_then(|spec| spec.pointer("/inputSchema/json"));
    if model.contains("nova")
        && let Some(schema) = sent_schema
    {
        assert!(!refers(schema, false), "a reference is left: {schema}");
        assert!(depth(schema) <= 130, "nests {} deep", depth(schema));
    }
    let native = sent.pointer("/outputConfig/textFormat/structure/jsonSchema/schema").and_then(Value::as_str);
    let native: Option<Value> = native.map(|schema| serde_json::from_str(schema).expect("JSON"));
    let is_strict = spec.is_some_and(|spec| spec.get("strict").is_some_and(|strict| strict == true));
    for held_to in native.iter().chain(sent_schema.filter(|_| is_strict)) {
        assert!(!is_cyclic(held_to), "a model is held to a schema that holds itself: {held_to}");
    }
}

/// A schema that refers to definitions, which refer to each other, to what is not there, and around.
pub(crate) fn schema(random: &mut Random<'_>) -> Value {
    let mut root = any(random, 3);
    if !root.is_object() {
        root = json!({ "properties": { "p": root } });
    }
    let object = root.as_object_mut().expect("an object");
    if !random.once_in(8) {
        object.insert("type".to_owned(), "object".into());
    }
    let definitions: Map<_, _> =
        (0..random.below(7)).map(|_| (random.pick(NAMES).to_owned(), any(random, 2))).collect();
    let place = random.pick(&["$defs", "$defs", "definitions"]);
    object.insert(place.to_owned(), definitions.into());
    root
}

/// Puts schemas into the tools of a request.
pub(crate) fn put_into(random: &mut Random<'_>, request: &mut Value) {
    for tool in request["tools"].as_array_mut().into_iter().flatten() {
        if tool["function"].is_object() {
            tool["function"]["parameters"] = schema(random);
        }
    }
}

fn any(random: &mut Random<'_>, depth: usize) -> Value {
    match random.below(if depth == 0 { 6 } else { 12 }) {
        0 | 1 | 2 => reference(random),
        3 => json!({ "type": "string", "enum": ["$ref", { "$ref": "x" }] }),
        4 => true.into(),
        5 => json!({ "$ref": [1], "const": { "$ref": "#" } }),
        6 | 7 => {
            let properties: Map<_, _> = (0..random.below(4))
                .map(|_| (random.pick(NAMES).to_owned(), any(random, depth - 1)))
                .collect();
            json!({ "type": "object", "properties": properties, "required": ["A"] })
        }
        8 => json!({ "type": "array", "items": any(random, depth - 1) }),
        9 => json!({ "anyOf": [any(random, depth - 1), any(random, depth - 1)] }),
        10 => {
            let mut beside = reference(random);
            beside["description"] = "d".into();
            beside["properties"] = json!({ "q": any(random, depth - 1) });
            beside
        }
        _ => json!({ "allOf": [reference(random), reference(random)], "default": any(random, depth - 1) }),
    }
}

fn reference(random: &mut Random<'_>) -> Value {
    let name = random.pick(NAMES).replace('~', "~0").replace('/', "~1").replace('%', "%25");
    let target = match random.below(10) {
        0 => "#".to_owned(),
        1 => "#/properties/A".to_owned(),
        2 => format!("#/$defs/{name}/properties/A"),
        3 => "https://example.com/schema".to_owned(),
        4 => format!("#/definitions/{name}"),
        5 => "#/$defs/B/anyOf/1".to_owned(),
        _ => format!("#/$defs/{name}"),
    };
    json!({ "$ref": target })
}

/// True where a schema refers to another: not a property of that name, not data.
fn refers(value: &Value, is_names: bool) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(name, value)| {
            if is_names {
                return refers(value, false);
            }
            (name == "$ref" && value.is_string())
                || !matches!(name.as_str(), "enum" | "const" | "default" | "examples")
                    && refers(value, name == "properties")
        }),
        Value::Array(items) => items.iter().any(|item| refers(item, false)),
        _ => false,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// True where following references from the root comes back to one that is being followed. Says no where it cannot tell.
fn is_cyclic(root: &Value) -> bool {
    fn walk<'v>(root: &'v Value, value: &'v Value, path: &mut Vec<&'v str>, steps: &mut usize) -> bool {
        *steps += 1;
        if *steps > 20_000 {
            return false;
        }
        match value {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    if reference == "#" || path.contains(&reference.as_str()) {
                        return true;
                    }
                    let pointer = percent_encoding::percent_decode_str(reference).decode_utf8_lossy();
                    let found = pointer.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
                    if let Some(found) = found {
                        path.push(reference);
                        let is_cyclic = walk(root, found, path, steps);
                        path.pop();
                        if is_cyclic {
                            return true;
                        }
                    }
                }
                let schemas = members.iter().filter(|(name, _)| {
                    !matches!(
                        name.as_str(),
                        "$ref" | "enum" | "const" | "default" | "examples" | "$defs" | "definitions"
                    )
                });
                schemas.map(|(_, value)| value).any(|value| walk(root, value, path, steps))
            }
            Value::Array(items) => items.iter().any(|item| walk(root, item, path, steps)),
            _ => false,
        }
    }
    walk(root, root, &mut Vec::new(), &mut 0)
}
