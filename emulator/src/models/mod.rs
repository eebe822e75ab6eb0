//! The emulator's models, and the capabilities of each family.

mod facts;
mod list;

pub use facts::{Api, Bound, Facts, ToolIds, is_beta};

use crate::errors::AwsError;
use list::{APPLICATION_PROFILES, EVERYWHERE, KNOWN};
use regex_lite::Regex;
use serde_json::{Map, Value};
use std::sync::Arc;

/// A model in the list.
#[derive(Debug, Clone)]
pub struct Model {
    /// `anthropic.claude-sonnet-4-5-20250929-v1:0`
    pub id: String,
    /// Its name.
    pub name: String,
    /// Prefixes of its profiles: `us`, `eu`, `apac`, `global`.
    pub prefixes: Vec<&'static str>,
    /// Its capabilities.
    pub facts: Arc<Facts>,
}

impl Profile {
    fn of(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
        Some(Self { id: text("id")?, name: text("name")?, model: text("model")? })
    }
}

impl Model {
    /// An unknown model, with profiles in every geography.
    fn new(id: &str) -> Self {
        let name = id.split_once('.').map_or(id, |(_, n)| n).chars().take(20).collect();
        Self { id: id.to_owned(), name, prefixes: EVERYWHERE.to_vec(), facts: Facts::of(id) }
    }
}

/// An application inference profile.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The end of its ARN.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The id of the model behind it.
    pub model: String,
}

/// The account that owns the profiles.
pub const ACCOUNT: &str = "123456789012";

/// Prefixes of profiles, and prefixes of the regions in which each can be called (AWS documentation, "Supported Regions and
/// models for inference profiles").
const PREFIXES: &[(&str, &[&str])] = &[
    ("us", &["us-east-", "us-west-"]),
    ("eu", &["eu-central-", "eu-north-", "eu-south-", "eu-west-"]),
    ("apac", &["ap-"]),
    ("global", &["us-east-", "us-west-", "eu-", "ap-", "ca-", "sa-", "me-", "af-", "il-", "mx-"]),
    ("jp", &["ap-northeast-1", "ap-northeast-3"]),
    ("au", &["ap-southeast-2", "ap-southeast-4"]),
    ("ca", &["ca-"]),
    ("in", &["ap-south-"]),
    ("us-gov", &["us-gov-"]),
];

fn is_prefix(prefix: &str) -> bool {
    PREFIXES.iter().any(|(known, _)| *known == prefix)
}

/// Whether profiles with the prefix exist in the region.
pub fn is_called_in(prefix: &str, region: &str) -> bool {
    let mut known = PREFIXES.iter().filter(|(known, _)| *known == prefix);
    known.any(|(_, regions)| regions.iter().any(|begins| region.starts_with(begins)))
}

/// The pattern of `modelId`, without the forms that are matched elsewhere.
const ID_PATTERN: &str = r"^(?:(?:arn:aws(?:-[^:]+)?:bedrock:[a-z0-9-]{1,20}:(?:(?:[0-9]{12}:custom-model/[a-z0-9-]{1,63}[.][a-z0-9-]{1,63}/[a-z0-9]{12})|(?::foundation-model/[a-z0-9-]{1,63}[.][a-z0-9-]{1,63}(?:[.:]?[a-z0-9-]{1,63}))|(?:[0-9]{12}:imported-model/[a-z0-9]{12})|(?:[0-9]{12}:provisioned-model/[a-z0-9]{12})|(?:[0-9]{12}:custom-model-deployment/[a-z0-9]{12})|(?:[0-9]{12}:(?:inference-profile|application-inference-profile)/[a-zA-Z0-9-:.]+)))|(?:(?:[0-9a-zA-Z][_-]?)+)|(?:[a-zA-Z0-9-:.]+)|(?:arn:aws(?:-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:prompt/[0-9a-zA-Z]{10}(?::[0-9]{1,5})?)|(?:arn:aws:sagemaker:[a-z0-9-]+:[0-9]{12}:endpoint/[a-zA-Z0-9-]+)|(?:arn:aws(?:-[^:]+)?:bedrock:(?:[0-9a-z-]{1,20}):(?:[0-9]{12}):(?:default-)?prompt-router/[a-zA-Z0-9-:.]+))$";

/// The catalogue of models.
#[derive(Clone)]
pub struct Models {
    list: Vec<Model>,
    profiles: Vec<Profile>,
    page: usize,
    pattern: Option<Regex>,
    region: String,
}

impl Models {
    /// The known models and the ids in `more`.
    pub fn new(region: &str, more: &[String]) -> Self {
        let mut list: Vec<Model> = KNOWN
            .iter()
            .map(|(id, name, prefixes)| Model {
                id: (*id).to_owned(),
                name: (*name).to_owned(),
                prefixes: prefixes.to_vec(),
                facts: Facts::of(id),
            })
            .collect();
        list.extend(more.iter().map(|id| Model::new(id)));
        let profiles = APPLICATION_PROFILES.iter().map(|(id, model)| Profile {
            id: (*id).to_owned(),
            name: format!("emulated {id}"),
            model: (*model).to_owned(),
        });
        Self {
            list,
            profiles: profiles.collect(),
            page: usize::MAX,
            pattern: Regex::new(ID_PATTERN).ok(),
            region: region.to_owned(),
        }
    }

    /// All models.
    pub fn all(&self) -> &[Model] {
        &self.list
    }

    /// The application profiles.
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// Largest page of a list, whatever is requested.
    pub fn page(&self) -> usize {
        self.page
    }

    /// The catalogue with changes from the members of a JSON object: `add` and `remove` (lists of model ids), `add_profiles`
    /// (of `{id, name, model}`), `remove_profiles` (of ids), `page` (a number).
    pub fn changed(&self, changes: &[u8]) -> Result<Self, String> {
        let changes: Map<String, Value> = serde_json::from_slice(changes).map_err(|e| e.to_string())?;
        let mut models = self.clone();
        for (name, change) in &changes {
            let ids = || -> Result<Vec<&str>, String> {
                let ids = change.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
                ids.ok_or_else(|| format!("{name}: a list of ids is expected"))
            };
            match name.as_str() {
                "add" => models.list.extend(ids()?.into_iter().map(Model::new)),
                "remove" => {
                    let ids = ids()?;
                    models.list.retain(|model| !ids.contains(&model.id.as_str()));
                }
                "add_profiles" => {
                    let profiles = change.as_array().and_then(|list| list.iter().map(Profile::of).collect());
                    let profiles: Vec<Profile> =
                        profiles.ok_or("add_profiles: a list of {id, name, model} is expected")?;
                    models.profiles.extend(profiles);
                }
                "remove_profiles" => {
                    let ids = ids()?;
                    models.profiles.retain(|profile| !ids.contains(&profile.id.as_str()));
                }
                "page" => {
                    let page = change.as_u64().and_then(|page| usize::try_from(page).ok());
                    models.page = page.filter(|page| *page > 0).ok_or("page: a number is expected")?;
                }
                other => return Err(format!("{other}: not known")),
            }
        }
        Ok(models)
    }

    /// The catalogue's region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The model that a request's `model_id` refers to.
    pub fn resolve(&self, model_id: &str) -> Result<&Model, AwsError> {
        if let Some(rest) = model_id.strip_prefix("arn:") {
            self.well_formed(model_id)?;
            return self.resolve_arn(model_id, rest);
        }
        if let Some(model) = self.find(model_id) {
            return on_demand(model, model_id);
        }
        if let Some(model) = self.profile(model_id) {
            return Ok(model);
        }
        Err(invalid())
    }

    /// The model whose tokens are counted: by its own id or ARN, even if it can be called only through profiles. Ids of
    /// profiles are refused.
    pub fn counted(&self, model_id: &str) -> Result<&Model, AwsError> {
        let itself = match model_id.rsplit_once("foundation-model/") {
            Some((_, id)) if model_id.starts_with("arn:") => id,
            _ => model_id,
        };
        let found = match self.find(itself) {
            Some(model) => model,
            None => self.resolve(model_id)?,
        };
        if found.id == itself && found.facts.counts_tokens {
            return Ok(found);
        }
        Err(AwsError::validation("The provided model doesn't support counting tokens."))
    }

    fn well_formed(&self, model_id: &str) -> Result<(), AwsError> {
        let fits = self.pattern.as_ref().is_none_or(|p| p.is_match(model_id));
        if fits && model_id.len() <= 2048 { Ok(()) } else { Err(invalid()) }
    }

    fn resolve_arn(&self, whole: &str, rest: &str) -> Result<&Model, AwsError> {
        let parts: Vec<&str> = rest.splitn(5, ':').collect();
        let (Some(service), Some(region), Some(resource)) = (parts.get(1), parts.get(2), parts.get(4)) else {
            return Err(invalid());
        };
        if *service != "bedrock" || *region != self.region {
            return Err(invalid());
        }
        let found = match resource.split_once('/') {
            Some(("foundation-model", id)) => match self.find(id) {
                Some(model) => return on_demand(model, whole),
                None => None,
            },
            Some(("inference-profile", id)) => self.profile(id),
            Some(("application-inference-profile", id)) => {
                self.profiles.iter().find(|p| p.id == id).and_then(|p| self.find(&p.model))
            }
            _ => None,
        };
        found.ok_or_else(|| {
            AwsError::new(
                "ResourceNotFoundException",
                "Could not resolve the foundation model from the provided model identifier.",
            )
        })
    }

    fn find(&self, id: &str) -> Option<&Model> {
        self.list.iter().find(|m| m.id == id)
    }

    fn profile(&self, id: &str) -> Option<&Model> {
        let (prefix, base) = id.split_once('.')?;
        if !is_called_in(prefix, &self.region) {
            return None;
        }
        self.find(base).filter(|m| m.prefixes.contains(&prefix))
    }
}

/// The id of the underlying model, without a profile's prefix and ARN; `None` where the ARN does not name it.
pub fn base_id(id: &str) -> Option<&str> {
    let id = match id.strip_prefix("arn:") {
        Some(_) => id.rsplit_once("foundation-model/").or_else(|| id.rsplit_once(":inference-profile/"))?.1,
        None => id,
    };
    match id.split_once('.') {
        Some((prefix, base)) if is_prefix(prefix) => Some(base),
        _ => Some(id),
    }
}

fn on_demand<'a>(model: &'a Model, id: &str) -> Result<&'a Model, AwsError> {
    if model.facts.profile_only {
        return Err(AwsError::validation(format!(
            "Invocation of model ID {id} with on-demand throughput isn’t supported. Retry your request with the \
             ID or ARN of an inference profile that contains this model."
        )));
    }
    Ok(model)
}

fn invalid() -> AwsError {
    AwsError::validation("The provided model identifier is invalid.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models() -> Models {
        Models::new("us-east-1", &["acme.brain-1".to_owned()])
    }

    #[test]
    fn ids_profiles_and_arns_are_resolved() {
        let m = models();
        for id in [
            "amazon.nova-pro-v1:0",
            "us.amazon.nova-pro-v1:0",
            "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/global.anthropic.claude-sonnet-4-6",
        ] {
            assert!(id.ends_with(&m.resolve(id).unwrap().id), "{id}");
        }
        let app = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/emuapp000001";
        assert!(m.resolve(app).unwrap().id.contains("sonnet-4-5"));
        assert!(m.resolve("acme.brain-1").is_ok());
    }

    #[test]
    fn tokens_are_counted_by_a_models_own_id_alone() {
        let m = models();
        let sonnet = "anthropic.claude-sonnet-4-6";
        assert!(m.resolve(sonnet).is_err() && m.counted(sonnet).is_ok());
        assert!(m.counted(&format!("arn:aws:bedrock:us-east-1::foundation-model/{sonnet}")).is_ok());
        let profile = format!("us.{sonnet}");
        let arn = format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/{profile}");
        for id in [&profile, &arn, "amazon.nova-pro-v1:0", "anthropic.claude-opus-4-7"] {
            assert!(m.counted(id).unwrap_err().message.contains("doesn't support counting"), "{id}");
        }
        assert!(m.counted("nobody").is_err());
    }

    #[test]
    fn what_is_unknown_is_refused_as_aws_refuses_it() {
        let m = models();
        let text = |id: &str| m.resolve(id).unwrap_err();
        assert_eq!(text("amazon.nova-pro").message, "The provided model identifier is invalid.");
        assert_eq!(text("a b").message, "The provided model identifier is invalid.");
        assert_eq!(text("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.x").status, 404);
        assert_eq!(text("arn:nonsense").status, 400);
        assert!(
            text("anthropic.claude-sonnet-4-20250514-v1:0").message.starts_with("Invocation of model ID")
        );
        // A profile exists only in its geography.
        assert_eq!(text("eu.amazon.nova-pro-v1:0").message, "The provided model identifier is invalid.");
        let arn = |region: &str| {
            format!("arn:aws:bedrock:{region}:123456789012:inference-profile/eu.amazon.nova-pro-v1:0")
        };
        assert_eq!(text(&arn("us-east-1")).status, 404);
        let european = Models::new("eu-west-1", &[]);
        for id in ["eu.amazon.nova-pro-v1:0", "global.anthropic.claude-sonnet-4-6", &arn("eu-west-1")] {
            assert!(european.resolve(id).is_ok(), "{id}");
        }
        assert!(european.resolve("us.amazon.nova-pro-v1:0").is_err());
        assert!(text("apac.meta.llama3-3-70b-instruct-v1:0").message.contains("invalid"));
    }
}
