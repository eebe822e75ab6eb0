//! Translates the client's request and signs it for the endpoint of this attempt.

use std::rc::Rc;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{Action, BufferType, LogLevel, MapType};

use super::as_it_is::guardrail_headers;
use super::attempt::{Awaited, Chosen, JSON, Sent};
use super::noting::{Begun, input_guess};
use super::{Upstream, place};
use crate::aws::path::encode_label;
use crate::aws::sign;
use crate::bedrock::operation::Operation;
use crate::config::{Config, Destination};
use crate::filter::originals::Originals;
use crate::filter::refusal::{host_failed, too_large};
use crate::filter::thoughts::Thoughts;
use crate::filter::{held, host, record, signing};
use crate::gateway::callers::Caller;
use crate::gateway::handoff::{self, Handoff, Purpose};
use crate::gateway::headers::Headers;
use crate::gateway::models::Resolved;
use crate::gateway::native;
use crate::gateway::spent::{self, Spent};
use crate::gateway::targets::{self, Place, Target};
use crate::openai::{Endpoint, Error};
use crate::translate::chat::guardrail;
use crate::translate::terms::Terms;
use crate::translate::thoughts::Recall;
use crate::translate::{self, Client, Outgoing, chat};

/// The request's caller.
#[derive(Clone, Copy)]
pub(super) struct Whose<'c> {
    /// The caller's name.
    pub(super) name: &'c str,
    /// The terms that the configuration sets for the caller's requests.
    pub(super) terms: Option<&'c Terms>,
    /// Whether the request is a call of this gateway to itself, for a part of another.
    pub(super) is_part: bool,
}

impl<'c> Whose<'c> {
    /// Cost labels that the configuration sets for the caller.
    pub(super) fn labels(self) -> &'c [(String, String)] {
        self.terms.map(|terms| terms.labels.as_slice()).unwrap_or_default()
    }
}

impl Upstream {
    /// Sends the request once its body is whole; `size` bytes are there.
    pub(super) fn request_body(&mut self, size: usize, end_of_stream: bool) -> Result<Action, Error> {
        let limit = self.config.body_bytes;
        if size > limit {
            return Err(too_large(limit));
        }
        if !end_of_stream {
            return Ok(Action::Pause);
        }
        let handoff = host::property(&[handoff::KEY]);
        let handoff = read(handoff.as_deref())?;
        let config = Rc::clone(&self.config);
        let caller = caller(&config, &handoff)?;
        // Waits once: if the credentials are still missing afterwards, the request is refused.
        if let Some(account) = caller.and_then(|caller| caller.policy.attribution.account)
            && self.waits.is_none()
            && self.accounts.wait(account, self.id)
        {
            self.waits = Some(size);
            return Ok(Action::Pause);
        }
        held::room_for(size, self.config.worker_bytes)?;
        let body = hostcalls::get_buffer(BufferType::HttpRequestBody, 0, size)
            .map_err(|_| host_failed("give the request's body"))?;
        if body.len() > limit {
            return Err(too_large(limit));
        }
        self.account = record::of(handoff.id);
        self.originals = Some(Originals::share(handoff.id, std::mem::take(&mut self.found)));
        let place = place::read(config.models.decide_cluster());
        let terms = caller.map(|caller| &caller.policy.terms);
        let whose = Whose { name: &handoff.caller, terms, is_part: handoff.is_part };
        let endpoint = match &handoff.purpose {
            Purpose::OpenAi(endpoint) => *endpoint,
            Purpose::Native(request) => {
                let chosen = native_target(&config, &request.model, caller, &place)?;
                return self.send_native(request.operation, whose, &chosen, &place, &body);
            }
        };
        let account = self.account.clone();
        let resolve = |asked: Option<&str>| {
            if let Some((account, asked)) = account.as_ref().zip(asked) {
                account.with(|facts| facts.asks_for(asked));
            }
            let resolved = config.models.resolve(asked, endpoint)?;
            resolved.check_again(caller, asked)?;
            target(&config, &resolved, caller, &place)
        };
        if config.models.speak_openai()
            && let Some(action) = self.send_as_it_is(endpoint, resolve, whose, &place, &body, size)?
        {
            return Ok(action);
        }
        self.send_translated(endpoint, resolve, whose, &place, &body, size)
    }

    fn send_translated(
        &mut self,
        endpoint: Endpoint,
        resolve: impl Fn(Option<&str>) -> Result<Chosen, Error>,
        whose: Whose<'_>,
        place: &Place,
        body: &[u8],
        size: usize,
    ) -> Result<Action, Error> {
        let guessed = input_guess(body);
        let config = Rc::clone(&self.config);
        let Whose { name: caller, terms, is_part } = whose;
        let original = self.original()?;
        let beta = original.all("anthropic-beta");
        let thoughts = config.reasoning_memory.map(|memory| Thoughts::new(memory, &config, caller));
        let recall = thoughts.as_ref().map(|thoughts| -> &dyn Recall { thoughts });
        let chat = chat_headers(original, beta.as_deref());
        let client = Client { name: caller, terms, chat, recall, is_part };
        let limit = config.body_bytes;
        let (chosen, outgoing) =
            translate::request_within(limit, endpoint, body, &client, &config.options, resolve)?;
        let destination = config.upstream.destination(&chosen.target, place).ok_or_else(no_target)?;
        let Outgoing { operation, guardrail, body, ignored, reply } = outgoing;
        let Chosen { target, called: _, is_fallback } = &chosen;
        let is_fallback = *is_fallback;
        let reply = match self.spent(endpoint) {
            Some(Spent { usage, parted }) => reply.after(usage, parted),
            None => reply,
        };
        if is_fallback {
            host::log(LogLevel::Info, || {
                format!("an unknown model was asked for by '{caller}': {} answers", target.id)
            });
        }
        // Envoy would end a request that outgrows its buffer, with a less helpful error.
        if body.len() > limit {
            return Err(too_large(limit));
        }
        let path = match &guardrail {
            Some((id, version)) => {
                format!("/guardrail/{}/version/{}/{operation}", encode_label(id), encode_label(version))
            }
            None => {
                let id = chosen.asked_as(&config.options, operation);
                format!("/model/{}/{operation}", encode_label(id))
            }
        };
        let owner = thoughts
            .filter(|_| reply.keeps_thoughts())
            .map(|thoughts| thoughts.owner(config.options.known_as(&target.id)));
        let beside = if reply.is_of_own_body() {
            let mut beside = native::beside(original, caller, whose.labels());
            beside.extend(&guardrail_headers(
                original,
                config.options.rules(&target.id, None, terms).guardrail,
            ));
            beside
        } else {
            Headers::default()
        };
        let is_streamed = reply.is_streamed() || operation == Operation::InvokeStream.segment();
        let (reply, region) = (Awaited::Translated(Box::new(reply)), destination.region.to_string());
        let sent = Sent::new(reply, target.id.clone(), region, is_fallback, ignored.join(","));
        let sent = sent.of(owner).by(chosen.profile(operation));
        self.keep(Some(&sent))?;
        let body: Vec<&[u8]> = body.iter().collect();
        self.send_headers(&destination, &path, JSON, &beside, &body)?;
        host::set_pieces(BufferType::HttpRequestBody, size, &body)
            .map_err(|_| host_failed("take the request's body"))?;
        let begun = Begun {
            target,
            stream: is_streamed,
            is_counted: operation != Operation::CountTokens.segment() && guardrail.is_none(),
            input_guess: guessed,
        };
        self.is_sent(sent, &begun);
        Ok(Action::Continue)
    }

    /// Usage of the technique's earlier calls, where this request is its last.
    fn spent(&self, endpoint: Endpoint) -> Option<Spent> {
        if endpoint != Endpoint::ChatCompletions || self.config.techniques.is_none() {
            return None;
        }
        host::property(&[spent::KEY]).as_deref().and_then(Spent::from_bytes)
    }

    /// Sets the request's headers: `beside`, and of the client's only those that the configuration passes on.
    pub(super) fn send_headers(
        &self,
        destination: &Destination<'_>,
        path: &str,
        content_type: &str,
        beside: &Headers,
        body: &[&[u8]],
    ) -> Result<(), Error> {
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
        self.will_change();
        host::set_headers(MapType::HttpRequestHeaders, &headers)
            .map_err(|_| host_failed("take the request's headers"))
    }
}

/// Reads the gateway role's handoff.
fn read(handoff: Option<&[u8]>) -> Result<Handoff<'_>, Error> {
    handoff.and_then(Handoff::from_bytes).ok_or_else(|| {
        host::log(LogLevel::Error, || {
            "a request came by no gateway role: is it on this listener?".to_owned()
        });
        Error::new(500, "The gateway is not configured on this listener.").code("gateway_error")
    })
}

/// The request's caller in this configuration.
///
/// Envoy updates the configuration of the two roles one after the other, so a caller or its rules may be unknown here. A
/// request whose caller has rules for attempts is then refused.
fn caller<'c>(config: &'c Config, handoff: &Handoff<'_>) -> Result<Option<&'c Caller>, Error> {
    let caller = config.keys.callers.named(&handoff.caller);
    if handoff.is_bound && caller.is_none_or(|caller| !caller.policy.is_bound()) {
        return Err(
            Error::new(503, "The gateway's configuration is being renewed; try again.").code(held::BUSY)
        );
    }
    Ok(caller)
}

/// The target for the model of a native route, at the endpoint of this attempt.
fn native_target(
    config: &Config,
    asked: &str,
    caller: Option<&Caller>,
    place: &Place,
) -> Result<Chosen, Error> {
    let resolved = config.models.native(asked)?;
    resolved.check_again(caller, Some(asked))?;
    target(config, &resolved, caller, place)
}

/// The target at the endpoint of this attempt, among those that the caller may use, and the inference profile to call instead.
/// Where another target may be at another endpoint, the error is a 503, on which Envoy tries that.
fn target(
    config: &Config,
    resolved: &Resolved<'_>,
    caller: Option<&Caller>,
    place: &Place,
) -> Result<Chosen, Error> {
    let any = targets::at(&*resolved.targets, place).ok_or_else(no_target)?;
    let chosen = |target: &Target, called: Option<&str>| {
        let account = caller.and_then(|caller| caller.policy.attribution.account);
        Chosen {
            target: Target { account: account.unwrap_or(target.account), ..target.clone() },
            called: called.map(str::to_owned),
            is_fallback: resolved.is_fallback,
        }
    };
    let Some(caller) = caller.filter(|caller| caller.policy.is_by_model()) else {
        return Ok(chosen(any, None));
    };
    let called = |target: &Target| match config.upstream.destination(target, place) {
        Some(to) => caller.called(target, Some(to.region.as_str()), &config.options),
        None => Err(Caller::not_there(403)),
    };
    let is_elsewhere_too = resolved.targets.len() > 1 || place.region.is_some();
    let fitting = resolved.targets.iter().filter(|target| called(target).is_ok());
    let target = targets::at(fitting, place).unwrap_or(any);
    called(target)
        .map(|called| chosen(target, called))
        .map_err(|error| Error { status: if is_elsewhere_too { 503 } else { error.status }, ..error })
}

/// The error where no target of the model is at the endpoint of this attempt.
pub(super) fn no_target() -> Error {
    host::log(LogLevel::Error, || {
        "none of the model's targets is at this endpoint: see its metadata".to_owned()
    });
    Error::new(503, "The gateway has no way to this model here.").code("no_target")
}

/// The client's headers that affect a chat.
fn chat_headers<'h>(headers: &'h Headers, anthropic_beta: Option<&'h str>) -> chat::Headers<'h> {
    chat::Headers {
        guardrail_identifier: headers.text(guardrail::IDENTIFIER),
        guardrail_version: headers.text(guardrail::VERSION),
        guardrail_trace: headers.text(guardrail::TRACE),
        anthropic_beta,
    }
}
