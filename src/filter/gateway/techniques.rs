//! Chats that choose a technique: held during the technique's calls, then answered, or sent on as the last of them.

use std::ops::ControlFlow;
use std::rc::Rc;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{Action, BufferType};

use super::{Gateway, Undecided, let_in};
use crate::filter::fan_out::FanOut;
use crate::filter::host;
use crate::filter::images::Fetching;
use crate::filter::refusal::host_failed;
use crate::filter::techniques::{Outcome, Techniques};
use crate::gateway::models::Resolved;
use crate::gateway::spent::{self, Spent};
use crate::openai::Error;
use crate::techniques::choose::Chosen;
use crate::techniques::{Expression, Tunables};

/// The technique parameter that names models.
const MOA_MODELS: &str = "moa_models";

/// A technique that begins once the images of its chat are fetched.
#[derive(Debug)]
pub(super) struct Waiting {
    technique: Expression,
    tunables: Tunables,
    /// The model as the client names it.
    model: Option<String>,
    undecided: Undecided,
}

/// A technique under way, and what is known of its request.
#[derive(Debug)]
pub(super) struct AtWork {
    techniques: Techniques,
    undecided: Undecided,
    /// Bytes of the request's body that Envoy holds.
    size: usize,
}

impl Gateway {
    /// Begins the technique that the chat chooses. If it chooses none, the request goes on with the body returned.
    pub(super) fn begin_technique(
        &mut self,
        undecided: Undecided,
        body: Vec<u8>,
    ) -> Result<ControlFlow<Action, (Undecided, Vec<u8>)>, Error> {
        let (Some(settings), true) = (self.config.techniques.clone(), undecided.may_choose) else {
            return Ok(ControlFlow::Continue((undecided, body)));
        };
        let (config, size) = (Rc::clone(&self.config), body.len());
        let is_model = |name: &str| config.models.known(Some(name), undecided.endpoint).is_ok();
        let may = |technique: &Expression, tunables: &Tunables, body: &[u8]| {
            self.may(technique, tunables, body, &undecided)
        };
        let Chosen { technique, is_usual: _, tunables, body: changed } =
            settings.choose(&body, &undecided.caller, &is_model, &may)?;
        let is_changed = changed.is_some();
        let body = changed.unwrap_or(body);
        let Some(technique) = technique else {
            if is_changed {
                host::set_request_body(size, &body).map_err(|_| host_failed("take the request's body"))?;
            }
            return Ok(ControlFlow::Continue((undecided, body)));
        };
        let model = self.model_of(&body)?;
        let waiting = Waiting { technique, tunables, model, undecided };
        // Images are fetched once, for all calls.
        let images = self.images(waiting.undecided.endpoint);
        let fetching = images
            .map(|images| Fetching::begin(&self.config, images, &body, body.len()))
            .transpose()?
            .flatten();
        if fetching.is_some() {
            if is_changed {
                host::set_request_body(size, &body).map_err(|_| host_failed("take the request's body"))?;
            }
            self.fetching = fetching;
            self.chosen = Some(waiting);
            return Ok(ControlFlow::Break(Action::Pause));
        }
        self.start(waiting, body, size).map(ControlFlow::Break)
    }

    /// Refuses a technique, before its first call, for a model that the caller may not use.
    fn may(
        &self,
        technique: &Expression,
        tunables: &Tunables,
        body: &[u8],
        undecided: &Undecided,
    ) -> Result<(), Error> {
        let Undecided { endpoint, caller, .. } = undecided;
        let models = &self.config.models;
        let allowed = |resolved: &Resolved<'_>, model: Option<&str>| {
            resolved.check(caller, model)?;
            self.reachable(resolved, caller)?;
            self.check_price(resolved, caller)
        };
        let model = self.model_of(body)?;
        if technique.is_elsewhere() {
            // An OptiLLM server takes techniques from a model's name even where the gateway knows no such model.
            allowed(&models.known(model.as_deref(), *endpoint)?, model.as_deref())?;
        } else if undecided.by_model {
            allowed(&models.resolve(model.as_deref(), *endpoint)?, model.as_deref())?;
        }
        if technique.reads(MOA_MODELS) {
            for model in &tunables.moa_models {
                let resolved = models.resolve(Some(model), *endpoint);
                resolved
                    .and_then(|resolved| allowed(&resolved, Some(model)))
                    .map_err(|error| error.param(MOA_MODELS))?;
            }
        }
        Ok(())
    }

    /// Begins a technique that waited for images.
    pub(super) fn start_behind_images(&mut self, waiting: Waiting) -> Result<Action, Error> {
        let body = hostcalls::get_buffer(BufferType::HttpRequestBody, 0, self.config.body_bytes)
            .map_err(|_| host_failed("give the request's body"))?;
        let size = body.len();
        self.start(waiting, body, size)
    }

    fn start(&mut self, waiting: Waiting, body: Vec<u8>, size: usize) -> Result<Action, Error> {
        let Waiting { technique, tunables, model, mut undecided } = waiting;
        let (Some(settings), Some(sent)) = (self.config.techniques.clone(), undecided.sent.take()) else {
            return let_in();
        };
        let begun = Techniques::begin(&self.config, &settings, (&technique, &tunables), body, model, &sent);
        // From here on its bytes are counted by the technique.
        self.held.set(0, self.config.worker_bytes)?;
        let (techniques, outcome) = begun?;
        self.at_work = Some(AtWork { techniques, undecided, size });
        self.note_technique();
        self.come_to(outcome)
    }

    /// Takes the response of a technique's call. After the last one the request is sent on or answered.
    pub(super) fn technique_answered(&mut self, call: u32, headers: usize, size: usize) -> Result<(), Error> {
        let Some(AtWork { techniques, .. }) = &mut self.at_work else { return Ok(()) };
        let outcome = techniques.answered(call, headers, size);
        self.note_technique();
        let outcome = outcome?;
        if self.come_to(outcome)? == Action::Continue {
            hostcalls::resume_http_request().map_err(|_| host_failed("let the request go on"))?;
        }
        Ok(())
    }

    /// Notes the technique and its number of calls in the account.
    fn note_technique(&self) {
        let Some(AtWork { techniques, .. }) = &self.at_work else { return };
        let (name, calls) = techniques.so_far();
        self.account().with(|facts| {
            facts.technique.get_or_insert_with(|| name.to_owned());
            facts.calls = u64::try_from(calls).ok();
        });
    }

    /// Notes whether calls of the request are still under way as it ends.
    pub(super) fn note_calls_left(&mut self) {
        self.leaves_calls |= self.fan_out.as_ref().is_some_and(FanOut::has_calls)
            || self.at_work.as_ref().is_some_and(|at_work| at_work.techniques.has_calls());
    }

    fn come_to(&mut self, outcome: Outcome) -> Result<Action, Error> {
        match outcome {
            Outcome::Pending => Ok(Action::Pause),
            Outcome::Answer(status, headers, body) => {
                self.note_calls_left();
                self.at_work = None;
                Ok(self.relay(status, &headers, &body))
            }
            Outcome::Last(body, spent) => self.last(&body, &spent),
        }
    }

    /// Sends the client's own request as the technique's last call.
    fn last(&mut self, body: &[u8], spent: &Spent) -> Result<Action, Error> {
        let Some(AtWork { techniques, undecided, size }) = self.at_work.take() else {
            return Ok(Action::Pause);
        };
        self.marks = Some(techniques.marks());
        self.check_size(body.len())?;
        hostcalls::set_property(&[spent::KEY], Some(&spent.to_bytes()))
            .map_err(|_| host_failed("keep filter state"))?;
        host::set_request_body(size, body).map_err(|_| host_failed("take the request's body"))?;
        let Undecided { endpoint, caller, by_model, .. } = undecided;
        if by_model {
            self.choose_by_model(self.model_of(body)?.as_deref(), endpoint, &caller)?;
        } else {
            self.choose_cluster(None)?;
        }
        let_in()
    }

    /// Adds the headers that name the technique to the last call's response.
    pub(super) fn mark(&mut self) {
        host::tell(&self.marks.take().unwrap_or_default());
    }
}
