//! Bedrock's whole replies and what a client is given for them, a file per behaviour.

use bedrock_filter::translate::notes::Unsupported;
use bedrock_filter::translate::told::told;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::cases::{Refusal, run_all};
use super::json::{Json, differences};
use super::replies::events;
use super::{ANSWERED, dump_answer, options, translate};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case<'a> {
    /// Bedrock's id of the model.
    model: String,
    #[serde(borrow)]
    request: &'a RawValue,
    /// The body of Bedrock's 200; a string is a body that is not JSON.
    #[serde(borrow)]
    bedrock: &'a RawValue,
    #[serde(borrow)]
    openai: Option<&'a RawValue>,
    error: Option<Refusal>,
}

#[test]
fn every_reply_becomes_what_its_golden_file_says() {
    run_all("replies", check);
}

fn check(name: &str, text: &str) -> Result<(), Vec<String>> {
    let case: Case<'_> = serde_json::from_str(text).map_err(|error| vec![format!("the case: {error}")])?;
    let outgoing = translate(&case.model, case.request.get().as_bytes(), &options(Unsupported::Refuse))
        .map_err(|error| vec![format!("the request is refused: {}", error.message)])?;
    let body = serde_json::from_str(case.bedrock.get()).unwrap_or_else(|_| case.bedrock.get().to_owned());
    let lines = match (case.openai, case.error, outgoing.reply.whole(body.as_bytes(), ANSWERED)) {
        (Some(expected), None, Ok(got)) => {
            let told = told(&got, true).map_err(|error| vec![format!("told: {}", error.message)])?;
            let (whole, chunks) = (serde_json::from_slice(&got).unwrap(), events(&told));
            dump_answer(&format!("reply-{name}"), Some(&whole), Some(&chunks));
            let got = Json::parse(std::str::from_utf8(&got).unwrap()).unwrap();
            differences(&Json::parse(expected.get()).unwrap(), &got)
        }
        (Some(_), None, Err(error)) => vec![format!("an error: {} ({:?})", error.message, error.code)],
        (None, Some(expected), Err(error)) => expected.differences(&error),
        (None, Some(_), Ok(got)) => vec![format!("no error: {}", String::from_utf8_lossy(&got))],
        _ => vec!["the case: it needs `openai` or `error`".to_owned()],
    };
    if lines.is_empty() { Ok(()) } else { Err(lines) }
}
