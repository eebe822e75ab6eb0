//! The plugin configuration: parsed and checked once, when it is loaded.

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
    /// Keys and callers.
    pub keys: Keys,
    /// The models that can be called.
    pub models: Models,
    /// Where requests are sent, and which accounts sign them.
    pub upstream: Upstream,
    /// Options of the translation.
    pub options: Options,
    /// How lists that are too long for one call are sent in parts; `None`: they are refused.
    pub fan_out: Option<FanOut>,
    /// Techniques; `None`: each request is one call.
    pub techniques: Option<Rc<Settings>>,
    /// Prices of tokens.
    pub prices: Prices,
    /// Request headers that are passed on to Bedrock, unsigned.
    pub forward_headers: Vec<String>,
    /// Largest request headers, bytes.
    pub header_bytes: usize,
    /// Largest request body, bytes.
    pub body_bytes: usize,
    /// Largest reply that is not a stream, bytes.
    pub reply_bytes: usize,
    /// Most bytes that parsing one request or reply may allocate.
    pub held_bytes: usize,
    /// Most bytes that all open requests of a worker may hold.
    pub worker_bytes: usize,
    /// Time limit of a request in parts.
    pub list_time: Duration,
    /// Fetching of images by URL; `None`: off.
    pub images: Option<Images>,
    /// Discovery of models; `None`: off.
    pub discover: Option<Discover>,
    /// Reasoning kept for clients that do not send it back; `None`: none.
    pub reasoning_memory: Option<memory::Settings>,
    /// Most series of metrics on a worker; 0: no metrics.
    pub metric_series: usize,
    /// Settings that are allowed but hardly intended, for the log.
    pub warnings: Vec<Error>,
}

/// Discovery of models, signed by the default account in the default region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discover {
    /// The Envoy cluster of the control plane.
    pub cluster: String,
    /// The `host` header, sent and signed.
    pub host: String,
    /// How long a catalogue is good for.
    pub refresh: Duration,
    /// Key of the catalogue in the shared data: distinguishes account, region and host, without secrets.
    pub key: String,
}

/// How lists that are too long for one call are sent in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FanOut {
    /// The Envoy cluster that leads to this gateway's own listener.
    pub cluster: String,
    /// Most concurrent calls of one request.
    pub parallel: usize,
    /// Most requests in parts on one worker.
    pub open: usize,
}

/// Where requests are sent and which account signs, unless a target says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// The region that requests are signed for.
    pub region: Region,
    /// The only regions that requests may be signed for, if restricted.
    pub regions: Option<Regions>,
    /// The `host` header, sent and signed, with a port unless it is the scheme's default; `None`: the region's host.
    pub host: Option<String>,
    /// The variant of the region's host.
    pub variant: Variant,
    /// The cluster of models that name none, for `cluster_header` routes.
    pub cluster: Option<String>,
    /// The accounts: first the default one, then those of targets and callers.
    pub accounts: Vec<Account>,
}

/// The destination of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination<'a> {
    /// The region in the signature.
    pub region: &'a Region,
    /// The `host` header, sent and signed.
    pub host: Cow<'a, str>,
    /// The service in the signature.
    pub service: &'static str,
    /// Index of the account that signs.
    pub account: usize,
}

impl Upstream {
    /// The destination of an attempt for `target` at `place`: the target's settings take precedence, then the endpoint's
    /// metadata, then the defaults. `None` where the endpoint is in a region that may not be signed for. (It would also be
    /// `None` for an unknown account, which loading excludes.)
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
    /// The path of the wrong field: `api_keys[0].sha256`.
    pub path: String,
    /// The reason; never a value, which may be a secret.
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

    /// Whether a model has a price, by Bedrock's id.
    pub fn is_priced(&self, id: &str) -> bool {
        self.dearest([id]).is_some()
    }

    /// The highest price among these models, by Bedrock's ids; `None`: one of them has no price.
    pub fn dearest<'i>(&self, ids: impl IntoIterator<Item = &'i str>) -> Option<Rate> {
        self.prices.dearest(ids.into_iter().map(|id| (id, self.options.known_as(id))))
    }

    /// The same configuration with a catalogue of discovered models.
    #[must_use]
    pub fn with(&self, found: Catalogue) -> Self {
        let found = Rc::new(found);
        let mut config = self.clone();
        config.options.discovered = Rc::clone(&found);
        config.models.discovered = found;
        config
    }
}
