//! The identities that attempts sign with. Those that have to be renewed are so in the background of the root context: see
//! `renewing`. Those of callers with roles of their own are fetched once such a caller asks, and renewed while it does: `waiting` has the
//! requests that are held until then.

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

/// How often is looked after what is due. Looking costs a call or two to Envoy.
pub(super) const TICK: Duration = Duration::from_millis(200);

/// Most calls for roles of callers that a worker has under way.
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
    /// Envoy has it.
    Nobody,
    Given(Rc<Identity>),
    Fetched(Box<Renewing>),
    /// A caller's, for when that asks.
    Asked(Box<Asked>),
}

/// What is fetched once it is asked for.
#[derive(Debug)]
struct Asked {
    recipe: Recipe,
    renewing: OnceCell<Renewing>,
    /// Somebody has asked since it was fetched or tried.
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

    /// Whether there is anything to renew.
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

    /// Looks after what is due.
    pub(super) fn tick(&self) {
        for (kept, renewing) in self.renewed() {
            if matches!(kept.identity, Kind::Fetched(_)) {
                renewing.tick(&kept.name, self.worker, || None);
            }
        }
        self.tick_asked();
    }

    /// Looks after what callers have asked for, a few at a time: there may be a thousand of them at once.
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

    /// The usual account's identity, where it is there.
    fn usual(&self) -> Option<Rc<Identity>> {
        match &self.all.first()?.identity {
            Kind::Nobody | Kind::Asked(_) => None,
            Kind::Given(identity) => Some(Rc::clone(identity)),
            Kind::Fetched(renewing) => renewing.good(host::now()),
        }
    }

    /// Takes the answer of a call; those of a root context before this one are nobody's.
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

    /// Whether the request of this context has to wait for the identity of an account, which is then fetched: see
    /// [`wake`](Self::wake).
    pub(super) fn wait(&self, account: usize, context: u32) -> bool {
        let Some(Kept { identity: Kind::Asked(asked), .. }) = self.all.get(account) else { return false };
        asked.is_wanted.set(true);
        let waits = asked.renewing().outlook(self.worker) == Outlook::Coming;
        waits && self.waiting.borrow_mut().add(context, account, host::now())
    }

    /// The request of that context waits no longer.
    pub(super) fn leave(&self, context: u32) {
        self.waiting.borrow_mut().remove(context);
    }

    /// Whether some request waits.
    pub(super) fn are_awaited(&self) -> bool {
        !self.waiting.borrow().is_empty()
    }

    /// Has the requests go on whose accounts are there, or will not be. To be the last that a callback does: host calls are other
    /// contexts' then.
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

    /// How requests prove the identity of an account.
    pub(super) fn sign(&self, account: usize) -> Result<Sign, Error> {
        self.all.get(account).map(|kept| kept.sign).ok_or_else(unavailable)
    }

    /// Whether there is an identity to prove, or nothing to be proven here.
    pub(super) fn is_ready(&self, account: usize) -> bool {
        self.all.get(account).is_some_and(|kept| match &kept.identity {
            Kind::Nobody | Kind::Given(_) => true,
            Kind::Fetched(renewing) => renewing.good(host::now()).is_some(),
            Kind::Asked(asked) => asked.renewing().good(host::now()).is_some(),
        })
    }

    /// The identity of an account, or why there is none.
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

/// Final: an answer of ours is not retried.
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
