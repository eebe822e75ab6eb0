//! Requests for embeddings, what Bedrock is sent for them, its answers and what a client is given, a file per behaviour.

use bedrock_filter::config::Config;
use bedrock_filter::openai::Endpoint;
use bedrock_filter::translate::{Answered, Client};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::CALLER;
use super::cases::{Refusal, run_all};
use super::json::{Json, differences};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case<'a> {
    /// Bedrock's id of the model.
    model: String,
    /// Fields of the plugin's configuration.
    #[serde(default)]
    configuration: serde_json::Map<String, serde_json::Value>,
    #[serde(borrow)]
    request: &'a RawValue,
    /// The body for Bedrock.
    #[serde(borrow)]
    invoke: Option<&'a RawValue>,
    #[serde(default)]
    ignored: Vec<String>,
    /// The body of Bedrock's 200; a string is a body that is not JSON.
    #[serde(borrow)]
    bedrock: Option<&'a RawValue>,
    /// What the reply's header counts.
    input_tokens: Option<u64>,
    /// The body that the client is given; a string is its text, where that matters to the letter.
    #[serde(borrow)]
    openai: Option<&'a RawValue>,
    /// Of the request; where there is a `bedrock`, of the answer.
    error: Option<Refusal>,
}

#[test]
fn every_request_for_embeddings_and_its_answer_become_what_their_golden_file_says() {
    run_all("embeddings", check);
}

fn check(_: &str, text: &str) -> Result<(), Vec<String>> {
    let case: Case<'_> = serde_json::from_str(text).map_err(|error| vec![format!("the case: {error}")])?;
    let mut configuration = case.configuration.clone();
    configuration.insert("api_keys".to_owned(), serde_json::json!([{"name": CALLER, "key": "k"}]));
    configuration.insert("credentials".to_owned(), serde_json::json!({"bearer_token": "t"}));
    let configuration = serde_json::Value::Object(configuration).to_string();
    let config = Config::load(configuration.as_bytes(), |_| None).map_err(|error| vec![error.to_string()])?;
    let client = Client { name: CALLER, ..Client::default() };
    let resolve = |_: Option<&str>| Ok(case.model.clone());
    let body = case.request.get().as_bytes();
    let sent =
        bedrock_filter::translate::request(Endpoint::Embeddings, body, &client, &config.options, resolve);
    let (outgoing, expected) = match (sent, case.invoke) {
        (Ok((_, outgoing)), Some(expected)) => (outgoing, expected),
        (Err(error), None) => {
            let refusal = case.error.ok_or_else(|| vec![format!("refused: {}", error.message)])?;
            return fine(refusal.differences(&error));
        }
        (Ok((_, outgoing)), None) => {
            let body = outgoing.body.into_vec();
            return Err(vec![format!("not refused: {}", String::from_utf8_lossy(&body))]);
        }
        (Err(error), Some(_)) => return Err(vec![format!("refused: {} ({:?})", error.message, error.param)]),
    };
    let body = String::from_utf8(outgoing.body.into_vec()).unwrap();
    let got = Json::parse(&body).unwrap();
    let mut lines = differences(&Json::parse(expected.get()).unwrap(), &got);
    if outgoing.ignored != case.ignored {
        lines.push(format!("ignored: expected {:?}, got {:?}", case.ignored, outgoing.ignored));
    }
    if outgoing.operation != "invoke" {
        lines.push(format!("operation: {}", outgoing.operation));
    }
    let Some(bedrock) = case.bedrock else { return fine(lines) };
    let body = serde_json::from_str(bedrock.get()).unwrap_or_else(|_| bedrock.get().to_owned());
    let answered = Answered { request_id: "req-1", created: 1_700_000_000, input_tokens: case.input_tokens };
    match (case.openai, case.error, outgoing.reply.whole(body.as_bytes(), answered)) {
        (Some(expected), None, Ok(got)) => {
            let got = String::from_utf8(got).unwrap();
            match serde_json::from_str::<String>(expected.get()) {
                Ok(text) if text == got => {}
                Ok(text) => lines.push(format!("expected {text}\n         got {got}")),
                Err(_) => lines
                    .extend(differences(&Json::parse(expected.get()).unwrap(), &Json::parse(&got).unwrap())),
            }
        }
        (None, Some(expected), Err(error)) => lines.extend(expected.differences(&error)),
        (_, _, Ok(got)) => lines.push(format!("answered: {}", String::from_utf8_lossy(&got))),
        (_, _, Err(error)) => lines.push(format!("an error: {}", error.message)),
    }
    fine(lines)
}

fn fine(lines: Vec<String>) -> Result<(), Vec<String>> {
    if lines.is_empty() { Ok(()) } else { Err(lines) }
}
