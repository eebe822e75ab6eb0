//! OpenAI's wire types for requests and responses. They mirror the wire and decide nothing.

pub mod chat;
pub mod chunk;
pub mod completion;
pub mod embeddings;
pub mod endpoint;
pub mod error;
pub mod model_member;
pub mod models;
pub mod moderations;
pub mod responses;
pub mod sse;
pub mod text_completion;
pub mod usage_member;

use serde::Deserialize;

use crate::wire::{self, Raw};

pub use endpoint::Endpoint;
pub use error::Error;

/// Parses a request body. Errors are worded like OpenAI's, with the member's path in `param`.
///
/// # Errors
/// 400 `invalid_request_error` where the body is empty, not UTF-8, not JSON, or has a member of the wrong type.
pub fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Error> {
    wire::from_str(text(body)?).map_err(|error| unreadable(&error))
}

fn text(body: &[u8]) -> Result<&str, Error> {
    if body.is_empty() {
        return Err(Error::invalid("The request has no body; a JSON object is expected."));
    }
    wire::text(body)
        .map_err(|valid| Error::invalid(format!("The request body is not valid UTF-8 (at byte {valid}).")))
}

fn unreadable(error: &wire::Error) -> Error {
    if error.is_too_large() {
        let message = "The request has more parts than can be held; send fewer or shorter lists.";
        return Error::new(413, message).code("request_too_complex");
    }
    if error.is_syntax() {
        return Error::invalid(format!(
            "We could not parse the JSON body of your request: {error}. (The OpenAI API expects a JSON object.)"
        ));
    }
    let reason = error.reason();
    match error.path() {
        "" => Error::invalid(format!("The request body is not what is expected: {reason}.")),
        path => invalid_member(path.to_owned(), reason),
    }
}

fn invalid_member(path: String, reason: &str) -> Error {
    Error::invalid(format!("Invalid value for '{path}': {reason}.")).param(path)
}

/// Parses a member that was kept in its written form. `param` is its path.
///
/// # Errors
/// 400 with the path of the wrong member.
pub fn member<'a, T: Deserialize<'a>>(raw: Raw<'a>, param: &str) -> Result<T, Error> {
    wire::from_str(raw.get()).map_err(|error| {
        let path = error.path();
        let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
        invalid_member([param, dot, path].concat(), error.reason())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &[u8]) -> Error {
        parse::<chat::Request<'_>>(body).unwrap_err()
    }

    #[test]
    fn a_wrong_type_anywhere_is_named_by_its_path() {
        for (body, param) in [
            (r#"{"messages":5}"#, "messages"),
            (r#"{"messages":[{"role":1}]}"#, "messages[0].role"),
            (r#"{"messages":[{"role":"user","content":{}}]}"#, "messages[0].content"),
            (r#"{"messages":[{"content":[{"type":"text","text":7}]}]}"#, "messages[0].content[0].text"),
            (r#"{"temperature":"hot"}"#, "temperature"),
            (r#"{"max_tokens":1.5}"#, "max_tokens"),
            (r#"{"tools":[{"function":{"name":[]}}]}"#, "tools[0].function.name"),
            (r#"{"stream_options":{"include_usage":"yes"}}"#, "stream_options.include_usage"),
        ] {
            let error = refusal(body.as_bytes());
            assert_eq!(error.param.as_deref(), Some(param), "{}", error.message);
            assert_eq!(error.status, 400);
        }
    }

    #[test]
    fn a_wrong_number_is_told_in_words_that_are_not_rusts() {
        for (body, expected) in [
            (r#"{"max_tokens":"many"}"#, "expected a whole number"),
            (r#"{"temperature":[]}"#, "expected a number"),
        ] {
            let message = refusal(body.as_bytes()).message;
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn a_body_that_is_no_json_object_is_refused() {
        for body in [&b""[..], b"{", b"[]", b"null", b"\xff{}", b"{\"model\":\"\xff\"}", b"hello", b"{}{}"] {
            let error = refusal(body);
            assert_eq!((error.status, error.kind), (400, "invalid_request_error"), "{body:?}");
        }
    }

    #[test]
    fn nesting_of_ten_thousand_is_refused_and_not_a_stack_overflow() {
        for body in ["[".repeat(10_000), format!("{{\"messages\":{}", "[".repeat(10_000))] {
            assert_eq!(refusal(body.as_bytes()).status, 400);
        }
    }
}
