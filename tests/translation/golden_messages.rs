//! Requests of Anthropic's API and what Bedrock is sent for them, a file per behaviour.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bedrock_filter::openai::Endpoint;
use bedrock_filter::translate::Client;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::CALLER;
use super::cases::{Refusal, run_all};
use super::golden_requests::{CaseOptions, Headers, ignored, options_of, with_label};
use super::json::{Json, differences};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case<'a> {
    /// Bedrock's id of the model.
    model: String,
    #[serde(default)]
    options: CaseOptions,
    /// Fields of the plugin's configuration.
    #[serde(default)]
    configuration: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    headers: Headers,
    /// Whether its tokens are counted, by `messages/count_tokens`. What CountTokens has in base64 stands in the case as JSON.
    #[serde(default)]
    counts: bool,
    #[serde(borrow)]
    request: &'a RawValue,
    /// The body for Bedrock.
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    operation: Option<String>,
    #[serde(default)]
    ignored: Vec<String>,
    error: Option<Refusal>,
}

#[test]
fn every_request_becomes_what_its_golden_file_says() {
    run_all("messages", check);
}

fn check(_: &str, text: &str) -> Result<(), Vec<String>> {
    let case: Case<'_> = serde_json::from_str(text).map_err(|error| vec![format!("the case: {error}")])?;
    let options = options_of(&case.options, &case.configuration)?;
    let client =
        Client { name: CALLER, terms: None, chat: case.headers.as_chat(), recall: None, is_part: false };
    let resolve = |_: Option<&str>| Ok(case.model.clone());
    let request = case.request.get().as_bytes();
    let endpoint = if case.counts { Endpoint::MessageTokens } else { Endpoint::Messages };
    let result = bedrock_filter::translate::request(endpoint, request, &client, &options, resolve);
    let lines = match (&case.body, &case.error, result) {
        (None, Some(expected), Err(error)) => expected.differences(&error),
        (Some(_), None, Err(error)) => {
            vec![format!("refused: {} ({:?}, {:?})", error.message, error.param, error.code)]
        }
        (None, Some(_), Ok((_, outgoing))) => {
            vec![format!("not refused: {}", String::from_utf8_lossy(&outgoing.body.into_vec()))]
        }
        (Some(expected), None, Ok((_, outgoing))) => {
            let (operation, left_out) = (outgoing.operation, outgoing.ignored);
            let body = decoded(String::from_utf8(outgoing.body.into_vec()).unwrap());
            let got = Json::parse(&body).map_err(|error| vec![format!("the body: {error}")])?;
            let expected = Json::parse(expected.get()).unwrap();
            let expected = if operation.starts_with("converse") { with_label(expected) } else { expected };
            let mut lines = differences(&expected, &got);
            if Some(operation) != case.operation.as_deref() {
                lines.push(format!("operation: expected {:?}, got {operation}", case.operation));
            }
            lines.extend(ignored(case.ignored, left_out));
            lines
        }
        _ => vec!["the case must have either 'body' or 'error'".to_owned()],
    };
    if lines.is_empty() { Ok(()) } else { Err(lines) }
}

/// A body in which what CountTokens has in base64 is JSON.
fn decoded(body: String) -> String {
    const BEFORE: &str = r#"{"input":{"invokeModel":{"body":"#;
    let inner = body.strip_prefix(BEFORE).and_then(|rest| rest.strip_prefix('"'));
    let Some(encoded) = inner.and_then(|rest| rest.strip_suffix("\"}}}")) else { return body };
    let own = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
    format!("{BEFORE}{own}}}}}}}")
}
