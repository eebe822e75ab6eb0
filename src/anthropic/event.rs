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
}
