//! Converts errors on their way to the client: to AWS's format on Bedrock's own routes, to Anthropic's for Anthropic's clients.
//! Both roles and Envoy's local replies make errors in OpenAI's format. Errors of AWS's own that carry their type go on
//! unchanged to AWS's clients.

use proxy_wasm::hostcalls;
use proxy_wasm::types::{Action, BufferType, LogLevel, MapType};

use super::host;
use super::refusal::kept;
use crate::gateway::headers::Headers;
use crate::gateway::native::ERROR_TYPE;
use crate::gateway::shape::{Shape, Told};

/// The header with the request's id, which Anthropic's SDKs read too.
const REQUEST_ID: &str = "x-request-id";
const ANTHROPICS_ID: &str = "request-id";

/// The conversion of one answer.
#[derive(Debug)]
pub(super) struct ToldAnew {
    shape: Shape,
    /// Status and headers of an error, held until its body is there.
    held: Option<(u16, Headers)>,
    /// The status of the converted error, once it is sent; the rest of the upstream's answer is discarded.
    told: Option<u16>,
}

impl ToldAnew {
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, held: None, told: None }
    }

    /// The status of the converted error.
    pub(super) fn status(&self) -> Option<u16> {
        self.told
    }

    /// `body` is the error in OpenAI's format for an answer without a body.
    pub(super) fn response_headers(&mut self, end_of_stream: bool, body: &[u8]) -> Action {
        let mut headers = host::headers(MapType::HttpResponseHeaders).unwrap_or_default();
        let status = headers.text(":status").and_then(|status| status.parse().ok()).unwrap_or(0);
        if self.shape == Shape::Anthropic
            && let Some(id) = headers.text(REQUEST_ID).map(str::to_owned)
        {
            if hostcalls::add_map_value(MapType::HttpResponseHeaders, ANTHROPICS_ID, &id).is_err() {
                host::log(LogLevel::Error, || "Envoy would not take a header of an answer".to_owned());
            }
            headers.push(ANTHROPICS_ID, id);
        }
        if status < 400 || (self.shape == Shape::Aws && headers.value(ERROR_TYPE).is_some()) {
            return Action::Continue;
        }
        if end_of_stream {
            // Headers alone cannot get a body here, so a local reply replaces the upstream's.
            let Told { status, kind, body } = self.shape.tell(status, body, headers.text(REQUEST_ID));
            self.told = Some(status);
            let mut given = kept(&headers);
            given.extend(&headers.only(&[ANTHROPICS_ID]));
            given.push("content-type", "application/json");
            if let Some(kind) = kind {
                given.push(ERROR_TYPE, kind);
            }
            if host::respond(status, "bedrock_told_anew", &given, &body).is_err() {
                host::log(LogLevel::Error, || format!("Envoy did not take an answer of status {status}"));
            }
            return Action::Pause;
        }
        self.held = Some((status, headers));
        Action::Pause
    }

    /// Trailers end the body without a last part; `most` is the most bytes that the body may have.
    pub(super) fn response_trailers(&mut self, most: usize) -> Action {
        if self.held.is_some() { self.response_body(most, true) } else { Action::Continue }
    }

    pub(super) fn response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        // A body that is whole is converted at once, even if the upstream does not end the stream.
        let is_there = |(_, headers): &(u16, Headers)| {
            let length = headers.text("content-length").and_then(|length| length.parse().ok());
            length.is_some_and(|length: usize| length <= size)
        };
        if !end_of_stream && self.held.as_ref().is_some_and(|held| !is_there(held)) {
            return Action::Pause;
        }
        let Some((status, headers)) = self.held.take() else {
            if self.told.is_some()
                && size > 0
                && hostcalls::set_buffer(BufferType::HttpResponseBody, 0, size, &[]).is_err()
            {
                host::log(LogLevel::Error, || "Envoy would not take the rest of an error away".to_owned());
            }
            return Action::Continue;
        };
        let body = hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size).unwrap_or_default();
        let Told { status, kind, body } = self.shape.tell(status, &body, headers.text(REQUEST_ID));
        self.told = Some(status);
        let kept = headers.iter().filter(|(name, _)| !is_the_bodys(name));
        let mut all = Headers::default();
        all.push(":status", status.to_string());
        all.extend(&kept.collect());
        all.push("content-type", "application/json");
        all.push("content-length", body.len().to_string());
        if let Some(kind) = kind {
            all.push(ERROR_TYPE, kind);
        }
        if host::set_headers(MapType::HttpResponseHeaders, &all).is_err()
            || hostcalls::set_buffer(BufferType::HttpResponseBody, 0, size, &body).is_err()
        {
            host::log(LogLevel::Error, || "Envoy would not take an error in another shape".to_owned());
        }
        Action::Continue
    }
}

fn is_the_bodys(name: &[u8]) -> bool {
    name.starts_with(b":") || name.starts_with(b"content-") || name == b"transfer-encoding"
}
