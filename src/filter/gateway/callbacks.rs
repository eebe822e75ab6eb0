//! The callbacks of the gateway role, and requests that are refused or wait for calls.

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, BufferType, MapType};

use super::{Gateway, let_in};
use crate::bedrock::error::Error as BedrockError;
use crate::filter::fan_out::Outcome;
use crate::filter::limits::Limited;
use crate::filter::refusal::{host_failed, refuse, refuse_beside, relay};
use crate::filter::told_anew::ToldAnew;
use crate::filter::{host, record};
use crate::gateway::headers::Headers;
use crate::openai::Error;
use crate::record::account::Fault;
use crate::translate::errors;
use crate::wire;

/// Error code in the record of a call of this gateway's to itself: the failure has a record of its own.
const PART: &str = "part_failed";

/// How many bytes of a refused body are read to keep its connection open.
const DRAIN: usize = 1 << 20;

impl Gateway {
    /// Takes the response of a part. The client is answered after the last one, or the first that fails.
    fn gathered(&mut self, call: u32, headers: usize, size: usize) -> Result<(), Error> {
        let Some(fan_out) = &mut self.fan_out else { return Ok(()) };
        let outcome = fan_out.answered(call, headers, size);
        let calls = u64::try_from(fan_out.made()).ok();
        self.account().with(|facts| facts.calls = calls);
        if let Outcome::Answer(status, headers, body) = outcome? {
            self.note_calls_left();
            self.fan_out = None;
            self.relay(status, &headers, &body);
        }
        Ok(())
    }

    /// Takes a fetched image. After the last one the request goes on, as a whole or in parts.
    fn fetched(&mut self, call: u32, headers: usize, size: usize) -> Result<(), Error> {
        let Some(fetching) = &mut self.fetching else { return Ok(()) };
        if fetching.answered(call, headers, size)? {
            self.fetching = None;
            if let Some(chosen) = self.chosen.take() {
                if self.start_behind_images(chosen)? == Action::Continue {
                    hostcalls::resume_http_request().map_err(|_| host_failed("let the request go on"))?;
                }
                return Ok(());
            }
            if let Some((endpoint, sent)) = self.behind_images.take() {
                let most = self.config.body_bytes;
                let body = hostcalls::get_buffer(BufferType::HttpRequestBody, 0, most)
                    .map_err(|_| host_failed("give the request's body"))?;
                if let Some(split) = self.pieces(&body, endpoint)? {
                    return self.begin_fan_out(split, body, &sent).map(drop);
                }
            }
            let_in()?;
            hostcalls::resume_http_request().map_err(|_| host_failed("let the request go on"))?;
        }
        Ok(())
    }

    /// Discards a refused request's body and answers at its end.
    fn drain(&mut self, size: usize, end_of_stream: bool) -> Action {
        self.drained = self.drained.saturating_add(size);
        let thrown = size == 0 || hostcalls::set_buffer(BufferType::HttpRequestBody, 0, size, &[]).is_ok();
        if !end_of_stream && thrown && self.drained <= DRAIN {
            return Action::Pause;
        }
        self.answered = true;
        self.refusal.take().map_or(Action::Pause, |error| self.refuse(&error))
    }

    /// Answers with an error.
    fn refuse(&mut self, error: &Error) -> Action {
        self.answered = true;
        self.fails(error);
        refuse(error)
    }

    fn fails(&self, error: &Error) {
        self.account().fails(error.status, error.code.unwrap_or(error.kind));
    }

    /// Answers with the outcome of calls that this gateway made itself.
    pub(super) fn relay(&mut self, status: u16, headers: &Headers, body: &[u8]) -> Action {
        self.answered = true;
        if status >= 400 {
            let fault = Fault { status, code: PART, is_before: false };
            self.account().with(|facts| facts.error = Some(fault));
        }
        relay(status, headers, body)
    }

    /// Response headers: adds those of limits and techniques, and converts an error to the route's format.
    fn response_headers(&mut self, end_of_stream: bool) -> Action {
        let status = host::header(MapType::HttpResponseHeaders, ":status");
        let status = status.and_then(|status| std::str::from_utf8(&status).ok()?.parse::<u16>().ok());
        self.account().with(|facts| facts.status = status);
        self.tell_limits();
        if status == Some(429)
            && !self.answered
            && let Some(action) = self.tell_envoys_limit(end_of_stream)
        {
            return action;
        }
        if self.told_anew.is_some() {
            let body = if end_of_stream { self.instead.take() } else { None };
            return self
                .tell_anew(|errors| errors.response_headers(end_of_stream, &body.unwrap_or_default()));
        }
        self.mark();
        // An error without a body comes from Envoy or the upstream. It gets one.
        if let Some(status) = status.filter(|status| end_of_stream && !self.answered && *status >= 400) {
            self.answered = true;
            let error = errors::error(&BedrockError::from_reply(status, None, &[]));
            if self.account().with(|facts| facts.told(error.status)).is_none() {
                self.fails(&error);
            }
            // A local reply does not pass this filter again.
            self.account().with(|facts| facts.status = Some(error.status));
            return refuse_beside(&error, &host::headers(MapType::HttpResponseHeaders).unwrap_or_default());
        }
        Action::Continue
    }

    /// Runs a step of the error conversion, where the route has one, and notes the status that the client gets.
    fn tell_anew(&mut self, act: impl FnOnce(&mut ToldAnew) -> Action) -> Action {
        let most = self.config.held_bytes;
        let Some(errors) = &mut self.told_anew else { return Action::Continue };
        let action = wire::at_most(most, || act(errors));
        let status = errors.status();
        self.account().with(|facts| facts.told_as = status);
        action
    }

    /// Makes the record, once. `on_log` charges the limits by it.
    fn close(&mut self) {
        if let Some(limit) = self.limited.as_ref().and_then(Limited::refused_for) {
            self.account().with(|facts| facts.limit = Some(limit));
        }
        if let Some(record) = record::close(&self.config, self.open.account()) {
            self.record = Some(record);
        }
    }

    /// A part of the response has passed. After the last one, or an error event, the account is closed: the upstream role has
    /// seen that end already, and the record is then in time for Envoy's spans.
    fn has_passed(&mut self, end_of_stream: bool) {
        if end_of_stream {
            self.account().with(|facts| facts.is_given = true);
        }
        if end_of_stream || self.account().with(|facts| facts.is_broken_off()) {
            self.close();
        }
    }

    /// Runs `act`, which parses a body, within the budget of bytes that may be held.
    fn within_budget<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        wire::at_most(self.config.held_bytes, || act(self))
    }

    fn or_refuse(&mut self, action: Result<Action, Error>) -> Action {
        action.unwrap_or_else(|error| self.refuse(&error))
    }
}

/// Whether Envoy would close the connection of a request that is answered before it is whole. Over HTTP/2 and later only that
/// stream ends.
fn is_http1() -> bool {
    host::property(&["request", "protocol"]).is_none_or(|protocol| protocol.starts_with(b"HTTP/1"))
}

/// Whether the request is a `CONNECT`, whose body is the tunnel.
fn is_tunnel() -> bool {
    host::header(MapType::HttpRequestHeaders, ":method").as_deref() == Some(b"CONNECT")
}

impl Context for Gateway {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body_size: usize, _trailers: usize) {
        let result = self.within_budget(|this| {
            if this.at_work.is_some() {
                this.technique_answered(token, headers, body_size)
            } else if this.fan_out.is_some() {
                this.gathered(token, headers, body_size)
            } else {
                this.fetched(token, headers, body_size)
            }
        });
        if let Err(error) = result {
            // The responses of the remaining calls are no longer needed.
            self.note_calls_left();
            self.fetching = None;
            self.fan_out = None;
            self.at_work = None;
            self.refuse(&error);
        }
    }
}

impl HttpContext for Gateway {
    fn on_http_request_headers(&mut self, _num_headers: usize, end_of_stream: bool) -> Action {
        match self.headers(end_of_stream) {
            // The rest of a body is not read if it is too large or may be endless.
            Err(error) if !end_of_stream && error.status != 413 && is_http1() && !is_tunnel() => {
                // Noted now, in case the client leaves before the answer.
                self.fails(&error);
                self.refusal = Some(error);
                Action::Pause
            }
            action => self.or_refuse(action),
        }
    }

    fn on_http_request_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        if self.answered {
            return Action::Pause;
        }
        if self.refusal.is_some() {
            return self.drain(body_size, end_of_stream);
        }
        let action = self.within_budget(|this| this.body(body_size, end_of_stream));
        self.or_refuse(action)
    }

    fn on_http_request_trailers(&mut self, _num_trailers: usize) -> Action {
        if self.answered {
            return Action::Pause;
        }
        if self.refusal.is_some() {
            return self.drain(0, true);
        }
        if host::remove_request_trailers().is_err() {
            return self.or_refuse(Err(host_failed("take trailers away")));
        }
        // Trailers end the body without a last part, and without its size.
        let size = self.config.body_bytes;
        let action = self.within_budget(|this| this.body(size, true));
        self.or_refuse(action)
    }

    fn on_http_response_headers(&mut self, _num_headers: usize, end_of_stream: bool) -> Action {
        let action = self.response_headers(end_of_stream);
        self.has_passed(end_of_stream);
        action
    }

    fn on_http_response_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        let body_size = self.put_instead(body_size);
        let action = self.tell_anew(|errors| errors.response_body(body_size, end_of_stream));
        self.has_passed(end_of_stream);
        action
    }

    fn on_http_response_trailers(&mut self, _num_trailers: usize) -> Action {
        let most = self.config.reply_bytes;
        let action = self.tell_anew(|errors| errors.response_trailers(most));
        self.has_passed(true);
        action
    }

    fn on_log(&mut self) {
        self.close();
        // Calls may still be under way until here, and the client may leave.
        self.note_calls_left();
        if let Some((limited, record)) = self.limited.as_mut().zip(self.record.take()) {
            limited.settle(&record, self.leaves_calls);
        }
    }
}
