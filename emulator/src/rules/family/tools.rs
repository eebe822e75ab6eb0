//! Tools, the choice among them, and how they go with thinking.

use super::super::{Turn, items};
use super::fields::thinking;
use super::schemas::{closed, finite};
use crate::errors::AwsError;
use crate::models::{Facts, Family};
use serde_json::Value;

pub(super) fn tools(turns: &[Turn<'_>], body: &Value, facts: &Facts) -> Result<(), AwsError> {
    let Some(config) = body.get("toolConfig").filter(|c| !c.is_null()) else { return Ok(()) };
    if !facts.tools {
        return Err(AwsError::validation("This model doesn't support tool use."));
    }
    let choice = config.get("toolChoice");
    for (kind, taken) in [("any", facts.choice_any), ("tool", facts.choice_tool)] {
        if !taken && choice.is_some_and(|c| c.get(kind).is_some()) {
            return Err(if matches!(facts.family, Family::Claude(_)) {
                AwsError::from_model(
                    "tool_choice: type \"tool\" and \"any\" are not supported for this model.",
                )
            } else {
                AwsError::unsupported(&format!("toolConfig.toolChoice.{kind}"))
            });
        }
    }
    let strict = items(config, "/tools")
        .iter()
        .enumerate()
        .filter(|(_, t)| t.pointer("/toolSpec/strict").and_then(Value::as_bool) == Some(true));
    for (i, tool) in strict {
        if !facts.structured {
            return Err(AwsError::unsupported("toolConfig.tools.toolSpec.strict"));
        }
        if let (Family::Claude(_), Some(schema)) = (facts.family, tool.pointer("/toolSpec/inputSchema/json"))
        {
            let place = format!("tools.{i}.custom.input_schema");
            closed(schema, &place)?;
            finite(schema, schema, &place, &mut Vec::new())?;
        }
    }
    if matches!(facts.family, Family::Nova | Family::Nova2) {
        for (i, tool) in items(config, "/tools").iter().enumerate() {
            let schema = tool.pointer("/toolSpec/inputSchema/json").and_then(Value::as_object);
            let keys = schema.into_iter().flat_map(|schema| schema.keys());
            if let Some(key) =
                keys.into_iter().find(|key| !["type", "properties", "required"].contains(&key.as_str()))
            {
                return Err(AwsError::from_model(format!(
                    "Malformed input request: #/toolConfig/tools/{i}/toolSpec/inputSchema/json: extraneous key [{key}] is \
                     not permitted, please reformat your input and try again."
                )));
            }
        }
    }
    if thinking(body) == Some("enabled") {
        // Claude wants its own thoughts back before it reads the results of its calls.
        let waiting = turns.last().is_some_and(|t| t.has("toolResult"));
        let called = turns.iter().rfind(|t| t.role == "assistant").filter(|_| waiting);
        if let Some(turn) = called
            && turn.blocks.first().is_some_and(|b| b.get("reasoningContent").is_none())
        {
            return Err(AwsError::from_model(format!(
                "messages.{}.content.0.type: Expected `thinking` or `redacted_thinking`, but found another block. When \
                 `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the \
                 lastmost set of `tool_use` and `tool_result` blocks).",
                turn.index
            )));
        }
    }
    Ok(())
}
