//! Limits of callers in the gateway role: lets a request in if its caller's budgets have room for it, adds the rate-limit
//! headers to its answer, and converts 429s of Envoy's own limiters.

use std::rc::Rc;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{Action, BufferType, LogLevel, MapType};

use super::{Gateway, Undecided};
use crate::config::Config;
use crate::filter::host;
use crate::filter::limits::Limited;
use crate::filter::refusal::refuse_beside;
use crate::gateway::callers::Caller;
use crate::gateway::limits::Amount;
use crate::gateway::limits::envoys::{self, Told};
use crate::gateway::limits::estimate::Said;
use crate::gateway::limits::told::without_price;
use crate::gateway::models::Resolved;
use crate::openai::Error;
use crate::record::prices::Rate;

/// The highest price of the request's tokens, by the model that it names; `None`: no price applies, or the request will be
/// refused for its model.
fn rate(config: &Config, undecided: &Undecided, said: &Said<'_>) -> Option<Rate> {
    let Undecided { endpoint, deployment, may_choose, .. } = undecided;
    if !endpoint.costs_tokens() {
        return None;
    }
    let named = said.model.as_deref().filter(|name| !name.trim().is_empty());
    let mut asked = deployment.as_deref().or(named);
    if let Some(techniques) = config.techniques.as_ref().filter(|_| *may_choose) {
        let is_model = |name: &str| config.models.known(Some(name), *endpoint).is_ok();
        asked = asked.map(|name| techniques.model_of(name, &is_model));
    }
    let resolved = config.models.resolve(asked, *endpoint).ok()?;
    config.dearest(resolved.ids())
}

impl Gateway {
    /// Refuses a model without a price, if a limit on money applies to the caller.
    pub(super) fn check_price(&self, resolved: &Resolved<'_>, caller: &Caller) -> Result<(), Error> {
        if caller.policy.counts_cost() && self.config.dearest(resolved.ids()).is_none() {
            return Err(without_price());
        }
        Ok(())
    }

    /// Whether the request waits for its body because of limits.
    pub(super) fn waits_for_limits(&self) -> bool {
        self.limited.as_ref().is_some_and(Limited::waits_for_body)
    }

    /// Lets the request with this body in, if it has waited for that, and returns the model that the body names. `undecided` is
    /// what depends on the model.
    pub(super) fn let_in_within_limits(
        &mut self,
        body: &[u8],
        undecided: Option<&Undecided>,
    ) -> Result<Option<Option<String>>, Error> {
        let config = Rc::clone(&self.config);
        let Some(limited) = self.limited.as_mut().filter(|limited| limited.waits_for_body()) else {
            return Ok(None);
        };
        let said = match Said::read(body) {
            Ok(said) => said,
            // The body cannot be read: the request is charged as one request, without tokens.
            Err(error) => {
                limited.let_in(&Amount::of_request())?;
                return Err(error);
            }
        };
        if let Some(undecided) = undecided.filter(|undecided| undecided.caller.policy.counts_cost()) {
            limited.costs(rate(&config, undecided, &said));
        }
        let result = limited.let_in(&limited.estimate(body, &said));
        let model = said.model.filter(|name| !name.is_blank()).map(|name| name.into_cow().into_owned());
        if result.is_err()
            && let Some(model) = &model
        {
            self.account().with(|facts| facts.asks_for(model));
        }
        result.map(|()| Some(model))
    }

    /// Adds the rate-limit headers to the answer, once.
    pub(super) fn tell_limits(&mut self) {
        if let Some(limited) = &mut self.limited {
            host::tell(&limited.take_headers());
        }
    }

    /// Converts a 429 of Envoy's own limiters. If it has a body, that is replaced when it comes.
    pub(super) fn tell_envoys_limit(&mut self, end_of_stream: bool) -> Option<Action> {
        let details = host::property(&["response", "code_details"]);
        let mut headers = host::headers(MapType::HttpResponseHeaders).unwrap_or_default();
        let details = details.as_deref().and_then(|details| std::str::from_utf8(details).ok());
        let Told { error, headers: told } = envoys::told(&headers, details)?;
        self.account().fails(error.status, error.code.unwrap_or(error.kind));
        let body = error.body();
        let is_of_body = |name: &[u8]| name.starts_with(b"content-") || name == b"transfer-encoding";
        let is_told = |name: &[u8]| told.iter().any(|(other, _)| other == name);
        headers = headers.iter().filter(|(name, _)| !is_of_body(name) && !is_told(name)).collect();
        headers.extend(&told);
        if end_of_stream && self.told_anew.is_none() {
            self.answered = true;
            return Some(refuse_beside(&error, &headers));
        }
        headers.push("content-type", "application/json");
        headers.push("content-length", body.len().to_string());
        if host::set_headers(MapType::HttpResponseHeaders, &headers).is_err() {
            host::log(LogLevel::Error, || "Envoy would not take an error in other words".to_owned());
        }
        self.instead = Some(body);
        None
    }

    /// Replaces the body; returns the new size.
    pub(super) fn put_instead(&mut self, size: usize) -> usize {
        let Some(body) = self.instead.take() else { return size };
        if hostcalls::set_buffer(BufferType::HttpResponseBody, 0, size, &body).is_err() {
            host::log(LogLevel::Error, || "Envoy would not take an error in other words".to_owned());
            return size;
        }
        body.len()
    }
}
