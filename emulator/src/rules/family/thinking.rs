//! Claude's `thinking`, and parameters that it excludes.

use super::super::{Turn, items, text};
use super::given;
use crate::errors::AwsError;
use crate::models::{Bound, Facts};
use serde_json::Value;

/// The beta that `block_binding` requires.
const BINDING_BETA: &str = "thinking-binding-controls-2026-08-01";

pub(super) fn check(turns: &[Turn<'_>], body: &Value, facts: &Facts) -> Result<(), AwsError> {
    let Some(thinking) = body.pointer("/additionalModelRequestFields/thinking") else { return Ok(()) };
    let kind = text(thinking, "/type").unwrap_or_default();
    if facts.thinking.is_empty() {
        return Err(AwsError::from_model("thinking: Extra inputs are not permitted"));
    }
    if !["adaptive", "between_tools", "disabled", "enabled"].contains(&kind) {
        return Err(AwsError::from_model(format!(
            "thinking: Input tag '{kind}' found using 'type' does not match any of the expected tags: 'adaptive', 'disabled', \
             'enabled'"
        )));
    }
    if !facts.thinking.iter().any(|taken| taken == kind) {
        return Err(AwsError::from_model(if kind == "adaptive" {
            "adaptive thinking is not supported on this model".to_owned()
        } else {
            format!(
                "\"thinking.type.{kind}\" is not supported for this model. Use \"thinking.type.adaptive\" and \
                 \"output_config.effort\" to control thinking behavior."
            )
        }));
    }
    binding(thinking, kind, body, facts)?;
    match kind {
        "enabled" => budget(thinking, body)?,
        "adaptive" if thinking.get("budget_tokens").is_some() => {
            return Err(AwsError::from_model(
                "thinking.adaptive.budget_tokens: Extra inputs are not permitted",
            ));
        }
        "adaptive" => {}
        _ => return without(body, facts),
    }
    let display = text(thinking, "/display");
    if display.is_some_and(|d| !["summarized", "omitted"].contains(&d)) {
        return Err(AwsError::from_model(format!(
            "thinking.{kind}.display: Input should be 'summarized' or 'omitted'"
        )));
    }
    for (pointer, name) in [
        ("/inferenceConfig/temperature", "temperature"),
        ("/inferenceConfig/topP", "top_p"),
        ("/additionalModelRequestFields/top_k", "top_k"),
    ] {
        if given(body, pointer) {
            return Err(AwsError::from_model(format!("`{name}` may not be set when thinking is enabled.")));
        }
    }
    let choice = body.pointer("/toolConfig/toolChoice");
    let forced = choice.is_some_and(|c| c.get("any").is_some() || c.get("tool").is_some());
    if forced && (kind == "enabled" || !facts.forced_while_thinking) {
        return Err(AwsError::from_model("Thinking may not be enabled when tool_choice forces tool use."));
    }
    if kind == "enabled" { own_thoughts(turns) } else { Ok(()) }
}

/// `block_binding` requires a model that binds thoughts, and its beta.
fn binding(thinking: &Value, kind: &str, body: &Value, facts: &Facts) -> Result<(), AwsError> {
    let Some(binding) = thinking.get("block_binding") else { return Ok(()) };
    let betas = items(body, "/additionalModelRequestFields/anthropic_beta");
    if facts.bound_thoughts == Bound::No || !betas.iter().any(|beta| beta == BINDING_BETA) {
        return Err(AwsError::from_model(format!(
            "thinking.{kind}.block_binding: Extra inputs are not permitted"
        )));
    }
    let behaviour = text(binding, "/prefix_mismatch_behavior");
    if behaviour.is_some_and(|b| !["drop_block", "error"].contains(&b)) {
        return Err(AwsError::from_model(format!(
            "thinking.{kind}.block_binding.prefix_mismatch_behavior: Input should be 'error' or 'drop_block'"
        )));
    }
    Ok(())
}

fn budget(thinking: &Value, body: &Value) -> Result<(), AwsError> {
    let Some(budget) = thinking.get("budget_tokens").and_then(Value::as_u64) else {
        return Err(AwsError::from_model("thinking.enabled.budget_tokens: Field required"));
    };
    if budget < 1_024 {
        return Err(AwsError::from_model(
            "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
        ));
    }
    let max = body.pointer("/inferenceConfig/maxTokens").and_then(Value::as_u64);
    if max.is_some_and(|max| max <= budget) {
        return Err(AwsError::from_model("`max_tokens` must be greater than `thinking.budget_tokens`."));
    }
    Ok(())
}

/// Some models limit the effort to `high` while thinking is disabled.
fn without(body: &Value, facts: &Facts) -> Result<(), AwsError> {
    let effort = text(body, "/outputConfig/effort")
        .or_else(|| text(body, "/additionalModelRequestFields/output_config/effort"));
    match effort.filter(|e| !facts.top_effort_without_thinking && ["xhigh", "max"].contains(e)) {
        None => Ok(()),
        Some(effort) => Err(AwsError::from_model(format!(
            "output_config.effort: '{effort}' is not supported when thinking is disabled. Use effort 'high' or below, or enable \
             thinking."
        ))),
    }
}

/// Claude requires its own thoughts before the results of its tool calls.
fn own_thoughts(turns: &[Turn<'_>]) -> Result<(), AwsError> {
    let waiting = turns.last().is_some_and(|t| t.has("toolResult"));
    let called = turns.iter().rfind(|t| t.role == "assistant").filter(|_| waiting);
    if let Some(turn) = called
        && turn.blocks.first().is_some_and(|b| b.get("reasoningContent").is_none())
    {
        return Err(AwsError::from_model(format!(
            "messages.{}.content.0.type: Expected `thinking` or `redacted_thinking`, but found another block. When \
             `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost \
             set of `tool_use` and `tool_result` blocks).",
            turn.index
        )));
    }
    Ok(())
}
