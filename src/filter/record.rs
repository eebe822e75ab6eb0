//! The account of each open request, and its record at its end: in filter state, where Envoy's access loggers, tracers and limits find
//! it.
//!
//! The gateway role opens an account with a request and closes it in `on_log`, which comes for every ending, before Envoy's access
//! loggers. Attempts of the upstream role find it by the handoff's id: all of a request happens in one VM.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::types::LogLevel;

use super::held::Held;
use super::host;
use crate::config::Config;
use crate::record::{Account, Ended, Facts, Record, made};

/// The keys in filter state, without the `wasm.` that Envoy puts before them. The record.
const RECORD: &str = "bedrock.usage";
/// The caller's name, as soon as it is known.
const CALLER: &str = "bedrock.caller";
/// The caller's team.
const TEAM: &str = "bedrock.team";
/// What the request's spans are called.
const SPAN: &str = "bedrock.span";

thread_local! {
    /// The accounts of requests that were let in. Each is taken out when its gateway role ends.
    static OPEN: RefCell<HashMap<u64, Rc<Account>>> = RefCell::default();
}

/// The gateway role's hold on the account of its request.
#[derive(Debug, Default)]
pub(super) struct Open {
    account: Rc<Account>,
    /// By which attempts find it.
    id: Option<u64>,
    held: Held,
}

impl Open {
    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    /// Attempts find the account by this id from now on.
    pub(super) fn share(&mut self, id: u64) {
        self.id = Some(id);
        self.held.count(self.account.held());
        OPEN.with_borrow_mut(|open| open.insert(id, Rc::clone(&self.account)));
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            OPEN.with_borrow_mut(|open| open.remove(&id));
        }
    }
}

/// The account of a request that is open in this VM.
pub(super) fn of(id: u64) -> Option<Rc<Account>> {
    OPEN.with_borrow(|open| open.get(&id).cloned())
}

/// Says what the properties are that a plugin sets, once for it.
pub(super) fn declare() {
    /// `WasmType` of Envoy's `declare_property`: a text, a message.
    const TEXT: u64 = 1;
    const MESSAGE: u64 = 3;
    const STRUCT: &str = "type.googleapis.com/google.protobuf.Struct";
    for (name, kind, schema) in
        [(RECORD, MESSAGE, STRUCT), (CALLER, TEXT, ""), (TEAM, TEXT, ""), (SPAN, TEXT, "")]
    {
        if host::declare_property(name, kind, schema).is_err() {
            host::log(LogLevel::Warn, || format!("Envoy would not have the property '{name}' declared"));
        }
    }
}

/// Tells Envoy who calls.
pub(super) fn set_caller(account: &Account) {
    let (caller, team) = account.with(|facts| (facts.caller.clone(), facts.team.clone()));
    set(CALLER, caller.as_deref().unwrap_or_default().as_bytes());
    if let Some(team) = team {
        set(TEAM, team.as_bytes());
    }
}

/// Tells Envoy what the request's spans are called, once.
pub(super) fn set_span(account: &Account) {
    let span = account.with(|facts| {
        let is_new = !std::mem::replace(&mut facts.is_named, true);
        is_new.then(|| facts.span()).flatten()
    });
    if let Some(span) = span {
        set(SPAN, span.as_bytes());
    }
}

/// Closes the account of a request that has ended: makes the record, has all that is counted by it counted, and gives it to Envoy.
/// To be called in `on_log`, once.
pub(super) fn close(config: &Config, account: &Account) {
    if account.with(|facts| facts.is_unrecorded) {
        return;
    }
    set_span(account);
    let ended = if account.with(|facts| made::asks_envoy(facts)) { asked() } else { Ended::default() };
    let ended = Ended { at: Some(host::now()), ..ended };
    let mut record = account.with(|facts: &mut Facts| Record::make(facts, &ended));
    finish(config, account, &mut record);
    set(RECORD, &record.to_struct());
}

/// What becomes of a record before Envoy has it: whoever counts by it does so here. It is called once for each request, whichever way
/// that ended.
fn finish(config: &Config, _account: &Account, record: &mut Record) {
    if let Some((model, usage)) = record.model.as_deref().zip(record.usage.as_ref()) {
        record.cost_micros = config.prices.cost_micros(model, config.options.known_as(model), usage);
    }
}

/// What Envoy says of an ending that is not a usual one.
fn asked() -> Ended {
    let number = |path: &[&str]| {
        let bytes = host::property(path)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    };
    Ended {
        at: None,
        status: number(&["response", "code"]).and_then(|code| u16::try_from(code).ok()),
        flags: number(&["response", "flags"]).unwrap_or_default(),
        details: host::property(&["response", "code_details"]).and_then(|text| String::from_utf8(text).ok()),
        duration: number(&["request", "duration"]).map(Duration::from_nanos),
        attempts: number(&["upstream", "request_attempt_count"]),
    }
}

fn set(name: &str, value: &[u8]) {
    if hostcalls::set_property(&[name], Some(value)).is_err() {
        host::log(LogLevel::Error, || format!("Envoy would not take the property '{name}'"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_id_for_as_long_as_its_request_is_there() {
        let mut open = Open::default();
        open.share(7);
        of(7).unwrap().with(|facts| facts.stream = true);
        assert!(open.account().with(|facts| facts.stream) && of(8).is_none());
        drop(open);
        assert!(of(7).is_none());
        OPEN.with_borrow(|open| assert!(open.is_empty()));
    }
}
