//! What a model family takes and what it refuses.

mod blocks;
mod fields;
mod schemas;
mod tools;

use super::{Turn, items, text};
use crate::errors::AwsError;
use crate::models::{Facts, Family};
use serde_json::Value;

pub(super) fn check(turns: &[Turn<'_>], body: &Value, facts: &Facts) -> Result<(), AwsError> {
    sampling(body, facts)?;
    blocks::blocks(turns, facts)?;
    tools::tools(turns, body, facts)?;
    caching(turns, body, facts)?;
    schemas::output(body, facts)?;
    guardrail(body)?;
    if !facts.prefill && turns.iter().rfind(|t| t.role != "system").is_some_and(|t| t.role == "assistant") {
        return Err(AwsError::from_model(
            "This model does not support assistant message prefill. The conversation must end with a user message.",
        ));
    }
    fields::fields(body, facts)
}

fn sampling(body: &Value, facts: &Facts) -> Result<(), AwsError> {
    let has = |name: &str| body.pointer(&format!("/inferenceConfig/{name}")).is_some_and(|v| !v.is_null());
    let claude = matches!(facts.family, Family::Claude(_));
    for (name, wire, taken) in
        [("temperature", "temperature", facts.temperature), ("topP", "top_p", facts.top_p)]
    {
        if has(name) && !taken {
            return Err(if claude {
                AwsError::from_model(format!("`{wire}` is deprecated for this model."))
            } else {
                AwsError::unsupported(name)
            });
        }
    }
    if !facts.stop && !items(body, "/inferenceConfig/stopSequences").is_empty() {
        return Err(AwsError::unsupported("stopSequences"));
    }
    if matches!(facts.family, Family::Claude(45..)) && has("temperature") && has("topP") {
        return Err(AwsError::from_model(
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        ));
    }
    let blank = |s: &Value| s.as_str().is_some_and(|s| s.trim().is_empty());
    if claude && items(body, "/inferenceConfig/stopSequences").iter().any(blank) {
        return Err(AwsError::from_model("stop_sequences: each stop sequence must contain non-whitespace"));
    }
    Ok(())
}

fn caching(turns: &[Turn<'_>], body: &Value, facts: &Facts) -> Result<(), AwsError> {
    let in_tools = items(body, "/toolConfig/tools").iter().filter_map(|b| b.get("cachePoint"));
    let in_system = items(body, "/system").iter().filter_map(|b| b.get("cachePoint"));
    let in_turns = turns.iter().flat_map(|t| t.all("cachePoint"));
    let points: Vec<&Value> = in_tools.clone().chain(in_system).chain(in_turns).collect();
    if points.is_empty() {
        return Ok(());
    }
    if !facts.caching || (matches!(facts.family, Family::Nova | Family::Nova2) && in_tools.count() > 0) {
        return Err(AwsError::new(
            "AccessDeniedException",
            "You invoked an unsupported model or your request did not allow prompt caching. See the documentation for \
             more information.",
        ));
    }
    if points.len() > 4 {
        return Err(AwsError::from_model(format!(
            "A maximum of 4 blocks with cache_control may be provided. Found {}.",
            points.len()
        )));
    }
    let hour = points.iter().any(|p| text(p, "/ttl") == Some("1h"));
    if hour && !matches!(facts.family, Family::Claude(45..) | Family::Other) {
        return Err(AwsError::unsupported("cachePoint.ttl"));
    }
    Ok(())
}

fn guardrail(body: &Value) -> Result<(), AwsError> {
    let Some(config) = body.get("guardrailConfig").filter(|c| !c.is_null()) else { return Ok(()) };
    let given = |pointer| text(config, pointer).is_some_and(|t| !t.is_empty());
    if given("/guardrailIdentifier") && given("/guardrailVersion") {
        return Ok(());
    }
    Err(AwsError::validation("The guardrailIdentifier and the guardrailVersion must both be provided."))
}
