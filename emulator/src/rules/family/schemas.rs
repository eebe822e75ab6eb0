//! Schemas that constrain what the model writes: strict tools, and the text format.

use super::super::text;
use crate::errors::AwsError;
use crate::models::{Facts, Family};
use serde_json::Value;

/// Claude's structured output wants every object closed.
pub(super) fn closed(schema: &Value, place: &str) -> Result<(), AwsError> {
    match schema {
        Value::Object(map) => {
            let object = map.get("type").and_then(Value::as_str) == Some("object");
            if object && map.get("additionalProperties") != Some(&Value::Bool(false)) {
                return Err(AwsError::from_model(format!(
                    "{place}: For 'object' type, 'additionalProperties' must be explicitly set to false"
                )));
            }
            map.iter()
                .filter(|(k, _)| !["enum", "const", "default", "examples"].contains(&k.as_str()))
                .try_for_each(|(_, v)| closed(v, place))
        }
        Value::Array(all) => all.iter().try_for_each(|v| closed(v, place)),
        _ => Ok(()),
    }
}

/// Nor does it take a schema that holds itself (AWS documentation, "Structured outputs").
pub(super) fn finite<'v>(
    schema: &'v Value,
    root: &'v Value,
    place: &str,
    path: &mut Vec<&'v str>,
) -> Result<(), AwsError> {
    match schema {
        Value::Object(map) => {
            if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
                if reference == "#" || path.contains(&reference) {
                    return Err(AwsError::from_model(format!(
                        "{place}: Recursive schemas are not supported"
                    )));
                }
                if let Some(target) = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer)) {
                    path.push(reference);
                    finite(target, root, place, path)?;
                    path.pop();
                }
            }
            map.iter()
                .filter(|(k, _)| {
                    !["$defs", "definitions", "enum", "const", "default", "examples"].contains(&k.as_str())
                })
                .try_for_each(|(_, v)| finite(v, root, place, path))
        }
        Value::Array(all) => all.iter().try_for_each(|v| finite(v, root, place, path)),
        _ => Ok(()),
    }
}

pub(super) fn output(body: &Value, facts: &Facts) -> Result<(), AwsError> {
    if body.pointer("/outputConfig/effort").is_some_and(|e| !e.is_null()) {
        if !facts.effort {
            return Err(AwsError::unsupported("outputConfig.effort"));
        }
        let effort = text(body, "/outputConfig/effort").unwrap_or_default();
        if !["low", "medium", "high", "xhigh", "max"].contains(&effort) {
            return Err(AwsError::from_model(format!(
                "output_config.effort: `{effort}` is not one of low, medium, high, xhigh, max"
            )));
        }
    }
    let Some(schema) = text(body, "/outputConfig/textFormat/structure/jsonSchema/schema") else {
        return Ok(());
    };
    if !facts.structured {
        return Err(AwsError::unsupported("outputConfig.textFormat"));
    }
    let schema: Value = serde_json::from_str(schema).map_err(|e| {
        AwsError::validation(format!(
            "outputConfig.textFormat.structure.jsonSchema.schema is not valid JSON: {e}"
        ))
    })?;
    if !schema.is_object() {
        return Err(AwsError::validation(
            "outputConfig.textFormat.structure.jsonSchema.schema is not a JSON object.",
        ));
    }
    if matches!(facts.family, Family::Claude(_)) {
        closed(&schema, "output_config.format.schema")?;
        finite(&schema, &schema, "output_config.format.schema", &mut Vec::new())?;
    }
    Ok(())
}
