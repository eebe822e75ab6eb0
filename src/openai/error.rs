//! Errors in OpenAI's format.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::texts::cut;
use crate::wire::{self, Raw, Str};

/// An error as OpenAI's SDKs read it: the status selects their exception class, the body fills it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// HTTP status.
    pub status: u16,
    /// `type` in the body: `invalid_request_error`, `server_error`, …
    pub kind: &'static str,
    /// The message.
    pub message: Cow<'static, str>,
    /// The path of the wrong member of the request.
    pub param: Option<String>,
    /// The machine-readable code: `model_not_found`, `context_length_exceeded`, …
    pub code: Option<&'static str>,
    /// `x-should-retry`: set only to override the SDK's decision by status.
    pub should_retry: Option<bool>,
}

impl Error {
    /// An error of `status` with OpenAI's usual `type` for it.
    pub fn new(status: u16, message: impl Into<Cow<'static, str>>) -> Self {
        let kind = match status {
            401 => "authentication_error",
            403 => "permission_error",
            429 => "rate_limit_error",
            500.. => "server_error",
            _ => "invalid_request_error",
        };
        Self { status, kind, message: message.into(), param: None, code: None, should_retry: None }
    }

    /// 400 `invalid_request_error`.
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, message)
    }

    /// 400 with the path of the wrong member.
    pub fn invalid_param(param: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::invalid(message).param(param)
    }

    /// 400 for a missing member.
    pub fn missing(param: &str) -> Self {
        Self::invalid(format!("Missing required parameter: '{param}'."))
            .param(param)
            .code("missing_required_parameter")
    }

    /// The same error with the path of the wrong member.
    #[must_use]
    pub fn param(mut self, param: impl Into<String>) -> Self {
        // A path may contain names of the client's.
        let param = param.into();
        self.param = Some(match cut(&param) {
            Cow::Borrowed(_) => param,
            Cow::Owned(cut) => cut,
        });
        self
    }

    /// The same error with a `code`.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// The same error with another `type`.
    #[must_use]
    pub fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// The response body.
    pub fn body(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Body<'a> {
            error: Inside<'a>,
        }
        #[derive(Serialize)]
        struct Inside<'a> {
            message: &'a str,
            #[serde(rename = "type")]
            kind: &'static str,
            param: Option<&'a str>,
            code: Option<&'static str>,
        }
        let Self { status: _, kind, message, param, code, should_retry: _ } = self;
        wire::to_vec(&Body { error: Inside { message, kind, param: param.as_deref(), code: *code } })
    }
}

/// An error in this format from another server. Any member may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Told<'a> {
    /// The message.
    pub message: Option<Str<'a>>,
    /// `type`.
    #[serde(rename = "type")]
    pub kind: Option<Str<'a>>,
    /// The path of the wrong member.
    pub param: Option<Str<'a>>,
    code: Option<Raw<'a>>,
}

impl<'a> Told<'a> {
    /// Parses a response's body; `None` where it is not an error in this format.
    pub fn read(body: &'a [u8]) -> Option<Self> {
        #[derive(Default, Deserialize)]
        #[serde(default, bound(deserialize = "'de: 'a"))]
        struct Body<'a> {
            error: Option<Told<'a>>,
        }
        wire::object_from_slice::<Body<'_>>(body).ok()?.error
    }

    /// The code as it is written; some servers send a number.
    pub fn code(&self) -> Option<&'a str> {
        self.code.map(|code| code.get().trim_matches('"'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_read_whatever_is_missing_of_it_and_with_a_number_for_its_code() {
        let read = |body: &'static str| Told::read(body.as_bytes());
        let told = read(r#"{"error":{"message":"why","type":"x","code":503,"more":[]}}"#).unwrap();
        assert_eq!(
            (told.message.as_deref(), told.kind.as_deref(), told.code()),
            (Some("why"), Some("x"), Some("503"))
        );
        assert_eq!(read(r#"{"error":{"code":"word"}}"#).unwrap().code(), Some("word"));
        assert_eq!(read(r#"{"error":{"code":null}}"#).unwrap().code(), None);
        for body in ["", "{}", r#"{"error":null}"#, r#"{"error":"why"}"#, r#"[{"message":"why"}]"#] {
            assert!(read(body).is_none(), "{body}");
        }
    }

    #[test]
    fn all_four_members_are_always_there() {
        let body = Error::invalid("no \"x\"").body();
        assert_eq!(
            String::from_utf8(body).unwrap(),
            r#"{"error":{"message":"no \"x\"","type":"invalid_request_error","param":null,"code":null}}"#
        );
    }
}
