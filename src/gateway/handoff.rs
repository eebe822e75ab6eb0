//! What the gateway role tells the upstream role, by filter state: no client can write there.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::openai::Endpoint;

/// The filter state's key, without the `wasm.` that Envoy puts before it.
pub const KEY: &str = "bedrock.request";

/// A request that was let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff<'a> {
    /// Which endpoint it is for.
    pub endpoint: Endpoint,
    /// The name of the caller's key.
    #[serde(borrow)]
    pub caller: Cow<'a, str>,
}

impl<'a> Handoff<'a> {
    /// As filter state holds it.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Two strings always serialise; nothing at all would be refused by the upstream role.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// As filter state held it.
    pub fn from_bytes(bytes: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}
