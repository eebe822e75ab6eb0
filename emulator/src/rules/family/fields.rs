//! `additionalModelRequestFields`: the members that the model's own API accepts.

use super::super::{items, text};
use crate::errors::AwsError;
use crate::models::{Api, Facts, is_beta};
use serde_json::Value;

/// The effort's place in Claude's API, for Converse's own member.
const EFFORT: &str = "/output_config/effort";

pub(super) fn check(body: &Value, facts: &Facts) -> Result<(), AwsError> {
    let fields = body.get("additionalModelRequestFields").filter(|f| !f.is_null()).unwrap_or(&Value::Null);
    let Value::Object(map) = fields else {
        if fields.is_null() {
            return levels(body, fields, facts);
        }
        return Err(AwsError::validation(
            "The format of the value at additionalModelRequestFields is invalid. Provide a json object for the field \
             and try again.",
        ));
    };
    let unknown = |name: &&String| facts.fields.as_ref().is_some_and(|known| !known.contains(name));
    if let Some(name) = map.keys().find(unknown) {
        return Err(AwsError::from_model(match facts.api {
            Api::Anthropic => format!("{name}: Extra inputs are not permitted"),
            Api::OpenAi => format!("Unknown parameter: '{name}'."),
            _ => format!(
                "Malformed input request: #: extraneous key [{name}] is not permitted, please reformat your input and try again."
            ),
        }));
    }
    if facts.claude() && items(fields, "/anthropic_beta").iter().any(|b| !b.as_str().is_some_and(is_beta)) {
        return Err(AwsError::from_model("invalid beta flag"));
    }
    levels(body, fields, facts)?;
    if facts.api == Api::Nova { nova_reasoning(body, fields) } else { Ok(()) }
}

/// Effort levels, in members of the model's own API or Converse's.
fn levels(body: &Value, fields: &Value, facts: &Facts) -> Result<(), AwsError> {
    for (pointer, levels) in &facts.levels {
        if let Some(level) = text(fields, pointer) {
            one_of(level, levels, &pointer.trim_start_matches('/').replace('/', "."), facts)?;
        }
    }
    let own = text(fields, EFFORT).filter(|_| facts.claude());
    let Some(effort) = text(body, "/outputConfig/effort").or(own) else { return Ok(()) };
    let beta = facts.effort_beta.as_deref();
    let asked = beta.is_none_or(|beta| items(fields, "/anthropic_beta").iter().any(|b| b == beta));
    match facts.levels.get(EFFORT).filter(|_| asked) {
        Some(levels) => one_of(effort, levels, "output_config.effort", facts),
        None if facts.claude() => {
            Err(AwsError::from_model("output_config.effort: Extra inputs are not permitted"))
        }
        None => Err(AwsError::unsupported("outputConfig.effort")),
    }
}

fn one_of(level: &str, levels: &[String], name: &str, facts: &Facts) -> Result<(), AwsError> {
    if levels.iter().any(|known| known == level) {
        return Ok(());
    }
    let quoted: Vec<String> = levels.iter().map(|known| format!("'{known}'")).collect();
    let (last, before) = quoted
        .split_last()
        .map_or((String::new(), String::new()), |(last, before)| (last.clone(), before.join(", ")));
    Err(AwsError::from_model(if facts.api == Api::OpenAi {
        format!(
            "Unsupported value: '{level}' is not supported with this model. Supported values are: {before}, and {last}."
        )
    } else {
        format!("{name}: Input should be {before} or {last}")
    }))
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
            if super::given(body, &format!("/inferenceConfig/{name}")) {
                return Err(AwsError::from_model(format!(
                    "{name} must not be set when maxReasoningEffort is high"
                )));
            }
        }
    }
    Ok(())
}
