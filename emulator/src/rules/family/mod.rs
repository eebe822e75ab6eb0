//! What a family of models accepts and refuses; the facts are in `models/families.json`.

mod blocks;
mod bound;
mod caching;
mod constrained;
pub(super) mod context;
mod fields;
mod results;
mod thinking;
mod tools;

#[cfg(test)]
mod tests;

use super::{Turn, items, text};
use crate::errors::AwsError;
use crate::models::Facts;
use serde_json::Value;

pub(super) fn check(turns: &[Turn<'_>], body: &Value, facts: &Facts, streamed: bool) -> Result<(), AwsError> {
    lengths(body, facts)?;
    sampling(body, facts)?;
    blocks::check(turns, body, facts)?;
    bound::check(turns, body, facts)?;
    results::check(turns, facts)?;
    tools::check(turns, body, facts, streamed)?;
    caching::check(turns, body, facts)?;
    constrained::check(body, facts)?;
    guardrail(body)?;
    prefill(turns, facts)?;
    fields::check(body, facts)?;
    if facts.claude() { thinking::check(turns, body, facts) } else { Ok(()) }
}

/// Whether citations of a document are requested.
fn cites(document: &Value) -> bool {
    document.pointer("/citations/enabled").and_then(Value::as_bool) == Some(true)
}

fn given(body: &Value, pointer: &str) -> bool {
    body.pointer(pointer).is_some_and(|v| !v.is_null())
}

fn lengths(body: &Value, facts: &Facts) -> Result<(), AwsError> {
    let Some(tokens) = body.pointer("/inferenceConfig/maxTokens").and_then(Value::as_u64) else {
        return Ok(());
    };
    if let Some(limit) = facts.max_tokens.filter(|limit| tokens > *limit) {
        return Err(AwsError::validation(format!(
            "The maximum tokens you requested exceeds the model limit of {limit}. Try again with a maximum tokens value \
             that is lower than {limit}."
        )));
    }
    if tokens < facts.min_tokens {
        return Err(AwsError::from_model(format!(
            "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= {}, but got {tokens} instead.",
            facts.min_tokens
        )));
    }
    Ok(())
}

fn sampling(body: &Value, facts: &Facts) -> Result<(), AwsError> {
    for (name, pointer, wire) in [
        ("temperature", "/inferenceConfig/temperature", "temperature"),
        ("topP", "/inferenceConfig/topP", "top_p"),
        ("top_k", "/additionalModelRequestFields/top_k", "top_k"),
    ] {
        if given(body, pointer) && !facts.sampling.iter().any(|taken| taken == name) {
            return Err(if facts.claude() {
                AwsError::from_model(format!("`{wire}` is deprecated for this model."))
            } else {
                AwsError::unsupported(name)
            });
        }
    }
    let stops = items(body, "/inferenceConfig/stopSequences");
    if facts.stop_sequences == 0 && !stops.is_empty() {
        return Err(AwsError::unsupported("stopSequences"));
    }
    if stops.len() > facts.stop_sequences {
        return Err(AwsError::from_model(format!(
            "Malformed input request: #/inferenceConfig/stopSequences: expected maximum item count: {}, found: {}, please \
             reformat your input and try again.",
            facts.stop_sequences,
            stops.len()
        )));
    }
    if !facts.both_samplings
        && given(body, "/inferenceConfig/temperature")
        && given(body, "/inferenceConfig/topP")
    {
        return Err(AwsError::from_model(
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        ));
    }
    let blank = |s: &Value| s.as_str().is_some_and(|s| s.trim().is_empty());
    if facts.claude() && stops.iter().any(blank) {
        return Err(AwsError::from_model("stop_sequences: each stop sequence must contain non-whitespace"));
    }
    Ok(())
}

/// For the newest Claude models a last turn with only reasoning counts as a prefill.
fn prefill(turns: &[Turn<'_>], facts: &Facts) -> Result<(), AwsError> {
    let last = turns.iter().rfind(|t| t.role != "system");
    let bare = |t: &Turn<'_>| t.blocks.iter().all(|b| b.get("reasoningContent").is_some());
    if !facts.prefill && last.is_some_and(|t| t.role == "assistant")
        || !facts.reasoning_alone && turns.iter().any(|t| t.role == "assistant" && bare(t))
    {
        return Err(AwsError::from_model(
            "This model does not support assistant message prefill. The conversation must end with a user message.",
        ));
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
