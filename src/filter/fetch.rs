//! The fetch role: an upstream filter of the clusters that fetch images, one context per image that the gateway role requests.
//! Only an upstream filter sees the address that a host name resolved to, and can count a body's bytes before Envoy has
//! buffered it.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, LogLevel, MapType};

use super::held::Held;
use super::host;
use super::images::{VERDICT, verdict};
use crate::config::Config;
use crate::gateway::headers::Headers;
use crate::gateway::networks::may_be_reached;

/// One image's request and response.
#[derive(Debug)]
pub(super) struct Fetch {
    config: Rc<Config>,
    /// Bytes of the response so far, which Envoy buffers until it is whole, even if the client has left: Envoy does not cancel
    /// the call.
    held: Held,
    /// A local reply was sent; the rest is ignored.
    answered: bool,
}

impl Fetch {
    pub(super) fn new(config: Rc<Config>) -> Self {
        Self { config, held: Held::default(), answered: false }
    }

    /// Sends a local reply instead of the server's response, which ends the exchange.
    fn answer(&mut self, status: u16, verdict: &str, location: Option<&[u8]>) -> Action {
        self.answered = true;
        let mut headers = Headers::default();
        headers.push(VERDICT, verdict);
        if let Some(location) = location {
            headers.push("location", location);
        }
        if host::respond(status, &format!("bedrock_fetch_{verdict}"), &headers, &[]).is_err() {
            host::log(LogLevel::Error, || "Envoy did not take an answer to a fetch".to_owned());
        }
        Action::Pause
    }

    fn largest(&self) -> usize {
        self.config.images.as_ref().map_or(0, |images| images.bytes)
    }

    fn may_ask(&self) -> bool {
        let exceptions = self.config.images.as_ref().map(|images| images.private_networks.as_slice());
        address().is_some_and(|address| may_be_reached(address, exceptions.unwrap_or_default()))
    }
}

/// The address that the request is connected to.
fn address() -> Option<IpAddr> {
    let address = host::property(&["upstream", "address"])?;
    let address: SocketAddr = std::str::from_utf8(&address).ok()?.parse().ok()?;
    Some(address.ip())
}

impl Context for Fetch {}

impl HttpContext for Fetch {
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        if !self.may_ask() {
            return self.answer(403, verdict::PRIVATE, None);
        }
        // No other header goes out, neither Envoy's own nor any credential.
        let asked = host::headers(MapType::HttpRequestHeaders).unwrap_or_default();
        let mut headers = Headers::default();
        for name in [":method", ":scheme", ":authority", ":path"] {
            headers.push(name, asked.value(name).unwrap_or_default());
        }
        headers.push("accept", "image/png, image/jpeg, image/gif, image/webp");
        headers.push("user-agent", "bedrock-filter");
        if host::set_headers(MapType::HttpRequestHeaders, &headers).is_err() {
            return self.answer(500, verdict::ANSWERED, None);
        }
        Action::Continue
    }

    fn on_http_response_headers(&mut self, _num_headers: usize, end_of_stream: bool) -> Action {
        if self.answered {
            return Action::Continue;
        }
        let headers = host::headers(MapType::HttpResponseHeaders).unwrap_or_default();
        let status = headers.text(":status").and_then(|status| status.parse().ok()).unwrap_or(502);
        if status != 200 {
            // The body of a response that is not 200 is of no use, and may be endless.
            return self.answer(status, verdict::ANSWERED, headers.value("location"));
        }
        let length = headers.text("content-length").map(|length| length.parse().unwrap_or(usize::MAX));
        if length.is_some_and(|length| length > self.largest()) {
            return self.answer(413, verdict::TOO_LARGE, None);
        }
        let mut clean = Headers::default();
        clean.push(":status", "200");
        clean.push(VERDICT, verdict::ANSWERED);
        if host::set_headers(MapType::HttpResponseHeaders, &clean).is_err() {
            return self.answer(502, verdict::ANSWERED, None);
        }
        if end_of_stream { Action::Continue } else { Action::Pause }
    }

    fn on_http_response_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        if self.answered {
            return Action::Pause;
        }
        if body_size > self.largest() {
            return self.answer(413, verdict::TOO_LARGE, None);
        }
        if self.held.set(body_size, self.config.worker_bytes).is_err() {
            return self.answer(503, verdict::BUSY, None);
        }
        if end_of_stream { Action::Continue } else { Action::Pause }
    }
}
