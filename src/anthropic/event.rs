//! What is read of messages and events that go on as they are.

use serde::Deserialize;

use super::error::Told;
use crate::wire::{Raw, Str};

/// A whole message, as far as it is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Message<'a> {
    /// What it is: `message`.
    #[serde(rename = "type")]
    pub kind: Option<Str<'a>>,
    /// What was said.
    pub content: Option<Raw<'a>>,
    /// Its tokens.
    pub usage: Option<Raw<'a>>,
    /// Why the model stopped.
    pub stop_reason: Option<Raw<'a>>,
    /// Of Bedrock's: what a guardrail did.
    #[serde(rename = "amazon-bedrock-guardrailAction")]
    pub guardrail_action: Option<Raw<'a>>,
}

/// An event of a stream, as far as it is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Event<'a> {
    /// What it is: `message_start`, `content_block_delta`, …
    #[serde(rename = "type")]
    pub kind: Option<Str<'a>>,
    /// Of the event `error`.
    pub error: Option<Told<'a>>,
    /// Of `message_start`.
    pub message: Option<Raw<'a>>,
    /// Of `message_delta`: tokens so far.
    pub usage: Option<Raw<'a>>,
    /// Of the same, and of pieces of blocks.
    pub delta: Option<Raw<'a>>,
    /// Of `message_stop`: tokens, as Bedrock counts them.
    #[serde(rename = "amazon-bedrock-invocationMetrics")]
    pub metrics: Option<Raw<'a>>,
    /// Of Bedrock's: what a guardrail did.
    #[serde(rename = "amazon-bedrock-guardrailAction")]
    pub guardrail_action: Option<Raw<'a>>,
}

/// The beginning of a message, or what is added to it, as far as it is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Part<'a> {
    /// Tokens so far.
    pub usage: Option<Raw<'a>>,
    /// Why the model stopped.
    pub stop_reason: Option<Raw<'a>>,
}
