//! Local replies: errors, and answers that need no call of Bedrock.

use proxy_wasm::types::{Action, LogLevel};

use super::{held, host};
use crate::gateway::headers::Headers;
use crate::gateway::limits::told;
use crate::openai::Error;

/// Codes of errors that pass within seconds, because the worker holds too much right now: they get a `retry-after`.
const PASSING: &[&str] = &[held::BUSY, "too_many_lists"];

pub(super) fn is_passing(error: &Error) -> bool {
    error.code.is_some_and(|code| PASSING.contains(&code))
}

/// Answers with an error. The caller must do nothing more with the request.
pub(super) fn refuse(error: &Error) -> Action {
    refuse_beside(error, &Headers::default())
}

/// The headers of a replaced answer that its error keeps: request ids and rate limits.
pub(super) fn kept(headers: &Headers) -> Headers {
    const NAMES: &[&str] =
        &["x-request-id", "x-bedrock-model", "x-bedrock-region", "retry-after", "x-should-retry"];
    let mut kept = headers.only(NAMES);
    let is_of_limits = |name: &[u8]| told::PREFIXES.iter().any(|prefix| name.starts_with(prefix.as_bytes()));
    kept.extend(&headers.iter().filter(|(name, _)| is_of_limits(name)).collect());
    kept
}

/// Answers with an error, and keeps such headers of the upstream's.
pub(super) fn refuse_beside(error: &Error, upstream: &Headers) -> Action {
    let mut headers = kept(upstream);
    headers.push("content-type", "application/json");
    if let Some(should_retry) = error.should_retry {
        headers.push("x-should-retry", if should_retry { "true" } else { "false" });
    }
    if is_passing(error) {
        headers.push("retry-after", "1");
    }
    let details = format!("bedrock_{}", error.code.unwrap_or(error.kind));
    answer(error.status, &details, &headers, &error.body())
}

/// Answers with a copy of another answer.
pub(super) fn relay(status: u16, headers: &Headers, body: &[u8]) -> Action {
    answer(status, "bedrock_fan_out", headers, body)
}

/// Answers with JSON.
pub(super) fn json(status: u16, body: &[u8]) -> Action {
    let mut headers = Headers::default();
    headers.push("content-type", "application/json");
    answer(status, "bedrock_gateway", &headers, body)
}

fn answer(status: u16, details: &str, headers: &Headers, body: &[u8]) -> Action {
    if host::respond(status, details, headers, body).is_err() {
        host::log(LogLevel::Error, || format!("Envoy did not take an answer of status {status}"));
    }
    Action::Pause
}

/// The error where a host call failed.
pub(super) fn host_failed(what: &'static str) -> Error {
    host::log(LogLevel::Error, || format!("Envoy would not {what}"));
    Error::new(500, "The gateway could not handle the request.").code("gateway_error")
}

/// The 413 for a body above `limit` bytes.
pub(super) fn too_large(limit: usize) -> Error {
    Error::new(413, format!("The request body is larger than {limit} bytes.")).code("request_too_large")
}
