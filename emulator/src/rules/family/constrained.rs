//! Schemas for constrained decoding: of strict tools, and of the text format.
//!
//! Sources: AWS documentation, "Structured outputs"; Anthropic documentation, "Structured outputs", schema complexity limits;
//! Bedrock's observed behaviour (pydantic-ai 2.68, live): `minLength`, `maxLength` and most patterns are accepted.

use super::super::{items, text};
use crate::errors::AwsError;
use crate::models::Facts;
use serde_json::{Map, Value};

/// Most strict tools of a request.
const STRICT_TOOLS: usize = 20;
/// Most optional properties in all schemas together.
const OPTIONAL: usize = 24;
/// Most properties with more than one type.
const UNIONS: usize = 16;

const NUMBER: &[&str] = &["exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"];
const ARRAY: &[&str] = &["contains", "maxItems", "uniqueItems"];

pub(super) fn check(body: &Value, facts: &Facts) -> Result<(), AwsError> {
    let mut schemas: Vec<Value> = Vec::new();
    let mut strict = 0;
    for (i, tool) in items(body, "/toolConfig/tools").iter().enumerate() {
        if tool.pointer("/toolSpec/strict").and_then(Value::as_bool) != Some(true) {
            continue;
        }
        strict += 1;
        if let Some(schema) = tool.pointer("/toolSpec/inputSchema/json") {
            fits(schema, &format!("tools.{i}.custom"))?;
            schemas.push(schema.clone());
        }
    }
    if let Some(schema) = text_format(body, facts)? {
        fits(&schema, "output_config.format.schema")?;
        schemas.push(schema);
    }
    if facts.claude() { complexity(strict, &schemas) } else { Ok(()) }
}

fn text_format(body: &Value, facts: &Facts) -> Result<Option<Value>, AwsError> {
    let Some(schema) = text(body, "/outputConfig/textFormat/structure/jsonSchema/schema") else {
        return Ok(None);
    };
    if !facts.native_schema {
        return Err(if facts.claude() {
            AwsError::from_model("output_config.format: Extra inputs are not permitted")
        } else {
            AwsError::unsupported("outputConfig.textFormat")
        });
    }
    let place = "outputConfig.textFormat.structure.jsonSchema.schema";
    let schema: Value = serde_json::from_str(schema)
        .map_err(|e| AwsError::validation(format!("{place} is not valid JSON: {e}")))?;
    if !schema.is_object() {
        return Err(AwsError::validation(format!("{place} is not a JSON object.")));
    }
    Ok(Some(schema))
}

fn fits(schema: &Value, place: &str) -> Result<(), AwsError> {
    let mut wrong = None;
    each(schema, true, &mut |node| wrong = wrong.take().or_else(|| unsupported(node)));
    if wrong.is_none() && holds_itself(schema, schema, &mut Vec::new()) {
        wrong = Some("Recursive schemas are not supported".to_owned());
    }
    wrong.map_or(Ok(()), |wrong| Err(AwsError::from_model(format!("{place}: {wrong}"))))
}

/// The first unsupported keyword of a schema, not counting nested schemas.
fn unsupported(node: &Map<String, Value>) -> Option<String> {
    if node.contains_key("oneOf") {
        return Some("Schema type 'oneOf' is not supported".to_owned());
    }
    let outside = |r: &str| !r.starts_with('#');
    if node.get("$ref").and_then(Value::as_str).is_some_and(outside) {
        return Some("External references are not supported".to_owned());
    }
    for kind in types(node) {
        let keywords = match kind {
            "number" | "integer" => NUMBER,
            "array" => ARRAY,
            "object" => {
                if node.get("additionalProperties") != Some(&Value::Bool(false)) {
                    return Some(
                        "For 'object' type, 'additionalProperties' must be explicitly set to false"
                            .to_owned(),
                    );
                }
                continue;
            }
            "string" => {
                if node.get("pattern").and_then(Value::as_str).is_some_and(looks_around) {
                    return Some(
                        "Invalid regex in pattern field: lookaround and backreferences are not supported"
                            .to_owned(),
                    );
                }
                continue;
            }
            _ => continue,
        };
        let found: Vec<&str> = keywords.iter().filter(|k| node.contains_key(**k)).copied().collect();
        match found.as_slice() {
            [] => {}
            [one] => return Some(format!("For '{kind}' type, property '{one}' is not supported")),
            many => {
                return Some(format!("For '{kind}' type, properties {} are not supported", many.join(", ")));
            }
        }
        if kind == "array" && node.get("minItems").and_then(Value::as_u64).is_some_and(|n| n > 1) {
            return Some(
                "For 'array' type, 'minItems' values other than 0 or 1 are not supported".to_owned(),
            );
        }
    }
    None
}

fn types(node: &Map<String, Value>) -> Vec<&str> {
    match node.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn looks_around(pattern: &str) -> bool {
    ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|group| pattern.contains(group))
        || pattern.as_bytes().windows(2).any(|w| matches!(w, [b'\\', b'0'..=b'9']))
}

/// Visits a schema and its nested schemas; `definitions`: also those that only references reach.
fn each(schema: &Value, definitions: bool, visit: &mut dyn FnMut(&Map<String, Value>)) {
    let Value::Object(node) = schema else { return };
    visit(node);
    for (key, value) in node {
        let parts: Vec<&Value> = match (key.as_str(), value) {
            ("$defs" | "definitions", Value::Object(named)) if definitions => named.values().collect(),
            ("properties" | "patternProperties", Value::Object(named)) => named.values().collect(),
            ("anyOf" | "allOf" | "oneOf" | "prefixItems", Value::Array(all)) => all.iter().collect(),
            ("items" | "additionalProperties" | "not" | "contains", part) => vec![part],
            _ => continue,
        };
        for part in parts {
            each(part, definitions, visit);
        }
    }
}

/// Whether references are recursive.
fn holds_itself<'v>(schema: &'v Value, root: &'v Value, path: &mut Vec<&'v str>) -> bool {
    match schema {
        Value::Object(map) => {
            if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
                if reference == "#" || path.contains(&reference) {
                    return true;
                }
                if let Some(target) = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer)) {
                    path.push(reference);
                    let again = holds_itself(target, root, path);
                    path.pop();
                    if again {
                        return true;
                    }
                }
            }
            const NO_SCHEMAS: &[&str] = &["$defs", "definitions", "enum", "const", "default", "examples"];
            map.iter()
                .filter(|(k, _)| !NO_SCHEMAS.contains(&k.as_str()))
                .any(|(_, v)| holds_itself(v, root, path))
        }
        Value::Array(all) => all.iter().any(|v| holds_itself(v, root, path)),
        _ => false,
    }
}

/// Anthropic's complexity limits over all strict tools and the text format; schemas that only a reference reaches do not count.
fn complexity(strict: usize, schemas: &[Value]) -> Result<(), AwsError> {
    if strict > STRICT_TOOLS {
        return Err(AwsError::from_model(format!(
            "Too many strict tools ({strict}). The maximum number of strict tools supported is {STRICT_TOOLS}. Try reducing \
             the number of tools marked as strict."
        )));
    }
    let (mut optional, mut unions) = (0, 0);
    for schema in schemas {
        each(schema, false, &mut |node| {
            let required = node.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            for (name, property) in node.get("properties").and_then(Value::as_object).into_iter().flatten() {
                optional += usize::from(!required.iter().any(|r| r == name));
                let union =
                    property.get("anyOf").is_some() || property.get("type").is_some_and(Value::is_array);
                unions += usize::from(union);
            }
        });
    }
    if optional > OPTIONAL {
        return Err(AwsError::from_model(format!(
            "Schemas contains too many optional parameters ({optional}), which would make grammar compilation inefficient. \
             Reduce the number of optional parameters in your tool schemas (limit: {OPTIONAL})."
        )));
    }
    if unions > UNIONS {
        return Err(AwsError::from_model(format!(
            "Schemas contains too many parameters with union types ({unions} parameters with type arrays or anyOf). This \
             causes exponential compilation cost. Reduce the number of nullable or union-typed parameters (limit: {UNIONS} \
             parameters with unions)."
        )));
    }
    Ok(())
}
