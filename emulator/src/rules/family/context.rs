//! The size of a model's context, and the error beyond it.

use crate::errors::AwsError;
use crate::models::{Api, Facts};
use crate::tokens;
use serde_json::Value;

pub(in crate::rules) fn check(body: &Value, facts: &Facts) -> Result<(), AwsError> {
    let Some(limit) = facts.context else { return Ok(()) };
    let read = ["/system", "/messages", "/toolConfig/tools"];
    let tokens: u64 = read.iter().filter_map(|pointer| body.pointer(pointer)).map(tokens::of_value).sum();
    let output = body.pointer("/inferenceConfig/maxTokens").and_then(Value::as_u64).unwrap_or_default();
    let words = match &facts.too_long_with_output {
        _ if tokens > limit => &facts.too_long,
        Some(words) if tokens.saturating_add(output) > limit => words,
        _ => return Ok(()),
    };
    let mut words = words.clone();
    for (name, number) in
        [("tokens", tokens), ("limit", limit), ("output", output), ("total", tokens.saturating_add(output))]
    {
        words = words.replace(&format!("{{{name}}}"), &number.to_string());
    }
    Err(if facts.api == Api::Nova { AwsError::validation(words) } else { AwsError::from_model(words) })
}
