//! Credentials that are renewed in the background of the root context.
//!
//! Each worker has a root context, and so has Envoy's main thread; all of them tick. One of them fetches, as a lease in the
//! shared data of the VMs of one `vm_id` decides, and stores the credentials there for the others. Requests only read.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use proxy_wasm::types::LogLevel;

use super::unavailable;
use crate::aws::Identity;
use crate::aws::providers::{Answer, Call, Fetch, Step, Temporary};
use crate::aws::renewal::{Held, Record, pause};
use crate::aws::source::Recipe;
use crate::aws::turn::{LEASE, Worker};
use crate::filter::shared::Shared;
use crate::filter::{call, host, metrics};
use crate::openai::Error;

/// The credentials of one account, fetched and renewed.
#[derive(Debug)]
pub(super) struct Renewing {
    recipe: Recipe,
    /// The shared data that holds them.
    shared: Shared,
    known: RefCell<Option<Known>>,
    fetching: RefCell<Option<Fetching>>,
    /// The log already says that there are no credentials.
    is_told: Cell<bool>,
}

#[derive(Debug)]
struct Known {
    held: Held,
    identity: Rc<Identity>,
}

#[derive(Debug)]
struct Fetching {
    fetch: Fetch,
    call: u32,
    until: SystemTime,
}

/// What a request may expect of these credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outlook {
    /// Valid credentials are there.
    Good,
    /// Missing; a fetch is under way or begins at the next tick.
    Coming,
    /// Missing; the last fetch failed a moment ago.
    None,
}

impl Renewing {
    pub(super) fn new(recipe: &Recipe) -> Self {
        let renewing = Self {
            recipe: recipe.clone(),
            shared: Shared::new(format!("bedrock-filter/credentials/2/{}", recipe.fingerprint())),
            known: RefCell::default(),
            fetching: RefCell::default(),
            is_told: Cell::new(false),
        };
        renewing.read();
        renewing
    }

    /// The shared record and its version.
    fn read(&self) -> Option<(Record, u32)> {
        let (bytes, version) = self.shared.read(&Record::default().to_bytes())?;
        let record = Record::from_bytes(&bytes);
        if self.shared.is_news(version) {
            self.keep(&record);
        }
        Some((record, version))
    }

    fn keep(&self, record: &Record) {
        let Some(held) = &record.held else { return };
        let is_known = self.known.borrow().as_ref().is_some_and(|known| known.held == *held);
        if !is_known {
            let identity = Rc::new(Identity::SigV4(held.credentials.clone()));
            *self.known.borrow_mut() = Some(Known { held: held.clone(), identity });
            self.is_told.set(false);
        }
    }

    /// Changes the shared record, with retries while other workers write it. Returns the record as it was before.
    fn change(&self, change: impl Fn(&Record) -> Record) -> Record {
        let mut before = Record::default();
        self.shared.change(|| {
            let (record, version) = self.read()?;
            let after = change(&record).to_bytes();
            before = record;
            Some((after, version))
        });
        before
    }

    /// Whether this worker has a call for them under way.
    pub(super) fn is_fetching(&self, now: SystemTime) -> bool {
        self.fetching.borrow().as_ref().is_some_and(|fetching| {
            fetching.until.duration_since(now).is_ok_and(|left| left > Duration::ZERO && left <= LEASE)
        })
    }

    /// What a request that arrives now may expect.
    pub(super) fn outlook(&self, worker: Worker) -> Outlook {
        let now = host::now();
        if self.good(now).is_some() {
            return Outlook::Good;
        }
        let Some((record, _)) = self.read() else { return Outlook::Coming };
        if self.good(now).is_some() {
            Outlook::Good
        } else if record.turn.is_leased(now) || record.is_due(worker, now) {
            Outlook::Coming
        } else {
            Outlook::None
        }
    }

    /// Whether this worker's copy is valid for so long that the shared record need not be read.
    pub(super) fn is_quiet(&self, worker: Worker) -> bool {
        let now = host::now();
        self.known.borrow().as_ref().is_some_and(|known| known.held.is_fresh(worker, now))
    }

    /// Begins to fetch if that is due and this worker gets the lease. `usual` gives the default account's identity, which
    /// assumes roles.
    pub(super) fn tick(&self, name: &str, worker: Worker, usual: impl FnOnce() -> Option<Rc<Identity>>) {
        let now = host::now();
        if self.is_fetching(now) {
            return;
        }
        let Some((record, version)) = self.read() else { return };
        if !record.is_due(worker, now) {
            return;
        }
        let leased = record.leased(worker, now).to_bytes();
        if !self.shared.replace(&leased, version) {
            return;
        }
        let usual = if self.recipe.is_callers() { usual() } else { None };
        let usual = usual.as_deref().and_then(|identity| match identity {
            Identity::SigV4(credentials) => Some(credentials),
            Identity::Bearer(_) => None,
        });
        let (fetch, step) = Fetch::begin(&self.recipe, usual, now);
        self.go_on(name, worker, fetch, step);
    }

    /// Whether this HTTP call belongs to these credentials.
    pub(super) fn awaits(&self, call: u32) -> bool {
        self.fetching.borrow().as_ref().is_some_and(|fetching| fetching.call == call)
    }

    /// Takes the response of the call under way.
    pub(super) fn answered(&self, name: &str, worker: Worker, headers: usize, size: usize) {
        let Some(Fetching { mut fetch, .. }) = self.fetching.take() else { return };
        let (status, body) = call::answer(headers, size);
        let now = host::now();
        let step = fetch.answered(Answer { status, body: &body }, now);
        if matches!(step, Step::Ask(_)) {
            self.change(|record| record.leased(worker, now));
        }
        self.go_on(name, worker, fetch, step);
    }

    fn go_on(&self, name: &str, worker: Worker, fetch: Fetch, step: Step) {
        match step {
            Step::Ask(call) => match ask(&call) {
                Ok(call) => {
                    let now = host::now();
                    let until = now.checked_add(LEASE).unwrap_or(now);
                    *self.fetching.borrow_mut() = Some(Fetching { fetch, call, until });
                }
                Err(why) => self.failed(name, worker, &why),
            },
            Step::Have(temporary) => self.have(name, worker, &temporary),
            Step::Failed(why) => self.failed(name, worker, &why),
        }
    }

    fn have(&self, name: &str, worker: Worker, temporary: &Temporary) {
        let now = host::now();
        let before = self.change(|record| record.renewed(worker, temporary, now));
        // Storing them for the other workers may have failed; this worker uses them all the same.
        self.keep(&Record::default().renewed(worker, temporary, now));
        // No metrics for callers' own roles: they are renewed only while a caller sends requests, so their age says nothing,
        // and there may be thousands.
        if !self.recipe.is_callers() {
            metrics::credentials_came(name, now, temporary.expires);
        }
        let left = temporary.expires.duration_since(now).unwrap_or_default().as_secs();
        if before.turn.failures > 0 {
            let failures = before.turn.failures;
            host::log(LogLevel::Warn, || {
                format!("{name}: fetched again after {failures} failures, good for {left} s")
            });
        } else {
            host::log(LogLevel::Info, || format!("{name}: fetched, good for {left} s"));
        }
    }

    fn failed(&self, name: &str, worker: Worker, why: &str) {
        let now = host::now();
        let before = self.change(|record| record.failed(worker, now));
        let failures = before.turn.failures.saturating_add(1);
        if !self.recipe.is_callers() {
            metrics::credentials_failed(name, now, failures);
        }
        let pause = pause(failures);
        match before.held.filter(|held| held.is_good(now)) {
            Some(held) => {
                let left = held.left(now).as_secs();
                host::log(LogLevel::Warn, || {
                    format!(
                        "{name}: not renewed: {why}. Those there are good for {left} s; next try in {pause:?}"
                    )
                });
            }
            None => host::log(LogLevel::Error, || {
                format!("{name}: not fetched, and there are none: {why}. Next try in {pause:?}")
            }),
        }
    }

    /// The identity, or the reason why there is none.
    pub(super) fn identity(&self, name: &str) -> Result<Rc<Identity>, Error> {
        let now = host::now();
        if let Some(identity) = self.good(now) {
            return Ok(identity);
        }
        // Another worker may have them since the last tick.
        self.read();
        if let Some(identity) = self.good(now) {
            return Ok(identity);
        }
        if !self.is_told.replace(true) {
            let what = if self.known.borrow().is_some() { "have expired" } else { "are not there yet" };
            host::log(LogLevel::Error, || format!("{name}: the credentials {what}: requests get 503"));
        }
        Err(unavailable())
    }

    /// The identity, if it is still valid.
    pub(super) fn good(&self, now: SystemTime) -> Option<Rc<Identity>> {
        let known = self.known.borrow();
        known.as_ref().filter(|known| known.held.is_good(now)).map(|known| Rc::clone(&known.identity))
    }
}

fn ask(call: &Call) -> Result<u32, String> {
    let headers = call.headers.iter().map(|(name, value)| (*name, value.as_str()));
    call::ask(&call.cluster, call.method, &call.host, &call.path, headers, call.body.as_bytes())
}
