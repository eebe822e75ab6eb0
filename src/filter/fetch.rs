//! The fetch role: once per image that the gateway role asks for, at the cluster that is asked. Only here it is known
//! which address a name stands for, and only here bytes can be counted before Envoy has gathered them all.

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

/// One image.
#[derive(Debug)]
pub(super) struct Fetch {
    config: Rc<Config>,
    /// What has come of it, which stays with Envoy until it is whole. Its client may be gone: Envoy cannot call it off.
    held: Held,
    /// We have answered; nothing more is ours to do.
    answered: bool,
}

impl Fetch {
    pub(super) fn new(config: Rc<Config>) -> Self {
        Self { config, held: Held::default(), answered: false }
    }

    /// Answers in the server's stead, which ends the exchange with it.
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

/// Where the request goes.
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
        // Nothing else goes out: neither Envoy's own headers nor anybody's credentials.
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
            // What such an answer holds is of no use, and it may never end.
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
