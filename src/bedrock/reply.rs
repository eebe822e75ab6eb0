//! The reply of Converse. Members that mean nothing to an OpenAI client are not here and are skipped.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::wire::{List, Raw, Str};

pub use super::citation::Citation;

/// The body.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Reply<'a> {
    /// What the model said; a reply without it is no reply.
    pub output: Option<Output<'a>>,
    /// Why it ended.
    pub stop_reason: Option<Str<'a>>,
    /// Tokens.
    pub usage: Option<Usage>,
    /// The tier that served it.
    pub service_tier: Option<ServiceTier<'a>>,
}

/// What the model said.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Output<'a> {
    /// Its turn.
    pub message: Option<Message<'a>>,
}

/// A turn of the model.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Message<'a> {
    /// Its blocks.
    pub content: Option<List<Block<'a>>>,
}

/// One block: exactly one member is there, or one that we do not know.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Block<'a> {
    /// Text.
    pub text: Option<Str<'a>>,
    /// A call.
    pub tool_use: Option<Box<ToolUse<'a>>>,
    /// Reasoning.
    pub reasoning_content: Option<Box<Reasoning<'a>>>,
    /// Text with its sources.
    pub citations_content: Option<Box<Citations<'a>>>,
}

/// A call.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ToolUse<'a> {
    /// Pairs call and result.
    pub tool_use_id: Option<Str<'a>>,
    /// The tool.
    pub name: Option<Str<'a>>,
    /// Arguments.
    pub input: Option<Raw<'a>>,
    /// Whose call it is, see [`is_of_server`].
    #[serde(rename = "type")]
    pub kind: Option<Str<'a>>,
}

/// True where Bedrock runs the tool itself and goes on (service model, `ToolUseType`): nobody else is to answer such a call.
pub fn is_of_server(kind: Option<&Str<'_>>) -> bool {
    kind.is_some_and(|kind| **kind == *"server_tool_use")
}

/// Reasoning: readable or redacted.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Reasoning<'a> {
    /// Readable.
    pub reasoning_text: Option<ReasoningText<'a>>,
    /// Redacted, base64.
    pub redacted_content: Option<Str<'a>>,
}

/// Readable reasoning.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct ReasoningText<'a> {
    /// The reasoning.
    pub text: Option<Str<'a>>,
    /// What proves to the model that it is its own.
    pub signature: Option<Str<'a>>,
}

/// Text with its sources.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Citations<'a> {
    /// The text.
    pub content: Option<List<CitedText<'a>>>,
    /// The sources.
    pub citations: Option<List<Citation<'a>>>,
}

/// A piece of cited text.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct CitedText<'a> {
    /// The text.
    pub text: Option<Str<'a>>,
}

/// A tier.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct ServiceTier<'a> {
    /// Its name.
    #[serde(rename = "type")]
    pub kind: Option<Str<'a>>,
}

/// Tokens.
#[derive(Clone, Debug, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Usage {
    /// Input that was neither read from nor written to the cache.
    pub input_tokens: Option<u64>,
    /// Output.
    pub output_tokens: Option<u64>,
    /// Read from the cache.
    pub cache_read_input_tokens: Option<u64>,
    /// Written to the cache.
    pub cache_write_input_tokens: Option<u64>,
    /// The same, by how long it is kept.
    pub cache_details: Option<CacheDetails>,
}

/// What was written to the cache, by how long it is kept (service model, `CacheDetail`).
#[derive(Clone, Debug, Copy, PartialEq, Eq, Default)]
pub struct CacheDetails {
    /// Tokens for five minutes.
    pub five_minutes: u64,
    /// Tokens for an hour.
    pub hour: u64,
}

/// All that is written in a list of lifetimes, each with its tokens.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct CacheDetail<'a> {
    ttl: Option<Str<'a>>,
    input_tokens: Option<u64>,
}

impl<'de> Deserialize<'de> for CacheDetails {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(CacheDetailsVisitor)
    }
}

struct CacheDetailsVisitor;

impl<'de> Visitor<'de> for CacheDetailsVisitor {
    type Value = CacheDetails;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<CacheDetails, A::Error> {
        let mut all = CacheDetails::default();
        while let Some(CacheDetail { ttl, input_tokens }) = seq.next_element()? {
            let tokens = input_tokens.unwrap_or(0);
            match ttl.as_deref() {
                Some("1h") => all.hour = all.hour.saturating_add(tokens),
                Some("5m") => all.five_minutes = all.five_minutes.saturating_add(tokens),
                // A lifetime that nobody knows yet counts among all that was written.
                _ => {}
            }
        }
        Ok(all)
    }
}
