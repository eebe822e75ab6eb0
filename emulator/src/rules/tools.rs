//! Tool definitions and tool choice.

use super::{Turn, items, text};
use crate::errors::AwsError;
use serde_json::Value;

pub(super) fn check(turns: &[Turn<'_>], body: &Value) -> Result<(), AwsError> {
    let used = turns.iter().any(|t| t.has("toolUse") || t.has("toolResult"));
    if body.get("toolConfig").is_none_or(Value::is_null) {
        if used {
            return Err(AwsError::validation(
                "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
            ));
        }
        return Ok(());
    }
    let mut names: Vec<&str> = Vec::new();
    let tools = items(body, "/toolConfig/tools");
    for (i, tool) in tools.iter().enumerate() {
        let Some(name) = text(tool, "/toolSpec/name").or_else(|| text(tool, "/systemTool/name")) else {
            continue;
        };
        if names.contains(&name) {
            return Err(AwsError::from_model(format!("tools: Tool names must be unique. ({name})")));
        }
        names.push(name);
        let Some(schema) = tool.pointer("/toolSpec/inputSchema/json") else { continue };
        let place = format!("toolConfig.tools.{i}.toolSpec.inputSchema.json");
        if !schema.is_object() {
            return Err(AwsError::validation(format!(
                "The format of the value at {place} is invalid. Provide a json object for the field and try again."
            )));
        }
        if text(schema, "/type") != Some("object") {
            return Err(AwsError::validation(format!(
                "The value at {place}.type must be one of the following: object."
            )));
        }
        if text(tool, "/toolSpec/description").is_some_and(|d| d.trim().is_empty()) {
            return Err(AwsError::validation(format!(
                "The description at toolConfig.tools.{i}.toolSpec is blank."
            )));
        }
    }
    if names.is_empty() {
        return Err(AwsError::validation(
            "toolConfig.tools must contain at least one tool, not cachePoints only.",
        ));
    }
    if let Some(chosen) = text(body, "/toolConfig/toolChoice/tool/name")
        && !names.contains(&chosen)
    {
        return Err(AwsError::from_model(format!(
            "tool_choice: Tool '{chosen}' not found in provided tools"
        )));
    }
    Ok(())
}
