//! What people write. `docs/configuration.md` is the reference; a test holds the two together.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Visitor};
use serde_json::Value;

use crate::gateway::targets;
use crate::translate::notes::Unsupported;

use super::switch::{Names, Switch};

/// A member that restricts, or says as whom: written and empty, as a variable without a value is, it would be no rule at all. So that is
/// refused, where another member counts as not written.
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

/// What the deserializer knows such a member by.
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

/// What is counted in Envoy's metrics.
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

/// As whom a caller's requests are signed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallerCredentials {
    #[serde(default, deserialize_with = "rule")]
    pub(super) assume_role: Option<CallerRole>,
}

/// A caller's role, by the gateway's own credentials.
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

/// How many tokens an answer may have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tokens {
    #[serde(default, deserialize_with = "rule")]
    pub(super) default: Option<u32>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) most: Option<u32>,
}

/// How much may be asked.
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

/// What holds for the keys of a team that do not say otherwise.
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

/// A claim of a verified token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claim {
    pub(super) path: Vec<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) is: Option<String>,
    #[serde(default, deserialize_with = "rule")]
    pub(super) has: Option<String>,
}

/// A model under a name of the gateway's own, or one of its `targets`: `models.rs` says what belongs to which.
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

/// What an endpoint speaks.
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

/// What a model takes, where that differs from the table of families.
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
    pub(super) anthropic_beta: Option<bool>,
    pub(super) thoughts_in_text: Option<ThoughtsInText>,
    pub(super) calls_in_text: Option<CallsInText>,
    pub(super) messages: Option<Messages>,
    pub(super) audio: Option<bool>,
    pub(super) citations: Option<bool>,
    pub(super) web_search: Option<bool>,
}

/// How Anthropic's Messages API reaches the model.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Messages {
    Native,
    Converse,
}

/// Models that have a pattern of ids.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Family {
    pub(super) pattern: Option<String>,
    pub(super) capabilities: Option<Capabilities>,
}

/// How `top_k` is called.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TopK {
    None,
    #[serde(rename = "top_k")]
    Usual,
    K,
    Nova,
}

/// Being told to call a tool.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Forced {
    None,
    Any,
    Named,
}

/// Which tool ids are legal.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ToolIds {
    Usual,
    Plain,
    Nine,
}

/// How thoughts stand in a text.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ThoughtsInText {
    None,
    Think,
    Thinking,
    Begun,
}

/// How calls stand in a text.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CallsInText {
    None,
    Kimi,
}

/// Which documents may be in what a tool gives.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DocumentsInResults {
    None,
    Texts,
    Any,
}

/// How schemas have to look.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Schemas {
    Any,
    Plain,
}

/// How reasoning is asked for.
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

/// Levels of reasoning.
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

/// What it takes not to reason.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Off {
    Unasked,
    Disabled,
    BetweenTools,
    Never,
}

/// Cache points.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cache {
    None,
    #[serde(rename = "5m")]
    FiveMinutes,
    #[serde(rename = "1h")]
    OneHour,
}

/// How lists of inputs that are too long for one call are sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FanOut {
    pub(super) cluster: String,
    pub(super) parallel: Option<usize>,
    pub(super) open: Option<usize>,
}

/// Ways to a better answer by more calls than one.
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

/// OptiLLM, for what it has and this gateway has not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OptiLlm {
    pub(super) cluster: String,
    pub(super) names: Vec<String>,
}

/// A guardrail that no client can change.
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

/// As whom to call Bedrock.
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

/// How requests prove who sends them.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Sign {
    #[serde(rename = "sigv4")]
    SigV4,
    Token,
    Envoy,
}

/// ECS and EKS Pod Identity.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Container {
    pub(super) cluster: String,
    pub(super) uri: String,
    pub(super) authorization_token: Option<String>,
    pub(super) authorization_token_file: Option<TokenFile>,
}

/// A file that a cluster serves.
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

/// A role by a token.
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

/// A role by credentials.
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

/// What becomes of parameters without a counterpart.
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

/// What a million tokens of a model cost.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Price {
    pub(super) pattern: Option<String>,
    pub(super) input: Option<f64>,
    pub(super) output: Option<f64>,
    pub(super) cache_read: Option<f64>,
    pub(super) cache_write: Option<f64>,
}

/// How large things may be.
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

/// Images by URL.
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

/// Finding out what models there are.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Discover {
    pub(super) cluster: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) refresh_seconds: Option<u32>,
}

/// Reasoning that is kept for clients that do not send it back.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasoningMemory {
    pub(super) bytes: Option<usize>,
    pub(super) seconds: Option<u32>,
}
