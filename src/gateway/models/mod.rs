//! Resolves the model that a client names to targets.

pub mod anthropic;
mod listing;
mod named;

use std::borrow::Cow;
use std::rc::Rc;

use crate::aws::endpoint::Region;
use crate::bedrock::catalogue::{Catalogue, Entry, Kind};
use crate::bedrock::model_id::{LENGTH, geography, is_bedrock_id};
use crate::openai::{Endpoint, Error};
use crate::texts::cut;
use crate::translate::Options;

use super::attribution::is_application_profile;
use super::callers::Caller;
use super::names;
use super::regions::{Regions, covers, no_arn};
use super::targets::{GUARDRAIL, Target};

pub use named::Named;

/// A model under a name of the configuration's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The name for clients.
    pub name: String,
    /// The targets, in order of preference; at least one.
    pub targets: Vec<Target>,
}

/// A model that answers in place of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StandIn {
    /// By its name in the configuration.
    Named(String),
    /// By Bedrock's id.
    Id(String),
}

/// All models of the configuration, and the discovered ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Models {
    /// The models with names of their own.
    pub named: Named,
    /// Answers chats without a model and under names of OpenAI's, such as `gpt-5`.
    pub default: Option<StandIn>,
    /// Answers for unknown names.
    pub fallback: Option<StandIn>,
    /// Answers embeddings without a model and under names of OpenAI's.
    pub default_embedding: Option<StandIn>,
    /// The models that discovery has found.
    pub discovered: Rc<Catalogue>,
    /// The regions that clients may choose by an ARN. Models that the configuration names are called where it says.
    pub regions: Regions,
    /// The region of ids that name none.
    pub region: String,
    /// Longest name that is looked up, bytes.
    pub name_bytes: usize,
}

impl Default for Models {
    fn default() -> Self {
        Self {
            named: Named::default(),
            default: None,
            fallback: None,
            default_embedding: None,
            discovered: Rc::default(),
            regions: Regions::default(),
            region: String::new(),
            name_bytes: LENGTH,
        }
    }
}

/// The model that a request resolves to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved<'a> {
    /// The targets, in order of preference; at least one.
    pub targets: Cow<'a, [Target]>,
    /// The model's name in the configuration. A right to this name is a right to the model; a right to the name that the client
    /// used is not.
    pub name: Option<Cow<'a, str>>,
    /// Whether it is the fallback for an unknown name.
    pub is_fallback: bool,
    /// Whether it was found by an application profile's name. Such a name is chosen by the profile's maker, so it gives no
    /// right.
    pub is_discovered: bool,
}

impl<'a> Resolved<'a> {
    fn of(targets: Cow<'a, [Target]>, name: Option<Cow<'a, str>>) -> Self {
        Self { targets, name, is_fallback: false, is_discovered: false }
    }

    fn named(model: &'a Model) -> Self {
        Self::of(Cow::Borrowed(&model.targets), Some(model.name.as_str().into()))
    }

    /// Refuses a model that the caller may use neither by its name in the configuration nor by all of its ids. `asked` is the
    /// client's name for it.
    ///
    /// # Errors
    /// 403 `model_not_allowed`; 404 for a profile found by its name, as for an unknown name.
    pub fn check(&self, caller: &Caller, asked: Option<&str>) -> Result<(), Error> {
        // A caller who names another's application profile would put the request on that one's bill.
        let is_anothers = |id: &str| is_application_profile(id) && !caller.policy.attribution.has(id);
        let is_put_down = self.name.is_some()
            || caller.policy.attribution.profiles.is_empty()
            || !self.ids().any(is_anothers);
        if is_put_down && caller.may_use(self.name.as_deref(), self.ids()) {
            return Ok(());
        }
        if self.is_discovered {
            return Err(not_found(asked.unwrap_or_default()));
        }
        Err(not_allowed(asked.or_else(|| self.ids().next()).unwrap_or_default()))
    }

    /// Repeats the check in the upstream role, whose configuration may resolve the name to another model. `None`: its
    /// configuration does not have the caller.
    ///
    /// # Errors
    /// As [`Self::check`]; also for a profile found by its name where the caller is unknown.
    pub fn check_again(&self, caller: Option<&Caller>, asked: Option<&str>) -> Result<(), Error> {
        match caller {
            Some(caller) => self.check(caller, asked),
            None if self.is_discovered => Err(not_found(asked.unwrap_or_default())),
            // The gateway role has let it in, by a configuration that has the caller.
            None => Ok(()),
        }
    }

    /// The first target that the caller's requests may go to. Where endpoints choose the region, only the attempt can decide.
    ///
    /// # Errors
    /// 403 `region_not_allowed`, `no_profile` where there is none.
    pub fn reachable(&self, caller: &Caller, options: &Options) -> Result<&Target, Error> {
        let mut told = Caller::not_there(403);
        for target in self.targets.iter() {
            match caller.called(target, target.region.as_ref().map(Region::as_str), options) {
                Ok(_) => return Ok(target),
                Err(error) => told = error,
            }
        }
        Err(told)
    }

    /// The ids that Bedrock may be called with.
    pub fn ids(&self) -> impl Iterator<Item = &str> + Clone {
        self.targets.iter().map(|target| target.id.as_str())
    }
}

impl Models {
    /// Resolves a client's name for a model.
    ///
    /// # Errors
    /// 404 `model_not_found`; 400 where there is neither a model nor a default.
    pub fn resolve<'a>(&'a self, asked: Option<&str>, endpoint: Endpoint) -> Result<Resolved<'a>, Error> {
        // Moderations need no model but a guardrail: that of a configured model, or the default one.
        if endpoint == Endpoint::Moderations {
            return Ok(match asked.and_then(|asked| self.named(asked)) {
                Some(model) => Resolved::named(model),
                None => {
                    let name = asked.map(|asked| Cow::Owned(asked.to_owned()));
                    Resolved::of(Cow::Owned(vec![Target::of_id(GUARDRAIL)]), name)
                }
            });
        }
        let default = match endpoint {
            Endpoint::ChatCompletions
            | Endpoint::Completions
            | Endpoint::Responses
            | Endpoint::InputTokens
            | Endpoint::MessageTokens
            | Endpoint::Messages => &self.default,
            Endpoint::Embeddings | Endpoint::Moderations => &self.default_embedding,
        };
        let default = || Some(self.stand_in(default.as_ref()?));
        let Some(asked) = asked else {
            let message = "You must provide a 'model'; there is no default here.";
            return default().ok_or_else(|| Error::invalid_param("model", message));
        };
        // No model has so long a name, and every chunk of a stream would repeat it.
        if asked.len() > self.name_bytes {
            return Err(not_found(asked));
        }
        if let Some(model) = self.named(asked) {
            return Ok(Resolved::named(model));
        }
        let bare = names::bare(asked);
        if let Some(model) = self.named(bare) {
            return Ok(Resolved::named(model));
        }
        if is_bedrock_id(bare) {
            return self.of_client(bare);
        }
        let default = default().filter(|_| names::is_openais(bare, endpoint));
        if default.is_none()
            && let Some(profile) = self.discovered.named(asked)
        {
            return Ok(Resolved { is_discovered: true, ..self.of_client(&profile.id)? });
        }
        if bare.starts_with("arn:") {
            return Err(no_arn());
        }
        if let Some(resolved) = self.of_vendor(bare) {
            return Ok(resolved);
        }
        if let Some(default) = default {
            return Ok(default);
        }
        let fallback = self.fallback.as_ref().ok_or_else(|| not_found(asked))?;
        Ok(Resolved { is_fallback: true, ..self.stand_in(fallback) })
    }

    /// As [`Self::resolve`], but without the fallback.
    ///
    /// # Errors
    /// 404 `model_not_found`; 400 where there is neither a model nor a default.
    pub fn known(&self, asked: Option<&str>, endpoint: Endpoint) -> Result<Resolved<'_>, Error> {
        let resolved = self.resolve(asked, endpoint)?;
        if resolved.is_fallback { Err(not_found(asked.unwrap_or_default())) } else { Ok(resolved) }
    }

    /// Resolves a model for Bedrock's own routes: by its name in the configuration or Bedrock's id, without default or
    /// fallback.
    ///
    /// # Errors
    /// 404 `model_not_found`; 400 where the model only speaks OpenAI's API.
    pub fn native(&self, asked: &str) -> Result<Resolved<'_>, Error> {
        let is_ours = |target: &Target| !target.backend.speaks_openai();
        let of_id = |id: &str| {
            let mut targets = self.targets_of_id(id).into_owned();
            targets.retain(is_ours);
            if targets.is_empty() {
                targets.push(Target::of_id(id));
            }
            targets
        };
        if let Some(model) = self.named(asked) {
            let targets: Vec<Target> =
                model.targets.iter().filter(|target| is_ours(target)).cloned().collect();
            if targets.is_empty() {
                return Err(Error::invalid(format!(
                    "The model '{}' is served here by OpenAI's API only.",
                    cut(asked)
                )));
            }
            return Ok(Resolved { targets: Cow::Owned(targets), ..Resolved::named(model) });
        }
        let profile = if is_bedrock_id(asked) { None } else { self.discovered.named(asked) };
        let id = match profile {
            Some(profile) => profile.id.as_str(),
            None if is_bedrock_id(asked) => asked,
            None if asked.starts_with("arn:") => return Err(no_arn()),
            None => return Err(not_found(asked)),
        };
        self.check_region(id)?;
        Ok(Resolved { is_discovered: profile.is_some(), ..Resolved::of(Cow::Owned(of_id(id)), None) })
    }

    /// The targets of all configured models.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.named.iter().flat_map(|model| &model.targets)
    }

    /// Whether an id of Bedrock's is configured or discovered, rather than made up by a client.
    pub fn is_known(&self, id: &str) -> bool {
        self.named.of_id(id).next().is_some()
            || self.stand_in_ids().any(|known| known == id)
            || self.discovered.find(id).is_some()
    }

    /// Bedrock's ids among the default, the fallback and the default for embeddings.
    pub fn stand_in_ids(&self) -> impl Iterator<Item = &str> {
        let all = [&self.default, &self.default_embedding, &self.fallback];
        all.into_iter().flatten().filter_map(|stand_in| match stand_in {
            StandIn::Named(_) => None,
            StandIn::Id(id) => Some(id.as_str()),
        })
    }

    /// Whether some model's chats are sent on untranslated.
    pub fn speak_openai(&self) -> bool {
        self.named.speak_openai
    }

    /// Whether the model decides the cluster.
    pub fn decide_cluster(&self) -> bool {
        self.named.decide_cluster
    }

    fn named(&self, name: &str) -> Option<&Model> {
        self.named.of_name(name)
    }

    fn stand_in<'a>(&'a self, stand_in: &'a StandIn) -> Resolved<'a> {
        match stand_in {
            StandIn::Named(name) => {
                let targets = self.named(name).map(|model| model.targets.as_slice()).unwrap_or_default();
                Resolved::of(Cow::Borrowed(targets), Some(name.as_str().into()))
            }
            StandIn::Id(id) => Resolved::of(self.targets_of_id(id), None),
        }
    }

    /// A model by its vendor's name: the newest configured one, else the newest discovered one, else the newest in the table.
    fn of_vendor(&self, name: &str) -> Option<Resolved<'_>> {
        if let Some(id) = names::newest(name, self.configured_ids()) {
            let mut models = self.named.of_id(id);
            let alone = models.find(|model| matches!(model.targets.as_slice(), [only] if only.id == id));
            return Some(match alone {
                Some(model) => Resolved::named(model),
                None => Resolved::of(self.targets_of_id(id), None),
            });
        }
        let of_kind = |kind| {
            let entries = self.discovered.entries().iter();
            entries.filter(move |entry| entry.kind == kind).map(|Entry { id, .. }| id.as_str())
        };
        // A profile of the region's geography keeps the data there; one of another geography cannot be called here.
        let profiles = |is_global: bool| {
            of_kind(Kind::System).filter(move |id| {
                geography(id).is_some_and(|geography| {
                    (geography == "global") == is_global && covers(geography, &self.region)
                })
            })
        };
        let found = profiles(false).chain(profiles(true)).chain(of_kind(Kind::Model));
        let id = names::newest(name, found).map(str::to_owned);
        let id = id.or_else(|| names::known(name, &self.region))?;
        Some(Resolved::of(self.targets_of_id(&id), None))
    }

    /// The ids that the configuration names, except those of named targets, which are reached only by their names.
    fn configured_ids(&self) -> impl Iterator<Item = &str> {
        let targets = self.targets().filter(|target| target.name.is_none());
        targets.map(|target| target.id.as_str()).chain(self.stand_in_ids())
    }

    /// A model by an id that the configuration need not name.
    fn of_client(&self, id: &str) -> Result<Resolved<'_>, Error> {
        self.check_region(id)?;
        Ok(Resolved::of(self.targets_of_id(id), None))
    }

    /// Refuses an ARN of a region that clients may not choose. Configured ARNs are exempt.
    fn check_region(&self, id: &str) -> Result<(), Error> {
        let is_configured = || self.named.of_id(id).next().is_some();
        if id.starts_with("arn:") && !is_configured() { self.regions.check(id) } else { Ok(()) }
    }

    /// The targets of an id: those of the configured models that use it, if there are any.
    fn targets_of_id(&self, id: &str) -> Cow<'_, [Target]> {
        let mut models = self.named.of_id(id).map(|model| model.targets.as_slice());
        if let Some(targets) = models.find(|targets| matches!(targets, [only] if only.id == id)) {
            return Cow::Borrowed(targets);
        }
        // A named target is reached only at the endpoints meant for it.
        let mut targets: Vec<Target> =
            self.named.targets_of_id(id).filter(|target| target.name.is_none()).cloned().collect();
        if targets.is_empty() {
            targets.push(Target::of_id(id));
        }
        Cow::Owned(targets)
    }
}

fn not_allowed(asked: &str) -> Error {
    let message = format!("This API key may not use the model '{}'.", cut(asked));
    Error::new(403, message).param("model").code("model_not_allowed")
}

fn not_found(asked: &str) -> Error {
    let asked = cut(asked);
    let message = format!("The model '{asked}' does not exist or you do not have access to it.");
    Error::new(404, message).param("model").code("model_not_found")
}

#[cfg(test)]
mod found_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod typed_tests;
