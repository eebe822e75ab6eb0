//! What the gateway role tells the upstream role, by filter state: no client can write there.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::native;
use crate::openai::Endpoint;

/// The filter state's key, without the `wasm.` that Envoy puts before it.
pub const KEY: &str = "bedrock.request";

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose<'a> {
    /// An endpoint of OpenAI's; the model is in the body.
    OpenAi(Endpoint),
    /// One of Bedrock's own routes.
    #[serde(borrow)]
    Native(native::Request<'a>),
}

/// A request that was let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff<'a> {
    /// What it is for.
    #[serde(borrow)]
    pub purpose: Purpose<'a>,
    /// The name of the caller's key.
    #[serde(borrow)]
    pub caller: Cow<'a, str>,
    /// Tells it from every other request of the worker.
    pub id: u64,
}

impl<'a> Handoff<'a> {
    /// As filter state holds it.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings and numbers always serialise; nothing at all would be refused by the upstream role.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// As filter state held it.
    pub fn from_bytes(bytes: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bedrock::operation::Operation;

    #[test]
    fn what_is_handed_over_comes_back_whatever_its_characters() {
        for purpose in [
            Purpose::OpenAi(Endpoint::Embeddings),
            Purpose::Native(native::Request {
                operation: Operation::InvokeStream,
                model: "a\"\r\n\\é".into(),
            }),
        ] {
            let handoff = Handoff { purpose, caller: "team \"a\"".into(), id: u64::MAX };
            assert_eq!(Handoff::from_bytes(&handoff.to_bytes()).as_ref(), Some(&handoff));
        }
    }
}
