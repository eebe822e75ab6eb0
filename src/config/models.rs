//! `models`: named models and their targets.

use std::collections::{HashMap, HashSet};

use crate::arn::Arn;
use crate::aws::endpoint::Region;
use crate::aws::source::Account;
use crate::bedrock::model_id::is_bedrock_id;
use crate::gateway::models::{Model, Models, StandIn};
use crate::gateway::targets::{Backend, Target};
use crate::translate::fit::family::Configured;

use super::Error;
use super::credentials::account;
use super::file;
use super::model_options;
use super::values::{check_name, error, error_in, host_of, inside, item, missing, region_of};

const NO_ID: &str = "not a Bedrock model id, inference profile id or ARN, such as 'us.amazon.nova-pro-v1:0'";

/// The result of reading the models.
pub(super) struct Loaded {
    pub(super) models: Models,
    /// Translation options of some models, by Bedrock's id.
    pub(super) options: HashMap<String, crate::translate::Model>,
    /// The accounts; targets refer to them by index.
    pub(super) accounts: Vec<Account>,
}

/// Reads the models. `families` are the configured ones; `stand_ins` are the default, the fallback and the default for
/// embeddings; `accounts` begins with the default one; `region` is the default.
pub(super) fn load(
    written: &[file::Target],
    families: &[Configured],
    stand_ins: [&Option<String>; 3],
    accounts: Vec<Account>,
    region: &Region,
) -> Result<Loaded, Error> {
    let mut reader = Reader { options: HashMap::new(), families, accounts, region };
    let mut named: Vec<Model> = Vec::with_capacity(written.len());
    let mut names = HashSet::with_capacity(written.len());
    for (at, model) in written.iter().enumerate() {
        let at = &item("models", at);
        let name = model.name.clone().ok_or_else(|| error(at, missing("name")))?;
        if name.is_empty() || !names.insert(name.clone()) {
            return Err(error_in(at, "name", "must not be empty, nor another model's"));
        }
        check_name(&name, at)?;
        named.push(Model { name, targets: reader.targets(model, at)? });
    }
    let stand_in = |name: &str, written: &Option<String>| match written {
        Some(model) if names.contains(model) => Ok(Some(StandIn::Named(model.clone()))),
        Some(model) if is_bedrock_id(model) => Ok(Some(StandIn::Id(model.clone()))),
        Some(_) => Err(error(name, NO_ID)),
        None => Ok(None),
    };
    let [default, fallback, default_embedding] = stand_ins;
    let (default, fallback, default_embedding) = (
        stand_in("default_model", default)?,
        stand_in("fallback_model", fallback)?,
        stand_in("default_embedding_model", default_embedding)?,
    );
    let Reader { options, families: _, accounts, region: _ } = reader;
    Ok(Loaded {
        models: Models { named: named.into(), default, fallback, default_embedding, ..Models::default() },
        options,
        accounts,
    })
}

struct Reader<'r> {
    options: HashMap<String, crate::translate::Model>,
    families: &'r [Configured],
    accounts: Vec<Account>,
    region: &'r Region,
}

impl Reader<'_> {
    /// A model's targets: the one written beside its name, or its `targets`.
    fn targets(&mut self, written: &file::Target, at: &str) -> Result<Vec<Target>, Error> {
        match (&written.model, &written.targets) {
            (Some(_), None) => Ok(vec![Target { name: None, ..self.target(written, at)? }]),
            (None, Some(targets)) if !targets.is_empty() => {
                if let Some(field) = of_a_target(written) {
                    return Err(error_in(at, field, "say it of each target, beside its 'model'"));
                }
                let at = |index| path(written, at, index);
                targets.iter().enumerate().map(|(index, target)| self.target(target, &at(index))).collect()
            }
            _ => Err(error(at, "give either 'model' or 'targets', with at least one in it")),
        }
    }

    fn target(&mut self, written: &file::Target, at: &str) -> Result<Target, Error> {
        let file::Target {
            name,
            model,
            cluster,
            region,
            endpoint,
            backend,
            credentials,
            drop,
            guardrail: _,
            automatic_caching,
            capabilities,
            targets,
        } = written;
        if targets.is_some() {
            return Err(error_in(at, "targets", "a target has none of its own"));
        }
        if let Some(name) = name {
            check_name(name, at)?;
        }
        let id = model.as_ref().ok_or_else(|| error(at, missing("model")))?;
        if !is_bedrock_id(id) {
            return Err(error_in(at, "model", NO_ID));
        }
        let backend = backend.map(Backend::from).unwrap_or_default();
        let of_translation = [
            ("drop", drop.is_some()),
            ("automatic_caching", automatic_caching.is_some()),
            ("capabilities", capabilities.is_some()),
        ];
        if let Some((field, _)) = of_translation.iter().find(|(_, is_written)| *is_written)
            && backend.speaks_openai()
        {
            return Err(error_in(at, field, "has no effect with this 'backend': nothing is translated"));
        }
        if let Some(model) = model_options::model(id, written, self.families, at)? {
            // Attempts look up a model's options by its id.
            match self.options.get(id) {
                Some(earlier) if *earlier == model => {}
                Some(_) => {
                    let reason =
                        "an earlier entry for the same model says something else of how to translate";
                    return Err(error(at, reason));
                }
                None => _ = self.options.insert(id.clone(), model),
            }
        }
        let region = region.as_ref().map(|region| region_of(region, &inside(at, "region"))).transpose()?;
        let bare = Target::of_id(id);
        if let (Some(own), Some(arn)) = (&bare.region, Arn::parse(id))
            && arn.partition != own.partition_name()
        {
            return Err(error_in(at, "model", "the region of this ARN is in another partition"));
        }
        if let (Some(region), Some(own)) = (&region, &bare.region)
            && region != own
        {
            return Err(error_in(at, "region", "is not the one that the model's ARN names"));
        }
        Ok(Target {
            name: name.clone(),
            cluster: cluster.clone(),
            region: region.or(bare.region),
            host: endpoint.as_ref().map(|endpoint| host_of(endpoint, &inside(at, "endpoint"))).transpose()?,
            backend,
            account: self.account(credentials.as_ref(), at)?,
            id: id.clone(),
        })
    }

    /// The index of the account of these credentials.
    fn account(&mut self, written: Option<&file::Credentials>, at: &str) -> Result<usize, Error> {
        let Some(written) = written else { return Ok(0) };
        let account = account(written, self.region, &inside(at, "credentials"))?;
        if let Some(known) = self
            .accounts
            .iter()
            .position(|other| (&other.source, other.sign) == (&account.source, account.sign))
        {
            return Ok(known);
        }
        self.accounts.push(account);
        Ok(self.accounts.len().saturating_sub(1))
    }
}

/// All targets with their paths, for checks that need every model.
pub(super) fn targets<'m>(
    written: &'m [file::Target],
    models: &'m Models,
) -> impl Iterator<Item = (String, &'m Target)> {
    targets_of_models(written, models).map(|(at, _, target)| (at, target))
}

/// All targets with their paths and their models.
pub(super) fn targets_of_models<'m>(
    written: &'m [file::Target],
    models: &'m Models,
) -> impl Iterator<Item = (String, &'m Model, &'m Target)> {
    written.iter().zip(models.named.iter()).enumerate().flat_map(|(at, (written, model))| {
        let at = item("models", at);
        let targets = model.targets.iter().enumerate();
        targets.map(move |(index, target)| (path(written, &at, index), model, target))
    })
}

/// The path of a target of the model at `at`: the model's own where it is written beside the name.
fn path(model: &file::Target, at: &str, index: usize) -> String {
    if model.targets.is_some() { item(&inside(at, "targets"), index) } else { at.to_owned() }
}

/// The first member that belongs to a target, written at a model that has several.
fn of_a_target(written: &file::Target) -> Option<&'static str> {
    let file::Target {
        name: _,
        model,
        cluster,
        region,
        endpoint,
        backend,
        credentials,
        drop,
        guardrail,
        automatic_caching,
        capabilities,
        targets: _,
    } = written;
    let fields = [
        ("model", model.is_some()),
        ("cluster", cluster.is_some()),
        ("region", region.is_some()),
        ("endpoint", endpoint.is_some()),
        ("backend", backend.is_some()),
        ("credentials", credentials.is_some()),
        ("drop", drop.is_some()),
        ("guardrail", guardrail.is_some()),
        ("automatic_caching", automatic_caching.is_some()),
        ("capabilities", capabilities.is_some()),
    ];
    fields.into_iter().find(|(_, is_written)| *is_written).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::gateway::targets::{self, Place};
    use crate::openai::Endpoint;

    fn load(models: &str) -> Result<Config, crate::config::Error> {
        let text = format!(
            r#"{{"api_keys":[{{"name":"a","key":"k"}}],"credentials":{{"bearer_token":"t"}},"models":{models}}}"#
        );
        Config::load(text.as_bytes(), |_| None)
    }

    #[test]
    fn a_target_has_its_own_region_host_and_identity() {
        let config = load(
            r#"[{"name":"chat","targets":[
                {"model":"us.a.b","region":"us-west-2"},
                {"model":"eu.a.b","region":"eu-west-1","endpoint":"https://vpce.example",
                 "credentials":{"access_key_id":"AKID","secret_access_key":"s"}},
                {"model":"arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:inference-profile/x.y"}]}]"#,
        )
        .unwrap();
        let resolved = config.models.resolve(Some("chat"), Endpoint::ChatCompletions).unwrap();
        let seen: Vec<_> = resolved
            .targets
            .iter()
            .map(|target| {
                let place = Place { region: target.region.clone(), ..Place::default() };
                let target = targets::at(&*resolved.targets, &place).unwrap();
                let destination = config.upstream.destination(target, &place).unwrap();
                (destination.region.to_string(), destination.host.into_owned(), target.account)
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("us-west-2".into(), "bedrock-runtime.us-west-2.amazonaws.com".into(), 0),
                ("eu-west-1".into(), "vpce.example".into(), 1),
                ("us-gov-west-1".into(), "bedrock-runtime.us-gov-west-1.amazonaws.com".into(), 0),
            ]
        );
        assert_eq!(config.upstream.accounts.len(), 2);
    }

    #[test]
    fn a_backend_has_its_own_host_and_service() {
        let config = load(
            r#"[{"name":"x","targets":[
                {"model":"a.b","region":"us-west-2"},
                {"model":"a.b","region":"us-west-2","backend":"openai"},
                {"model":"a.b","region":"us-west-2","backend":"mantle"},
                {"model":"a.b","region":"us-west-2","backend":"mantle","endpoint":"http://127.0.0.1:9100"}]}]"#,
        )
        .unwrap();
        let resolved = config.models.resolve(Some("x"), Endpoint::ChatCompletions).unwrap();
        let place = Place::default();
        let seen: Vec<_> = resolved
            .targets
            .iter()
            .map(|target| {
                let destination = config.upstream.destination(target, &place).unwrap();
                (destination.host.into_owned(), destination.service)
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("bedrock-runtime.us-west-2.amazonaws.com".into(), "bedrock"),
                ("bedrock-runtime.us-west-2.amazonaws.com".into(), "bedrock"),
                ("bedrock-mantle.us-west-2.api.aws".into(), "bedrock-mantle"),
                ("127.0.0.1:9100".into(), "bedrock-mantle"),
            ]
        );
    }

    #[test]
    fn a_wrong_target_is_named_by_its_path() {
        for (models, path) in [
            (r#"[{"name":"x"}]"#, "models[0]"),
            (r#"[{"name":"x","targets":[]}]"#, "models[0]"),
            (r#"[{"name":"x","model":"a.b","targets":[{"model":"a.b"}]}]"#, "models[0]"),
            (r#"[{"model":"a.b"}]"#, "models[0]"),
            (r#"[{"name":"x","targets":[{"region":"us-east-1"}]}]"#, "models[0].targets[0]"),
            (
                r#"[{"name":"x","targets":[{"model":"a.b","targets":[{"model":"a.b"}]}]}]"#,
                "models[0].targets[0].targets",
            ),
            (r#"[{"name":"x","targets":[{"model":"a.b"},{"regoin":null}]}]"#, "models[0].targets[1].regoin"),
            (r#"[{"name":"x","targets":[{"model":"gpt"}]}]"#, "models[0].targets[0].model"),
            (r#"[{"name":"x","targets":[{"model":"a.b","region":"US"}]}]"#, "models[0].targets[0].region"),
            (r#"[{"name":"x","region":"us-east-1","targets":[{"model":"a.b"}]}]"#, "models[0].region"),
            (
                r#"[{"name":"x","model":"arn:aws:bedrock:eu-west-1:123456789012:prompt/x","region":"us-east-1"}]"#,
                "models[0].region",
            ),
            (
                r#"[{"name":"x","targets":[{"model":"a.b","credentials":{"access_key_id":"a"}}]}]"#,
                "models[0].targets[0].credentials.secret_access_key",
            ),
            (r#"[{"name":"x","targets":[{"model":"a.b","endpoint":"a"}]}]"#, "models[0].targets[0].endpoint"),
            (r#"[{"name":"x","model":"a.b","backend":"bedrock"}]"#, "models[0].backend"),
            (r#"[{"name":"x","backend":"mantle","targets":[{"model":"a.b"}]}]"#, "models[0].backend"),
            (r#"[{"name":"x","model":"a.b","backend":"openai","drop":["n"]}]"#, "models[0].drop"),
            (
                r#"[{"name":"x","model":"a.b"},
                    {"name":"y","targets":[{"model":"a.b"},{"model":"a.c","backend":"mantle","guardrail":{"identifier":"g","version":"1"}}]}]"#,
                "models[1].targets[1].backend",
            ),
            (
                r#"[{"name":"y","targets":[{"model":"a.c","backend":"mantle","guardrail":{"identifier":"g","version":"1"}}]}]"#,
                "models[0].targets[0].backend",
            ),
            (
                r#"[{"name":"x","model":"a.b","guardrail":{"identifier":"g","version":"1"}},{"name":"y","model":"a.b","backend":"mantle"}]"#,
                "models[1].backend",
            ),
        ] {
            assert_eq!(load(models).unwrap_err().path, path, "{models}");
        }
    }

    #[test]
    fn a_target_has_no_targets_however_deep_they_nest() {
        let models = format!("[{}{}]", r#"{"name":"x","targets":["#.repeat(60), "]}".repeat(60));
        assert_eq!(load(&models).unwrap_err().path, "models[0].targets[0].targets");
    }
}
