//! Errors in Anthropic's format.

use serde::{Deserialize, Serialize};

use crate::wire::{self, Str};

/// Writes the body of an error. `kind` is Anthropic's type: `invalid_request_error`, `overloaded_error`, …; an error event in a
/// stream has no request id.
pub fn write(out: &mut Vec<u8>, kind: &str, message: &str, request_id: Option<&str>) {
    #[derive(Serialize)]
    struct Body<'a> {
        #[serde(rename = "type")]
        kind: &'static str,
        error: Inside<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<&'a str>,
    }
    #[derive(Serialize)]
    struct Inside<'a> {
        #[serde(rename = "type")]
        kind: &'a str,
        message: &'a str,
    }
    wire::append(out, &Body { kind: "error", error: Inside { kind, message }, request_id });
}

/// An error event in a stream. Any member may be missing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Told<'a> {
    /// `overloaded_error`, …
    #[serde(rename = "type")]
    pub kind: Option<Str<'a>>,
    /// The message.
    pub message: Option<Str<'a>>,
}
