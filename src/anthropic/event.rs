//! The members that are read of messages and events that pass untranslated.

use serde::Deserialize;

use super::error::Told;
use crate::wire::{Raw, Str};

/// A whole message.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Message<'a> {
    /// `message`.
    #[serde(rename = "type")]
    pub kind: Option<Str<'a>>,
    /// The content blocks.
    pub content: Option<Raw<'a>>,
    /// Token counts.
    pub usage: Option<Raw<'a>>,
    /// Why the model stopped.
    pub stop_reason: Option<Raw<'a>>,
    /// Bedrock's: the guardrail's action.
    #[serde(rename = "amazon-bedrock-guardrailAction")]
    pub guardrail_action: Option<Raw<'a>>,
}

/// An event of a stream.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Event<'a> {
    /// Its type: `message_start`, `content_block_delta`, …
    #[serde(rename = "type")]
    pub kind: Option<Str<'a>>,
    /// Of the event `error`.
    pub error: Option<Told<'a>>,
    /// Of `message_start`.
    pub message: Option<Raw<'a>>,
    /// Of `message_delta`: token counts so far.
    pub usage: Option<Raw<'a>>,
    /// Of `message_delta` and `content_block_delta`.
    pub delta: Option<Raw<'a>>,
    /// Of `message_stop`: Bedrock's own token counts.
    #[serde(rename = "amazon-bedrock-invocationMetrics")]
    pub metrics: Option<Raw<'a>>,
    /// Bedrock's: the guardrail's action.
    #[serde(rename = "amazon-bedrock-guardrailAction")]
    pub guardrail_action: Option<Raw<'a>>,
}

/// The `message` of `message_start`, or the `delta` of `message_delta`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Part<'a> {
    /// Token counts so far.
    pub usage: Option<Raw<'a>>,
    /// Why the model stopped.
    pub stop_reason: Option<Raw<'a>>,
}
