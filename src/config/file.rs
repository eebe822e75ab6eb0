//! What people write. `docs/configuration.md` is the reference; a test holds the two together.

use serde::Deserialize;

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
    pub(super) cluster: Option<String>,
    pub(super) credentials: Option<Credentials>,
    pub(super) unsupported_parameters: Option<UnsupportedParameters>,
    pub(super) forward_headers: Option<Vec<String>>,
    pub(super) limits: Option<Limits>,
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

/// A model under a name of the gateway's own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) model: String,
    pub(super) cluster: Option<String>,
}

/// As whom to call Bedrock.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    pub(super) access_key_id: Option<String>,
    pub(super) secret_access_key: Option<String>,
    pub(super) session_token: Option<String>,
    pub(super) bearer_token: Option<String>,
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
