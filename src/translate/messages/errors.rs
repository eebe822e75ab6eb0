//! Errors in Anthropic's format (its API reference, "Errors").

use std::borrow::Cow;

use crate::anthropic::error;
use crate::openai::Error;
use crate::openai::error::Told;

/// Anthropic's status for an overloaded server or model.
const OVERLOADED: u16 = 529;
/// The beginning of Anthropic's message for a request longer than the model's context. Claude Code looks for it, and compacts
/// its conversation.
const TOO_LONG: &str = "prompt is too long";

/// An error of the gateway's or Envoy's in Anthropic's format: its status and its body. `body` is the error in OpenAI's format.
pub fn as_anthropic(status: u16, body: &[u8], request_id: Option<&str>) -> (u16, Vec<u8>) {
    let told = Told::read(body).unwrap_or_default();
    let message = told.message.as_deref().unwrap_or("The gateway got no answer from Bedrock.");
    let status = if status == 503 { OVERLOADED } else { status };
    let mut out = Vec::new();
    error::write(&mut out, kind(status), &worded(message, told.code()), request_id);
    (status, out)
}

/// Writes an error event.
pub(super) fn event(out: &mut Vec<u8>, failed: &Error) {
    let status = if failed.status == 503 { OVERLOADED } else { failed.status };
    out.extend_from_slice(b"event: error\ndata: ");
    error::write(out, kind(status), &worded(&failed.message, failed.code), None);
    out.extend_from_slice(b"\n\n");
}

fn worded<'m>(message: &'m str, code: Option<&str>) -> Cow<'m, str> {
    if code == Some("context_length_exceeded") && !message.to_ascii_lowercase().contains(TOO_LONG) {
        return Cow::Owned(format!("{TOO_LONG}: {message}"));
    }
    Cow::Borrowed(message)
}

/// Anthropic's error type for a status.
fn kind(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        OVERLOADED => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

/// The HTTP status for an error type of Anthropic's.
pub(super) fn status(kind: &str) -> u16 {
    match kind {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "rate_limit_error" => 429,
        "timeout_error" => 504,
        "overloaded_error" => 503,
        _ => 500,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, body: &str) -> (u16, String) {
        let (status, body) = as_anthropic(status, body.as_bytes(), Some("req-1"));
        (status, String::from_utf8(body).unwrap())
    }

    #[test]
    fn every_status_has_anthropics_type() {
        for (status, kind, becomes) in [
            (400, "invalid_request_error", 400),
            (401, "authentication_error", 401),
            (403, "permission_error", 403),
            (404, "not_found_error", 404),
            (405, "invalid_request_error", 405),
            (409, "invalid_request_error", 409),
            (413, "request_too_large", 413),
            (429, "rate_limit_error", 429),
            (431, "invalid_request_error", 431),
            (500, "api_error", 500),
            (502, "api_error", 502),
            (503, "overloaded_error", 529),
            (504, "timeout_error", 504),
        ] {
            let body = r#"{"error":{"message":"why \"so\"","type":"x","param":null,"code":null}}"#;
            let expected = format!(
                r#"{{"type":"error","error":{{"type":"{kind}","message":"why \"so\""}},"request_id":"req-1"}}"#
            );
            assert_eq!(told(status, body), (becomes, expected));
        }
    }

    #[test]
    fn a_request_that_is_too_long_is_told_in_the_words_that_clients_look_for() {
        let body = r#"{"error":{"message":"Input is too long.","code":"context_length_exceeded"}}"#;
        assert!(told(400, body).1.contains(r#""message":"prompt is too long: Input is too long.""#));
        let body = r#"{"error":{"message":"prompt is too long: 5 > 4","code":"context_length_exceeded"}}"#;
        assert!(told(400, body).1.contains(r#""message":"prompt is too long: 5 > 4""#));
    }

    #[test]
    fn what_is_no_error_of_ours_is_not_shown() {
        for body in ["", "<html>arn:aws", r#"{"error":"arn:aws"}"#] {
            let (status, told) = told(502, body);
            assert!(status == 502 && !told.contains("arn"), "{told}");
        }
    }
}
