//! Limits of callers, in the gateway role: reserved before a request goes on and settled when it has ended, in the shared data
//! of the VMs of one `vm_id`. See [`limits`](crate::gateway::limits).

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher as _, RandomState};
use std::rc::Rc;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{LogLevel, Status};

use super::{held, host, metrics};
use crate::aws::turn::moment;
use crate::bedrock::operation::Operation;
use crate::config::Config;
use crate::gateway::callers::Policy;
use crate::gateway::handoff::Purpose;
use crate::gateway::headers::{CALL_OF_TECHNIQUE, Headers};
use crate::gateway::limits::estimate::{self, Said};
use crate::gateway::limits::ledger::{self, Failed, Refused, Store, Taken};
use crate::gateway::limits::slots::Slots;
use crate::gateway::limits::state::LEASE;
use crate::gateway::limits::told::{self, Standing};
use crate::gateway::limits::{Amount, Budget, Holder, Use, mark, name_of};
use crate::gateway::shape::Shape;
use crate::openai::{Endpoint, Error};
use crate::record::Record;
use crate::record::metrics::Used;
use crate::record::prices::Rate;
use crate::translate::terms::Tokens;

/// Period in which the use of limits is reported as metrics, milliseconds.
const TELL: u64 = 10_000;

/// A version that no stored value reaches before four billion writes: see [`thoughts`](super::thoughts).
const NOTHING: u32 = u32::MAX;

thread_local! {
    /// This worker's open requests, by the budgets that limit them.
    static SLOTS: RefCell<Slots> = RefCell::new(Slots::new(random()));
    /// When their leases were renewed last, milliseconds since 1970.
    static RENEWED: Cell<u64> = const { Cell::new(0) };
    /// The secret that marks this gateway's calls to itself.
    static WORD: RefCell<Option<Rc<[u8]>>> = const { RefCell::new(None) };
}

fn random() -> u64 {
    RandomState::new().hash_one(0)
}

/// The shared data.
struct Data;

impl Store for Data {
    fn read(&self, key: &str) -> Result<Option<(Vec<u8>, u32)>, Failed> {
        hostcalls::get_shared_data(key).map_err(|_| Failed)
    }

    fn write(&self, key: &str, bytes: &[u8], version: Option<u32>) -> Result<bool, Failed> {
        match hostcalls::set_shared_data(key, Some(bytes), Some(version.unwrap_or(NOTHING))) {
            Ok(()) => Ok(true),
            Err(Status::CasMismatch) => Ok(false),
            Err(_) => Err(Failed),
        }
    }

    fn unreadable(&self, key: &str) {
        host::log(LogLevel::Error, || format!("limits: '{key}' cannot be read and begins anew"));
    }
}

/// Adds the header that marks a call of this gateway to itself.
pub(super) fn mark_part(headers: &mut Headers) {
    // Without the secret the call counts as a request of its own.
    headers.push(CALL_OF_TECHNIQUE, word().as_deref().unwrap_or(b"1"));
}

/// Whether a request is a call of this gateway to itself. No client can forge it.
pub(super) fn is_part(sent: &Headers) -> bool {
    sent.value(CALL_OF_TECHNIQUE).is_some_and(|value| word().is_some_and(|word| mark::is(&word, value)))
}

/// The secret. The first worker that needs it makes it.
fn word() -> Option<Rc<[u8]>> {
    if let Some(word) = WORD.with_borrow(Option::clone) {
        return Some(word);
    }
    let read = || Data.read(mark::KEY).ok().flatten();
    let (word, _) = read().or_else(|| {
        let _ = Data.write(mark::KEY, mark::word([random(), random()]).as_bytes(), None);
        read()
    })?;
    let word: Rc<[u8]> = word.into();
    WORD.set(Some(Rc::clone(&word)));
    Some(word)
}

/// The limits of one request's caller, and what the request has reserved.
#[derive(Debug)]
pub(super) struct Limited {
    budgets: Rc<[Budget]>,
    /// The caller's limits on the length of answers.
    tokens: Tokens,
    /// `None` on Bedrock's own routes.
    endpoint: Option<Endpoint>,
    is_anthropics: bool,
    /// The request is a part of one that was let in.
    is_part: bool,
    /// The request has not been let in yet.
    is_waiting: bool,
    /// Highest price of its tokens, where money is limited and the price is known.
    rate: Option<Rate>,
    taken: Option<Taken>,
    /// The amount reserved.
    asked: Amount,
    /// The limit that refused it, by its name in the configuration.
    refused_for: Option<&'static str>,
    /// Rate-limit headers for its answer.
    headers: Headers,
}

impl Limited {
    /// `None` where the caller has no limits. `is_part`: the request is a call of this gateway to itself.
    pub(super) fn new(
        policy: &Policy,
        purpose: &Purpose<'_>,
        shape: Option<Shape>,
        is_part: bool,
    ) -> Option<Self> {
        if policy.budgets.is_empty() {
            return None;
        }
        let endpoint = match purpose {
            Purpose::OpenAi(endpoint) => Some(*endpoint),
            // Requests that count tokens are charged the same on either route.
            Purpose::Native(request) => {
                (request.operation == Operation::CountTokens).then_some(Endpoint::MessageTokens)
            }
        };
        Some(Self {
            budgets: Rc::clone(&policy.budgets),
            tokens: policy.terms.tokens,
            endpoint,
            is_anthropics: shape == Some(Shape::Anthropic),
            is_part,
            is_waiting: !is_part,
            rate: None,
            taken: None,
            asked: Amount::default(),
            refused_for: None,
            headers: Headers::default(),
        })
    }

    /// Whether it can be let in only once its body is there.
    pub(super) fn waits_for_body(&self) -> bool {
        self.is_waiting && self.budgets.iter().any(|budget| budget.limits.count_tokens())
    }

    /// Sets the highest price of its tokens; `None`: it will be refused, or has no price.
    pub(super) fn costs(&mut self, rate: Option<Rate>) {
        self.rate = rate;
    }

    /// Estimates what the request will use, from its body.
    pub(super) fn estimate(&self, body: &[u8], said: &Said<'_>) -> Amount {
        let input = estimate::input(body).saturating_mul(said.choices(self.endpoint));
        let output = said.output(self.endpoint, self.tokens);
        Amount { requests: 1, input, output, cost: self.cost(input, output) }
    }

    fn cost(&self, input: u64, output: u64) -> u64 {
        self.rate.map_or(0, |rate| rate.micros(input, output))
    }

    /// Lets the request in if its budgets have room for `asked`.
    ///
    /// # Errors
    /// 429 where there is no room, 503 where the shared data cannot be read.
    pub(super) fn let_in(&mut self, asked: &Amount) -> Result<(), Error> {
        if !std::mem::take(&mut self.is_waiting) {
            return Ok(());
        }
        let now = now();
        let mut standing = Standing::default();
        let result = SLOTS.with_borrow_mut(|slots| {
            ledger::ask(&Data, &self.budgets, asked, slots, now, &mut |left| standing.add(left))
        });
        standing.tell(&mut self.headers);
        if self.is_anthropics {
            standing.tell_anthropics(&mut self.headers, now);
        }
        match result {
            Ok(taken) => {
                self.taken = Some(taken);
                self.asked = *asked;
                Ok(())
            }
            Err(Refused::Over(place, over)) => {
                self.headers.push("retry-after", told::seconds(over.wait).to_string());
                self.refused_for = Some(name_of(over.limit));
                let budget = self.budgets.get(place);
                Err(budget.map_or_else(held::busy, |budget| told::error(&budget.holder, &over)))
            }
            Err(Refused::Failed) => {
                host::log(LogLevel::Error, || {
                    "limits: what workers share cannot be had, so nobody with a limit is let in".to_owned()
                });
                Err(held::busy())
            }
        }
    }

    /// Charges what the request has used. To be called once, at its end. `keeps`: calls of it are still under way, which are
    /// charged as they end; nothing of the reservation is returned then, or a client that keeps leaving could have any number
    /// of calls under way.
    pub(super) fn settle(&mut self, record: &Record, keeps: bool) {
        let usage = record.usage.unwrap_or_default();
        let (input, output) = (usage.prompt_tokens, usage.completion_tokens);
        // Without a price the reserved amount is charged.
        let cost = record.cost_micros.unwrap_or_else(|| self.cost(input, output));
        let real = Amount { requests: 0, input, output, cost };
        let settled = if self.is_part {
            ledger::charge(&Data, &self.budgets, &real, now())
        } else if let Some(taken) = self.taken.take() {
            let real = if keeps { self.asked } else { Amount { requests: 1, ..real } };
            SLOTS.with_borrow_mut(|slots| ledger::settle(&Data, &self.budgets, &taken, &real, slots, now()))
        } else {
            Ok(())
        };
        if settled == Err(Failed) {
            host::log(LogLevel::Error, || {
                let what = if self.is_part {
                    "part is not charged"
                } else {
                    "request is charged as it was estimated"
                };
                format!("limits: what workers share cannot be had, so a {what}")
            });
        }
    }

    /// The limit that refused it, by its name in the configuration.
    pub(super) fn refused_for(&self) -> Option<&'static str> {
        self.refused_for
    }

    /// Takes the rate-limit headers for the answer.
    pub(super) fn take_headers(&mut self) -> Headers {
        std::mem::take(&mut self.headers)
    }
}

/// Renews the leases of this worker's open requests, if due.
pub(super) fn tick() {
    let now = now();
    // The clock may have been set back.
    let is_due = !(RENEWED.get()..RENEWED.get().saturating_add(LEASE / 3)).contains(&now);
    if is_due && SLOTS.with_borrow(|slots| ledger::renew(&Data, slots, now)).is_ok() {
        RENEWED.set(now);
    }
}

/// Reports the use of limits as metrics, if due. `told` is when that was done last.
pub(super) fn tell_use(config: &Config, told: &Cell<u64>) {
    let now = now();
    let is_due = !(told.get()..told.get().saturating_add(TELL)).contains(&now);
    if !is_due || config.metric_series == 0 {
        return;
    }
    told.set(now);
    let all = config.keys.callers.budgets().flat_map(|budget| {
        let (caller, team) = match &budget.holder {
            Holder::Caller(name) => (name.as_str(), ""),
            Holder::Team(name) => ("", name.as_str()),
        };
        let uses = ledger::uses(&Data, budget, now).into_iter();
        uses.map(move |Use { limit, percent }| Used { caller, team, limit, percent })
    });
    metrics::limits_used(config, all, now);
}

fn now() -> u64 {
    u64::try_from(moment(host::now()).as_millis()).unwrap_or(u64::MAX)
}
