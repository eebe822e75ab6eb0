//! Requests that need several calls of the model (a list of embedding inputs, several choices), in the gateway role. Each part
//! is a request to this gateway itself, a limited number at a time, so that it has its own attempts, targets and signature like
//! any request.

use std::cell::Cell;
use std::rc::Rc;
use std::time::SystemTime;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, LogLevel, MapType};

use super::held::{self, Held};
use super::refusal::host_failed;
use super::{host, limits};
use crate::config::{Config, FanOut as Settings};
use crate::gateway::headers::{CALL_OF_TECHNIQUE, Headers, PART_OF};
use crate::openai::Error;
use crate::translate::errors::no_answer;
use crate::translate::split::{Gathered, Split, Told};
use crate::translate::told::told;

/// How many bytes of one request's parts Envoy should hold at a time: larger parts are sent fewer at a time.
const AT_A_TIME: usize = 16 << 20;

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream; charset=utf-8";

/// One request in parts.
#[derive(Debug)]
pub(super) struct FanOut {
    config: Rc<Config>,
    split: Split,
    gathered: Gathered,
    /// The client's body, which the parts are made from.
    body: Vec<u8>,
    /// The client's headers, without those of its connection and its body.
    headers: Headers,
    /// The calls under way: token, and index of the part.
    calls: Vec<(u32, usize)>,
    /// Index of the next part to send.
    next: usize,
    /// The deadline of all parts.
    until: SystemTime,
    /// Bytes counted for this request.
    held: Held,
    _open: Open,
}

/// The state of the request after a call's response.
#[derive(Debug)]
pub(super) enum Outcome {
    /// More responses are awaited.
    Pending,
    /// The client's answer: status, headers, body.
    Answer(u16, Headers, Vec<u8>),
}

thread_local! {
    /// Number of requests in parts that are open on this worker.
    static OPEN: Cell<usize> = const { Cell::new(0) };
}

/// Counts one of them for as long as it lives.
#[derive(Debug)]
struct Open;

impl Open {
    /// Counts one more; `None` where `most` are open already.
    fn one_of(most: usize) -> Option<Self> {
        let open = OPEN.get();
        if open >= most {
            return None;
        }
        OPEN.set(open.saturating_add(1));
        Some(Self)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        OPEN.set(OPEN.get().saturating_sub(1));
    }
}

impl FanOut {
    /// Sends the first parts. `sent` are the client's headers.
    pub(super) fn begin(
        config: &Rc<Config>,
        settings: &Settings,
        split: Split,
        body: Vec<u8>,
        sent: &Headers,
    ) -> Result<Self, Error> {
        let open = Open::one_of(settings.open).ok_or_else(|| {
            Error::new(503, "Too many requests in pieces are under way here; try again.")
                .code("too_many_lists")
        })?;
        let now = host::now();
        let until = now.checked_add(config.list_time).unwrap_or(now);
        let gathered = Gathered::new(&split);
        let mut headers = passed_on(sent);
        // The technique and the limits were decided for the request as a whole.
        limits::mark_part(&mut headers);
        let held = Held::default();
        let config = Rc::clone(config);
        let mut this = Self {
            config,
            split,
            gathered,
            body,
            headers,
            calls: Vec::new(),
            next: 0,
            until,
            held,
            _open: open,
        };
        this.count(0)?;
        let size = this.split.piece_bytes(this.body.len());
        let room = AT_A_TIME.checked_div(size).unwrap_or(settings.parallel).max(1);
        for _ in 0..settings.parallel.min(room) {
            this.ask(&settings.cluster)?;
        }
        Ok(this)
    }

    /// Sends the next part, if there is one.
    fn ask(&mut self, cluster: &str) -> Result<(), Error> {
        let piece = self.next;
        let Some(body) = self.split.piece(&self.body, piece) else { return Ok(()) };
        let left = self.until.duration_since(host::now()).unwrap_or_default();
        // To Envoy a timeout of zero means none.
        if left.as_millis() == 0 {
            return Err(took_too_long());
        }
        let length = body.len().to_string();
        let mut headers = self.headers.clone();
        headers.push("content-length", length);
        let call = host::call(cluster, &headers, &body, left).map_err(|_| {
            host::log(LogLevel::Error, || {
                format!("fan_out: there is no cluster '{cluster}', or it takes no more")
            });
            Error::new(500, "The gateway is not configured for so many at once.").code("gateway_error")
        })?;
        self.calls.push((call, piece));
        self.next = piece.saturating_add(1);
        Ok(())
    }

    /// Whether calls are under way. Envoy does not cancel them when the request ends.
    pub(super) fn has_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Number of parts sent so far.
    pub(super) fn made(&self) -> usize {
        self.next
    }

    /// Counts the bytes held, and `more` temporarily.
    fn count(&mut self, more: usize) -> Result<(), Error> {
        let parts = [self.body.capacity(), self.split.held(), self.gathered.held(), self.headers.held()];
        let own = parts.into_iter().fold(0, usize::saturating_add);
        self.held.set(own.saturating_add(more), self.config.worker_bytes)
    }

    /// Takes the response of a call.
    pub(super) fn answered(&mut self, call: u32, headers: usize, size: usize) -> Result<Outcome, Error> {
        let Some(at) = self.calls.iter().position(|(known, _)| *known == call) else {
            return Ok(Outcome::Pending);
        };
        let (_, piece) = self.calls.swap_remove(at);
        if headers == 0 {
            return Err(no_answer("A part of the request got no answer."));
        }
        let headers = host::headers(MapType::HttpCallResponseHeaders)
            .map_err(|_| host_failed("give an answer's headers"))?;
        self.count(size.saturating_mul(2))?;
        let body = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, size)
            .map_err(|_| host_failed("give an answer"))?;
        let status = headers.text(":status").and_then(|status| status.parse::<u16>().ok()).unwrap_or(502);
        if status != 200 {
            // Envoy's own reply to the call, which is not in OpenAI's format.
            if !headers.text("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
                return Err(if status == 504 { took_too_long() } else { held::busy() });
            }
            // A part's failure fails the whole request, with that part's error.
            let mut kept = answer_headers(&headers);
            kept.push("content-type", JSON);
            return Ok(Outcome::Answer(status, kept, body));
        }
        self.gathered.add(piece, &body)?;
        let limit = self.config.reply_bytes;
        if self.gathered.length() > limit {
            return Err(no_answer(format!("The reply is larger than {limit} bytes.")));
        }
        self.count(0)?;
        if self.gathered.is_whole() {
            return self.whole(&headers);
        }
        if let Some(settings) = self.config.fan_out.clone() {
            self.ask(&settings.cluster)?;
        }
        Ok(Outcome::Pending)
    }

    /// The whole answer in the client's format. `last` are the headers of the last part's response.
    fn whole(&mut self, last: &Headers) -> Result<Outcome, Error> {
        let mut headers = answer_headers(last);
        let answer = self.gathered.finish();
        let Told::Stream { include_usage } = self.split.told() else {
            headers.push("content-type", JSON);
            return Ok(Outcome::Answer(200, headers, answer));
        };
        headers.push("content-type", EVENTS);
        // The answer is paid for already, so its bytes are counted and never refused.
        self.held.count(answer.len().saturating_mul(2));
        Ok(Outcome::Answer(200, headers, told(&answer, include_usage)?))
    }
}

fn took_too_long() -> Error {
    Error::new(504, "It took too long to answer all of the request; ask for less at a time.")
        .code("list_timeout")
}

/// The client's headers that each part carries: its key and all others but those of its connection and its body.
pub(super) fn passed_on(sent: &Headers) -> Headers {
    const OWN: &[&[u8]] = &[
        b"content-length",
        b"transfer-encoding",
        b"connection",
        b"keep-alive",
        b"te",
        b"trailer",
        b"upgrade",
        b"expect",
        b"accept-encoding",
        b"x-request-id",
        PART_OF.as_bytes(),
    ];
    let is_own = |name: &[u8]| {
        OWN.contains(&name)
            || name == CALL_OF_TECHNIQUE.as_bytes()
            || name.starts_with(b"x-envoy-")
            || name.starts_with(b"x-forwarded-")
    };
    let passed = sent.iter().filter(|(name, value)| !is_own(name) && std::str::from_utf8(value).is_ok());
    let mut headers: Headers = passed.collect();
    if let Some(id) = sent.text("x-request-id") {
        headers.push(PART_OF, id);
    }
    headers
}

/// The response headers of a part that the client gets: all but those that describe the body.
fn answer_headers(headers: &Headers) -> Headers {
    const NAMES: &[&str] = &[
        "x-request-id",
        "x-bedrock-model",
        "x-bedrock-region",
        "x-bedrock-fallback",
        "x-ignored-parameters",
        "retry-after",
        "x-should-retry",
    ];
    let mut kept = Headers::default();
    for name in NAMES {
        if let Some(value) = headers.value(name) {
            kept.push(name, value);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_are_open_than_may_be_and_those_that_end_make_room() {
        let (first, second) = (Open::one_of(2), Open::one_of(2));
        assert!(first.is_some() && second.is_some() && Open::one_of(2).is_none());
        drop(first);
        assert!(Open::one_of(2).is_some());
    }
}
