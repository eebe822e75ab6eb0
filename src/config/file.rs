//! The configuration as it is written. `docs/configuration.md` is the reference; a test compares the two.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};
use serde_json::Value;

use crate::gateway::targets;
use crate::translate::notes::Unsupported;

use super::switch::{Names, Switch};

/// Reads a member that restricts access or chooses an identity. Written but empty, as by an unset variable, it would restrict
/// nothing, so that is refused; other members count as absent then.
fn rule<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    struct Rule<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Rule<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a rule")
        }

        fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
            T::deserialize(deserializer)
        }
    }

    deserializer.deserialize_newtype_struct(RULE, Rule(PhantomData)).map(Some)
}

/// The name by which the deserializer recognises such a member.
pub(super) const RULE: &str = "rule";

/// The whole configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default, deserialize_with = "rule")]
    pub(super) prefixes: Option<Vec<String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) api_keys: Option<Vec<ApiKey>>,
    pub(super) teams: Option<Vec<Team>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) identities: Option<Vec<Identity>>,
    pub(super) models: Option<Vec<Target>>,
    pub(super) families: Option<Vec<Family>>,
    pub(super) prices: Option<Vec<Price>>,
    pub(super) default_model: Option<String>,
    pub(super) fallback_model: Option<String>,
    pub(super) default_embedding_model: Option<String>,
    pub(super) region: Option<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) regions: Option<Vec<String>>,
    pub(super) endpoint: Option<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) fips: Option<bool>,
    pub(super) dual_stack: Option<bool>,
    pub(super) cluster: Option<String>,
    pub(super) credentials: Option<Credentials>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) unsupported_parameters: Option<UnsupportedParameters>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) guardrail: Option<Guardrail>,
    pub(super) automatic_caching: Option<bool>,
    pub(super) anthropic_betas: Option<Vec<String>>,
    pub(super) fan_out: Option<FanOut>,
    pub(super) techniques: Option<Techniques>,
    pub(super) forward_headers: Option<Vec<String>>,
    pub(super) limits: Option<Limits>,
    pub(super) images: Option<Images>,
    pub(super) discover: Option<Switch<Discover>>,
    pub(super) reasoning_memory: Option<Switch<ReasoningMemory>>,
    pub(super) metrics: Option<Metrics>,
}

/// Settings of the metrics.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metrics {
    pub(super) series: Option<usize>,
}

/// A client's key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKey {
    pub(super) name: String,
    pub(super) key: Option<String>,
    pub(super) sha256: Option<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) not_before: Option<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) expires_at: Option<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) revoked: Option<bool>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) team: Option<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) models: Option<Vec<String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) endpoints: Option<Vec<String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) regions: Option<Vec<String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) profiles: Option<Vec<String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) max_tokens: Option<Tokens>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) guardrail: Option<Guardrail>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) request_metadata: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) labels: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) profile: Option<BTreeMap<String, Names>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) credentials: Option<CallerCredentials>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) techniques: Option<Vec<String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) limits: Option<CallerLimits>,
}

/// The identity that signs a caller's requests.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallerCredentials {
    #[serde(default, deserialize_with = "rule")]
    pub(super) assume_role: Option<CallerRole>,
}

/// A caller's role, assumed with the gateway's own credentials.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallerRole {
    pub(super) cluster: String,
    pub(super) role_arn: String,
    pub(super) external_id: Option<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) session_name: Option<String>,
    pub(super) duration_seconds: Option<u32>,
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) tags: Option<Vec<String>>,
}

/// Limits on the tokens of an answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tokens {
    #[serde(default, deserialize_with = "rule")]
    pub(super) default: Option<u32>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) most: Option<u32>,
}

/// Limits of a caller or a team.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallerLimits {
    #[serde(default, deserialize_with = "rule")]
    pub(super) requests_per_minute: Option<u64>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) tokens_per_minute: Option<u64>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) input_tokens_per_minute: Option<u64>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) output_tokens_per_minute: Option<u64>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) tokens_per_day: Option<u64>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) tokens_per_month: Option<u64>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) cost_per_day: Option<f64>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) cost_per_month: Option<f64>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) parallel: Option<u32>,
}

/// Defaults for the keys of a team.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Team {
    pub(super) name: String,
    #[serde(default, deserialize_with = "rule")]
    pub(super) models: Option<Vec<String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) endpoints: Option<Vec<String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) regions: Option<Vec<String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) profiles: Option<Vec<String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) max_tokens: Option<Tokens>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) guardrail: Option<Guardrail>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) request_metadata: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) labels: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) profile: Option<BTreeMap<String, Names>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) credentials: Option<CallerCredentials>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) techniques: Option<Vec<String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) limits: Option<CallerLimits>,
}

/// A caller without a key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Identity {
    pub(super) name: String,
    #[serde(default, deserialize_with = "rule")]
    pub(super) claim: Option<Claim>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) san: Option<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) team: Option<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) models: Option<Vec<String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) endpoints: Option<Vec<String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) regions: Option<Vec<String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) profiles: Option<Vec<String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) max_tokens: Option<Tokens>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) guardrail: Option<Guardrail>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) request_metadata: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) labels: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) profile: Option<BTreeMap<String, Names>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) credentials: Option<CallerCredentials>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) techniques: Option<Vec<String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) limits: Option<CallerLimits>,
}

/// A claim of a verified token, and its required value.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claim {
    pub(super) path: Vec<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) is: Option<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) has: Option<String>,
}

/// A model under a name of its own, or one of its `targets`: `models.rs` decides which member belongs to which.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Target {
    #[serde(default, deserialize_with = "rule")]
    pub(super) name: Option<String>,
    pub(super) model: Option<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) cluster: Option<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) backend: Option<Backend>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) credentials: Option<Credentials>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) drop: Option<Vec<String>>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) guardrail: Option<Guardrail>,
    pub(super) automatic_caching: Option<bool>,
    pub(super) capabilities: Option<Capabilities>,
    pub(super) targets: Option<Vec<Target>>,
}

/// The API that an endpoint speaks.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Backend {
    Converse,
    #[serde(rename = "openai")]
    OpenAi,
    Mantle,
}

impl From<Backend> for targets::Backend {
    fn from(written: Backend) -> Self {
        match written {
            Backend::Converse => Self::Converse,
            Backend::OpenAi => Self::OpenAi,
            Backend::Mantle => Self::Mantle,
        }
    }
}

/// Properties of a model, where they differ from the table of families.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Capabilities {
    pub(super) like: Option<String>,
    pub(super) min_tokens: Option<u32>,
    pub(super) max_tokens: Option<u32>,
    pub(super) hyphens: Option<bool>,
    pub(super) temperature: Option<bool>,
    pub(super) top_p: Option<bool>,
    pub(super) temperature_with_top_p: Option<bool>,
    pub(super) top_k: Option<TopK>,
    pub(super) stop: Option<bool>,
    pub(super) max_stops: Option<u32>,
    pub(super) blank_stop: Option<bool>,
    pub(super) system: Option<bool>,
    pub(super) tools: Option<bool>,
    pub(super) forced_tool: Option<Forced>,
    pub(super) strict_tools: Option<bool>,
    pub(super) single_call: Option<bool>,
    pub(super) tool_ids: Option<ToolIds>,
    pub(super) tools_in_streams: Option<bool>,
    pub(super) text_beside_calls: Option<bool>,
    pub(super) text_beside_results: Option<bool>,
    pub(super) documents_beside_results: Option<bool>,
    pub(super) images_in_results: Option<bool>,
    pub(super) documents_in_results: Option<DocumentsInResults>,
    pub(super) result_status: Option<bool>,
    pub(super) schemas: Option<Schemas>,
    pub(super) structured_output: Option<bool>,
    pub(super) prefill: Option<bool>,
    pub(super) reasoning: Option<Reasoning>,
    pub(super) bound_thoughts: Option<bool>,
    pub(super) efforts: Option<Vec<Effort>>,
    pub(super) reasoning_off: Option<Off>,
    pub(super) forced_while_reasoning: Option<bool>,
    pub(super) cache: Option<Cache>,
    pub(super) cache_tools: Option<bool>,
    pub(super) cache_media: Option<bool>,
    pub(super) anthropic_beta: Option<bool>,
    pub(super) thoughts_in_text: Option<ThoughtsInText>,
    pub(super) calls_in_text: Option<CallsInText>,
    pub(super) messages: Option<Messages>,
    pub(super) audio: Option<bool>,
    pub(super) citations: Option<bool>,
    pub(super) web_search: Option<bool>,
}

/// Whether the model takes Anthropic's Messages API.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Messages {
    Native,
    Converse,
}

/// Properties of models whose ids match a pattern.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Family {
    pub(super) pattern: Option<String>,
    pub(super) capabilities: Option<Capabilities>,
}

/// The model's name for `top_k`.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TopK {
    None,
    #[serde(rename = "top_k")]
    Usual,
    K,
    Nova,
}

/// Whether a model can be forced to call a tool.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Forced {
    None,
    Any,
    Named,
}

/// Which tool call ids a model accepts.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ToolIds {
    Usual,
    Plain,
    Nine,
}

/// How reasoning is marked in a model's text.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ThoughtsInText {
    None,
    Think,
    Thinking,
    Begun,
}

/// How tool calls are marked in a model's text.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CallsInText {
    None,
    Kimi,
}

/// Which documents may be in a tool result.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DocumentsInResults {
    None,
    Texts,
    Any,
}

/// Which JSON schemas a model accepts.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Schemas {
    Any,
    Plain,
}

/// How reasoning is requested of a model.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reasoning {
    None,
    Budget,
    Adaptive,
    AdaptiveOnly,
    Nova,
    Effort,
    Openai,
    Xai,
    Qwen,
}

/// Effort levels of a model's reasoning.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
    Max,
}

/// How a model's reasoning is turned off.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Off {
    Unasked,
    Disabled,
    BetweenTools,
    Never,
}

/// Where a model accepts cache points.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cache {
    None,
    #[serde(rename = "5m")]
    FiveMinutes,
    #[serde(rename = "1h")]
    OneHour,
}

/// How lists that are too long for one call are sent in parts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FanOut {
    pub(super) cluster: String,
    pub(super) parallel: Option<usize>,
    pub(super) open: Option<usize>,
}

/// Techniques: several calls for a better answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Techniques {
    pub(super) cluster: String,
    #[serde(default, deserialize_with = "rule")]
    pub(super) allow: Option<Names>,
    pub(super) max_calls: Option<usize>,
    pub(super) max_parallel: Option<usize>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) max_tokens: Option<u64>,
    pub(super) timeout: Option<u32>,
    pub(super) default: Option<String>,
    pub(super) models: Option<BTreeMap<String, String>>,
    pub(super) tunables: Option<BTreeMap<String, Value>>,
    pub(super) upstream: Option<OptiLlm>,
}

/// An OptiLLM server, for the techniques that this gateway does not have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OptiLlm {
    pub(super) cluster: String,
    pub(super) names: Vec<String>,
}

/// A guardrail that clients cannot change.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Guardrail {
    pub(super) identifier: Option<String>,
    pub(super) version: Option<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) trace: Option<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) stream_mode: Option<String>,
}

/// The AWS identity that signs requests.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    pub(super) access_key_id: Option<String>,
    pub(super) secret_access_key: Option<String>,
    pub(super) session_token: Option<String>,
    pub(super) bearer_token: Option<String>,
    pub(super) container: Option<Container>,
    pub(super) instance: Option<Instance>,
    pub(super) web_identity: Option<WebIdentity>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) assume_role: Option<AssumeRole>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) sign: Option<Sign>,
    pub(super) token_lifetime_seconds: Option<u64>,
}

/// How requests are authenticated at AWS.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Sign {
    #[serde(rename = "sigv4")]
    SigV4,
    Token,
    Envoy,
}

/// The credentials endpoint of ECS or EKS Pod Identity.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Container {
    pub(super) cluster: String,
    pub(super) uri: String,
    pub(super) authorization_token: Option<String>,
    pub(super) authorization_token_file: Option<TokenFile>,
}

/// A token file that a cluster serves.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenFile {
    pub(super) cluster: String,
    pub(super) path: String,
}

/// EC2's instance metadata.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Instance {
    pub(super) cluster: String,
    pub(super) role: Option<String>,
}

/// A role assumed with a web identity token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebIdentity {
    pub(super) cluster: String,
    pub(super) role_arn: String,
    pub(super) token: TokenFile,
    pub(super) session_name: Option<String>,
    pub(super) duration_seconds: Option<u32>,
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<String>,
}

/// A role assumed with other credentials.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AssumeRole {
    pub(super) cluster: String,
    pub(super) role_arn: String,
    pub(super) external_id: Option<String>,
    pub(super) session_name: Option<String>,
    pub(super) duration_seconds: Option<u32>,
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<String>,
}

/// How parameters without a counterpart at Bedrock are handled.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum UnsupportedParameters {
    Refuse,
    Ignore,
}

impl From<UnsupportedParameters> for Unsupported {
    fn from(written: UnsupportedParameters) -> Self {
        match written {
            UnsupportedParameters::Refuse => Self::Refuse,
            UnsupportedParameters::Ignore => Self::Ignore,
        }
    }
}

/// The price of a million tokens of a model.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Price {
    pub(super) pattern: Option<String>,
    pub(super) input: Option<f64>,
    pub(super) output: Option<f64>,
    pub(super) cache_read: Option<f64>,
    pub(super) cache_write: Option<f64>,
}

/// Limits on sizes.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) header_bytes: Option<usize>,
    pub(super) model_name_bytes: Option<usize>,
    pub(super) body_bytes: Option<usize>,
    pub(super) reply_bytes: Option<usize>,
    pub(super) messages: Option<usize>,
    pub(super) tools: Option<usize>,
    pub(super) images: Option<usize>,
    pub(super) json_depth: Option<usize>,
    pub(super) schema_depth: Option<usize>,
    pub(super) embedding_inputs: Option<usize>,
    pub(super) frame_bytes: Option<usize>,
    pub(super) silent_frames: Option<usize>,
    pub(super) held_bytes: Option<usize>,
    pub(super) worker_bytes: Option<usize>,
    pub(super) list_seconds: Option<usize>,
}

/// Fetching of images by URL.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Images {
    pub(super) cluster: String,
    pub(super) http_cluster: Option<String>,
    pub(super) hosts: Vec<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) private_networks: Option<Vec<String>>,
    pub(super) bytes: Option<usize>,
    pub(super) timeout_seconds: Option<u32>,
    pub(super) per_request: Option<usize>,
    pub(super) redirects: Option<usize>,
}

/// Discovery of models.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Discover {
    pub(super) cluster: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) refresh_seconds: Option<u32>,
}

/// Reasoning kept for clients that do not send it back.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasoningMemory {
    pub(super) bytes: Option<usize>,
    pub(super) seconds: Option<u32>,
}
