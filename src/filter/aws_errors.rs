//! On Bedrock's own routes every error has AWS's shape: those of both roles and Envoy's own, which all have OpenAI's, are told
//! anew on their way to the client. Bedrock's own have a type already and are left alone.

use proxy_wasm::hostcalls;
use proxy_wasm::types::{Action, BufferType, LogLevel, MapType};

use super::host;
use crate::gateway::headers::Headers;
use crate::gateway::native::{ERROR_TYPE, as_aws};

/// What is kept of an answer that is given anew.
const KEPT: &[&str] = &["x-request-id", "x-bedrock-model", "x-bedrock-region", "retry-after"];

/// The answer to one request.
#[derive(Debug, Default)]
pub(super) struct AwsErrors {
    /// The headers of an error, held until its body is there.
    held: Option<(u16, Headers)>,
    /// It has been told anew; what still comes is thrown away.
    told: bool,
}

impl AwsErrors {
    pub(super) fn response_headers(&mut self, end_of_stream: bool) -> Action {
        let headers = host::headers(MapType::HttpResponseHeaders).unwrap_or_default();
        let status = headers.text(":status").and_then(|status| status.parse().ok()).unwrap_or(0);
        if status < 400 || headers.value(ERROR_TYPE).is_some() {
            return Action::Continue;
        }
        if end_of_stream {
            // A body can only be had by answering in the upstream's stead.
            let (kind, body) = as_aws(status, &[]);
            let mut headers = headers.only(KEPT);
            headers.push("content-type", "application/json");
            headers.push(ERROR_TYPE, kind);
            if host::respond(status, "bedrock_native", &headers, &body).is_err() {
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
            if self.told
                && size > 0
                && hostcalls::set_buffer(BufferType::HttpResponseBody, 0, size, &[]).is_err()
            {
                host::log(LogLevel::Error, || "Envoy would not take the rest of an error away".to_owned());
            }
            return Action::Continue;
        };
        self.told = true;
        let (kind, body) =
            as_aws(status, &hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size).unwrap_or_default());
        let kept = headers.iter().filter(|(name, _)| !is_the_bodys(name));
        let mut all = Headers::default();
        all.push(":status", status.to_string());
        all.extend(&kept.collect());
        all.push("content-type", "application/json");
        all.push("content-length", body.len().to_string());
        all.push(ERROR_TYPE, kind);
        if host::set_headers(MapType::HttpResponseHeaders, &all).is_err()
            || hostcalls::set_buffer(BufferType::HttpResponseBody, 0, size, &body).is_err()
        {
            host::log(LogLevel::Error, || "Envoy would not take an error in AWS's shape".to_owned());
        }
        Action::Continue
    }
}

fn is_the_bodys(name: &[u8]) -> bool {
    name.starts_with(b":") || name.starts_with(b"content-") || name == b"transfer-encoding"
}
