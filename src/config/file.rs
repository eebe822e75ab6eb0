//! What people write. `docs/configuration.md` is the reference; a test holds the two together.

use crate::gateway::targets;
use crate::translate::notes::Unsupported;

use super::settings::{Switch, settings};

settings! {
    /// The whole configuration.
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
}

settings! {
    /// A client's key.
    pub(super) struct ApiKey {
        pub(super) name: String,
        pub(super) key: Option<String>,
        pub(super) sha256: Option<String>,
        pub(super) models: Option<Vec<String>>,
    }
}

settings! {
    /// A model under a name of the gateway's own: one target, or several in their order.
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
}

settings! {
    /// Something that can answer for a model.
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
}

settings! {
    /// What an endpoint speaks.
    pub(super) enum Backend {
        Converse = "converse",
        OpenAi = "openai",
        Mantle = "mantle",
    }
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

settings! {
    /// What a model takes, where that differs from the table of families.
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
}

settings! {
    /// How `top_k` is called.
    pub(super) enum TopK {
        None = "none",
        Usual = "top_k",
        K = "k",
        Nova = "nova",
    }
}

settings! {
    /// Being told to call a tool.
    pub(super) enum Forced {
        None = "none",
        Any = "any",
        Named = "named",
    }
}

settings! {
    /// Which tool ids are legal.
    pub(super) enum ToolIds {
        Usual = "usual",
        Nine = "nine",
    }
}

settings! {
    /// How schemas have to look.
    pub(super) enum Schemas {
        Any = "any",
        Plain = "plain",
    }
}

settings! {
    /// How reasoning is asked for.
    pub(super) enum Reasoning {
        None = "none",
        Budget = "budget",
        Adaptive = "adaptive",
        AdaptiveToHigh = "adaptive_to_high",
        Nova = "nova",
        Effort = "effort",
        Openai = "openai",
    }
}

settings! {
    /// Cache points.
    pub(super) enum Cache {
        None = "none",
        FiveMinutes = "5m",
        OneHour = "1h",
    }
}

settings! {
    /// How lists of inputs that are too long for one call are sent.
    pub(super) struct FanOut {
        pub(super) cluster: String,
        pub(super) parallel: Option<usize>,
        pub(super) open: Option<usize>,
    }
}

settings! {
    /// A guardrail that no client can change.
    pub(super) struct Guardrail {
        pub(super) identifier: Option<String>,
        pub(super) version: Option<String>,
        pub(super) trace: Option<String>,
        pub(super) stream_mode: Option<String>,
    }
}

settings! {
    /// As whom to call Bedrock.
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
}

settings! {
    /// How requests prove who sends them.
    pub(super) enum Sign {
        SigV4 = "sigv4",
        Token = "token",
        Envoy = "envoy",
    }
}

settings! {
    /// ECS and EKS Pod Identity.
    pub(super) struct Container {
        pub(super) cluster: String,
        pub(super) uri: String,
        pub(super) authorization_token: Option<String>,
        pub(super) authorization_token_file: Option<TokenFile>,
    }
}

settings! {
    /// A file that a cluster serves.
    pub(super) struct TokenFile {
        pub(super) cluster: String,
        pub(super) path: String,
    }
}

settings! {
    /// EC2's instance metadata.
    pub(super) struct Instance {
        pub(super) cluster: String,
        pub(super) role: Option<String>,
    }
}

settings! {
    /// A role by a token.
    pub(super) struct WebIdentity {
        pub(super) cluster: String,
        pub(super) role_arn: String,
        pub(super) token: TokenFile,
        pub(super) session_name: Option<String>,
        pub(super) duration_seconds: Option<u32>,
        pub(super) region: Option<String>,
        pub(super) endpoint: Option<String>,
    }
}

settings! {
    /// A role by credentials.
    pub(super) struct AssumeRole {
        pub(super) cluster: String,
        pub(super) role_arn: String,
        pub(super) external_id: Option<String>,
        pub(super) session_name: Option<String>,
        pub(super) duration_seconds: Option<u32>,
        pub(super) region: Option<String>,
        pub(super) endpoint: Option<String>,
    }
}

settings! {
    /// What becomes of parameters without a counterpart.
    pub(super) enum UnsupportedParameters {
        Refuse = "refuse",
        Ignore = "ignore",
    }
}

impl From<UnsupportedParameters> for Unsupported {
    fn from(written: UnsupportedParameters) -> Self {
        match written {
            UnsupportedParameters::Refuse => Self::Refuse,
            UnsupportedParameters::Ignore => Self::Ignore,
        }
    }
}

settings! {
    /// How large things may be.
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
    }
}

settings! {
    /// Images by URL.
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
}

settings! {
    /// Finding out what models there are.
    pub(super) struct Discover {
        pub(super) cluster: Option<String>,
        pub(super) endpoint: Option<String>,
        pub(super) refresh_seconds: Option<u32>,
    }
}
