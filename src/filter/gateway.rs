//! The gateway role: one context per request, in the order of its callbacks.

mod callbacks;
mod limits;
mod techniques;

use std::ops::ControlFlow;
use std::rc::Rc;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{Action, BufferType, MapType};
use serde::Deserialize;

use super::fan_out::FanOut;
use super::held::{self, Held};
use super::images::Fetching;
use super::limits::{Limited, is_part};
use super::originals;
use super::refusal::{host_failed, json, too_large};
use super::told_anew::ToldAnew;
use super::{host, record};
use crate::aws::turn::moment;
use crate::bedrock::operation::Operation;
use crate::config::Config;
use crate::gateway::callers::{self, Caller};
use crate::gateway::handoff::{self, Handoff, Purpose};
use crate::gateway::headers::{CALL_OF_TECHNIQUE, CLUSTER, Headers, LET_IN, PART_OF};
use crate::gateway::images::Images;
use crate::gateway::keys::{Authenticated, Refused};
use crate::gateway::limits::Amount;
use crate::gateway::models::{Resolved, anthropic};
use crate::gateway::route::{Route, route};
use crate::gateway::shape::{self, Shape};
use crate::gateway::targets::Target;
use crate::openai::model_member::ModelMember;
use crate::openai::{self, Endpoint, Error};
use crate::record::{Account, Record, account, operation};
use crate::translate::chat::Parameter;
use crate::translate::embeddings;
use crate::translate::split::{PerCall, Split, split};
use crate::wire::{Str, to_vec};
use techniques::{AtWork, Waiting};

/// A request in the gateway role.
#[derive(Debug)]
pub(super) struct Gateway {
    config: Rc<Config>,
    /// A request that waits for its body, because the choice of the cluster or the caller's rights depend on its model, or
    /// because it may hold URLs of images.
    undecided: Option<Undecided>,
    /// Images being fetched; the request is held until they are there.
    fetching: Option<Fetching>,
    /// Endpoint and headers of a request that will be sent in parts once its images are there.
    behind_images: Option<(Endpoint, Headers)>,
    /// Parts under way. The request itself is not sent.
    fan_out: Option<FanOut>,
    /// A technique that waits for the chat's images.
    chosen: Option<Waiting>,
    /// A technique under way; the request is held until the technique's last call.
    at_work: Option<AtWork>,
    /// Response headers that name the technique, added to the last call's response.
    marks: Option<Headers>,
    /// The error to answer with once the request's body has come: Envoy closes an HTTP/1.1 connection whose request is answered
    /// before it is whole.
    refusal: Option<Error>,
    /// Bytes of a refused body that were discarded.
    drained: usize,
    /// Bytes counted for this request.
    held: Held,
    /// A local reply was sent; the rest is ignored.
    answered: bool,
    /// Converts errors, on routes whose error format is not OpenAI's.
    told_anew: Option<ToldAnew>,
    /// The request's account, which becomes its record.
    open: record::Open,
    /// `None` where the caller has no limits.
    limited: Option<Limited>,
    /// Calls of this request were still under way when it ended.
    leaves_calls: bool,
    /// The record, made when the answer has passed; limits are charged by it.
    record: Option<Record>,
    /// The body that replaces that of a local reply of Envoy's.
    instead: Option<Vec<u8>>,
}

#[derive(Debug)]
struct Undecided {
    endpoint: Endpoint,
    caller: Caller,
    /// Whether the model must be known before the request goes on.
    by_model: bool,
    /// The model that the path names, for the body.
    deployment: Option<String>,
    /// Whether the request may choose a technique.
    may_choose: bool,
    /// Whether the request may be sent in parts.
    may_fan_out: bool,
    /// The client's headers, kept where the request may be sent in parts.
    sent: Option<Headers>,
}

/// The members of a body that the gateway role reads.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Asked<'a> {
    model: Option<Str<'a>>,
}

impl Gateway {
    pub(super) fn new(config: Rc<Config>) -> Self {
        Self {
            config,
            undecided: None,
            fetching: None,
            behind_images: None,
            fan_out: None,
            chosen: None,
            at_work: None,
            marks: None,
            refusal: None,
            drained: 0,
            held: Held::default(),
            answered: false,
            told_anew: None,
            open: record::Open::default(),
            limited: None,
            leaves_calls: false,
            record: None,
            instead: None,
        }
    }

    fn headers(&mut self, end_of_stream: bool) -> Result<Action, Error> {
        self.account().with(|facts| facts.began = Some(host::now()));
        let headers = host::headers(MapType::HttpRequestHeaders)
            .map_err(|_| host_failed("give the request's headers"))?;
        // A part does not count as a request, and a client must not claim to be one: only this gateway's own calls are marked.
        let is_part = is_part(&headers);
        self.account().with(|facts| {
            facts.has_id(headers.text("x-request-id"));
            let part_of = headers.text(PART_OF).filter(|id| is_part && account::is_id(id));
            facts.part_of = part_of.map(str::to_owned);
        });
        headers.check_size(self.config.header_bytes)?;
        let method = headers.text(":method").unwrap_or_default();
        let path = headers.text(":path").unwrap_or_default();
        let shape = shape::of(path, &headers, &self.config.prefixes);
        let is_anthropics = shape == Some(Shape::Anthropic);
        self.told_anew = shape.map(ToldAnew::new);
        let route = route(method, path, &self.config.prefixes)?;
        self.account().with(|facts| facts.operation = operation::of(&route));
        if route == Route::Health {
            self.answered = true;
            self.account().with(|facts| facts.is_unrecorded = true);
            return Ok(json(200, br#"{"status":"ok"}"#));
        }
        let now = || moment(host::now()).as_secs();
        let Authenticated { caller, has_credential } =
            self.config.keys.authenticate(&headers, now, &host::Known).map_err(
                |Refused { error, caller }| {
                    caller.inspect(|caller| self.account().with(|facts| facts.is_of(caller)));
                    error
                },
            )?;
        self.open.is_of(&self.config, caller);
        let counts_cost = caller.policy.counts_cost();
        let may_reach = |id: &str| {
            caller.called(&Target::of_id(id), None, &self.config.options).is_ok()
                && (!counts_cost || self.config.is_priced(id))
        };
        let mut deployment = None;
        let purpose = match route {
            Route::Health => return Ok(Action::Continue),
            Route::Models(asked) => {
                let list = self.config.models.list(caller, asked, may_reach);
                self.answered = true;
                let body = if is_anthropics { to_vec(&anthropic::list(list)) } else { to_vec(&list) };
                return Ok(json(200, &body));
            }
            Route::Model(id) => {
                let found = self.config.models.find(&id, caller, may_reach)?;
                self.answered = true;
                let model = self.config.models.tell(&id, &found);
                let body = if is_anthropics { to_vec(&anthropic::one(&model)) } else { to_vec(&model) };
                return Ok(json(200, &body));
            }
            Route::Bedrock(endpoint) => Purpose::OpenAi(endpoint),
            Route::Deployment(endpoint, model) => {
                deployment = Some(model);
                Purpose::OpenAi(endpoint)
            }
            Route::Native(request) => Purpose::Native(request),
        };
        if end_of_stream {
            return Err(Error::invalid("The request has no body; a JSON object is expected."));
        }
        if let Some(length) = headers.text("content-length") {
            // A length beyond `usize` is too large as well.
            self.check_size(length.parse::<usize>().unwrap_or(usize::MAX))?;
        }

        let asked = match &purpose {
            Purpose::OpenAi(endpoint) => callers::name(*endpoint),
            Purpose::Native(_) => callers::NATIVE,
        };
        caller.check_endpoint(asked)?;
        self.limited = Limited::new(&caller.policy, &purpose, shape, is_part);
        let by_limits = self.waits_for_limits();
        if let Some(limited) = self.limited.as_mut().filter(|_| !by_limits) {
            limited.let_in(&Amount::of_request())?;
        }
        let is_bound = caller.policy.is_bound();
        let id = originals::next_id();
        self.open.share(id);
        let handoff = Handoff { purpose, caller: caller.name.as_str().into(), is_bound, is_part, id };
        hostcalls::set_property(&[handoff::KEY], Some(&handoff.to_bytes()))
            .map_err(|_| host_failed("keep filter state"))?;
        for name in headers.stripped() {
            hostcalls::remove_map_value(MapType::HttpRequestHeaders, name)
                .map_err(|_| host_failed("take a header away"))?;
        }
        let endpoint = match handoff.purpose {
            Purpose::OpenAi(endpoint) => endpoint,
            Purpose::Native(request) => {
                // The path names the model, so the request need not wait for its body.
                self.account().with(|facts| facts.asks_for(&request.model));
                let resolved = self.config.models.native(&request.model)?;
                resolved.check(caller, Some(&request.model))?;
                if request.operation != Operation::CountTokens {
                    self.check_price(&resolved, caller)?;
                    let rate = if counts_cost { self.config.dearest(resolved.ids()) } else { None };
                    self.limited.iter_mut().for_each(|limited| limited.costs(rate));
                }
                self.choose_cluster(self.reachable(&resolved, caller)?)?;
                return if by_limits { Ok(Action::Pause) } else { let_in() };
            }
        };
        let by_model = caller.policy.is_by_model() || counts_cost || self.config.models.decide_cluster();
        // Parts are sent with the client's credential, so there must be one.
        let may_fan_out = endpoint.takes_several() && self.config.fan_out.is_some() && has_credential;
        let may_choose = endpoint == Endpoint::ChatCompletions
            && self.config.techniques.is_some()
            && headers.value(CALL_OF_TECHNIQUE).is_none();
        let by_body = by_model || by_limits || may_fan_out || may_choose;
        if by_body || deployment.is_some() || self.images(endpoint).is_some() {
            let mut caller = caller.clone();
            if !has_credential {
                caller.policy.techniques = Some(Vec::new());
            }
            let sent = (may_fan_out || may_choose).then_some(headers);
            self.held.set(sent.as_ref().map_or(0, Headers::held), self.config.worker_bytes)?;
            self.undecided =
                Some(Undecided { endpoint, caller, by_model, deployment, may_choose, may_fan_out, sent });
            return Ok(Action::Pause);
        }
        self.choose_cluster(None)?;
        let_in()
    }

    fn body(&mut self, size: usize, end_of_stream: bool) -> Result<Action, Error> {
        self.check_size(size)?;
        if !end_of_stream {
            let is_held = self.undecided.is_some() || self.waits_for_limits();
            return Ok(if is_held { Action::Pause } else { Action::Continue });
        }
        let undecided = self.undecided.take();
        if undecided.is_none() && !self.waits_for_limits() {
            return Ok(Action::Continue);
        }
        held::room_for(size, self.config.worker_bytes)?;
        let mut body = hostcalls::get_buffer(BufferType::HttpRequestBody, 0, size)
            .map_err(|_| host_failed("give the request's body"))?;
        let asked = self.let_in_within_limits(&body, undecided.as_ref())?;
        // A request of Bedrock's own routes waits for its body only for the sake of limits.
        let Some(mut undecided) = undecided else { return let_in() };
        // The model's name may also choose a technique.
        let asked = asked.filter(|_| !undecided.may_choose && undecided.deployment.is_none());
        if let Some(model) = undecided.deployment.take() {
            body = self.with_model(&body, size, &model)?;
        }
        let (undecided, body) = match self.begin_technique(undecided, body)? {
            ControlFlow::Break(action) => return Ok(action),
            ControlFlow::Continue(rest) => rest,
        };
        let Undecided { endpoint, caller, by_model, deployment: _, may_choose: _, may_fan_out, sent } =
            undecided;
        let sent = sent.filter(|_| may_fan_out);
        if by_model {
            let asked = asked.map_or_else(|| self.model_of(&body), Ok)?;
            self.choose_by_model(asked.as_deref(), endpoint, &caller)?;
        } else {
            self.choose_cluster(None)?;
        }
        let pieces = if sent.is_some() { self.pieces(&body, endpoint)? } else { None };
        if let Some(images) = self.images(endpoint) {
            self.fetching = Fetching::begin(&self.config, images, &body, body.len())?;
        }
        if self.fetching.is_some() {
            // Images are fetched once, for all parts.
            self.behind_images = pieces.and(sent).map(|sent| (endpoint, sent));
            return Ok(Action::Pause);
        }
        match pieces.zip(sent) {
            Some((split, sent)) => self.begin_fan_out(split, body, &sent),
            None => {
                // The client's headers are no longer kept.
                self.held.set(0, self.config.worker_bytes)?;
                let_in()
            }
        }
    }

    /// The request in parts, where it must be sent so.
    fn pieces(&self, body: &[u8], endpoint: Endpoint) -> Result<Option<Split>, Error> {
        split(body, endpoint, &self.config.options.limits, |asked| self.per_call(endpoint, asked))
    }

    /// Sends the first parts. The request itself is not sent.
    fn begin_fan_out(&mut self, split: Split, body: Vec<u8>, sent: &Headers) -> Result<Action, Error> {
        if let Some(settings) = &self.config.fan_out {
            // From here on its bytes are counted by `FanOut`.
            self.held.set(0, self.config.worker_bytes)?;
            let fan_out = FanOut::begin(&self.config, settings, split, body, sent)?;
            self.note_pieces(&fan_out);
            self.fan_out = Some(fan_out);
        }
        Ok(Action::Pause)
    }

    /// Notes in the account how many parts were sent.
    fn note_pieces(&self, fan_out: &FanOut) {
        self.account().with(|facts| facts.calls = u64::try_from(fan_out.made()).ok());
    }

    /// Writes the model of the path into the body, of which `size` bytes are there: from here on the request is in OpenAI's
    /// format.
    fn with_model(&self, body: &[u8], size: usize, model: &str) -> Result<Vec<u8>, Error> {
        let body = ModelMember::find(body)?.replaced(body, model);
        let body =
            body.ok_or_else(|| Error::invalid("The request body is not what is expected: a JSON object."))?;
        self.check_size(body.len())?;
        host::set_request_body(size, &body).map_err(|_| host_failed("take the request's body"))?;
        Ok(body)
    }

    /// The model that a body names.
    fn model_of(&self, body: &[u8]) -> Result<Option<String>, Error> {
        let Asked { model } = openai::parse(body)?;
        Ok(model.filter(|name| !name.is_blank()).map(|name| name.into_cow().into_owned()))
    }

    fn choose_by_model(&self, asked: Option<&str>, endpoint: Endpoint, caller: &Caller) -> Result<(), Error> {
        if let Some(asked) = asked {
            self.account().with(|facts| facts.asks_for(asked));
        }
        let resolved = self.config.models.resolve(asked, endpoint)?;
        resolved.check(caller, asked)?;
        let cluster = self.reachable(&resolved, caller)?;
        if endpoint.costs_tokens() {
            self.check_price(&resolved, caller)?;
        }
        self.choose_cluster(cluster)
    }

    /// The cluster of the model's first target that the caller may use; `None`: the default cluster.
    fn reachable<'r>(
        &'r self,
        resolved: &'r Resolved<'_>,
        caller: &Caller,
    ) -> Result<Option<&'r str>, Error> {
        let target = resolved.reachable(caller, &self.config.options)?;
        Ok(target.cluster.as_deref())
    }

    /// How many inputs or choices one call of the model takes, at any of its targets.
    fn per_call(&self, endpoint: Endpoint, asked: Option<&str>) -> Result<PerCall, Error> {
        let options = &self.config.options;
        match endpoint {
            Endpoint::Embeddings => {
                let resolved = self.config.models.resolve(asked, endpoint)?;
                let each: Option<Vec<_>> =
                    resolved.ids().map(|id| embeddings::texts_per_call(options.known_as(id))).collect();
                Ok(PerCall { items: each.and_then(|each| each.into_iter().min()), one_choice: true })
            }
            Endpoint::ChatCompletions | Endpoint::Completions => {
                let resolved = self.config.models.resolve(asked, endpoint)?;
                // Targets that speak OpenAI's API make several choices themselves, and no parts are made for a model from which
                // `n` is dropped.
                let one_choice = resolved.targets.iter().all(|target| {
                    let drop = options.rules(&target.id, None, None).drop;
                    !target.backend.speaks_openai() && !drop.contains(&Parameter::N)
                });
                Ok(PerCall { items: Some(1), one_choice })
            }
            _ => Ok(PerCall { items: Some(1), one_choice: true }),
        }
    }

    /// The settings for fetching images, where the endpoint has images and they are configured.
    fn images(&self, endpoint: Endpoint) -> Option<&Images> {
        self.config.images.as_ref().filter(|_| {
            matches!(
                endpoint,
                Endpoint::ChatCompletions
                    | Endpoint::Responses
                    | Endpoint::InputTokens
                    | Endpoint::Messages
                    | Endpoint::MessageTokens
            )
        })
    }

    /// Sets the header by which a `cluster_header` route chooses the cluster.
    fn choose_cluster(&self, cluster: Option<&str>) -> Result<(), Error> {
        match cluster.or(self.config.upstream.cluster.as_deref()) {
            Some(cluster) => hostcalls::add_map_value(MapType::HttpRequestHeaders, CLUSTER, cluster)
                .map_err(|_| host_failed("take a header")),
            None => Ok(()),
        }
    }

    fn account(&self) -> &Account {
        self.open.account()
    }

    /// Checks the size of a body that is held here. The upstream role checks all others.
    fn check_size(&self, size: usize) -> Result<(), Error> {
        let limit = self.config.body_bytes;
        if size <= limit {
            return Ok(());
        }
        Err(too_large(limit))
    }
}

/// Resumes the request; Envoy chooses its route again.
fn let_in() -> Result<Action, Error> {
    hostcalls::add_map_value(MapType::HttpRequestHeaders, LET_IN, "1")
        .map_err(|_| host_failed("take a header"))?;
    Ok(Action::Continue)
}
