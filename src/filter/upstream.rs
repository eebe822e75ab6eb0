//! The upstream role: once per attempt, in the phases of an attempt.
//!
//! ```text
//! request headers   keep what the client sent
//! request body      translate, sign, send
//! response headers  hold the answer
//! response body     translate it: whole at its end, a stream event by event
//! answer, or end    put back what the client sent
//! ```
//!
//! Envoy replays the original body for a further attempt but not the original headers: what one attempt sets, the next
//! would see, and so could another provider. Hence what the first of them found is put back: see `originals`.

use std::rc::Rc;

use super::accounts::Accounts;
use super::attempt::{Answer, Awaited, Chosen, JSON, Sent};
use super::contexts::{Action, Stream};
use super::head::Head;
use super::host::{self, Buffer, Level, Map};
use super::originals::Originals;
use super::place;
use super::refusal::{host_failed, refuse, too_large};
use super::signing;
use crate::aws::path::encode_label;
use crate::aws::sign;
use crate::bedrock::error::Error as BedrockError;
use crate::config::{Config, Destination};
use crate::gateway::handoff::{self, Handoff, Purpose};
use crate::gateway::headers::Headers;
use crate::gateway::targets::{self, Place, Target};
use crate::openai::{Error, sse};
use crate::translate::chat::guardrail;
use crate::translate::errors::{self, no_answer};
use crate::translate::{self, Client, Outgoing, Reply, chat};

/// One attempt.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) config: Rc<Config>,
    accounts: Rc<Accounts>,
    /// What was found at its start.
    found: Headers,
    /// What the client sent, until it is put back.
    originals: Option<Originals>,
    /// What was sent, once it was.
    pub(super) sent: Option<Sent>,
    pub(super) answer: Answer,
    /// We have answered; nothing more is ours to do.
    refused: bool,
}

impl Upstream {
    pub(super) fn new(config: Rc<Config>, accounts: Rc<Accounts>) -> Self {
        Self {
            config,
            accounts,
            found: Headers::default(),
            originals: None,
            sent: None,
            answer: Answer::None,
            refused: false,
        }
    }

    fn request_headers(&mut self, end_of_stream: bool) -> Result<Action, Error> {
        if end_of_stream {
            return Err(Error::invalid("The request has no body; a JSON object is expected."));
        }
        self.found = host::headers(Map::Request).map_err(|_| host_failed("give the request's headers"))?;
        Ok(Action::Pause)
    }

    fn request_body(&mut self, size: usize, end_of_stream: bool) -> Result<Action, Error> {
        let limit = self.config.body_bytes;
        if size > limit {
            return Err(too_large(limit));
        }
        if !end_of_stream {
            return Ok(Action::Pause);
        }
        let handoff = host::property(&[handoff::KEY]);
        let handoff = handoff.as_deref().and_then(Handoff::from_bytes).ok_or_else(|| {
            host::log(Level::Error, || {
                "a request came by no gateway role: is it on this listener?".to_owned()
            });
            Error::new(500, "The gateway is not configured on this listener.").code("gateway_error")
        })?;
        let body =
            host::buffer(Buffer::RequestBody, size).map_err(|_| host_failed("give the request's body"))?;
        if body.len() > limit {
            return Err(too_large(limit));
        }
        self.originals = Some(Originals::share(handoff.id, std::mem::take(&mut self.found)));
        let config = Rc::clone(&self.config);
        let place = place::read(config.models.decide_cluster());
        let endpoint = match &handoff.purpose {
            Purpose::OpenAi(endpoint) => *endpoint,
            Purpose::Native(request) => {
                let target = native_target(&config, &request.model, &handoff.caller, &place)?;
                return self.send_native(request.operation, &handoff.caller, &target, &place, &body);
            }
        };
        let resolve = |asked: Option<&str>| {
            let resolved = config.models.resolve(asked, endpoint)?;
            resolved.check_again(&config.keys, &handoff.caller, asked)?;
            let target = targets::at(&resolved.targets, &place).cloned().ok_or_else(no_target)?;
            Ok(Chosen { target, is_fallback: resolved.is_fallback })
        };
        if config.models.speak_openai()
            && let Some(action) = self.send_as_it_is(endpoint, resolve, &place, &body, size)?
        {
            return Ok(action);
        }
        let original = self.original()?;
        let beta = original.all("anthropic-beta");
        let client = Client { name: &handoff.caller, chat: chat_headers(original, beta.as_deref()) };
        let (chosen, outgoing) = translate::request(endpoint, &body, &client, &config.options, resolve)?;
        let Chosen { target, is_fallback } = chosen;
        let destination = config.upstream.destination(&target, &place).ok_or_else(no_target)?;
        let Outgoing { operation, guardrail, body, ignored, reply } = outgoing;
        if is_fallback {
            host::log(Level::Info, || {
                format!("an unknown model was asked for by '{}': {} answers", handoff.caller, target.id)
            });
        }
        // Envoy would end a request that outgrows its buffer, and tell the client less.
        if body.len() > limit {
            return Err(too_large(limit));
        }
        let path = match &guardrail {
            Some((id, version)) => {
                format!("/guardrail/{}/version/{}/{operation}", encode_label(id), encode_label(version))
            }
            None => format!("/model/{}/{operation}", encode_label(&target.id)),
        };
        let body: Vec<&[u8]> = body.iter().collect();
        let headers = self.outgoing_headers(&destination, &path, JSON, &Headers::default(), &body)?;
        let region = destination.region.to_string();
        self.will_change();
        host::set_headers(Map::Request, &headers).map_err(|_| host_failed("take the request's headers"))?;
        host::set_pieces(Buffer::RequestBody, size, &body)
            .map_err(|_| host_failed("take the request's body"))?;
        let reply = Awaited::Translated(reply);
        self.sent = Some(Sent { reply, model: target.id, region, is_fallback, ignored: ignored.join(",") });
        Ok(Action::Continue)
    }

    /// What goes to Bedrock: nothing of the client's but the headers that the configuration lets through, and `beside`.
    pub(super) fn outgoing_headers(
        &self,
        destination: &Destination<'_>,
        path: &str,
        content_type: &str,
        beside: &Headers,
        body: &[&[u8]],
    ) -> Result<Headers, Error> {
        let original = self.original()?;
        let mut headers = Headers::default();
        headers.push(":method", "POST");
        headers.push(":scheme", original.value(":scheme").unwrap_or(b"https"));
        headers.push(":authority", destination.host.as_bytes());
        headers.push(":path", path);
        headers.push("content-type", content_type);
        let length: usize = body.iter().map(|piece| piece.len()).sum();
        headers.push("content-length", length.to_string());
        headers.extend(beside);
        for name in &self.config.forward_headers {
            if let Some(value) = original.value(name) {
                headers.push(name, value);
            }
        }
        let request = sign::Request {
            method: "POST",
            host: &destination.host,
            path,
            query: "",
            content_type: Some(content_type),
            body,
        };
        for (name, value) in signing::headers(&self.accounts, destination, &request)? {
            headers.push(name, value);
        }
        Ok(headers)
    }

    /// What the client sent.
    pub(super) fn original(&self) -> Result<&Headers, Error> {
        let originals = self.originals.as_ref().ok_or_else(|| host_failed("give the request's headers"))?;
        Ok(originals.headers())
    }

    /// To be called before the request's headers are written.
    pub(super) fn will_change(&self) {
        if let Some(originals) = &self.originals {
            originals.will_change();
        }
    }

    /// Puts back what the client sent, so that nothing of this attempt reaches another.
    fn put_back(&mut self) {
        if let Some(original) = self.originals.take().and_then(Originals::end)
            && host::set_headers(Map::Request, &original).is_err()
        {
            host::log(Level::Error, || "the request's headers could not be put back".to_owned());
        }
    }

    /// Whether another attempt at the same request is under way (hedging). Envoy 1.40 then drops this one at the headers of an
    /// error, and does not survive it when a body follows in the same call: so no error's body may.
    fn is_hedged(&self) -> bool {
        self.originals.as_ref().is_some_and(Originals::are_shared)
    }

    fn response_headers(&mut self, end_of_stream: bool) -> Action {
        let is_hedged = self.is_hedged();
        let Some(sent) = self.sent.as_ref().filter(|_| !self.refused) else {
            return Action::Continue;
        };
        let headers = host::headers(Map::Response).unwrap_or_default();
        let head = Head::of(&headers);
        let is_stream = headers
            .text("content-type")
            .is_some_and(|kind| kind.starts_with("application/vnd.amazon.eventstream"));
        if end_of_stream {
            // No body can be given here: the gateway role sees to that, and the retry policy to the status.
            let error = if head.status == 200 {
                no_answer("Bedrock's reply is empty.")
            } else {
                self.bedrock_error(&head, &[])
            };
            self.set_error(&head, &error, None);
            self.answer = Answer::Given;
            self.put_back();
            return Action::Continue;
        }
        if is_hedged && head.status != 200 {
            self.set_error(&head, &self.bedrock_error(&head, &[]), None);
            self.answer = Answer::Late(head, None);
            self.put_back();
            return Action::Continue;
        }
        self.answer = match &sent.reply {
            Awaited::AsItIs(kind) => {
                let kind = *kind;
                self.put_back();
                return self.begin_as_it_is(kind, head, headers);
            }
            Awaited::Translated(Reply::Chat(context))
                if context.stream && is_stream && head.status == 200 =>
            {
                let stream = chat::Stream::new(context.clone(), head.answered(), &self.config.options.limits);
                Answer::First(head, Box::new(stream))
            }
            _ => Answer::Whole(head),
        };
        Action::Pause
    }

    fn response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        match std::mem::replace(&mut self.answer, Answer::Given) {
            Answer::None => {
                self.answer = Answer::None;
                return Action::Continue;
            }
            Answer::Whole(head) => {
                let limit = self.config.reply_bytes;
                if size <= limit && !end_of_stream {
                    self.answer = Answer::Whole(head);
                    return Action::Pause;
                }
                let translated = if size > limit {
                    Err(no_answer(format!("Bedrock's reply is larger than {limit} bytes.")))
                } else {
                    self.whole(&head, size)
                };
                match translated {
                    Err(error) => return self.fail(head, error, size, end_of_stream),
                    Ok(body) => {
                        self.set_success(&head, "application/json", Some(body.len()));
                        self.set_body(size, &body);
                        self.put_back();
                    }
                }
            }
            Answer::First(head, mut stream) => {
                let mut out = Vec::new();
                let result = self.stream_bytes(&mut stream, size, end_of_stream, &mut out);
                match result {
                    Err(error) if !stream.has_begun() => {
                        return self.fail(head, error, size, end_of_stream);
                    }
                    Ok(()) if !stream.has_begun() => {
                        self.answer = Answer::First(head, stream);
                        self.set_body(size, &[]);
                        return Action::Pause;
                    }
                    _ => {}
                }
                self.set_success(&head, "text/event-stream; charset=utf-8", None);
                self.give_stream(stream, result, size, out);
                self.put_back();
            }
            Answer::Late(head, error) => {
                // The client has the status already, so it is not told of a body that is too large.
                if !end_of_stream {
                    if error.is_some() || size > self.config.reply_bytes {
                        self.set_body(size, &[]);
                    }
                    self.answer = Answer::Late(head, error);
                    return Action::Pause;
                }
                let body = || host::buffer(Buffer::ResponseBody, size).unwrap_or_default();
                let error = error.unwrap_or_else(|| self.bedrock_error(&head, &body()));
                self.set_body(size, &error.body());
            }
            Answer::Stream(mut stream) => {
                let mut out = Vec::new();
                let result = self.stream_bytes(&mut stream, size, end_of_stream, &mut out);
                self.give_stream(stream, result, size, out);
            }
            Answer::AsItIs(answer) => return self.go_on_as_it_is(answer, size, end_of_stream),
            Answer::Given => self.set_body(size, &[]),
        }
        Action::Continue
    }

    fn stream_bytes(
        &self,
        stream: &mut chat::Stream,
        size: usize,
        end_of_stream: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        if size > 0 {
            let bytes =
                host::buffer(Buffer::ResponseBody, size).map_err(|_| host_failed("give the reply's body"))?;
            stream.bytes(&bytes, out)?;
        }
        if end_of_stream { stream.end(out) } else { Ok(()) }
    }

    /// Passes chunks on; an error now can only be one more event, and nothing comes after it.
    fn give_stream(
        &mut self,
        stream: Box<chat::Stream>,
        result: Result<(), Error>,
        size: usize,
        mut out: Vec<u8>,
    ) {
        match result {
            Ok(()) => self.answer = Answer::Stream(stream),
            Err(error) => {
                // The text is the client's: it may repeat what was asked.
                host::log(Level::Warn, || {
                    format!("a stream broke off: {} {}", error.status, error.code.unwrap_or(error.kind))
                });
                sse::error(&mut out, &error);
            }
        }
        self.set_body(size, &out);
    }

    /// The whole answer for the client.
    fn whole(&self, head: &Head, size: usize) -> Result<Vec<u8>, Error> {
        let body = host::buffer(Buffer::ResponseBody, size).unwrap_or_default();
        let body = match &self.sent {
            Some(Sent { reply: Awaited::Translated(reply), .. }) if head.status == 200 => {
                reply.whole(&body, head.answered())?
            }
            _ => return Err(self.bedrock_error(head, &body)),
        };
        if body.len() > self.config.reply_bytes {
            return Err(no_answer(format!("The reply is larger than {} bytes.", self.config.reply_bytes)));
        }
        Ok(body)
    }

    fn bedrock_error(&self, head: &Head, body: &[u8]) -> Error {
        let error = BedrockError::from_reply(head.status, head.error_type.as_deref(), body);
        log_if_ours(&error);
        errors::error(&error)
    }

    /// Gives an error in the stead of the answer that is held.
    fn fail(&mut self, head: Head, error: Error, size: usize, end_of_stream: bool) -> Action {
        if self.is_hedged() {
            self.set_body(size, &[]);
            if end_of_stream {
                // There will be no later call for the body: this attempt is left to the other one, which ends it.
                return Action::Pause;
            }
            self.set_error(&head, &error, None);
            self.answer = Answer::Late(head, Some(error));
        } else {
            self.give_error(&head, &error, size);
        }
        self.put_back();
        Action::Continue
    }

    pub(super) fn give_error(&self, head: &Head, error: &Error, size: usize) {
        let body = error.body();
        self.set_error(head, error, Some(body.len()));
        self.set_body(size, &body);
    }

    /// Puts `body` in the place of what came. Where Envoy takes nothing more (a stream that ends in trailers before
    /// it is whole), the response is broken off: an end would look like a whole answer.
    pub(super) fn set_body(&self, size: usize, body: &[u8]) {
        if (size > 0 || !body.is_empty()) && host::set_buffer(Buffer::ResponseBody, size, body).is_err() {
            let reset = host::reset_response();
            host::log(Level::Error, || format!("a reply's body could not be set; broken off: {reset:?}"));
        }
    }

    fn set_success(&self, head: &Head, content_type: &str, length: Option<usize>) {
        let mut headers = head.common("200", content_type, length);
        if let Some(sent) = &self.sent {
            headers.push("x-bedrock-model", sent.model.as_str());
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

    fn set_error(&self, head: &Head, error: &Error, length: Option<usize>) {
        let mut headers = head.common(&error.status.to_string(), "application/json", length);
        if let Some(sent) = &self.sent {
            headers.push("x-bedrock-model", sent.model.as_str());
            headers.push("x-bedrock-region", sent.region.as_str());
        }
        if let Some(retry_after) = &head.retry_after {
            headers.push("retry-after", retry_after.as_slice());
        }
        if let Some(should_retry) = error.should_retry {
            headers.push("x-should-retry", if should_retry { "true" } else { "false" });
        }
        set_response_headers(&headers);
    }

    fn or_refuse(&mut self, action: Result<Action, Error>) -> Action {
        action.unwrap_or_else(|error| {
            self.refused = true;
            refuse(&error)
        })
    }
}

/// What answers for the model that the client of a native route asked for, at the place of this attempt.
fn native_target(config: &Config, asked: &str, caller: &str, place: &Place) -> Result<Target, Error> {
    let resolved = config.models.native(asked)?;
    resolved.check_again(&config.keys, caller, Some(asked))?;
    targets::at(&resolved.targets, place).cloned().ok_or_else(no_target)
}

/// The client is not told why the gateway's credentials are not accepted; whoever runs the gateway has to be.
pub(super) fn log_if_ours(error: &BedrockError) {
    if errors::is_ours(error) {
        host::log(Level::Warn, || {
            format!("Bedrock does not accept the gateway's credentials: {}", error.summary())
        });
    }
}

/// None of the model's targets is where Envoy has connected this attempt.
pub(super) fn no_target() -> Error {
    host::log(Level::Error, || {
        "none of the model's targets is at this endpoint: see its metadata".to_owned()
    });
    Error::new(503, "The gateway has no way to this model here.").code("no_target")
}

/// What the client's headers say about a chat.
fn chat_headers<'h>(headers: &'h Headers, anthropic_beta: Option<&'h str>) -> chat::Headers<'h> {
    chat::Headers {
        guardrail_identifier: headers.text(guardrail::IDENTIFIER),
        guardrail_version: headers.text(guardrail::VERSION),
        guardrail_trace: headers.text(guardrail::TRACE),
        anthropic_beta,
    }
}

pub(super) fn set_response_headers(headers: &Headers) {
    if host::set_headers(Map::Response, headers).is_err() {
        host::log(Level::Error, || "a reply's headers could not be set".to_owned());
    }
}

impl Stream for Upstream {
    fn on_request_headers(&mut self, end_of_stream: bool) -> Action {
        let action = self.request_headers(end_of_stream);
        self.or_refuse(action)
    }

    fn on_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if self.refused || self.sent.is_some() {
            return if self.refused { Action::Pause } else { Action::Continue };
        }
        let action = self.request_body(size, end_of_stream);
        self.or_refuse(action)
    }

    fn on_request_trailers(&mut self) -> Action {
        if self.refused || self.sent.is_some() {
            return if self.refused { Action::Pause } else { Action::Continue };
        }
        // Trailers end the body in the stead of its last piece.
        let action = self.request_body(self.config.body_bytes, true);
        self.or_refuse(action)
    }

    fn on_response_headers(&mut self, end_of_stream: bool) -> Action {
        self.response_headers(end_of_stream)
    }

    fn on_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        self.response_body(size, end_of_stream)
    }

    fn on_response_trailers(&mut self) -> Action {
        // Trailers end the body in the stead of its last piece, and do not say how much of it is held.
        let is_held = matches!(self.answer, Answer::Whole(_) | Answer::AsItIs(_));
        let held = if is_held { self.config.reply_bytes } else { 0 };
        self.response_body(held, true)
    }

    fn on_done(&mut self) {
        // A reset or a timeout gives no response.
        self.put_back();
    }
}
