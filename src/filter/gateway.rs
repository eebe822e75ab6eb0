//! The gateway role: once per request, in the phases of a request.

use std::rc::Rc;

use serde::Deserialize;

use super::aws_errors::AwsErrors;
use super::contexts::{Action, Stream};
use super::fan_out::{FanOut, Outcome};
use super::host::{self, Buffer, Map};
use super::images::Fetching;
use super::originals;
use super::refusal::{host_failed, json, refuse, refuse_beside, relay, too_large};
use crate::bedrock::error::Error as BedrockError;
use crate::config::Config;
use crate::gateway::handoff::{self, Handoff, Purpose};
use crate::gateway::headers::{CLUSTER, Headers};
use crate::gateway::images::Images;
use crate::gateway::keys::Key;
use crate::gateway::native;
use crate::gateway::route::{Route, route};
use crate::openai::{self, Endpoint, Error};
use crate::translate::split::split;
use crate::translate::{embeddings, errors};
use crate::wire::{Str, to_vec};

/// One request.
#[derive(Debug)]
pub(super) struct Gateway {
    config: Rc<Config>,
    /// What waits for the body, where the choice of cluster or the caller's rights depend on its model, or where it may
    /// hold images to be fetched.
    undecided: Option<Undecided>,
    /// Images under way; the request is held until they are there.
    fetching: Option<Fetching>,
    /// Pieces under way of a request that goes no further itself.
    fan_out: Option<FanOut>,
    /// What the client will be told once its body has come: Envoy closes connections whose requests are answered
    /// before they are whole.
    refusal: Option<Error>,
    /// How much of a refused body has been thrown away, bytes.
    drained: usize,
    /// We have answered; nothing more is ours to do.
    answered: bool,
    /// On Bedrock's own routes errors have AWS's shape.
    aws_errors: Option<AwsErrors>,
}

/// How much of a refused body is read for the sake of its connection, bytes.
const DRAIN: usize = 1 << 20;

#[derive(Debug)]
struct Undecided {
    endpoint: Endpoint,
    key: Key,
    /// Whether its model has to be known.
    by_model: bool,
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
            fan_out: None,
            refusal: None,
            drained: 0,
            answered: false,
            aws_errors: None,
        }
    }

    fn headers(&mut self, end_of_stream: bool) -> Result<Action, Error> {
        let headers = host::headers(Map::Request).map_err(|_| host_failed("give the request's headers"))?;
        headers.check_size(self.config.header_bytes)?;
        let method = headers.text(":method").unwrap_or_default();
        let path = headers.text(":path").unwrap_or_default();
        self.aws_errors = native::is_native(path, &self.config.prefixes).then(AwsErrors::default);
        let route = route(method, path, &self.config.prefixes)?;
        if route == Route::Health {
            self.answered = true;
            return Ok(json(200, br#"{"status":"ok"}"#));
        }
        let key = self.config.keys.authenticate(&headers)?;
        let purpose = match route {
            Route::Health => return Ok(Action::Continue),
            Route::Models => {
                let list = self.config.models.list(key);
                self.answered = true;
                return Ok(json(200, &to_vec(&list)));
            }
            Route::Model(id) => {
                let model = self.config.models.one(&id, key)?;
                self.answered = true;
                return Ok(json(200, &to_vec(&model)));
            }
            Route::Bedrock(endpoint) => Purpose::OpenAi(endpoint),
            Route::Native(request) => Purpose::Native(request),
        };
        if end_of_stream {
            return Err(Error::invalid("The request has no body; a JSON object is expected."));
        }
        if let Some(length) = headers.text("content-length") {
            // More digits than a number has are too many bytes as well.
            self.check_size(length.parse::<usize>().unwrap_or(usize::MAX))?;
        }

        let handoff = Handoff { purpose, caller: key.name.as_str().into(), id: originals::next_id() };
        host::set_filter_state(handoff::KEY, &handoff.to_bytes())
            .map_err(|_| host_failed("keep filter state"))?;
        for name in headers.stripped() {
            host::remove_header(Map::Request, name).map_err(|_| host_failed("take a header away"))?;
        }
        let endpoint = match handoff.purpose {
            Purpose::OpenAi(endpoint) => endpoint,
            Purpose::Native(request) => {
                // The path names the model: nothing has to wait for the body.
                let resolved = self.config.models.native(&request.model)?;
                resolved.check(key, Some(&request.model))?;
                self.choose_cluster(resolved.cluster())?;
                return Ok(Action::Continue);
            }
        };
        let by_model = key.models.is_some() || self.config.models.decide_cluster();
        let has_list = endpoint != Endpoint::ChatCompletions;
        let may_fan_out = has_list && self.config.fan_out.is_some();
        if by_model || may_fan_out || self.images(endpoint).is_some() {
            let key = key.clone();
            let sent = may_fan_out.then_some(headers);
            self.undecided = Some(Undecided { endpoint, key, by_model, sent });
            return Ok(Action::Pause);
        }
        self.choose_cluster(None)?;
        Ok(Action::Continue)
    }

    fn body(&mut self, size: usize, end_of_stream: bool) -> Result<Action, Error> {
        self.check_size(size)?;
        if !end_of_stream {
            return Ok(if self.undecided.is_some() { Action::Pause } else { Action::Continue });
        }
        let Some(Undecided { endpoint, key, by_model, sent }) = self.undecided.take() else {
            return Ok(Action::Continue);
        };
        let body =
            host::buffer(Buffer::RequestBody, size).map_err(|_| host_failed("give the request's body"))?;
        if by_model {
            self.choose_by_model(&body, endpoint, &key)?;
        } else {
            self.choose_cluster(None)?;
        }
        if let Some((settings, sent)) = self.config.fan_out.as_ref().zip(sent)
            && let Some(split) =
                split(&body, endpoint, &self.config.options.limits, |asked| self.per_call(endpoint, asked))?
        {
            self.fan_out = Some(FanOut::begin(&self.config, settings, split, body, &sent)?);
            return Ok(Action::Pause);
        }
        if let Some(images) = self.images(endpoint) {
            self.fetching = Fetching::begin(&self.config, images, &body, size)?;
        }
        Ok(if self.fetching.is_some() { Action::Pause } else { Action::Continue })
    }

    fn choose_by_model(&self, body: &[u8], endpoint: Endpoint, key: &Key) -> Result<(), Error> {
        let Asked { model } = openai::parse(body)?;
        let asked = model.filter(|name| !name.is_blank());
        let resolved = self.config.models.resolve(asked.as_deref(), endpoint)?;
        resolved.check(key, asked.as_deref())?;
        self.choose_cluster(resolved.cluster())
    }

    /// How many items of a list the model takes in one call, wherever it answers.
    fn per_call(&self, endpoint: Endpoint, asked: Option<&str>) -> Result<Option<usize>, Error> {
        if endpoint != Endpoint::Embeddings {
            return Ok(Some(1));
        }
        let resolved = self.config.models.resolve(asked, Endpoint::Embeddings)?;
        let options = &self.config.options;
        let each: Option<Vec<_>> =
            resolved.ids().map(|id| embeddings::texts_per_call(options.known_as(id))).collect();
        Ok(each.and_then(|each| each.into_iter().min()))
    }

    /// Takes the answer of a piece; the last one, or the first that fails, is the client's.
    fn gathered(&mut self, call: u32, headers: usize, size: usize) -> Result<(), Error> {
        let Some(fan_out) = &mut self.fan_out else { return Ok(()) };
        if let Outcome::Answer(status, headers, body) = fan_out.answered(call, headers, size)? {
            self.fan_out = None;
            self.answered = true;
            relay(status, &headers, &body);
        }
        Ok(())
    }

    /// How images are fetched, where they are.
    fn images(&self, endpoint: Endpoint) -> Option<&Images> {
        self.config.images.as_ref().filter(|_| endpoint == Endpoint::ChatCompletions)
    }

    /// Lets the request go on once its last image is there.
    fn fetched(&mut self, call: u32, headers: usize, size: usize) -> Result<(), Error> {
        let Some(fetching) = &mut self.fetching else { return Ok(()) };
        if fetching.answered(call, headers, size)? {
            self.fetching = None;
            host::resume_request().map_err(|_| host_failed("let the request go on"))?;
        }
        Ok(())
    }

    /// Names the cluster of a `cluster_header` route.
    fn choose_cluster(&self, cluster: Option<&str>) -> Result<(), Error> {
        match cluster.or(self.config.upstream.cluster.as_deref()) {
            Some(cluster) => {
                host::add_header(Map::Request, CLUSTER, cluster).map_err(|_| host_failed("take a header"))
            }
            None => Ok(()),
        }
    }

    /// Throws a refused body away, and answers at its end.
    fn drain(&mut self, size: usize, end_of_stream: bool) -> Action {
        self.drained = self.drained.saturating_add(size);
        let thrown = size == 0 || host::set_buffer(Buffer::RequestBody, size, &[]).is_ok();
        if !end_of_stream && thrown && self.drained <= DRAIN {
            return Action::Pause;
        }
        self.answered = true;
        self.refusal.take().map_or(Action::Pause, |error| refuse(&error))
    }

    /// Only what is held here has its size: what flows is counted by the upstream role.
    fn check_size(&self, size: usize) -> Result<(), Error> {
        let limit = self.config.body_bytes;
        if size <= limit {
            return Ok(());
        }
        Err(too_large(limit))
    }

    fn or_refuse(&mut self, action: Result<Action, Error>) -> Action {
        action.unwrap_or_else(|error| {
            self.answered = true;
            refuse(&error)
        })
    }
}

/// True for `CONNECT`, whose body is the connection itself.
fn is_tunnel() -> bool {
    host::header(Map::Request, ":method").as_deref() == Some(b"CONNECT")
}

impl Stream for Gateway {
    fn on_request_headers(&mut self, end_of_stream: bool) -> Action {
        match self.headers(end_of_stream) {
            // A body that is too large is not waited for, nor one that never ends.
            Err(error) if !end_of_stream && error.status != 413 && !is_tunnel() => {
                self.refusal = Some(error);
                Action::Pause
            }
            action => self.or_refuse(action),
        }
    }

    fn on_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if self.answered {
            return Action::Pause;
        }
        if self.refusal.is_some() {
            return self.drain(size, end_of_stream);
        }
        let action = self.body(size, end_of_stream);
        self.or_refuse(action)
    }

    fn on_request_trailers(&mut self) -> Action {
        if self.answered {
            return Action::Pause;
        }
        if self.refusal.is_some() {
            return self.drain(0, true);
        }
        // Trailers end the body in the stead of its last piece, and do not say its size.
        let action = self.body(self.config.body_bytes, true);
        self.or_refuse(action)
    }

    fn on_response_headers(&mut self, end_of_stream: bool) -> Action {
        if let Some(errors) = &mut self.aws_errors {
            return errors.response_headers(end_of_stream);
        }
        // An error without a body comes from Envoy or an upstream: it gets one, as every error has.
        if end_of_stream && !self.answered {
            let status = host::header(Map::Response, ":status");
            let status = status.and_then(|status| std::str::from_utf8(&status).ok()?.parse::<u16>().ok());
            if let Some(status) = status.filter(|status| *status >= 400) {
                self.answered = true;
                let error = errors::error(&BedrockError::from_reply(status, None, &[]));
                return refuse_beside(&error, &host::headers(Map::Response).unwrap_or_default());
            }
        }
        Action::Continue
    }

    fn on_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        self.aws_errors.as_mut().map_or(Action::Continue, |errors| errors.response_body(size, end_of_stream))
    }

    fn on_response_trailers(&mut self) -> Action {
        // Trailers end the body in the stead of its last piece, and do not say its size.
        let size = self.config.reply_bytes;
        self.aws_errors.as_mut().map_or(Action::Continue, |errors| errors.response_body(size, true))
    }

    fn on_call_response(&mut self, call: u32, headers: usize, size: usize) {
        let result = if self.fan_out.is_some() {
            self.gathered(call, headers, size)
        } else {
            self.fetched(call, headers, size)
        };
        if let Err(error) = result {
            // The others are of no use any more.
            self.fetching = None;
            self.fan_out = None;
            self.answered = true;
            refuse(&error);
        }
    }
}
