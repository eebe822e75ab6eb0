//! What clients call a model, and what Bedrock calls it.

use std::borrow::Cow;
use std::rc::Rc;

use crate::bedrock::catalogue::{Catalogue, Entry, Kind};
use crate::bedrock::model_id::{LENGTH, base_model, is_bedrock_id};
use crate::openai::models::{List, Model as Listed};
use crate::openai::{Endpoint, Error};
use crate::texts::cut;

use super::keys::{Key, Keys};
use super::names;
use super::regions::{Regions, no_arn};
use super::targets::Target;
use super::tasks::Task;

/// A model under a name of the gateway's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// What clients call it.
    pub name: String,
    /// What answers for it, in the order of preference; at least one.
    pub targets: Vec<Target>,
}

/// A model that stands for others: by its name in the configuration, or by Bedrock's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StandIn {
    /// The model of that name.
    Named(String),
    /// Bedrock's.
    Id(String),
}

/// All that the configuration says about models, and what discovery has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Models {
    /// The models with names of their own.
    pub named: Vec<Model>,
    /// For chats without a model and for names of OpenAI's, such as `gpt-5`.
    pub default: Option<StandIn>,
    /// For models that nobody knows.
    pub fallback: Option<StandIn>,
    /// For embeddings without a model and for names of OpenAI's.
    pub default_embedding: Option<StandIn>,
    /// What Bedrock says that there is, besides.
    pub discovered: Rc<Catalogue>,
    /// Where else clients may call models by an ARN, which names its region. What the configuration names is called where it says.
    pub regions: Regions,
    /// The region of what names none.
    pub region: String,
    /// Longest name that is looked for.
    pub name_bytes: usize,
}

impl Default for Models {
    fn default() -> Self {
        Self {
            named: Vec::new(),
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

/// The model that a request gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved<'a> {
    /// What answers for it, in the order of preference; at least one.
    pub targets: Cow<'a, [Target]>,
    /// The name that the operator gave to what answers: a right to it is one to that. What a client calls it gives none.
    pub name: Option<Cow<'a, str>>,
    /// Whether it is the fallback for a name that nobody knows.
    pub is_fallback: bool,
    /// Whether it was found by an application profile's name. Whoever may make profiles chooses that: it gives no right.
    pub is_discovered: bool,
}

impl<'a> Resolved<'a> {
    fn of(targets: Cow<'a, [Target]>, name: Option<Cow<'a, str>>) -> Self {
        Self { targets, name, is_fallback: false, is_discovered: false }
    }

    fn named(model: &'a Model) -> Self {
        Self::of(Cow::Borrowed(&model.targets), Some(model.name.as_str().into()))
    }

    /// Refuses what the key may not use: neither what answers by the name that the operator gave it, nor each of its ids. `asked`
    /// is what the client called it.
    ///
    /// # Errors
    /// 403 `model_not_allowed`; of a profile by its name 404, as of a name that nobody knows.
    pub fn check(&self, key: &Key, asked: Option<&str>) -> Result<(), Error> {
        if key.may_use(self.name.as_deref(), self.ids()) {
            return Ok(());
        }
        if self.is_discovered {
            return Err(not_found(asked.unwrap_or_default()));
        }
        Err(not_allowed(asked.or_else(|| self.ids().next()).unwrap_or_default()))
    }

    /// Checks once more by the key's name: what an earlier check was of may stand for something else by now.
    ///
    /// # Errors
    /// As [`Self::check`], and of a profile by its name where there is no such key any more.
    pub fn check_again(&self, keys: &Keys, caller: &str, asked: Option<&str>) -> Result<(), Error> {
        match keys.0.iter().find(|key| key.name == caller) {
            Some(key) => self.check(key, asked),
            None if self.is_discovered => Err(not_found(asked.unwrap_or_default())),
            // The gateway role has let it in, by a configuration that has the key.
            None => Ok(()),
        }
    }

    /// The Envoy cluster that serves it; `None`: the default one.
    pub fn cluster(&self) -> Option<&str> {
        self.targets.first().and_then(|target| target.cluster.as_deref())
    }

    /// What Bedrock may be called with.
    pub fn ids(&self) -> impl Iterator<Item = &str> + Clone {
        self.targets.iter().map(|target| target.id.as_str())
    }
}

/// What stands for a model's id where a guardrail is asked.
const GUARDRAIL: &str = "guardrail";

impl Models {
    /// Finds the model that a client means by `asked`.
    ///
    /// # Errors
    /// 404 `model_not_found`; 400 where there is neither a model nor a default.
    pub fn resolve<'a>(&'a self, asked: Option<&str>, endpoint: Endpoint) -> Result<Resolved<'a>, Error> {
        // No model judges, but the guardrail: that of a model with a name, or the one for all.
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
            Endpoint::ChatCompletions | Endpoint::Completions => &self.default,
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

    /// Finds the model that a client of Bedrock's own routes means: by a name of the gateway's or by Bedrock's id. Nothing stands
    /// in for another here.
    ///
    /// # Errors
    /// 404 `model_not_found`; 400 where it only speaks OpenAI's API.
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
        self.regions_of(id)?;
        Ok(Resolved { is_discovered: profile.is_some(), ..Resolved::of(Cow::Owned(of_id(id)), None) })
    }

    /// What answers for the models with names of their own.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        self.named.iter().flat_map(|model| &model.targets)
    }

    /// True where chats of some model go on as they are.
    pub fn speak_openai(&self) -> bool {
        self.targets().any(|target| target.backend.speaks_openai())
    }

    /// True where the choice of model decides the cluster.
    pub fn decide_cluster(&self) -> bool {
        self.targets().any(|target| target.cluster.is_some())
    }

    /// What `key` may use, of what it asks for: what the configuration names, then what was found besides.
    pub fn list(&self, key: &Key, asked: Option<Task>) -> List<'_> {
        let configured = self.listed().filter(|(name, ids)| key.may_use(Some(name), ids.iter().copied()));
        let mut data: Vec<_> = configured.map(|(name, ids)| self.described(name, &ids)).collect();
        let is_listed = |id: &str| self.listed().any(|(name, _)| name == id);
        let found = self.discovered.entries().iter();
        let found = found.filter(|entry| {
            key.may_use(None, [entry.id.as_str()])
                && !is_listed(&entry.id)
                && self.regions_of(&entry.id).is_ok()
        });
        data.extend(found.map(|entry| described(&entry.id, &entry.id, Some(entry))));
        data.retain(|model| asked.is_none_or(|asked| asked.name() == model.task));
        List { object: "list", data }
    }

    /// One model, by the client's name, Bedrock's id or an application profile's name.
    ///
    /// # Errors
    /// 404 where it is not there, or not for this key.
    pub fn one<'a>(&'a self, id: &'a str, key: &Key) -> Result<Listed<'a>, Error> {
        let known = self.listed().find(|(name, _)| *name == id);
        let is_allowed = |id: &str| is_bedrock_id(id) && self.regions_of(id).is_ok();
        let found = known.or_else(|| is_allowed(id).then(|| (id, vec![id])));
        if let Some((name, ids)) = found {
            let is_allowed = key.may_use(Some(name), ids.iter().copied());
            return is_allowed.then(|| self.described(name, &ids)).ok_or_else(|| not_found(id));
        }
        let profile = self
            .discovered
            .named(id)
            .filter(|profile| is_allowed(&profile.id) && key.may_use(None, [profile.id.as_str()]));
        profile.map(|profile| described(id, &profile.id, Some(profile))).ok_or_else(|| not_found(id))
    }

    /// What there is to say of a model that Bedrock may be called with `ids` for.
    fn described<'a>(&'a self, name: &'a str, ids: &[&'a str]) -> Listed<'a> {
        match ids {
            [id] => described(name, id, self.discovered.find(id)),
            ids => described(name, ids.first().copied().unwrap_or(name), None),
        }
    }

    fn named(&self, name: &str) -> Option<&Model> {
        self.named.iter().find(|model| model.name == name)
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

    /// A model by its vendor's name: the newest that the configuration has, else that discovery has found, else that is known.
    fn of_vendor(&self, name: &str) -> Option<Resolved<'_>> {
        if let Some(id) = names::newest(name, self.configured_ids()) {
            let mut models = self.named.iter();
            let alone = models.find(|model| matches!(model.targets.as_slice(), [only] if only.id == id));
            return Some(match alone {
                Some(model) => Resolved::named(model),
                None => Resolved::of(self.targets_of_id(id), None),
            });
        }
        let found = |kind, is_global: bool| {
            self.discovered.entries().iter().filter_map(move |Entry { kind: its, id, .. }| {
                (*its == kind && id.starts_with("global.") == is_global).then_some(id.as_str())
            })
        };
        // A profile of the region's geography keeps the data there.
        let found =
            found(Kind::System, false).chain(found(Kind::System, true)).chain(found(Kind::Model, false));
        let id = names::newest(name, found).map(str::to_owned);
        let id = id.or_else(|| names::known(name, &self.region))?;
        Some(Resolved::of(self.targets_of_id(&id), None))
    }

    /// The ids that the configuration names, but for those of targets that have a name and are reached by it only.
    fn configured_ids(&self) -> impl Iterator<Item = &str> {
        let targets = self.named.iter().flat_map(|model| &model.targets);
        let targets = targets.filter(|target| target.name.is_none()).map(|target| target.id.as_str());
        let stand_ins = [&self.default, &self.default_embedding, &self.fallback].into_iter().flatten();
        targets.chain(stand_ins.filter_map(|stand_in| match stand_in {
            StandIn::Named(_) => None,
            StandIn::Id(id) => Some(id.as_str()),
        }))
    }

    /// A model by an id that the configuration need not know.
    fn of_client(&self, id: &str) -> Result<Resolved<'_>, Error> {
        self.regions_of(id)?;
        Ok(Resolved::of(self.targets_of_id(id), None))
    }

    /// Refuses an ARN of a region that clients may not choose; what the configuration names is where it says.
    fn regions_of(&self, id: &str) -> Result<(), Error> {
        let is_configured = || self.targets().any(|target| target.id == id);
        if id.starts_with("arn:") && !is_configured() { self.regions.check(id) } else { Ok(()) }
    }

    /// An id may be a named model's, and then goes where that goes.
    fn targets_of_id(&self, id: &str) -> Cow<'_, [Target]> {
        let mut models = self.named.iter().map(|model| model.targets.as_slice());
        if let Some(targets) = models.find(|targets| matches!(targets, [only] if only.id == id)) {
            return Cow::Borrowed(targets);
        }
        // What has a name is reached only where it is meant.
        let mut targets: Vec<Target> =
            self.targets().filter(|target| target.id == id && target.name.is_none()).cloned().collect();
        if targets.is_empty() {
            targets.push(Target::of_id(id));
        }
        Cow::Owned(targets)
    }

    /// Names and the ids behind them, each name once.
    fn listed(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        let named = self.named.iter().map(|model| {
            (model.name.as_str(), model.targets.iter().map(|target| target.id.as_str()).collect())
        });
        let defaults = [&self.default, &self.default_embedding, &self.fallback];
        let mut bare: Vec<&str> = defaults
            .into_iter()
            .flatten()
            .filter_map(|default| match default {
                StandIn::Named(_) => None,
                StandIn::Id(id) => Some(id.as_str()),
            })
            .collect();
        let mut seen: Vec<&str> = Vec::new();
        bare.retain(|id| {
            let is_new = self.named(id).is_none() && !seen.contains(id);
            seen.push(id);
            is_new
        });
        named.chain(bare.into_iter().map(|id| (id, vec![id])))
    }
}

/// A model as the list has it: `id` is Bedrock's, `entry` what discovery knows of it.
fn described<'a>(name: &'a str, id: &'a str, entry: Option<&'a Entry>) -> Listed<'a> {
    let model = entry.map(|entry| entry.model.as_str()).filter(|model| !model.is_empty());
    let owned_by = model.unwrap_or_else(|| base_model(id)).split_once('.');
    let bare = Listed {
        id: name,
        object: "model",
        owned_by: owned_by.map_or("bedrock", |(provider, _)| provider),
        task: Task::of(model.unwrap_or(id), entry.map_or("", |entry| entry.output.as_str())).name(),
        ..Listed::default()
    };
    let Some(entry) = entry else { return bare };
    let known = |text: &'a str| Some(text).filter(|text| !text.is_empty());
    let words = |list: &'a str| known(list).map(|list| list.split(',').collect()).unwrap_or_default();
    Listed {
        created: entry.created,
        shutdown_date: known(&entry.shutdown),
        kind: Some(entry.kind.name()),
        name: known(&entry.name),
        model: known(&entry.model),
        input: words(&entry.input),
        output: words(&entry.output),
        streaming: entry.streaming,
        regions: words(&entry.regions),
        ..bare
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
mod tests {
    use super::*;
    use crate::gateway::keys::Hash;
    use crate::gateway::targets::Backend;

    fn model(name: &str, id: &str, cluster: Option<&str>) -> Model {
        let targets = vec![Target { cluster: cluster.map(Into::into), ..Target::of_id(id) }];
        Model { name: name.into(), targets }
    }

    fn models() -> Models {
        let mut regions = Regions::default();
        regions.allow("us-east-1").unwrap();
        Models {
            regions,
            named: vec![
                model("fast", "us.amazon.nova-lite-v1:0", Some("eu")),
                model("gpt-4o", "us.anthropic.claude-x", None),
            ],
            default: Some(StandIn::Named("fast".into())),
            default_embedding: Some(StandIn::Id("amazon.titan-embed-text-v2:0".into())),
            ..Models::default()
        }
    }

    #[test]
    fn names_ids_and_defaults_resolve() {
        let models = models();
        for (asked, id, cluster) in [
            (Some("fast"), "us.amazon.nova-lite-v1:0", Some("eu")),
            (Some("gpt-4o"), "us.anthropic.claude-x", None),
            (Some("gpt-5.1"), "us.amazon.nova-lite-v1:0", Some("eu")),
            (None, "us.amazon.nova-lite-v1:0", Some("eu")),
            (Some("us.amazon.nova-lite-v1:0"), "us.amazon.nova-lite-v1:0", Some("eu")),
            (Some("us-gov.meta.llama3-3"), "us-gov.meta.llama3-3", None),
            (
                Some("arn:aws:bedrock:us-east-1:1:inference-profile/us.x:0"),
                "arn:aws:bedrock:us-east-1:1:inference-profile/us.x:0",
                None,
            ),
        ] {
            let resolved = models.resolve(asked, Endpoint::ChatCompletions).unwrap();
            assert_eq!(resolved.ids().collect::<Vec<_>>(), [id], "{asked:?}");
            assert_eq!(resolved.cluster(), cluster, "{asked:?}");
        }
        let embedding = models.resolve(Some("text-embedding-3-small"), Endpoint::Embeddings).unwrap();
        assert_eq!(embedding.ids().collect::<Vec<_>>(), ["amazon.titan-embed-text-v2:0"]);
    }

    #[test]
    fn an_unknown_model_is_not_found_unless_there_is_a_fallback() {
        let mut models = models();
        let error = models.resolve(Some("claude-9-sonnet"), Endpoint::ChatCompletions).unwrap_err();
        assert_eq!((error.status, error.code), (404, Some("model_not_found")));
        models.fallback = Some(StandIn::Id("us.amazon.nova-micro-v1:0".into()));
        let resolved = models.resolve(Some("claude-9-sonnet"), Endpoint::ChatCompletions).unwrap();
        assert_eq!(resolved.ids().collect::<Vec<_>>(), ["us.amazon.nova-micro-v1:0"]);
        assert!(resolved.is_fallback);
    }

    #[test]
    fn bedrocks_own_routes_know_names_and_ids_and_nothing_that_climbs() {
        let mut models = models();
        models.fallback = Some(StandIn::Id("us.amazon.nova-micro-v1:0".into()));
        let ids = |asked: &str| {
            models.native(asked).map(|resolved| resolved.ids().map(str::to_owned).collect::<Vec<_>>())
        };
        assert_eq!(ids("fast").unwrap(), ["us.amazon.nova-lite-v1:0"]);
        assert_eq!(ids("us.x.y").unwrap(), ["us.x.y"]);
        for asked in [
            "",
            "..",
            "../x",
            "a.b/../c",
            "a.b/converse",
            "a%2Fb",
            "us.x.y%2F..",
            "us.x.y\0",
            "us.x.y\r\n",
            "gpt-5",
            "nobody",
        ] {
            assert_eq!(ids(asked).unwrap_err().code, Some("model_not_found"), "{asked:?}");
        }
    }

    #[test]
    fn what_speaks_openais_api_only_is_not_on_bedrocks_own_routes() {
        let mut models = models();
        let open = Target { backend: Backend::OpenAi, ..Target::of_id("openai.gpt-oss-120b-1:0") };
        let targets = vec![open.clone(), Target::of_id("us.x.y")];
        models.named.push(Model { name: "both".into(), targets });
        models.named.push(Model { name: "open".into(), targets: vec![open] });
        assert_eq!(models.native("both").unwrap().ids().collect::<Vec<_>>(), ["us.x.y"]);
        assert_eq!(models.native("open").unwrap_err().status, 400);
        let by_id = models.native("openai.gpt-oss-120b-1:0").unwrap();
        assert!(by_id.targets.iter().all(|target| target.backend == Backend::Converse));
    }

    #[test]
    fn a_name_of_ten_megabytes_is_refused_whatever_it_begins_with() {
        for endpoint in [Endpoint::ChatCompletions, Endpoint::Embeddings] {
            for beginning in ["gpt-", "text-embedding-", "x"] {
                let name = format!("{beginning}{}", "x".repeat(10_000_000));
                assert_eq!(
                    models().resolve(Some(&name), endpoint).unwrap_err().param.as_deref(),
                    Some("model")
                );
            }
        }
    }

    #[test]
    fn a_name_just_within_the_limit_is_looked_for() {
        let models = Models { name_bytes: 10, ..models() };
        let found = |name: &str| models.resolve(Some(name), Endpoint::ChatCompletions).is_ok();
        assert!(found("gpt-567890") && !found("gpt-5678901"));
    }

    #[test]
    fn an_id_goes_where_the_models_with_it_go_but_not_to_what_has_a_name() {
        let mut models = models();
        let spare = Target { name: Some("spare".into()), ..Target::of_id("us.meta.llama4") };
        let west = Target { cluster: Some("west".into()), ..Target::of_id("us.meta.llama4") };
        models
            .named
            .push(Model { name: "chat".into(), targets: vec![Target::of_id("us.x.y"), spare, west.clone()] });
        let resolved = models.resolve(Some("us.meta.llama4"), Endpoint::ChatCompletions).unwrap();
        assert_eq!(resolved.targets, [west].as_slice());
    }

    #[test]
    fn a_name_that_something_else_answers_for_gives_no_right() {
        let models = Models {
            named: vec![
                model("fast", "us.amazon.nova-lite-v1:0", None),
                model("gpt-4o", "us.anthropic.claude-x", None),
            ],
            default: Some(StandIn::Named("fast".into())),
            default_embedding: Some(StandIn::Id("amazon.titan-embed-text-v2:0".into())),
            fallback: Some(StandIn::Named("fast".into())),
            ..Models::default()
        };
        let check = |allowed: &[&str], asked: Option<&str>, endpoint: Endpoint| {
            let allowed = allowed.iter().map(|name| (*name).to_owned()).collect();
            let key = Key { name: "k".into(), hash: Hash::of(b""), models: Some(allowed) };
            let resolved = models.resolve(asked, endpoint).unwrap();
            let told = resolved.check(&key, asked).map_err(|error| error.code);
            // The upstream role says the same, whatever has come in between.
            let again = resolved.check_again(&Keys(vec![key]), "k", asked).map_err(|error| error.code);
            assert_eq!(told, again);
            told
        };
        let refused = Err(Some("model_not_allowed"));
        for endpoint in [Endpoint::ChatCompletions, Endpoint::Completions] {
            // The default, and the fallback.
            for asked in [Some("gpt-4o-cheap"), Some("gpt-4o-"), Some("claude-3"), None] {
                for allowed in [&["gpt-4o*"][..], &["gpt-4o-cheap", "claude-*"], &[]] {
                    assert_eq!(check(allowed, asked, endpoint), refused, "{asked:?} {allowed:?}");
                }
                for allowed in [&["fast"][..], &["fa*"], &["us.amazon.*"], &["*"]] {
                    assert_eq!(check(allowed, asked, endpoint), Ok(()), "{asked:?} {allowed:?}");
                }
            }
            assert_eq!(check(&["gpt-4o*"], Some("gpt-4o"), endpoint), Ok(()), "it has that name");
        }
        for asked in [Some("text-embedding-3-small"), None] {
            assert_eq!(check(&["text-embedding-3-small"], asked, Endpoint::Embeddings), refused);
            assert_eq!(check(&["amazon.titan-*"], asked, Endpoint::Embeddings), Ok(()));
        }
    }

    #[test]
    fn on_bedrocks_own_routes_a_right_is_to_a_name_of_the_configurations_or_an_id() {
        let models = models();
        let check = |allowed: &str, asked: &str| {
            let key = Key { name: "k".into(), hash: Hash::of(b""), models: Some(vec![allowed.to_owned()]) };
            let resolved = models.native(asked).unwrap();
            let told = resolved.check(&key, Some(asked)).map_err(|error| error.status);
            assert_eq!(
                told,
                resolved.check_again(&Keys(vec![key]), "k", Some(asked)).map_err(|error| error.status)
            );
            told
        };
        assert_eq!(check("gpt-4o", "gpt-4o"), Ok(()));
        assert_eq!(check("us.anthropic.*", "gpt-4o"), Ok(()));
        assert_eq!(check("gpt-4o", "us.anthropic.claude-x"), Err(403));
        assert_eq!(check("fast", "gpt-4o"), Err(403));
    }

    #[test]
    fn an_arn_of_no_model_of_bedrocks_is_refused_and_not_answered_by_another() {
        let mut models = models();
        models.fallback = Some(StandIn::Named("fast".into()));
        for asked in [
            "arn:aws:s3:us-east-1:123456789012:bedrock:x/y",
            "arn:aws:iam::123456789012:role/x",
            "arn:aws-iso:bedrock:us-east-1:123456789012:inference-profile/x.y",
            "arn:aws:bedrock:us-gov-west-1:123456789012:inference-profile/x.y",
        ] {
            for told in [models.resolve(Some(asked), Endpoint::ChatCompletions), models.native(asked)] {
                let error = told.unwrap_err();
                assert_eq!((error.status, error.param.as_deref()), (400, Some("model")), "{asked}");
            }
        }
        let elsewhere = "arn:aws:bedrock:us-west-2:123456789012:inference-profile/x.y";
        let all = Key { name: "k".into(), hash: Hash::of(b""), models: None };
        assert_eq!(models.native(elsewhere).unwrap_err().code, Some("region_not_allowed"));
        assert_eq!(models.one(elsewhere, &all).unwrap_err().status, 404);
    }

    #[test]
    fn the_list_is_what_the_key_may_use() {
        let key = Key {
            name: "k".into(),
            hash: Hash::of(b""),
            models: Some(vec!["fast".into(), "amazon.*".into()]),
        };
        let models = models();
        let ids: Vec<_> =
            models.list(&key, None).data.iter().map(|model| (model.id, model.owned_by)).collect();
        assert_eq!(ids, [("fast", "amazon"), ("amazon.titan-embed-text-v2:0", "amazon")]);
        assert_eq!(models.one("gpt-4o", &key).unwrap_err().status, 404);
        assert_eq!(models.one("amazon.nova-pro-v1:0", &key).unwrap().owned_by, "amazon");
    }
}

#[cfg(test)]
#[path = "models_found_tests.rs"]
mod found_tests;

#[cfg(test)]
#[path = "models_typed_tests.rs"]
mod typed_tests;
