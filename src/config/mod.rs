//! The plugin configuration: what people write becomes what the code uses, and is checked once, when it is loaded.

mod expand;
mod file;
mod load;
mod model_options;
mod structure;

use std::fmt;

use crate::aws::Identity;
use crate::gateway::keys::Keys;
use crate::gateway::models::Models;
use crate::translate::Options;

/// The configuration of both roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Path prefixes under which OpenAI's endpoints are served.
    pub prefixes: Vec<String>,
    /// Who may call.
    pub keys: Keys,
    /// What can be called.
    pub models: Models,
    /// Where to.
    pub upstream: Upstream,
    /// How to translate.
    pub options: Options,
    /// Request headers that go on to Bedrock, unsigned.
    pub forward_headers: Vec<String>,
    /// Largest request body, bytes.
    pub body_bytes: usize,
    /// Largest reply that is not a stream, bytes.
    pub reply_bytes: usize,
}

/// Where requests go and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// The region that is signed for.
    pub region: String,
    /// The `host` header that is sent and signed, with the port where it is not the scheme's own.
    pub host: String,
    /// The cluster of models that name none, for `cluster_header` routes.
    pub cluster: Option<String>,
    /// As whom.
    pub identity: Identity,
}

/// Why a configuration was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The field that is wrong, by its path: `api_keys[0].sha256`.
    pub path: String,
    /// What is wrong with it; never its value, which may be a secret.
    pub reason: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" | "." => write!(f, "configuration: {}", self.reason),
            path => write!(f, "configuration: {path}: {}", self.reason),
        }
    }
}

impl std::error::Error for Error {}

impl Config {
    /// Loads a configuration. `text` is JSON, or a `google.protobuf.Struct`; `variable`
    /// gives the value of an environment variable of the VM.
    ///
    /// # Errors
    /// The first field that is unknown, missing, or wrong.
    pub fn load(text: &[u8], variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        load::load(text, &variable)
    }
}
