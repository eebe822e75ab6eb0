//! What must hold of every translated request, and of every refusal.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bedrock_filter::openai::{Endpoint, Error};
use bedrock_filter::translate::{self, Client, Options, Outgoing, Reply, chat};
use serde_json::Value;
use serde_json::value::RawValue;

use super::allocation::{Bound, bounded};
use super::json::Json;
use super::{CALLER, bedrock_rules};

/// A translation asks for what its input, its tables of names and its answer take.
const BOUND: Bound = Bound { per_byte: 400, any: 256 << 10 };

/// Translates twice, holds the result to what must hold of any, and gives it.
pub(crate) fn request(
    endpoint: Endpoint,
    model: &str,
    body: &[u8],
    headers: &chat::Headers<'_>,
    options: &Options,
) -> Result<Vec<u8>, Error> {
    let translate = || {
        let client = Client { name: CALLER, terms: None, chat: headers.clone(), recall: None, is_part: false };
        translate::request(endpoint, body, &client, options, |_| Ok(model.to_owned()))
            .map(|(_, outgoing)| outgoing)
    };
    let result = bounded("a request", body.len(), BOUND, translate);
    match (&result, translate()) {
        (Ok(one), Ok(other)) => {
            assert_eq!(whole(one), whole(&other), "the same request becomes two things");
            assert_eq!(one.ignored, other.ignored);
            assert_eq!(one.operation, other.operation);
        }
        (Err(one), Err(other)) => assert_eq!(one, &other),
        (one, other) => panic!("{one:?}, then {other:?}"),
    }
    match &result {
        Ok(outgoing) => taken(endpoint, model, body.len(), outgoing),
        Err(error) => refused(error, 400..500),
    }
    result.map(|outgoing| whole(&outgoing))
}

/// The body, whose pieces Envoy is given one by one.
fn whole(outgoing: &Outgoing<'_, Reply>) -> Vec<u8> {
    let body: Vec<&[u8]> = outgoing.body.iter().collect();
    assert_eq!(
        outgoing.body.len(),
        body.iter().map(|piece| piece.len()).sum::<usize>(),
        "the pieces are not as long as they say"
    );
    body.concat()
}

fn taken(endpoint: Endpoint, model: &str, size: usize, outgoing: &Outgoing<'_, Reply>) {
    let body = whole(outgoing);
    let text = std::str::from_utf8(&body).expect("UTF-8");
    // A schema may grow by its references, to a megabyte.
    assert!(text.len() <= size * 8 + (2 << 20), "{} bytes became {}", size, text.len());
    let Some(value) = value(text.as_bytes()) else { return };
    no_twins(&Json::parse(text).expect("JSON"));
    assert!(value.is_object());
    for name in &outgoing.ignored {
        let fits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
        assert!(fits, "ignored: {name:?} does not fit a header");
    }
    let operations: &[&str] = match endpoint {
        Endpoint::InputTokens | Endpoint::MessageTokens => &["count-tokens"],
        Endpoint::ChatCompletions | Endpoint::Completions | Endpoint::Responses | Endpoint::Messages => {
            match bedrock_rules::broken(model, &value, CALLER) {
                Err(rule) if !is_in_the_middle(&rule) => panic!("{model}: {rule}: {text}"),
                _ => {}
            }
            &["converse", "converse-stream"]
        }
        Endpoint::Embeddings => &["invoke"],
        Endpoint::Moderations => &["apply"],
    };
    assert!(operations.contains(&outgoing.operation), "{}", outgoing.operation);
}

/// The JSON in `bytes`. `None`: it has a number beyond all floating point, or half of a surrogate pair, which goes on as it came.
pub(crate) fn value(bytes: &[u8]) -> Option<Value> {
    match serde_json::from_slice(bytes) {
        Ok(value) => Some(value),
        Err(error) => {
            let told = error.to_string();
            let is_json = serde_json::from_slice::<&RawValue>(bytes).is_ok();
            let is_known =
                ["number out of range", "surrogate", "hex escape"].iter().any(|known| told.contains(known));
            assert!(is_json && is_known, "{told}: {}", bytes.escape_ascii());
            None
        }
    }
}

/// True for base64 whose beginning and end are right: what is between is Bedrock's to decode, a large image is not read twice.
fn is_in_the_middle(rule: &str) -> bool {
    let Some((_, data)) = rule.split_once(": bytes is ") else { return false };
    let Ok(data) = serde_json::from_str::<String>(data) else { return false };
    let is_base64 = |part: Option<&str>| part.is_some_and(|part| STANDARD.decode(part).is_ok());
    let padding = data.len() - data.trim_end_matches('=').len();
    data.len() > 8 && data.len() % 4 == 0 && padding <= 2 && is_base64(data.get(..4))
}

/// An error that a client can read, of a status in the range.
pub(crate) fn refused(error: &Error, status: std::ops::Range<u16>) {
    assert!(status.contains(&error.status), "{error:?}");
    assert!(!error.message.trim().is_empty(), "{error:?}");
    let body: Value = serde_json::from_slice(&error.body()).expect("an error's body is JSON");
    let told = &body["error"];
    assert_eq!(told["message"], *error.message);
    assert_eq!(told["type"], error.kind);
    assert!(told.get("param").is_some() && told.get("code").is_some());
    assert!(error.body().len() < 64 << 10, "an error of {} bytes", error.body().len());
}

/// No member of ours is there twice. What goes over as the client wrote it may have some, as the client wrote them.
fn no_twins(json: &Json) {
    const THE_CLIENTS: &[&str] = &[
        "input",
        "json",
        "guardrailConfig",
        "performanceConfig",
        "promptVariables",
        "outputConfig",
        "additionalModelRequestFields",
        "additionalModelResponseFieldPaths",
    ];
    match json {
        Json::List(items) => items.iter().for_each(no_twins),
        Json::Object(members) => {
            let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            let twin = names.windows(2).find(|pair| pair[0] == pair[1]);
            assert!(twin.is_none(), "a member is there twice: {twin:?}");
            let ours = members.iter().filter(|(name, _)| !THE_CLIENTS.contains(&name.as_str()));
            ours.for_each(|(_, value)| no_twins(value));
        }
        _ => {}
    }
}
