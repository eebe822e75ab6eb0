//! OpenAI's requests and what Bedrock is sent for them, a file per behaviour.

use bedrock_filter::config::Config;
use bedrock_filter::openai::Endpoint;
use bedrock_filter::translate::notes::Unsupported;
use bedrock_filter::translate::{Options, chat};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::cases::{Refusal, run_all};
use super::json::{Json, differences};
use super::{CALLER, dump, options, translate_to};

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
    #[serde(borrow)]
    request: &'a RawValue,
    /// The body for Bedrock. Without `requestMetadata` it has the caller's label and no other.
    #[serde(borrow)]
    converse: Option<&'a RawValue>,
    /// Pieces of the body whose exact text matters.
    #[serde(default)]
    exact: Vec<String>,
    #[serde(default = "converse")]
    operation: String,
    #[serde(default)]
    ignored: Vec<String>,
    error: Option<Refusal>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaseOptions {
    #[serde(default)]
    unsupported: CaseUnsupported,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CaseUnsupported {
    #[default]
    Refuse,
    Ignore,
}

/// What the client's headers say.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Headers {
    #[serde(rename = "x-amzn-bedrock-guardrailidentifier")]
    guardrail_identifier: Option<String>,
    #[serde(rename = "x-amzn-bedrock-guardrailversion")]
    guardrail_version: Option<String>,
    #[serde(rename = "x-amzn-bedrock-trace")]
    guardrail_trace: Option<String>,
    anthropic_beta: Option<String>,
}

impl Headers {
    pub(crate) fn as_chat(&self) -> chat::Headers<'_> {
        chat::Headers {
            guardrail_identifier: self.guardrail_identifier.as_deref(),
            guardrail_version: self.guardrail_version.as_deref(),
            guardrail_trace: self.guardrail_trace.as_deref(),
            anthropic_beta: self.anthropic_beta.as_deref(),
        }
    }
}

/// The options of a case. Cache points that nobody asks for are off unless a case says: they would be in every other one with tools.
pub(crate) fn options_of(
    written: &CaseOptions,
    configuration: &serde_json::Map<String, serde_json::Value>,
) -> Result<Options, Vec<String>> {
    let unsupported = match written.unsupported {
        CaseUnsupported::Refuse => Unsupported::Refuse,
        CaseUnsupported::Ignore => Unsupported::Ignore,
    };
    let mut made = if configuration.is_empty() { options(unsupported) } else { configured(configuration)? };
    if !configuration.contains_key("automatic_caching") {
        made.automatic_caching = Some(false);
    }
    Ok(made)
}

/// The options that a configuration with these fields gives.
fn configured(fields: &serde_json::Map<String, serde_json::Value>) -> Result<Options, Vec<String>> {
    let mut configuration = fields.clone();
    configuration.insert("api_keys".to_owned(), serde_json::json!([{"name": CALLER, "key": "k"}]));
    configuration.insert("credentials".to_owned(), serde_json::json!({"bearer_token": "t"}));
    let text = serde_json::Value::Object(configuration).to_string();
    let config = Config::load(text.as_bytes(), |_| None).map_err(|error| vec![error.to_string()])?;
    Ok(config.options)
}

fn converse() -> String {
    "converse".to_owned()
}

#[test]
fn every_request_becomes_what_its_golden_file_says() {
    run_all("requests", |name, text| check(Endpoint::ChatCompletions, name, text));
}

#[test]
fn every_request_for_a_response_becomes_what_its_golden_file_says() {
    run_all("responses", |name, text| check(Endpoint::Responses, &format!("responses-{name}"), text));
}

fn check(endpoint: Endpoint, name: &str, text: &str) -> Result<(), Vec<String>> {
    let case: Case<'_> = serde_json::from_str(text).map_err(|error| vec![format!("the case: {error}")])?;
    let options = options_of(&case.options, &case.configuration)?;
    let result =
        translate_to(endpoint, case.headers.as_chat(), &case.model, case.request.get().as_bytes(), &options);
    let lines = match (&case.converse, &case.error, result) {
        (None, Some(expected), Err(error)) => expected.differences(&error),
        (Some(_), None, Err(error)) => {
            vec![format!("refused: {} ({:?}, {:?})", error.message, error.param, error.code)]
        }
        (None, Some(_), Ok(outgoing)) => {
            vec![format!("not refused: {}", String::from_utf8_lossy(&outgoing.body))]
        }
        (Some(expected), None, Ok(outgoing)) => {
            dump(name, &case.model, &outgoing);
            let body = String::from_utf8(outgoing.body).unwrap();
            let got = Json::parse(&body).map_err(|error| vec![format!("the body: {error}")])?;
            let mut lines = differences(&with_label(Json::parse(expected.get()).unwrap()), &got);
            for exact in case.exact.iter().filter(|exact| !body.contains(exact.as_str())) {
                lines.push(format!("the body does not contain exactly {exact}\n      got {body}"));
            }
            if outgoing.operation != case.operation {
                lines.push(format!("operation: expected {}, got {}", case.operation, outgoing.operation));
            }
            lines.extend(ignored(case.ignored, outgoing.ignored));
            lines
        }
        _ => vec!["the case: it needs `converse` or `error`".to_owned()],
    };
    if lines.is_empty() { Ok(()) } else { Err(lines) }
}

/// The caller's label is on every request, so that cases need not repeat it.
pub(crate) fn with_label(body: Json) -> Json {
    match body {
        Json::Object(mut members) if !members.iter().any(|(name, _)| name == "requestMetadata") => {
            let label = Json::Object(vec![("api_key".to_owned(), Json::Text(CALLER.to_owned()))]);
            members.push(("requestMetadata".to_owned(), label));
            Json::Object(members)
        }
        other => other,
    }
}

pub(crate) fn ignored(mut expected: Vec<String>, mut got: Vec<String>) -> Option<String> {
    expected.sort();
    got.sort();
    (expected != got).then(|| format!("ignored: expected {expected:?}, got {got:?}"))
}
