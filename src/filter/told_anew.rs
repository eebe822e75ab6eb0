//! On Bedrock's own routes every error has AWS's shape, and for Anthropic's clients Anthropic's: those of both roles and Envoy's own, which
//! all have OpenAI's, are told anew on their way to the client. AWS's own have a type already, and go on to its clients as they are.

use proxy_wasm::hostcalls;
use proxy_wasm::types::{Action, BufferType, LogLevel, MapType};

use super::host;
use super::refusal::kept;
use crate::gateway::headers::Headers;
use crate::gateway::native::ERROR_TYPE;
use crate::gateway::shape::{Shape, Told};

/// The request's id as this gateway names it, and as Anthropic's SDKs look for it.
const REQUEST_ID: &str = "x-request-id";
const ANTHROPICS_ID: &str = "request-id";

/// The answer to one request.
#[derive(Debug)]
pub(super) struct ToldAnew {
    shape: Shape,
    /// The headers of an error, held until its body is there.
    held: Option<(u16, Headers)>,
    /// It has been told anew, with this status; what still comes is thrown away.
    told: Option<u16>,
}

impl ToldAnew {
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, held: None, told: None }
    }

    /// The status with which an error was told anew.
    pub(super) fn status(&self) -> Option<u16> {
        self.told
    }

    /// `body` is the error's in OpenAI's shape, where no body comes.
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
            // A body can only be had by answering in the upstream's stead.
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

    /// Trailers end the body in the stead of its last piece; `most` is what there may be of it.
    pub(super) fn response_trailers(&mut self, most: usize) -> Action {
        if self.held.is_some() { self.response_body(most, true) } else { Action::Continue }
    }

    pub(super) fn response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        // A body that is whole is not waited on, whatever its upstream does after it.
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
