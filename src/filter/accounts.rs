//! The identities that sign attempts, one per account of the configuration. Fetched credentials are renewed in the background
//! of the root context: see `renewing`. The roles of single callers are assumed at the caller's first request and renewed while
//! it sends more; `waiting` holds requests until their role is assumed.

mod renewing;
mod waiting;

use std::cell::{Cell, OnceCell, RefCell};
use std::hash::{BuildHasher as _, RandomState};
use std::rc::Rc;
use std::time::Duration;

use super::host;
use crate::aws::Identity;
use crate::aws::source::{Account, Recipe, Sign, Source};
use crate::aws::turn::Worker;
use crate::config::Config;
use crate::openai::Error;
use renewing::{Outlook, Renewing};
use waiting::Waiting;

/// Tick period of the root context. A tick costs a call or two to Envoy.
pub(super) const TICK: Duration = Duration::from_millis(200);

/// Most calls under way on a worker that assume roles of callers.
const CALLS: usize = 4;

/// All accounts of one plugin on one worker.
#[derive(Debug)]
pub(super) struct Accounts {
    worker: Worker,
    all: Vec<Kept>,
    waiting: RefCell<Waiting>,
}

#[derive(Debug)]
struct Kept {
    name: String,
    identity: Kind,
    sign: Sign,
}

#[derive(Debug)]
enum Kind {
    /// No identity here: Envoy signs.
    Nobody,
    Given(Rc<Identity>),
    Fetched(Box<Renewing>),
    /// A caller's own role, assumed at its first request.
    Asked(Box<Asked>),
}

/// An account that is fetched on demand.
#[derive(Debug)]
struct Asked {
    recipe: Recipe,
    renewing: OnceCell<Renewing>,
    /// A request has needed this account since it was last fetched or tried.
    is_wanted: Cell<bool>,
}

impl Asked {
    fn renewing(&self) -> &Renewing {
        self.renewing.get_or_init(|| Renewing::new(&self.recipe))
    }
}

impl Accounts {
    pub(super) fn new(config: &Config) -> Self {
        let all = config.upstream.accounts.iter().map(Kept::new).collect();
        Self { worker: Worker::of(RandomState::new().hash_one(0)), all, waiting: RefCell::default() }
    }

    /// Whether any account has credentials to renew.
    pub(super) fn are_renewed(&self) -> bool {
        self.all.iter().any(|kept| matches!(kept.identity, Kind::Fetched(_) | Kind::Asked(_)))
    }

    fn renewed(&self) -> impl Iterator<Item = (&Kept, &Renewing)> {
        self.all.iter().filter_map(|kept| match &kept.identity {
            Kind::Nobody | Kind::Given(_) => None,
            Kind::Fetched(renewing) => Some((kept, &**renewing)),
            Kind::Asked(asked) => Some((kept, asked.renewing.get()?)),
        })
    }

    /// Renews what is due.
    pub(super) fn tick(&self) {
        for (kept, renewing) in self.renewed() {
            if matches!(kept.identity, Kind::Fetched(_)) {
                renewing.tick(&kept.name, self.worker, || None);
            }
        }
        self.tick_asked();
    }

    /// Assumes and renews the roles that callers' requests have needed, at most [`CALLS`] at a time: there may be a thousand.
    fn tick_asked(&self) {
        let wanted = self
            .renewed()
            .filter(|(kept, _)| matches!(&kept.identity, Kind::Asked(asked) if asked.is_wanted.get()));
        let mut calls = 0_usize;
        for (kept, renewing) in wanted.filter(|(_, renewing)| !renewing.is_quiet(self.worker)) {
            if calls >= CALLS {
                break;
            }
            renewing.tick(&kept.name, self.worker, || self.usual());
            calls = calls.saturating_add(renewing.is_fetching(host::now()).into());
        }
    }

    /// The default account's identity, if it is there.
    fn usual(&self) -> Option<Rc<Identity>> {
        match &self.all.first()?.identity {
            Kind::Nobody | Kind::Asked(_) => None,
            Kind::Given(identity) => Some(Rc::clone(identity)),
            Kind::Fetched(renewing) => renewing.good(host::now()),
        }
    }

    /// Takes the response of an HTTP call. Responses to calls of an earlier root context are dropped.
    pub(super) fn answered(&self, call: u32, headers: usize, size: usize) {
        if let Some((kept, renewing)) = self.renewed().find(|(_, renewing)| renewing.awaits(call)) {
            renewing.answered(&kept.name, self.worker, headers, size);
            if let Kind::Asked(asked) = &kept.identity
                && renewing.outlook(self.worker) != Outlook::Coming
            {
                asked.is_wanted.set(false);
                self.tick_asked();
            }
        }
    }

    /// Whether the request of this context has to wait for an account's credentials. If so, they are fetched, and the request
    /// resumes by [`wake`](Self::wake).
    pub(super) fn wait(&self, account: usize, context: u32) -> bool {
        let Some(Kept { identity: Kind::Asked(asked), .. }) = self.all.get(account) else { return false };
        asked.is_wanted.set(true);
        let waits = asked.renewing().outlook(self.worker) == Outlook::Coming;
        waits && self.waiting.borrow_mut().add(context, account, host::now())
    }

    /// Stops the request of this context from waiting.
    pub(super) fn leave(&self, context: u32) {
        self.waiting.borrow_mut().remove(context);
    }

    /// Whether any request waits.
    pub(super) fn are_awaited(&self) -> bool {
        !self.waiting.borrow().is_empty()
    }

    /// Resumes the requests whose credentials have come or could not be had. Must come last in a callback: afterwards host
    /// calls refer to other contexts.
    pub(super) fn wake(&self) {
        if !self.are_awaited() {
            return;
        }
        let is_coming = |account: usize| match self.all.get(account).map(|kept| &kept.identity) {
            Some(Kind::Asked(asked)) => asked.renewing().outlook(self.worker) == Outlook::Coming,
            _ => false,
        };
        let awake = self.waiting.borrow_mut().take(is_coming, host::now());
        for context in awake {
            proxy_wasm::wake(context);
        }
    }

    /// How requests of an account are signed.
    pub(super) fn sign(&self, account: usize) -> Result<Sign, Error> {
        self.all.get(account).map(|kept| kept.sign).ok_or_else(unavailable)
    }

    /// Whether requests of an account can be signed now, or need no signature from the filter.
    pub(super) fn is_ready(&self, account: usize) -> bool {
        self.all.get(account).is_some_and(|kept| match &kept.identity {
            Kind::Nobody | Kind::Given(_) => true,
            Kind::Fetched(renewing) => renewing.good(host::now()).is_some(),
            Kind::Asked(asked) => asked.renewing().good(host::now()).is_some(),
        })
    }

    /// An account's identity, or the error for the client if there is none.
    pub(super) fn identity(&self, account: usize) -> Result<Rc<Identity>, Error> {
        let Some(kept) = self.all.get(account) else { return Err(unavailable()) };
        match &kept.identity {
            Kind::Nobody => Err(unavailable()),
            Kind::Given(identity) => Ok(Rc::clone(identity)),
            Kind::Fetched(renewing) => renewing.identity(&kept.name),
            Kind::Asked(asked) => asked.renewing().identity(&kept.name),
        }
    }
}

/// A local reply: Envoy's retry policy does not apply to it.
fn unavailable() -> Error {
    Error::new(503, "The gateway has no AWS credentials at the moment.").code("credentials_unavailable")
}

impl Kept {
    fn new(account: &Account) -> Self {
        let identity = match &account.source {
            Source::Envoy => Kind::Nobody,
            Source::Given(identity) => Kind::Given(Rc::new(identity.clone())),
            Source::Fetched(recipe) if recipe.is_callers() => Kind::Asked(Box::new(Asked {
                recipe: (**recipe).clone(),
                renewing: OnceCell::new(),
                is_wanted: Cell::new(false),
            })),
            Source::Fetched(recipe) => Kind::Fetched(Box::new(Renewing::new(recipe))),
        };
        Self { name: account.name.clone(), identity, sign: account.sign }
    }
}
