//! The identities that attempts sign with. Those that have to be renewed are so in the background of the root context: see
//! `renewing`.

mod renewing;

use std::hash::{BuildHasher as _, RandomState};
use std::rc::Rc;
use std::time::Duration;

use super::host;
use crate::aws::Identity;
use crate::aws::source::{Account, Sign, Source};
use crate::aws::turn::Worker;
use crate::config::Config;
use crate::openai::Error;
use renewing::Renewing;

/// How often is looked after what is due. Looking costs a call or two to Envoy.
pub(super) const TICK: Duration = Duration::from_millis(200);

/// All accounts of one plugin on one worker.
#[derive(Debug)]
pub(super) struct Accounts {
    worker: Worker,
    all: Vec<Kept>,
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
}

impl Accounts {
    pub(super) fn new(config: &Config) -> Self {
        let all = config.upstream.accounts.iter().map(Kept::new).collect();
        Self { worker: Worker::of(RandomState::new().hash_one(0)), all }
    }

    /// Whether there is anything to renew.
    pub(super) fn are_renewed(&self) -> bool {
        self.renewed().next().is_some()
    }

    fn renewed(&self) -> impl Iterator<Item = (&str, &Renewing)> {
        self.all.iter().filter_map(|kept| match &kept.identity {
            Kind::Nobody | Kind::Given(_) => None,
            Kind::Fetched(renewing) => Some((kept.name.as_str(), &**renewing)),
        })
    }

    /// Looks after what is due.
    pub(super) fn tick(&self) {
        for (name, renewing) in self.renewed() {
            renewing.tick(name, self.worker);
        }
    }

    /// Takes the answer of a call; those of a root context before this one are nobody's.
    pub(super) fn answered(&self, call: u32, headers: usize, size: usize) {
        if let Some((name, renewing)) = self.renewed().find(|(_, renewing)| renewing.awaits(call)) {
            renewing.answered(name, self.worker, headers, size);
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
        })
    }

    /// The identity of an account, or why there is none.
    pub(super) fn identity(&self, account: usize) -> Result<Rc<Identity>, Error> {
        let Some(kept) = self.all.get(account) else { return Err(unavailable()) };
        match &kept.identity {
            Kind::Nobody => Err(unavailable()),
            Kind::Given(identity) => Ok(Rc::clone(identity)),
            Kind::Fetched(renewing) => renewing.identity(&kept.name),
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
            Source::Fetched(recipe) => Kind::Fetched(Box::new(Renewing::new(recipe))),
        };
        Self { name: account.name.clone(), identity, sign: account.sign }
    }
}
