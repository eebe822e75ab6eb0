//! The upstream role: one context per attempt, in the order of its callbacks.
//!
//! ```text
//! request headers   keep what the client sent          here
//! request body      translate, sign, send              request, as_it_is
//! response headers  hold the answer                    response, as_it_is
//! response body     translate it: whole at its end,    response, as_it_is, give
//!                   a stream event by event
//! answer, or end    put back what the client sent      here
//! ```
//!
//! Envoy replays the original body for a further attempt but not the original headers: what one attempt sets, the next
//! would see, and so could another provider. Hence what the first of them found is put back: see `originals`.

mod as_it_is;
mod attempt;
mod give;
mod head;
mod noting;
mod place;
mod request;
mod response;

use std::cell::Cell;
use std::rc::Rc;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, LogLevel, MapType};

use super::accounts::Accounts;
use super::held::Held;
use super::originals::Originals;
use super::refusal::{host_failed, refuse};
use super::{ending, host};
use crate::config::Config;
use crate::gateway::headers::Headers;
use crate::openai::Error;
use crate::record::Account;
use crate::record::usage::Usage;
use crate::wire;
use attempt::{Answer, Sent};

/// An attempt in the upstream role.
#[derive(Debug)]
pub(super) struct Upstream {
    /// Its context id.
    id: u32,
    config: Rc<Config>,
    accounts: Rc<Accounts>,
    /// The request headers at its start.
    found: Headers,
    /// The client's request headers, until they are restored.
    originals: Option<Originals>,
    /// What was sent, once it was.
    sent: Option<Sent>,
    answer: Answer,
    /// The request's account, which becomes its record; `None` where the gateway role runs in another VM.
    account: Option<Rc<Account>>,
    /// The name of the attempt's target, where it has one, once the request is sent.
    target: Option<String>,
    /// The attempt's tokens that are in the account already.
    told: Cell<Usage>,
    /// Whether the filter asked a stream for its tokens where the client did not; that chunk is then removed.
    hides_usage: bool,
    /// Bytes of the request's body that were there when it began to wait for its caller's role.
    waits: Option<usize>,
    /// Bytes counted for this attempt.
    held: Held,
    /// A local reply was sent; the rest is ignored.
    refused: bool,
    /// An error event was sent, and the stream is about to be reset.
    is_ending: bool,
}

impl Upstream {
    pub(super) fn new(id: u32, config: Rc<Config>, accounts: Rc<Accounts>) -> Self {
        Self {
            id,
            config,
            accounts,
            found: Headers::default(),
            originals: None,
            sent: None,
            answer: Answer::None,
            account: None,
            target: None,
            told: Cell::default(),
            hides_usage: false,
            waits: None,
            held: Held::default(),
            refused: false,
            is_ending: false,
        }
    }

    fn request_headers(&mut self, end_of_stream: bool) -> Result<Action, Error> {
        if end_of_stream {
            return Err(Error::invalid("The request has no body; a JSON object is expected."));
        }
        self.found = host::headers(MapType::HttpRequestHeaders)
            .map_err(|_| host_failed("give the request's headers"))?;
        self.keep(None)?;
        Ok(Action::Pause)
    }

    /// Counts the client's headers, and what the answer needs of the request.
    fn keep(&mut self, sent: Option<&Sent>) -> Result<(), Error> {
        let originals = self.originals.as_ref().map_or(0, Originals::held);
        let kept = self.found.held().saturating_add(originals).saturating_add(sent.map_or(0, Sent::held));
        self.held.set(kept, self.config.worker_bytes)
    }

    /// The client's request headers.
    fn original(&self) -> Result<&Headers, Error> {
        let originals = self.originals.as_ref().ok_or_else(|| host_failed("give the request's headers"))?;
        Ok(originals.headers())
    }

    /// To be called before the request's headers are written.
    fn will_change(&self) {
        if let Some(originals) = &self.originals {
            originals.will_change();
        }
    }

    /// Restores the client's headers, so that no header of this attempt reaches another.
    fn put_back(&mut self) {
        if let Some(original) = self.originals.take().and_then(Originals::end)
            && host::set_headers(MapType::HttpRequestHeaders, &original).is_err()
        {
            host::log(LogLevel::Error, || "the request's headers could not be put back".to_owned());
        }
        let sent = self.sent.take();
        // A decrease is never refused.
        let _ = self.keep(sent.as_ref());
        self.sent = sent;
    }

    /// Whether another attempt of the same request is under way (hedging). Envoy 1.40 then drops this one at an error's
    /// headers, and crashes if a body follows in the same callback: so such an error must have none.
    fn is_hedged(&self) -> bool {
        self.originals.as_ref().is_some_and(Originals::are_shared)
    }

    /// Runs `act`, which parses a body, within the budget of bytes that may be held.
    fn within_budget<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        wire::at_most(self.config.held_bytes, || act(self))
    }

    fn or_refuse(&mut self, action: Result<Action, Error>) -> Action {
        action.unwrap_or_else(|error| {
            self.refused = true;
            self.fails(&error);
            refuse(&error)
        })
    }
}

impl Context for Upstream {
    fn on_done(&mut self) -> bool {
        ending::is_over(self.id);
        if self.waits.is_some() {
            self.accounts.leave(self.id);
        }
        // After a reset or a timeout no response has come, so this is the attempt's end.
        self.put_back();
        true
    }
}

impl HttpContext for Upstream {
    fn on_wake(&mut self) {
        let Some(size) = self.waits.filter(|_| !self.refused && self.sent.is_none()) else { return };
        let action = self.within_budget(|this| this.request_body(size, true));
        if self.or_refuse(action) == Action::Continue && hostcalls::resume_http_request().is_err() {
            self.or_refuse(Err(host_failed("let the request go on")));
        }
    }

    fn on_http_request_headers(&mut self, _num_headers: usize, end_of_stream: bool) -> Action {
        let action = self.request_headers(end_of_stream);
        self.or_refuse(action)
    }

    fn on_http_request_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        if self.refused || self.sent.is_some() {
            return if self.refused { Action::Pause } else { Action::Continue };
        }
        let action = self.within_budget(|this| this.request_body(body_size, end_of_stream));
        self.or_refuse(action)
    }

    fn on_http_request_trailers(&mut self, _num_trailers: usize) -> Action {
        if !self.refused && host::remove_request_trailers().is_err() {
            return self.or_refuse(Err(host_failed("take trailers away")));
        }
        if self.refused || self.sent.is_some() {
            return if self.refused { Action::Pause } else { Action::Continue };
        }
        // Trailers end the body without a last part.
        let size = self.config.body_bytes;
        let action = self.within_budget(|this| this.request_body(size, true));
        self.or_refuse(action)
    }

    fn on_http_response_headers(&mut self, _num_headers: usize, end_of_stream: bool) -> Action {
        let action = self.response_headers(end_of_stream);
        self.held.count(self.answer.held());
        action
    }

    fn on_http_response_body(&mut self, body_size: usize, end_of_stream: bool) -> Action {
        self.within_budget(|this| this.response_body(body_size, end_of_stream))
    }

    fn on_http_response_trailers(&mut self, _num_trailers: usize) -> Action {
        // Trailers end the body without a last part, and without the size that is held.
        let is_held = matches!(self.answer, Answer::Whole(_) | Answer::AsItIs(_));
        let held = if is_held { self.config.reply_bytes } else { 0 };
        self.within_budget(|this| this.response_body(held, true))
    }
}
