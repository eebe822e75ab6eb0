//! What people write. `docs/configuration.md` is the reference; a test holds the two together.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::gateway::targets;
use crate::translate::notes::Unsupported;

/// The whole configuration.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) prefixes: Option<Vec<String>>,
    pub(super) api_keys: Option<Vec<ApiKey>>,
    pub(super) models: Option<Vec<Model>>,
    pub(super) default_model: Option<String>,
    pub(super) fallback_model: Option<String>,
    pub(super) default_embedding_model: Option<String>,
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) fips: Option<bool>,
    pub(super) dual_stack: Option<bool>,
    pub(super) cluster: Option<String>,
    pub(super) credentials: Option<Credentials>,
    pub(super) unsupported_parameters: Option<UnsupportedParameters>,
    pub(super) guardrail: Option<Guardrail>,
    pub(super) automatic_caching: Option<bool>,
    pub(super) fan_out: Option<FanOut>,
    pub(super) forward_headers: Option<Vec<String>>,
    pub(super) limits: Option<Limits>,
    pub(super) images: Option<Images>,
    pub(super) discover: Option<Switch<Discover>>,
}

/// A client's key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKey {
    pub(super) name: String,
    pub(super) key: Option<String>,
    pub(super) sha256: Option<String>,
    pub(super) models: Option<Vec<String>>,
}

/// A model under a name of the gateway's own: one target, or several in their order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) model: Option<String>,
    pub(super) cluster: Option<String>,
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) backend: Option<Backend>,
    pub(super) credentials: Option<Credentials>,
    pub(super) drop: Option<Vec<String>>,
    pub(super) guardrail: Option<Guardrail>,
    pub(super) automatic_caching: Option<bool>,
    pub(super) capabilities: Option<Capabilities>,
    pub(super) targets: Option<Vec<Target>>,
}

/// Something that can answer for a model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Target {
    pub(super) name: Option<String>,
    pub(super) model: String,
    pub(super) cluster: Option<String>,
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) backend: Option<Backend>,
    pub(super) credentials: Option<Credentials>,
    pub(super) drop: Option<Vec<String>>,
    pub(super) guardrail: Option<Guardrail>,
    pub(super) automatic_caching: Option<bool>,
    pub(super) capabilities: Option<Capabilities>,
}

/// What an endpoint speaks.
#[derive(Clone, Copy, Debug, Deserialize)]
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
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Capabilities {
    pub(super) like: Option<String>,
    pub(super) temperature: Option<bool>,
    pub(super) top_p: Option<bool>,
    pub(super) temperature_with_top_p: Option<bool>,
    pub(super) top_k: Option<TopK>,
    pub(super) stop: Option<bool>,
    pub(super) blank_stop: Option<bool>,
    pub(super) system: Option<bool>,
    pub(super) tools: Option<bool>,
    pub(super) forced_tool: Option<Forced>,
    pub(super) strict_tools: Option<bool>,
    pub(super) single_call: Option<bool>,
    pub(super) tool_ids: Option<ToolIds>,
    pub(super) text_beside_results: Option<bool>,
    pub(super) schemas: Option<Schemas>,
    pub(super) structured_output: Option<bool>,
    pub(super) prefill: Option<bool>,
    pub(super) reasoning: Option<Reasoning>,
    pub(super) cache: Option<Cache>,
    pub(super) cache_tools: Option<bool>,
    pub(super) anthropic_beta: Option<bool>,
}

/// How `top_k` is called.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TopK {
    None,
    #[serde(rename = "top_k")]
    Usual,
    K,
    Nova,
}

/// Being told to call a tool.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Forced {
    None,
    Any,
    Named,
}

/// Which tool ids are legal.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ToolIds {
    Usual,
    Nine,
}

/// How schemas have to look.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Schemas {
    Any,
    Plain,
}

/// How reasoning is asked for.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reasoning {
    None,
    Budget,
    Adaptive,
    AdaptiveToHigh,
    Nova,
    Effort,
    Openai,
}

/// Cache points.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) enum Cache {
    #[serde(rename = "none")]
    None,
    #[serde(rename = "5m")]
    FiveMinutes,
    #[serde(rename = "1h")]
    OneHour,
}

/// How lists of inputs that are too long for one call are sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FanOut {
    pub(super) cluster: String,
    pub(super) parallel: Option<usize>,
}

/// A guardrail that no client can change.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Guardrail {
    pub(super) identifier: Option<String>,
    pub(super) version: Option<String>,
    pub(super) trace: Option<String>,
    pub(super) stream_mode: Option<String>,
}

/// As whom to call Bedrock.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    pub(super) access_key_id: Option<String>,
    pub(super) secret_access_key: Option<String>,
    pub(super) session_token: Option<String>,
    pub(super) bearer_token: Option<String>,
    pub(super) container: Option<Container>,
    pub(super) instance: Option<Instance>,
    pub(super) web_identity: Option<WebIdentity>,
    pub(super) assume_role: Option<AssumeRole>,
    pub(super) sign: Option<Sign>,
    pub(super) token_lifetime_seconds: Option<u64>,
}

/// How requests prove who sends them.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Sign {
    #[serde(rename = "sigv4")]
    SigV4,
    Token,
    Envoy,
}

/// ECS and EKS Pod Identity.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Container {
    pub(super) cluster: String,
    pub(super) uri: String,
    pub(super) authorization_token: Option<String>,
    pub(super) authorization_token_file: Option<TokenFile>,
}

/// A file that a cluster serves.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenFile {
    pub(super) cluster: String,
    pub(super) path: String,
}

/// EC2's instance metadata.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Instance {
    pub(super) cluster: String,
    pub(super) role: Option<String>,
}

/// A role by a token.
#[derive(Debug, Deserialize)]
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
#[derive(Debug, Deserialize)]
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
#[derive(Clone, Copy, Debug, Deserialize)]
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

/// How large things may be.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) body_bytes: Option<usize>,
    pub(super) reply_bytes: Option<usize>,
    pub(super) messages: Option<usize>,
    pub(super) tools: Option<usize>,
    pub(super) json_depth: Option<usize>,
    pub(super) embedding_inputs: Option<usize>,
    pub(super) frame_bytes: Option<usize>,
}

/// Images by URL.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Images {
    pub(super) cluster: String,
    pub(super) http_cluster: Option<String>,
    pub(super) hosts: Vec<String>,
    pub(super) private_networks: Option<Vec<String>>,
    pub(super) bytes: Option<usize>,
    pub(super) timeout_seconds: Option<u32>,
    pub(super) per_request: Option<usize>,
    pub(super) redirects: Option<usize>,
}

/// Whether, or how.
#[derive(Debug)]
pub(super) enum Switch<T> {
    Only(bool),
    With(T),
}

/// Finding out what models there are.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Discover {
    pub(super) cluster: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) refresh_seconds: Option<u32>,
}

// An untagged enum would not say what is wrong, nor where.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Switch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SwitchVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for SwitchVisitor<T> {
            type Value = Switch<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false or an object")
            }

            fn visit_bool<E>(self, is_on: bool) -> Result<Switch<T>, E> {
                Ok(Switch::Only(is_on))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Switch<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Switch::With)
            }
        }

        deserializer.deserialize_any(SwitchVisitor(PhantomData))
    }
}
