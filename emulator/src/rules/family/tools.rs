//! Tools and tool choice.

use super::super::{Turn, items, text};
use crate::errors::AwsError;
use crate::models::Facts;
use serde_json::Value;

pub(super) fn check(turns: &[Turn<'_>], body: &Value, facts: &Facts, streamed: bool) -> Result<(), AwsError> {
    let Some(config) = body.get("toolConfig").filter(|c| !c.is_null()) else { return Ok(()) };
    if !facts.tools {
        return Err(AwsError::validation("This model doesn't support tool use."));
    }
    if streamed && !facts.stream_tools {
        return Err(AwsError::validation("This model doesn't support tool use in streaming mode."));
    }
    let choice = config.get("toolChoice");
    for kind in ["any", "tool"] {
        if choice.is_some_and(|c| c.get(kind).is_some()) && !facts.choice.iter().any(|taken| taken == kind) {
            return Err(if facts.claude() {
                AwsError::from_model(
                    "tool_choice: type \"tool\" and \"any\" are not supported for this model.",
                )
            } else {
                AwsError::unsupported(&format!("toolConfig.toolChoice.{kind}"))
            });
        }
    }
    for (i, tool) in items(config, "/tools").iter().enumerate() {
        if let Some(name) =
            text(tool, "/systemTool/name").filter(|name| !facts.system_tools.iter().any(|t| t == name))
        {
            return Err(AwsError::validation(format!(
                "This model doesn't support the system tool {name}. [assumed: AWS's words are not known]"
            )));
        }
        let Some(spec) = tool.get("toolSpec") else { continue };
        root(spec, i, facts)?;
        if spec.get("strict").and_then(Value::as_bool) == Some(true) && !facts.strict {
            return Err(if facts.claude() {
                AwsError::from_model(format!("tools.{i}.custom.strict: Extra inputs are not permitted"))
            } else {
                AwsError::unsupported("toolConfig.tools.toolSpec.strict")
            });
        }
    }
    if !facts.hyphens && names(turns, config).any(|name| name.contains('-')) {
        return Err(AwsError::new(
            "ModelErrorException",
            "Model produced invalid sequence as part of ToolUse. Please refer to the model tool use troubleshooting guide.",
        ));
    }
    Ok(())
}

/// Names of the tools, and of the tools in earlier calls.
fn names<'a>(turns: &'a [Turn<'a>], config: &'a Value) -> impl Iterator<Item = &'a str> {
    let defined = items(config, "/tools").iter().filter_map(|t| text(t, "/toolSpec/name"));
    let called = turns.iter().flat_map(|t| t.all("toolUse")).filter_map(|c| text(c, "/name"));
    defined.chain(called)
}

/// Members that the root of a schema must not have.
fn root(spec: &Value, i: usize, facts: &Facts) -> Result<(), AwsError> {
    let schema = spec.pointer("/inputSchema/json").and_then(Value::as_object);
    let keys = || schema.into_iter().flat_map(|schema| schema.keys()).map(String::as_str);
    if facts.claude() && keys().any(|key| ["oneOf", "allOf", "anyOf"].contains(&key)) {
        return Err(AwsError::from_model(format!(
            "tools.{i}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level"
        )));
    }
    if !facts.plain_schemas {
        return Ok(());
    }
    match keys().find(|key| !["type", "properties", "required"].contains(key)) {
        None => Ok(()),
        Some(key) => Err(AwsError::from_model(format!(
            "Malformed input request: #/toolConfig/tools/{i}/toolSpec/inputSchema/json: extraneous key [{key}] is not \
             permitted, please reformat your input and try again."
        ))),
    }
}
