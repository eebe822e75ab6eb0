//! `additionalModelRequestFields`: what the model's own API takes.

use super::super::text;
use crate::errors::AwsError;
use crate::models::{Facts, Family};
use serde_json::Value;

pub(super) fn thinking(body: &Value) -> Option<&str> {
    text(body, "/additionalModelRequestFields/thinking/type").filter(|t| *t != "disabled")
}

/// `additionalModelRequestFields`: what the model's own API takes.
pub(super) fn fields(body: &Value, facts: &Facts) -> Result<(), AwsError> {
    let Some(fields) = body.get("additionalModelRequestFields").filter(|f| !f.is_null()) else {
        return Ok(());
    };
    let Value::Object(map) = fields else {
        return Err(AwsError::validation(
            "The format of the value at additionalModelRequestFields is invalid. Provide a json object for the field \
             and try again.",
        ));
    };
    let allowed: &[&str] = match facts.family {
        Family::Claude(_) => &[
            "thinking",
            "top_k",
            "anthropic_beta",
            "output_config",
            "tool_choice",
            "tools",
            "metadata",
            "context_management",
            "reasoning_config",
            "cache_control",
            "speed",
            "stop_sequences",
        ],
        Family::Nova => &["inferenceConfig", "topK"],
        Family::Nova2 => &["inferenceConfig", "topK", "reasoningConfig", "system_tools"],
        Family::Llama => &["images", "top_k"],
        _ => return reasoning_effort(fields, facts),
    };
    if let Some(name) = map.keys().find(|k| !allowed.contains(&k.as_str())) {
        return Err(match facts.family {
            Family::Claude(_) => AwsError::from_model(format!("{name}: Extra inputs are not permitted")),
            _ => AwsError::from_model(format!(
                "Malformed input request: #: extraneous key [{name}] is not permitted, please reformat your input and try again."
            )),
        });
    }
    match facts.family {
        Family::Claude(version) => {
            betas(fields)?;
            claude_thinking(body, fields, version)
        }
        Family::Nova2 => nova_reasoning(body, fields),
        _ => Ok(()),
    }
}

/// Features of Anthropic's own API that Bedrock was seen to refuse, with all of the request.
const REFUSED: &[&str] = &["oauth-2025-04-20", "prompt-caching-scope-2026-01-05", "fast-mode-2026-02-01"];

fn betas(fields: &Value) -> Result<(), AwsError> {
    let betas = fields.get("anthropic_beta").and_then(Value::as_array);
    let is_refused = |beta: &Value| beta.as_str().is_some_and(|beta| REFUSED.contains(&beta));
    if betas.into_iter().flatten().any(is_refused) {
        return Err(AwsError::from_model("invalid beta flag"));
    }
    Ok(())
}

fn claude_thinking(body: &Value, fields: &Value, version: u32) -> Result<(), AwsError> {
    let kind = match fields.get("thinking") {
        None => return Ok(()),
        Some(thinking) => text(thinking, "/type").unwrap_or_default(),
    };
    match kind {
        "disabled" => return Ok(()),
        "enabled" | "adaptive" if version < 37 => {
            return Err(AwsError::from_model("thinking: Extra inputs are not permitted"));
        }
        "adaptive" if version < 46 => {
            return Err(AwsError::from_model("adaptive thinking is not supported on this model"));
        }
        "enabled" | "adaptive" => {}
        other => {
            return Err(AwsError::from_model(format!(
                "thinking: Input tag '{other}' found using 'type' does not match any of the expected tags: 'adaptive', \
                 'disabled', 'enabled'"
            )));
        }
    }
    if kind == "enabled" {
        let Some(budget) = fields.pointer("/thinking/budget_tokens").and_then(Value::as_u64) else {
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
    } else if fields.pointer("/thinking/budget_tokens").is_some() {
        return Err(AwsError::from_model("thinking.adaptive.budget_tokens: Extra inputs are not permitted"));
    }
    for (pointer, name) in [
        ("/inferenceConfig/temperature", "temperature"),
        ("/inferenceConfig/topP", "top_p"),
        ("/additionalModelRequestFields/top_k", "top_k"),
    ] {
        if body.pointer(pointer).is_some_and(|v| !v.is_null()) {
            return Err(AwsError::from_model(format!("`{name}` may not be set when thinking is enabled.")));
        }
    }
    let choice = body.pointer("/toolConfig/toolChoice");
    if choice.is_some_and(|c| c.get("any").is_some() || c.get("tool").is_some()) {
        return Err(AwsError::from_model("Thinking may not be enabled when tool_choice forces tool use."));
    }
    Ok(())
}

fn nova_reasoning(body: &Value, fields: &Value) -> Result<(), AwsError> {
    let Some(config) = fields.get("reasoningConfig") else { return Ok(()) };
    let effort = text(config, "/maxReasoningEffort");
    match text(config, "/type") {
        Some("disabled") => return Ok(()),
        Some("enabled") if effort.is_some_and(|e| ["low", "medium", "high"].contains(&e)) => {}
        _ => {
            return Err(AwsError::from_model(
                "reasoningConfig: type must be enabled or disabled, maxReasoningEffort low, medium or high",
            ));
        }
    }
    if effort == Some("high") {
        for name in ["maxTokens", "temperature", "topP"] {
            if body.pointer(&format!("/inferenceConfig/{name}")).is_some_and(|v| !v.is_null()) {
                return Err(AwsError::from_model(format!(
                    "{name} must not be set when maxReasoningEffort is high"
                )));
            }
        }
    }
    Ok(())
}

fn reasoning_effort(fields: &Value, facts: &Facts) -> Result<(), AwsError> {
    let known: &[&str] = match facts.family {
        Family::GptOss | Family::DeepSeek => &["low", "medium", "high"],
        Family::Gpt5 => &["none", "minimal", "low", "medium", "high", "xhigh", "max"],
        _ => return Ok(()),
    };
    let wrong = ["/reasoning_effort", "/reasoning/effort"]
        .into_iter()
        .filter_map(|p| text(fields, p))
        .find(|e| !known.contains(e));
    wrong.map_or(Ok(()), |e| {
        Err(AwsError::from_model(format!("reasoning_effort: `{e}` is not one of {}", known.join(", "))))
    })
}
