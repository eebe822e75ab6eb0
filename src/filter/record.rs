//! The account of each open request, and its record at its end: in filter state, where Envoy's access loggers, tracers and limits find
//! it.
//!
//! The gateway role opens an account with a request and closes it once the answer's end has passed it: what is there then is in time for
//! Envoy's spans. What ends in another way (the client leaves, the answer breaks off, Envoy answers past the filters) it closes in
//! `on_log`, which comes for every ending, after the spans and before Envoy's access loggers. Attempts of the upstream role find the
//! account by the handoff's id: all of a request happens in one VM, and the upstream role sees an answer's end first.

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
use crate::record::{Account, Ended, Facts, Record};

/// The keys in filter state, without the `wasm.` that Envoy puts before them. The record.
const RECORD: &str = "bedrock.usage";
/// The record again, as JSON on one line: a log's line costs Envoy next to nothing then.
const LINE: &str = "bedrock.record";
/// The caller's name, as soon as it is known.
const CALLER: &str = "bedrock.caller";
/// The caller's team.
const TEAM: &str = "bedrock.team";
/// What the request's spans are called.
const SPAN: &str = "bedrock.span";

/// False in a module that `make bench` compares with this one, to see what records cost.
const ARE_MADE: bool = !cfg!(feature = "unrecorded");

thread_local! {
    /// The accounts of requests that were let in. Each is taken out when its gateway role ends.
    static OPEN: RefCell<HashMap<u64, Rc<Account>>> = RefCell::default();
}

/// The gateway role's hold on the account of its request.
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

    /// The caller is known: tells Envoy, and counts the request among those that are under way.
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

    /// Attempts find the account by this id from now on.
    pub(super) fn share(&mut self, id: u64) {
        if !ARE_MADE {
            return;
        }
        self.held.count(self.account.held());
        self.shared = Some(Shared::new(id, &self.account));
    }
}

/// An account that attempts find by this id, as long as this is there.
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

/// The account of a request that is open in this VM.
pub(super) fn of(id: u64) -> Option<Rc<Account>> {
    OPEN.with_borrow(|open| open.get(&id).cloned())
}

/// Says what the properties are that a plugin sets, once for it.
pub(super) fn declare() {
    if !ARE_MADE {
        host::log(LogLevel::Error, || {
            "this module was built to be measured: it makes no records and settles no limits".to_owned()
        });
    }
    /// `WasmType` of Envoy's `declare_property`: a text, a message.
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

/// Closes the account of a request whose answer has been given, or that has ended otherwise: makes the record, has all that is counted
/// by it counted, and gives it to Envoy. The record, once; none where the request has none.
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
    set(RECORD, &record.to_struct());
    set(LINE, &record.to_line());
    Some(record)
}

/// What becomes of a record before Envoy has it: whoever counts by it does so here. It is called once for each request, whichever way
/// that ended.
fn finish(config: &Config, record: &mut Record) {
    if let Some((model, usage)) = record.model.as_deref().zip(record.usage.as_ref()) {
        record.cost_micros = config.prices.cost_micros(model, config.options.known_as(model), usage);
    }
    metrics::count(config, record);
}

/// What Envoy says of an ending that is not a usual one, and no more than is needed.
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
