//! The response of Converse. Members without a meaning in OpenAI's API are left out and skipped.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::wire::{List, Raw, Str};

pub use super::citation::Citation;

/// The body.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Reply<'a> {
    /// The model's message; required.
    pub output: Option<Output<'a>>,
    /// Why the model stopped.
    pub stop_reason: Option<Str<'a>>,
    /// Tokens.
    pub usage: Option<Usage>,
    /// The tier that served it.
    pub service_tier: Option<ServiceTier<'a>>,
}

/// The model's output.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Output<'a> {
    /// The message.
    pub message: Option<Message<'a>>,
}

/// A turn of the model.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Message<'a> {
    /// Its blocks.
    pub content: Option<List<Block<'a>>>,
}

/// A block: exactly one member is present; none for an unknown kind.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Block<'a> {
    /// Text.
    pub text: Option<Str<'a>>,
    /// A tool call.
    pub tool_use: Option<Box<ToolUse<'a>>>,
    /// Reasoning.
    pub reasoning_content: Option<Box<Reasoning<'a>>>,
    /// Text with citations.
    pub citations_content: Option<Box<Citations<'a>>>,
}

/// A tool call.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ToolUse<'a> {
    /// Id that the tool result repeats.
    pub tool_use_id: Option<Str<'a>>,
    /// The tool's name.
    pub name: Option<Str<'a>>,
    /// The arguments.
    pub input: Option<Raw<'a>>,
    /// Who runs the tool, see [`is_of_server`].
    #[serde(rename = "type")]
    pub kind: Option<Str<'a>>,
}

/// Whether Bedrock runs the tool itself and continues (service model, `ToolUseType`): clients must not answer such a call.
pub fn is_of_server(kind: Option<&Str<'_>>) -> bool {
    kind.is_some_and(|kind| **kind == *"server_tool_use")
}

/// A reasoning block: readable or redacted.
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
    /// The model's signature of its reasoning.
    pub signature: Option<Str<'a>>,
}

/// Text with citations.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Citations<'a> {
    /// The text.
    pub content: Option<List<CitedText<'a>>>,
    /// The citations.
    pub citations: Option<List<Citation<'a>>>,
}

/// A part of the cited text.
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
    /// Input tokens that were neither read from nor written to the prompt cache.
    pub input_tokens: Option<u64>,
    /// Output tokens.
    pub output_tokens: Option<u64>,
    /// Input tokens read from the prompt cache.
    pub cache_read_input_tokens: Option<u64>,
    /// Input tokens written to the prompt cache.
    pub cache_write_input_tokens: Option<u64>,
    /// The tokens written, by lifetime in the cache.
    pub cache_details: Option<CacheDetails>,
}

/// Tokens written to the prompt cache, by lifetime (service model, `CacheDetail`).
#[derive(Clone, Debug, Copy, PartialEq, Eq, Default)]
pub struct CacheDetails {
    /// Tokens for five minutes.
    pub five_minutes: u64,
    /// Tokens for an hour.
    pub hour: u64,
}

/// An entry of the list of lifetimes.
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
                // An unknown lifetime: its tokens are in the total only.
                _ => {}
            }
        }
        Ok(all)
    }
}
