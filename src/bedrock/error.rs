//! Bedrock's errors: over HTTP, and as exception frames in a stream.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::texts::for_log;
use crate::wire::{self, Raw, Str};

/// An error of Bedrock's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The HTTP status; 0 for an exception frame, which has none.
    pub status: u16,
    /// The exception's name: `ThrottlingException`, …; empty where unknown.
    pub name: String,
    /// The message; empty where there is none.
    pub message: String,
}

/// The members seen in error bodies.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Body<'a> {
    message: Option<Str<'a>>,
    #[serde(rename = "Message")]
    message_capital: Option<Str<'a>>,
    #[serde(rename = "__type")]
    kind: Option<Str<'a>>,
    code: Option<Str<'a>>,
    #[serde(rename = "originalMessage")]
    original_message: Option<Str<'a>>,
    #[serde(rename = "originalStatusCode")]
    original_status: Option<Raw<'a>>,
    #[serde(rename = "Output")]
    output: Option<Output<'a>>,
}

/// The object that holds the type for unknown operations.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Output<'a> {
    #[serde(rename = "__type")]
    kind: Option<Str<'a>>,
}

impl Error {
    /// Parses an error reply from its status, its `x-amzn-errortype` header and its body, any of which may be incomplete.
    pub fn from_reply(status: u16, error_type: Option<&str>, body: &[u8]) -> Self {
        let body = wire::object_from_slice::<Body<'_>>(body).unwrap_or_default();
        let nested = body.output.and_then(|output| output.kind);
        let name = [error_type, body.kind.as_deref(), body.code.as_deref(), nested.as_deref()]
            .into_iter()
            .flatten()
            .map(bare_name)
            .find(|name| !name.is_empty())
            .unwrap_or_default()
            .to_owned();
        let message = body.message.or(body.message_capital).map(Str::into_cow).map(Cow::into_owned);
        let original_status = body.original_status.and_then(|status| status.get().parse().ok());
        let original = original(body.original_message.as_deref().unwrap_or_default(), original_status);
        let mut message = message.unwrap_or_default();
        if !message.contains(&original) {
            message = [message.trim_end(), &original].join(" ").trim_start().to_owned();
        }
        Self { status, name, message }
    }

    /// The body of an error reply with this message.
    pub fn body(message: &str) -> Vec<u8> {
        #[derive(Serialize)]
        struct Body<'a> {
            message: &'a str,
        }
        wire::to_vec(&Body { message })
    }

    /// For a log line: its name and a shortened message, see [`for_log`].
    pub fn summary(&self) -> String {
        format!("{}: {}", for_log(&self.name), for_log(&self.message))
    }

    /// The HTTP status of this exception (service model); 500 where unknown.
    pub fn http_status(&self) -> u16 {
        match self.name.as_str() {
            "ValidationException" | "ServiceQuotaExceededException" | "ConflictException" => 400,
            "AccessDeniedException" => 403,
            "ResourceNotFoundException" => 404,
            "ModelTimeoutException" => 408,
            "ModelErrorException" | "ModelStreamErrorException" => 424,
            "ThrottlingException" | "ModelNotReadyException" => 429,
            "ServiceUnavailableException" => 503,
            _ => 500,
        }
    }

    /// Parses an exception frame: its `:exception-type` and its payload.
    pub fn from_exception(exception_type: &str, payload: &[u8]) -> Self {
        let mut error = Self::from_reply(0, Some(exception_type), payload);
        // Frames have the union's member name (`throttlingException`), replies the shape's (`ThrottlingException`).
        if let Some(first) = error.name.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        error
    }

    /// Parses an error frame: its `:error-code` and `:error-message`.
    pub fn from_error_frame(code: &str, message: &str) -> Self {
        Self { status: 0, name: bare_name(code).to_owned(), message: message.to_owned() }
    }
}

/// The message with the model's own status and message (service model, ModelErrorException and ModelStreamErrorException).
fn original(message: &str, status: Option<u16>) -> String {
    match (message.trim(), status) {
        ("", None) => String::new(),
        ("", Some(status)) => format!("The model answered {status}."),
        (message, None) => format!("The model answered: {message}"),
        (message, Some(status)) => format!("The model answered {status}: {message}"),
    }
}

/// The name without namespace and URL: `ValidationException` from
/// `com.amazon.coral#ValidationException:http://internal.amazon.com/…`.
fn bare_name(name: &str) -> &str {
    let name = name.split_once(':').map_or(name, |(name, _)| name);
    name.rsplit_once('#').map_or(name, |(_, name)| name).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_read_from_wherever_it_stands_without_its_suffix() {
        let header = Some("ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/");
        assert_eq!(Error::from_reply(429, header, b"{}").name, "ThrottlingException");
        for body in [
            r#"{"__type":"com.amazon.coral.service#ThrottlingException"}"#,
            r#"{"code":"ThrottlingException"}"#,
            r#"{"Output":{"__type":"com.amazon.coral.service#ThrottlingException"},"Version":"1.0"}"#,
        ] {
            assert_eq!(Error::from_reply(429, None, body.as_bytes()).name, "ThrottlingException");
        }
    }

    #[test]
    fn a_message_with_a_capital_m_is_not_lost() {
        assert_eq!(Error::from_reply(403, None, br#"{"Message":"denied"}"#).message, "denied");
    }

    #[test]
    fn what_the_model_itself_answered_is_told() {
        for (body, told) in [
            (
                r#"{"message":"It failed.","originalStatusCode":503,"originalMessage":"full"}"#,
                "It failed. The model answered 503: full",
            ),
            (
                r#"{"message":"It failed.","originalStatusCode":500,"resourceName":"m"}"#,
                "It failed. The model answered 500.",
            ),
            (r#"{"originalMessage":"full"}"#, "The model answered: full"),
            (r#"{"message":"It failed.","originalStatusCode":"?","originalMessage":" "}"#, "It failed."),
            (r#"{"message":" It failed. "}"#, " It failed. "),
        ] {
            assert_eq!(Error::from_exception("modelStreamErrorException", body.as_bytes()).message, told);
        }
    }

    #[test]
    fn a_body_that_is_not_json_leaves_the_status() {
        let error = Error::from_reply(503, None, b"<html>");
        assert_eq!(error, Error { status: 503, name: String::new(), message: String::new() });
    }

    #[test]
    fn a_log_line_holds_no_canonical_request_and_so_no_session_token() {
        let message = "The signature does not match.\n\nThe Canonical String for this request should have been\n\
            'POST\nx-amz-security-token:s3cret'";
        let error =
            Error { status: 403, name: "InvalidSignatureException".to_owned(), message: message.to_owned() };
        assert_eq!(error.summary(), "InvalidSignatureException: The signature does not match.");
    }

    #[test]
    fn a_log_line_is_one_line_without_secrets_whatever_the_type_and_the_text_are() {
        let error = Error {
            status: 403,
            name: "Denied\r\nforged: line".to_owned(),
            message:
                "The token IQoJb3JpZ2luX2VjEAoaCXVzLWVhc3QtMSJH of \u{1b}[31mAKIAIOSFODNN7EXAMPLE\rsecond"
                    .to_owned(),
        };
        assert_eq!(error.summary(), "Denied: The token … of  […");
    }

    #[test]
    fn exception_frames_name_the_same_error_as_replies() {
        assert_eq!(Error::from_exception("throttlingException", b"{}").name, "ThrottlingException");
    }
}
