//! The gateway role: once per request, in the phases of a request.

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

/// Longer ids of requests are in no record, bytes: Envoy's have 36.
const REQUEST_ID: usize = 128;

/// One request.
#[derive(Debug)]
pub(super) struct Gateway {
    config: Rc<Config>,
    /// What waits for the body, where the choice of cluster or the caller's rights depend on its model, or where it may
    /// hold images to be fetched.
    undecided: Option<Undecided>,
    /// Images under way; the request is held until they are there.
    fetching: Option<Fetching>,
    /// What the client sent of a request that goes in pieces once its images are there.
    behind_images: Option<(Endpoint, Headers)>,
    /// Pieces under way of a request that goes no further itself.
    fan_out: Option<FanOut>,
    /// A technique that waits for images.
    chosen: Option<Waiting>,
    /// A technique under way; the request is held until its last call.
    at_work: Option<AtWork>,
    /// What the client is told of it beside the reply to the last call.
    marks: Option<Headers>,
    /// What the client will be told once its body has come: Envoy closes connections whose requests are answered
    /// before they are whole.
    refusal: Option<Error>,
    /// How much of a refused body has been thrown away, bytes.
    drained: usize,
    /// What is kept of the request's headers.
    held: Held,
    /// We have answered; nothing more is ours to do.
    answered: bool,
    /// Where errors have another shape than OpenAI's.
    told_anew: Option<ToldAnew>,
    /// What becomes its record.
    open: record::Open,
    /// Where the caller has limits.
    limited: Option<Limited>,
    /// Calls of its own were under way when it ended.
    leaves_calls: bool,
    /// Made once the answer has passed; what was used is charged by it.
    record: Option<Record>,
    /// What takes the place of the body of an answer of Envoy's own.
    instead: Option<Vec<u8>>,
}

#[derive(Debug)]
struct Undecided {
    endpoint: Endpoint,
    caller: Caller,
    /// Whether its model has to be known.
    by_model: bool,
    /// The model that the path names, for the body.
    deployment: Option<String>,
    /// Whether it may choose a technique.
    may_choose: bool,
    /// Whether the request may go in pieces.
    may_fan_out: bool,
    /// What the client sent, where pieces of its request may be sent on.
    sent: Option<Headers>,
}

/// All that the gateway reads of a body.
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
        self.account().with(|facts| {
            facts.request_id =
                headers.text("x-request-id").filter(|id| id.len() <= REQUEST_ID).map(str::to_owned);
            let part_of = headers.text(PART_OF).filter(|id| account::is_id(id));
            // A client's own word for it is none: parts are not counted among requests.
            facts.part_of = part_of.filter(|_| is_part(&headers)).map(str::to_owned);
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
            // More digits than a number has are too many bytes as well.
            self.check_size(length.parse::<usize>().unwrap_or(usize::MAX))?;
        }

        let asked = match &purpose {
            Purpose::OpenAi(endpoint) => callers::name(*endpoint),
            Purpose::Native(_) => callers::NATIVE,
        };
        caller.check_endpoint(asked)?;
        self.limited = Limited::new(&caller.policy, &purpose, shape, &headers);
        let by_limits = self.waits_for_limits();
        if let Some(limited) = self.limited.as_mut().filter(|_| !by_limits) {
            limited.let_in(&Amount::of_request())?;
        }
        let is_bound = caller.policy.is_bound();
        let id = originals::next_id();
        self.open.share(id);
        let handoff = Handoff { purpose, caller: caller.name.as_str().into(), is_bound, id };
        hostcalls::set_property(&[handoff::KEY], Some(&handoff.to_bytes()))
            .map_err(|_| host_failed("keep filter state"))?;
        for name in headers.stripped() {
            hostcalls::remove_map_value(MapType::HttpRequestHeaders, name)
                .map_err(|_| host_failed("take a header away"))?;
        }
        let endpoint = match handoff.purpose {
            Purpose::OpenAi(endpoint) => endpoint,
            Purpose::Native(request) => {
                // The path names the model: nothing has to wait for the body.
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
        // Calls to this gateway itself have to prove who calls.
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
        // A route of Bedrock's has waited for its limits alone.
        let Some(mut undecided) = undecided else { return let_in() };
        // Whoever chooses a technique may do so by the model's name.
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
            // They are fetched once, for all pieces.
            self.behind_images = pieces.and(sent).map(|sent| (endpoint, sent));
            return Ok(Action::Pause);
        }
        match pieces.zip(sent) {
            Some((split, sent)) => self.begin_fan_out(split, body, &sent),
            None => {
                // What the client sent is no longer kept.
                self.held.set(0, self.config.worker_bytes)?;
                let_in()
            }
        }
    }

    /// The request in pieces, where it has to go so.
    fn pieces(&self, body: &[u8], endpoint: Endpoint) -> Result<Option<Split>, Error> {
        split(body, endpoint, &self.config.options.limits, |asked| self.per_call(endpoint, asked))
    }

    /// Asks for the first pieces. The request itself goes no further.
    fn begin_fan_out(&mut self, split: Split, body: Vec<u8>, sent: &Headers) -> Result<Action, Error> {
        if let Some(settings) = &self.config.fan_out {
            // From here on they are counted with the pieces.
            self.held.set(0, self.config.worker_bytes)?;
            let fan_out = FanOut::begin(&self.config, settings, split, body, sent)?;
            self.note_pieces(&fan_out);
            self.fan_out = Some(fan_out);
        }
        Ok(Action::Pause)
    }

    /// How many pieces have been asked for.
    fn note_pieces(&self, fan_out: &FanOut) {
        self.account().with(|facts| facts.calls = u64::try_from(fan_out.made()).ok());
    }

    /// Puts the model into the body, of which `size` bytes are there: from here on the request is one of OpenAI's.
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

    /// The cluster of the first target that the caller's requests may go to; `None`: the default one.
    fn reachable<'r>(
        &'r self,
        resolved: &'r Resolved<'_>,
        caller: &Caller,
    ) -> Result<Option<&'r str>, Error> {
        let target = resolved.reachable(caller, &self.config.options)?;
        Ok(target.cluster.as_deref())
    }

    /// What the model gives in one call, wherever it answers.
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
                // OpenAI's API counts choices itself, and what a model is kept from is not done for it.
                let one_choice = resolved.targets.iter().all(|target| {
                    let drop = options.rules(&target.id, None, None).drop;
                    !target.backend.speaks_openai() && !drop.contains(&Parameter::N)
                });
                Ok(PerCall { items: Some(1), one_choice })
            }
            _ => Ok(PerCall { items: Some(1), one_choice: true }),
        }
    }

    /// How images are fetched, where they are.
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

    /// Names the cluster of a `cluster_header` route.
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

    /// Only what is held here has its size: what flows is counted by the upstream role.
    fn check_size(&self, size: usize) -> Result<(), Error> {
        let limit = self.config.body_bytes;
        if size <= limit {
            return Ok(());
        }
        Err(too_large(limit))
    }
}

/// Lets the request go on: its route is looked for anew.
fn let_in() -> Result<Action, Error> {
    hostcalls::add_map_value(MapType::HttpRequestHeaders, LET_IN, "1")
        .map_err(|_| host_failed("take a header"))?;
    Ok(Action::Continue)
}
