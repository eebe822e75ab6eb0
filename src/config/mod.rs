//! The plugin configuration: what people write becomes what the code uses, and is checked once, when it is loaded.

mod attribution;
mod caller_accounts;
mod caller_limits;
mod costs;
mod credentials;
mod deserializer;
mod discover;
mod expand;
mod families;
mod fan_out;
mod file;
mod identities;
mod images;
mod keys;
mod limits;
mod lists;
mod load;
mod model_options;
mod models;
mod policy;
mod prices;
mod reasoning_memory;
mod regions;
#[cfg(test)]
mod schema;
mod signer;
mod structure;
mod switch;
mod techniques;
mod values;
mod warnings;
mod written;

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::aws::endpoint::{Region, Variant};
use crate::aws::sign::{BEDROCK, BEDROCK_MANTLE};
use crate::aws::source::Account;
use crate::bedrock::catalogue::Catalogue;
use crate::gateway::images::Images;
use crate::gateway::keys::Keys;
use crate::gateway::memory;
use crate::gateway::models::Models;
use crate::gateway::regions::Regions;
use crate::gateway::targets::{Backend, Place, Target};
use crate::record::prices::{Prices, Rate};
use crate::techniques::Settings;
use crate::translate::Options;

/// The configuration of both roles.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Path prefixes under which OpenAI's endpoints are served.
    pub prefixes: Vec<String>,
    /// Who may call.
    pub keys: Keys,
    /// What can be called.
    pub models: Models,
    /// Where to.
    pub upstream: Upstream,
    /// How to translate.
    pub options: Options,
    /// How lists of inputs are sent that are too long for one call; `None`: they are refused.
    pub fan_out: Option<FanOut>,
    /// Ways to a better answer by more calls than one; `None`: a request is one call.
    pub techniques: Option<Rc<Settings>>,
    /// What tokens cost.
    pub prices: Prices,
    /// Request headers that go on to Bedrock, unsigned.
    pub forward_headers: Vec<String>,
    /// Largest request headers, bytes.
    pub header_bytes: usize,
    /// Largest request body, bytes.
    pub body_bytes: usize,
    /// Largest reply that is not a stream, bytes.
    pub reply_bytes: usize,
    /// Most that one request or reply may make us hold while it is read, bytes.
    pub held_bytes: usize,
    /// Most that all open requests of a worker may hold together, bytes.
    pub worker_bytes: usize,
    /// How long a list may take that goes in pieces.
    pub list_time: Duration,
    /// Images by URL; `None`: none is fetched.
    pub images: Option<Images>,
    /// How models are found that the configuration does not name; `None`: they are not.
    pub discover: Option<Discover>,
    /// How much reasoning is kept for clients that do not send it back, and for how long; `None`: none is.
    pub reasoning_memory: Option<memory::Settings>,
    /// How many series of metrics a worker may make; 0: nothing is counted.
    pub metric_series: usize,
    /// What is allowed and hardly meant: a line of the log each.
    pub warnings: Vec<Error>,
}

/// How models are found that the configuration does not name. The usual account is asked, in the usual region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discover {
    /// The Envoy cluster of the control plane.
    pub cluster: String,
    /// The `host` header that is sent and signed.
    pub host: String,
    /// How long what was found is good for.
    pub refresh: Duration,
    /// What tells this place and identity from others; holds no secret.
    pub key: String,
}

/// How lists of inputs are sent that are too long for one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FanOut {
    /// The Envoy cluster that is this gateway itself.
    pub cluster: String,
    /// Most calls of one request at a time.
    pub parallel: usize,
    /// Most requests of one worker that go in pieces at a time.
    pub open: usize,
}

/// Where requests go and as whom, where a target does not say otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// The region that is signed for.
    pub region: Region,
    /// The only ones that may be signed for, where that is said.
    pub regions: Option<Regions>,
    /// The `host` header that is sent and signed, with the port where it is not the scheme's own; `None`: the region's.
    pub host: Option<String>,
    /// Which of a region's hosts.
    pub variant: Variant,
    /// The cluster of models that name none, for `cluster_header` routes.
    pub cluster: Option<String>,
    /// As whom: first the usual one, then those of targets that have their own.
    pub accounts: Vec<Account>,
}

/// Where one attempt goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination<'a> {
    /// The region that is signed for.
    pub region: &'a Region,
    /// The `host` header that is sent and signed.
    pub host: Cow<'a, str>,
    /// The service that is signed for.
    pub service: &'static str,
    /// As whom, by the place among the accounts.
    pub account: usize,
}

impl Upstream {
    /// Where an attempt at `target` goes that Envoy has connected at `place`: what the target says holds, then what the
    /// endpoint says, then the usual. `None` where the endpoint is in a region that may not be signed for, and where the target's
    /// account is not there, which loading sees to.
    pub fn destination<'a>(&'a self, target: &'a Target, place: &'a Place) -> Option<Destination<'a>> {
        let region = target.region.as_ref().or(place.region.as_ref()).unwrap_or(&self.region);
        if self.regions.as_ref().is_some_and(|regions| !regions.allows(region.as_str())) {
            return None;
        }
        let is_mantle = target.backend == Backend::Mantle;
        let usual = || self.host.as_deref().filter(|_| *region == self.region && !is_mantle);
        let host = target.host.as_deref().or(place.host.as_deref()).or_else(usual);
        let regional = || if is_mantle { region.mantle_host() } else { region.runtime_host(self.variant) };
        Some(Destination {
            region,
            host: host.map_or_else(|| regional().into(), Into::into),
            service: if is_mantle { BEDROCK_MANTLE } else { BEDROCK },
            account: self.accounts.get(target.account).map(|_| target.account)?,
        })
    }
}

/// Why a configuration was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The field that is wrong, by its path: `api_keys[0].sha256`.
    pub path: String,
    /// What is wrong with it; never its value, which may be a secret.
    pub reason: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => write!(f, "configuration: {}", self.reason),
            path => write!(f, "configuration: {path}: {}", self.reason),
        }
    }
}

impl std::error::Error for Error {}

impl Config {
    /// Loads a configuration. `text` is JSON, or a `google.protobuf.Struct`; `variable`
    /// gives the value of an environment variable of the VM.
    ///
    /// # Errors
    /// The first field that is unknown, missing, or wrong.
    pub fn load(text: &[u8], variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        load::load(text, &variable)
    }

    /// Whether it is known what a model costs, by Bedrock's id.
    pub fn is_priced(&self, id: &str) -> bool {
        self.dearest([id]).is_some()
    }

    /// What tokens cost at most by whichever of these models answers, by Bedrock's ids; `None`: one has no price.
    pub fn dearest<'i>(&self, ids: impl IntoIterator<Item = &'i str>) -> Option<Rate> {
        self.prices.dearest(ids.into_iter().map(|id| (id, self.options.known_as(id))))
    }

    /// The same, and what was found besides.
    #[must_use]
    pub fn with(&self, found: Catalogue) -> Self {
        let found = Rc::new(found);
        let mut config = self.clone();
        config.options.discovered = Rc::clone(&found);
        config.models.discovered = found;
        config
    }
}
