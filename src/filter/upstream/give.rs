//! Replaces Bedrock's answer by the client's: status, headers and body.

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, LogLevel, MapType};

use super::attempt::JSON;
use super::head::Head;
use super::{Upstream, host};
use crate::filter::refusal::is_passing;
use crate::gateway::headers::Headers;
use crate::openai::Error;

impl Upstream {
    pub(super) fn give_error(&self, head: &Head, error: &Error, size: usize) {
        let body = error.body();
        self.set_error(head, error, Some(body.len()));
        self.set_body(size, &body);
    }

    /// Replaces the body of `size` bytes by `body`. Where Envoy refuses (a stream that ends in trailers before it is whole),
    /// the response is reset: a regular end would make it look complete.
    pub(super) fn set_body(&self, size: usize, body: &[u8]) {
        if (size > 0 || !body.is_empty())
            && hostcalls::set_buffer(BufferType::HttpResponseBody, 0, size, body).is_err()
        {
            let reset = hostcalls::reset_http_response();
            host::log(LogLevel::Error, || format!("a reply's body could not be set; broken off: {reset:?}"));
        }
    }

    pub(super) fn set_success(&self, head: &Head, content_type: &str, length: Option<usize>) {
        self.begins();
        let mut headers = head.common("200", content_type, length);
        if let Some(sent) = &self.sent {
            headers.push("x-bedrock-model", sent.called());
            headers.push("x-bedrock-region", sent.region.as_str());
            if sent.is_fallback {
                headers.push("x-bedrock-fallback", "true");
            }
            if !sent.ignored.is_empty() {
                headers.push("x-ignored-parameters", sent.ignored.as_str());
            }
        }
        if length.is_none() {
            headers.push("cache-control", "no-cache");
        }
        set_response_headers(&headers);
    }

    pub(super) fn set_error(&self, head: &Head, error: &Error, length: Option<usize>) {
        self.fails(error);
        let mut headers = head.common(&error.status.to_string(), JSON, length);
        if let Some(sent) = &self.sent {
            headers.push("x-bedrock-model", sent.called());
            headers.push("x-bedrock-region", sent.region.as_str());
        }
        if let Some(retry_after) = &head.retry_after {
            headers.push("retry-after", retry_after.as_slice());
        } else if is_passing(error) {
            headers.push("retry-after", "1");
        }
        if let Some(should_retry) = error.should_retry {
            headers.push("x-should-retry", if should_retry { "true" } else { "false" });
        }
        set_response_headers(&headers);
    }
}

pub(super) fn set_response_headers(headers: &Headers) {
    if host::set_headers(MapType::HttpResponseHeaders, headers).is_err() {
        host::log(LogLevel::Error, || "a reply's headers could not be set".to_owned());
    }
}
