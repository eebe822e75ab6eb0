//! The account of each open request, and its record at its end, in filter state, where Envoy's access loggers, tracers and rate
//! limiters read it.
//!
//! The gateway role opens the account, and closes it once the end of the answer has passed, in time for Envoy's spans. A
//! request that ends otherwise (the client leaves, the answer breaks off, a local reply bypasses the filters) is closed in
//! `on_log`, which comes for every request, after the spans and before the access loggers. Attempts of the upstream role find
//! the account by the handoff's id: a request stays in one VM, and the upstream role sees the end of an answer first.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::types::LogLevel;

use super::held::Held;
use super::metrics::UnderWay;
use super::{host, metrics};
use crate::config::Config;
use crate::gateway::callers::Caller;
use crate::record::made::{self, Unknown};
use crate::record::{Account, Ended, Facts, Members, Record};

/// Keys in filter state, without Envoy's prefix `wasm.`. This one has the record.
const RECORD: &str = "bedrock.usage";
/// The record as JSON on one line, so that an access log line costs Envoy next to nothing.
const LINE: &str = "bedrock.record";
/// The caller's name, as soon as it is known.
const CALLER: &str = "bedrock.caller";
/// The caller's team.
const TEAM: &str = "bedrock.team";
/// Name of the request's spans.
const SPAN: &str = "bedrock.span";

/// False in a module that `make bench` builds to measure what records cost.
const ARE_MADE: bool = !cfg!(feature = "unrecorded");

thread_local! {
    /// The accounts of open requests, by the handoff's id. The gateway role removes its own at the end.
    static OPEN: RefCell<HashMap<u64, Rc<Account>>> = RefCell::default();
}

/// The gateway role's handle on its request's account.
#[derive(Debug, Default)]
pub(super) struct Open {
    account: Rc<Account>,
    shared: Option<Shared>,
    held: Held,
    under_way: Option<UnderWay>,
}

impl Open {
    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    /// Sets the caller, tells Envoy, and counts the request as open.
    pub(super) fn is_of(&mut self, config: &Config, caller: &Caller) {
        if !ARE_MADE {
            return;
        }
        let team = caller.team.as_deref().unwrap_or_default();
        self.account.with(|facts| facts.is_of(caller));
        set(CALLER, caller.name.as_bytes());
        if !team.is_empty() {
            set(TEAM, team.as_bytes());
        }
        self.under_way = UnderWay::begin(config, &caller.name, team);
    }

    /// Lets attempts find the account by this id.
    pub(super) fn share(&mut self, id: u64) {
        if !ARE_MADE {
            return;
        }
        self.held.count(self.account.held());
        self.shared = Some(Shared::new(id, &self.account));
    }
}

/// Lets attempts find an account by this id until it is dropped.
#[derive(Debug)]
struct Shared(u64);

impl Shared {
    fn new(id: u64, account: &Rc<Account>) -> Self {
        OPEN.with_borrow_mut(|open| open.insert(id, Rc::clone(account)));
        Self(id)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        OPEN.with_borrow_mut(|open| open.remove(&self.0));
    }
}

/// The account of an open request in this VM.
pub(super) fn of(id: u64) -> Option<Rc<Account>> {
    OPEN.with_borrow(|open| open.get(&id).cloned())
}

/// Declares the properties that a plugin sets, once.
pub(super) fn declare() {
    if !ARE_MADE {
        host::log(LogLevel::Error, || {
            "this module was built to be measured: it makes no records and settles no limits".to_owned()
        });
    }
    /// Values of `WasmType` of Envoy's `declare_property`: a string, a protobuf message.
    const TEXT: u64 = 1;
    const MESSAGE: u64 = 3;
    const STRUCT: &str = "type.googleapis.com/google.protobuf.Struct";
    for (name, kind, schema) in
        [(RECORD, MESSAGE, STRUCT), (LINE, TEXT, ""), (CALLER, TEXT, ""), (TEAM, TEXT, ""), (SPAN, TEXT, "")]
    {
        if host::declare_property(name, kind, schema).is_err() {
            host::log(LogLevel::Warn, || format!("Envoy would not have the property '{name}' declared"));
        }
    }
}

/// Sets the name of the request's spans, once.
pub(super) fn set_span(account: &Account) {
    let span = account.with(|facts| {
        let is_new = !std::mem::replace(&mut facts.is_named, true);
        is_new.then(|| facts.span()).flatten()
    });
    if let Some(span) = span {
        set(SPAN, span.as_bytes());
    }
}

/// Closes the account of a request that has been answered or has ended otherwise: makes the record, counts metrics by it, and
/// hands it to Envoy. Returns it at the first call; `None` where the request has none.
pub(super) fn close(config: &Config, account: &Account) -> Option<Record> {
    if !ARE_MADE || account.with(|facts| facts.is_unrecorded || std::mem::replace(&mut facts.is_closed, true))
    {
        return None;
    }
    set_span(account);
    let ended = account.with(|facts| made::unknown(facts)).map(asked).unwrap_or_default();
    let ended = Ended { at: Some(host::now()), ..ended };
    let mut record = account.with(|facts: &mut Facts| Record::make(facts, &ended));
    finish(config, &mut record);
    let members = Members::of(&record);
    set(RECORD, &members.to_struct());
    set(LINE, &members.to_line());
    Some(record)
}

/// Completes a record before Envoy gets it and counts metrics by it. Called once per request, however it ended.
fn finish(config: &Config, record: &mut Record) {
    if let Some((model, usage)) = record.model.as_deref().zip(record.usage.as_ref()) {
        record.cost_micros = config.prices.cost_micros(model, config.options.known_as(model), usage);
    }
    metrics::count(config, record);
}

/// Envoy's details of an unusual ending, as far as needed.
fn asked(unknown: Unknown) -> Ended {
    let Unknown { may_have_left, is_answer, is_unseen } = unknown;
    let number = |path: &[&str]| {
        let bytes = host::property(path)?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    };
    let number_if = |is_unknown: bool, path: &[&str]| if is_unknown { number(path) } else { None };
    let ended = Ended {
        flags: number(&["response", "flags"]).unwrap_or_default(),
        duration: number_if(is_unseen, &["request", "duration"]).map(Duration::from_nanos),
        ..Ended::default()
    };
    if may_have_left && ended.is_clients() {
        return ended;
    }
    Ended {
        status: number_if(may_have_left && !is_answer, &["response", "code"])
            .and_then(|code| u16::try_from(code).ok()),
        details: host::property(&["response", "code_details"]).and_then(|text| String::from_utf8(text).ok()),
        attempts: number_if(!is_answer, &["upstream", "request_attempt_count"]),
        ..ended
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
        let account = Rc::default();
        let shared = Shared::new(7, &account);
        of(7).unwrap().with(|facts| facts.stream = true);
        assert!(account.with(|facts| facts.stream) && of(8).is_none());
        drop(shared);
        assert!(of(7).is_none());
        OPEN.with_borrow(|open| assert!(open.is_empty()));
    }
}
