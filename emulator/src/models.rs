//! The models this Bedrock has, and what each family takes.

use crate::errors::AwsError;
use regex_lite::Regex;
use serde_json::{Map, Value};

/// A row of the list.
#[derive(Debug, Clone)]
pub struct Model {
    /// `anthropic.claude-sonnet-4-5-20250929-v1:0`
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Prefixes of the profiles it is in: `us`, `eu`, `apac`, `global`.
    pub prefixes: Vec<&'static str>,
    /// What the service lets it do.
    pub facts: Facts,
}

impl Profile {
    fn of(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
        Some(Self { id: text("id")?, name: text("name")?, model: text("model")? })
    }
}

impl Model {
    /// One that nobody knows, in profiles everywhere.
    fn new(id: &str) -> Self {
        let name = id.split_once('.').map_or(id, |(_, n)| n).chars().take(20).collect();
        Self { id: id.to_owned(), name, prefixes: EVERYWHERE.to_vec(), facts: Facts::of(id) }
    }
}

/// Who made a model, as far as the rules differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Anthropic; the version times ten, so that 45 is Claude 4.5.
    Claude(u32),
    /// Amazon Nova, first generation.
    Nova,
    /// Amazon Nova 2, which reasons.
    Nova2,
    /// Meta.
    Llama,
    /// Mistral AI.
    Mistral,
    /// DeepSeek R1: reasons, has no tools.
    DeepSeekR1,
    /// DeepSeek V3.
    DeepSeek,
    /// Qwen.
    Qwen,
    /// OpenAI's open weights.
    GptOss,
    /// OpenAI's GPT-5 and later.
    Gpt5,
    /// Cohere Command.
    Command,
    /// AI21 Jamba.
    Jamba,
    /// A model that makes vectors, not text.
    Embedding,
    /// Not known: everything is let through.
    Other,
}

/// What a model takes; read off its id.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools)]
pub struct Facts {
    /// Its family.
    pub family: Family,
    /// Only through an inference profile.
    pub profile_only: bool,
    /// `image` blocks.
    pub images: bool,
    /// `document` blocks.
    pub documents: bool,
    /// `toolConfig`.
    pub tools: bool,
    /// `toolChoice.any`
    pub choice_any: bool,
    /// `toolChoice.tool`
    pub choice_tool: bool,
    /// `reasoningContent` and a way to ask for it.
    pub reasoning: bool,
    /// `outputConfig.textFormat` and `toolSpec.strict`.
    pub structured: bool,
    /// `outputConfig.effort`
    pub effort: bool,
    /// `cachePoint`
    pub caching: bool,
    /// `temperature` is taken.
    pub temperature: bool,
    /// `topP` is taken.
    pub top_p: bool,
    /// `stopSequences` are taken.
    pub stop: bool,
    /// A final assistant turn is taken.
    pub prefill: bool,
    /// Text may stand beside a tool result.
    pub text_beside_result: bool,
}

const US_EU_APAC: &[&str] = &["us", "eu", "apac"];
const EVERYWHERE: &[&str] = &["us", "eu", "apac", "global"];
const US: &[&str] = &["us"];
const US_GLOBAL: &[&str] = &["us", "eu", "global"];

const KNOWN: &[(&str, &str, &[&str])] = &[
    ("anthropic.claude-3-haiku-20240307-v1:0", "Claude 3 Haiku", US_EU_APAC),
    ("anthropic.claude-3-opus-20240229-v1:0", "Claude 3 Opus", US),
    ("anthropic.claude-3-5-sonnet-20241022-v2:0", "Claude 3.5 Sonnet v2", US_EU_APAC),
    ("anthropic.claude-3-5-haiku-20241022-v1:0", "Claude 3.5 Haiku", US),
    ("anthropic.claude-3-7-sonnet-20250219-v1:0", "Claude 3.7 Sonnet", US_EU_APAC),
    ("anthropic.claude-sonnet-4-20250514-v1:0", "Claude Sonnet 4", EVERYWHERE),
    ("anthropic.claude-opus-4-1-20250805-v1:0", "Claude Opus 4.1", US),
    ("anthropic.claude-sonnet-4-5-20250929-v1:0", "Claude Sonnet 4.5", EVERYWHERE),
    ("anthropic.claude-haiku-4-5-20251001-v1:0", "Claude Haiku 4.5", EVERYWHERE),
    ("anthropic.claude-opus-4-5-20251101-v1:0", "Claude Opus 4.5", EVERYWHERE),
    ("anthropic.claude-opus-4-6-v1", "Claude Opus 4.6", EVERYWHERE),
    ("anthropic.claude-sonnet-4-6", "Claude Sonnet 4.6", EVERYWHERE),
    ("anthropic.claude-opus-4-8", "Claude Opus 4.8", EVERYWHERE),
    ("anthropic.claude-opus-5", "Claude Opus 5", EVERYWHERE),
    ("anthropic.claude-opus-5-5", "Claude Opus 5.5", EVERYWHERE),
    ("amazon.nova-micro-v1:0", "Nova Micro", US_EU_APAC),
    ("amazon.nova-lite-v1:0", "Nova Lite", US_EU_APAC),
    ("amazon.nova-pro-v1:0", "Nova Pro", US_EU_APAC),
    ("amazon.nova-premier-v1:0", "Nova Premier", US),
    ("amazon.nova-2-lite-v1:0", "Nova 2 Lite", US_GLOBAL),
    ("meta.llama3-1-70b-instruct-v1:0", "Llama 3.1 70B", US),
    ("meta.llama3-3-70b-instruct-v1:0", "Llama 3.3 70B", US),
    ("meta.llama4-maverick-17b-instruct-v1:0", "Llama 4 Maverick 17B", US),
    ("meta.llama4-scout-17b-instruct-v1:0", "Llama 4 Scout 17B", US),
    ("mistral.mistral-large-2407-v1:0", "Mistral Large 2", &[]),
    ("mistral.pixtral-large-2502-v1:0", "Pixtral Large", &["us", "eu"]),
    ("deepseek.r1-v1:0", "DeepSeek-R1", US),
    ("deepseek.v3-v1:0", "DeepSeek-V3.1", &[]),
    ("qwen.qwen3-32b-v1:0", "Qwen3 32B", &[]),
    ("qwen.qwen3-coder-480b-a35b-v1:0", "Qwen3 Coder 480B", &[]),
    ("openai.gpt-oss-120b-1:0", "gpt-oss-120b", &[]),
    ("openai.gpt-oss-20b-1:0", "gpt-oss-20b", &[]),
    ("openai.gpt-5.5", "GPT-5.5", &["us", "global"]),
    ("cohere.command-r-plus-v1:0", "Command R+", &[]),
    ("cohere.command-r-v1:0", "Command R", &[]),
    ("ai21.jamba-1-5-large-v1:0", "Jamba 1.5 Large", &[]),
    ("ai21.jamba-1-5-mini-v1:0", "Jamba 1.5 Mini", &[]),
    ("amazon.titan-embed-text-v1", "Titan Embeddings", &[]),
    ("amazon.titan-embed-text-v2:0", "Titan Embeddings V2", &[]),
    ("amazon.titan-embed-image-v1", "Titan Multimodal", &[]),
    ("amazon.nova-2-multimodal-embeddings-v1:0", "Nova Multimodal Emb", &[]),
    ("cohere.embed-english-v3", "Embed English", &[]),
    ("cohere.embed-multilingual-v3", "Embed Multilingual", &[]),
    ("cohere.embed-v4:0", "Embed v4", &["us", "eu", "global"]),
];

/// An application profile.
#[derive(Debug, Clone)]
pub struct Profile {
    /// What its ARN ends with.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The id of the model behind it.
    pub model: String,
}

/// Application profiles of account 123456789012: the id, and the model behind it.
const APPLICATION_PROFILES: &[(&str, &str)] = &[
    ("emuapp000001", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ("emuapp000002", "amazon.nova-lite-v1:0"),
];

/// The account that owns the profiles.
pub const ACCOUNT: &str = "123456789012";

const PREFIXES: &[&str] = &["us", "eu", "apac", "global", "jp", "au", "ca", "us-gov"];

/// The pattern of `modelId`, without the forms that are matched elsewhere.
const ID_PATTERN: &str = r"^(?:(?:arn:aws(?:-[^:]+)?:bedrock:[a-z0-9-]{1,20}:(?:(?:[0-9]{12}:custom-model/[a-z0-9-]{1,63}[.][a-z0-9-]{1,63}/[a-z0-9]{12})|(?::foundation-model/[a-z0-9-]{1,63}[.][a-z0-9-]{1,63}(?:[.:]?[a-z0-9-]{1,63}))|(?:[0-9]{12}:imported-model/[a-z0-9]{12})|(?:[0-9]{12}:provisioned-model/[a-z0-9]{12})|(?:[0-9]{12}:custom-model-deployment/[a-z0-9]{12})|(?:[0-9]{12}:(?:inference-profile|application-inference-profile)/[a-zA-Z0-9-:.]+)))|(?:(?:[0-9a-zA-Z][_-]?)+)|(?:[a-zA-Z0-9-:.]+)|(?:arn:aws(?:-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:prompt/[0-9a-zA-Z]{10}(?::[0-9]{1,5})?)|(?:arn:aws:sagemaker:[a-z0-9-]+:[0-9]{12}:endpoint/[a-zA-Z0-9-]+)|(?:arn:aws(?:-[^:]+)?:bedrock:(?:[0-9a-z-]{1,20}):(?:[0-9]{12}):(?:default-)?prompt-router/[a-zA-Z0-9-:.]+))$";

/// The catalogue: built once, asked by every request.
#[derive(Clone)]
pub struct Models {
    list: Vec<Model>,
    profiles: Vec<Profile>,
    page: usize,
    pattern: Option<Regex>,
    region: String,
}

impl Models {
    /// The known models and `more` ids.
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

    /// All of them.
    pub fn all(&self) -> &[Model] {
        &self.list
    }

    /// The application profiles.
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// The most that a page of a list has, whatever is asked for.
    pub fn page(&self) -> usize {
        self.page
    }

    /// The same with changes, each as its member of a JSON object has it: `add` and `remove` (lists of model ids),
    /// `add_profiles` (of `{id, name, model}`), `remove_profiles` (of ids), `page` (a number).
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

    /// The region the catalogue is of.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The model that `model_id` of a request stands for.
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
        if !PREFIXES.contains(&prefix) {
            return None;
        }
        self.find(base).filter(|m| m.prefixes.contains(&prefix))
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

/// The first two numbers of a Claude's name, times ten and added: `claude-3-5-sonnet` is 35, `claude-opus-5` 50.
fn claude_version(id: &str) -> u32 {
    let numbers: Vec<u32> = id
        .split(['-', ':'])
        .filter(|w| w.len() <= 2)
        .map_while(|w| if w.starts_with('v') { None } else { Some(w) })
        .filter_map(|w| w.parse().ok())
        .collect();
    numbers.first().unwrap_or(&0) * 10 + numbers.get(1).copied().unwrap_or(0)
}

impl Facts {
    /// What the id says about the model.
    pub fn of(id: &str) -> Self {
        let family = family(id);
        let claude = if let Family::Claude(v) = family { v } else { 0 };
        let opus = id.contains("opus");
        let (nova, nova2) = (family == Family::Nova, family == Family::Nova2);
        let open = matches!(family, Family::DeepSeek | Family::Qwen | Family::GptOss | Family::Gpt5);
        let other = family == Family::Other;
        let micro = id.contains("nova-micro");
        let llama4 = id.contains("llama4");
        Self {
            family,
            profile_only: claude >= 40
                || family == Family::DeepSeekR1
                || llama4
                || id.contains("llama3-3")
                || id.contains("nova-premier"),
            images: claude > 0
                || nova && !micro
                || nova2
                || llama4
                || id.contains("pixtral")
                || family == Family::Gpt5
                || other,
            documents: !micro && family != Family::Embedding,
            tools: !matches!(family, Family::DeepSeekR1 | Family::Embedding),
            choice_any: claude > 0 && !(opus && claude >= 55)
                || nova
                || nova2
                || family == Family::Mistral
                || open
                || other,
            choice_tool: claude > 0 && !(opus && claude >= 55) || nova || nova2 || open || other,
            reasoning: claude >= 37 || nova2 || open || family == Family::DeepSeekR1 || other,
            structured: claude >= 45 || open || other,
            effort: claude >= 45 || other,
            caching: claude >= 35 || nova || nova2 || other,
            temperature: !(opus && claude >= 50) && family != Family::Gpt5,
            top_p: !(opus && claude >= 50) && family != Family::Gpt5,
            stop: !matches!(family, Family::GptOss | Family::Gpt5),
            prefill: !(opus && claude >= 48),
            text_beside_result: !(llama4 || nova || id.contains("claude-3-opus")),
        }
    }
}

fn family(id: &str) -> Family {
    let (provider, name) = id.split_once('.').unwrap_or(("", id));
    if name.contains("embed") {
        return Family::Embedding;
    }
    match provider {
        "anthropic" => Family::Claude(claude_version(name)),
        "amazon" if name.starts_with("nova-2") => Family::Nova2,
        "amazon" if name.starts_with("nova") => Family::Nova,
        "meta" => Family::Llama,
        "mistral" => Family::Mistral,
        "deepseek" if name.starts_with("r1") => Family::DeepSeekR1,
        "deepseek" => Family::DeepSeek,
        "qwen" => Family::Qwen,
        "openai" if name.starts_with("gpt-oss") => Family::GptOss,
        "openai" => Family::Gpt5,
        "cohere" => Family::Command,
        "ai21" => Family::Jamba,
        _ => Family::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models() -> Models {
        Models::new("us-east-1", &["acme.brain-1".to_owned()])
    }

    #[test]
    fn versions_are_read_off_the_id() {
        for (id, version) in [
            ("claude-3-haiku-20240307-v1:0", 30),
            ("claude-3-5-sonnet-20241022-v2:0", 35),
            ("claude-sonnet-4-20250514-v1:0", 40),
            ("claude-sonnet-4-5-20250929-v1:0", 45),
            ("claude-opus-4-6-v1", 46),
            ("claude-opus-5", 50),
        ] {
            assert_eq!(claude_version(id), version, "{id}");
        }
    }

    #[test]
    fn ids_profiles_and_arns_are_resolved() {
        let m = models();
        for id in [
            "amazon.nova-pro-v1:0",
            "us.amazon.nova-pro-v1:0",
            "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.amazon.nova-pro-v1:0",
        ] {
            assert_eq!(m.resolve(id).unwrap().id, "amazon.nova-pro-v1:0", "{id}");
        }
        let app = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/emuapp000001";
        assert!(m.resolve(app).unwrap().id.contains("sonnet-4-5"));
        assert!(m.resolve("acme.brain-1").is_ok());
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
        assert!(text("apac.meta.llama3-3-70b-instruct-v1:0").message.contains("invalid"));
    }
}
