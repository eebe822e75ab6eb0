//! The events of ConverseStream. The kind of an event is in its frame's headers, not in these payloads.

use serde::Deserialize;

use crate::wire::Str;

use super::citation::Citation;
use super::reply::{ServiceTier, Usage};

/// Payload of `contentBlockStart`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct BlockStart<'a> {
    /// Which block; events of one block may come between those of another.
    #[serde(rename = "contentBlockIndex")]
    pub index: Option<u32>,
    /// What begins.
    pub start: Option<Start<'a>>,
}

/// What begins: a call, or nothing that we know.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Start<'a> {
    /// A call.
    pub tool_use: Option<ToolUseStart<'a>>,
}

/// A call begins.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ToolUseStart<'a> {
    /// Pairs call and result.
    pub tool_use_id: Option<Str<'a>>,
    /// The tool.
    pub name: Option<Str<'a>>,
    /// Whose call it is, see [`super::reply::is_of_server`].
    #[serde(rename = "type")]
    pub kind: Option<Str<'a>>,
}

/// Payload of `contentBlockDelta`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct BlockDelta<'a> {
    /// Which block.
    #[serde(rename = "contentBlockIndex")]
    pub index: Option<u32>,
    /// What is added.
    pub delta: Option<Delta<'a>>,
}

/// What is added: exactly one member, or one that we do not know.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Delta<'a> {
    /// Text.
    pub text: Option<Str<'a>>,
    /// A piece of a call's arguments.
    pub tool_use: Option<ToolUseDelta<'a>>,
    /// A piece of reasoning.
    pub reasoning_content: Option<ReasoningDelta<'a>>,
    /// A source.
    pub citation: Option<Citation<'a>>,
}

/// A piece of a call's arguments.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct ToolUseDelta<'a> {
    /// A piece of JSON, cut anywhere.
    pub input: Option<Str<'a>>,
}

/// A piece of reasoning: one of the three.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ReasoningDelta<'a> {
    /// Readable.
    pub text: Option<Str<'a>>,
    /// What proves to the model that it is its own.
    pub signature: Option<Str<'a>>,
    /// Redacted, base64.
    pub redacted_content: Option<Str<'a>>,
}

/// Payload of `contentBlockStop`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BlockStop {
    /// Which block.
    #[serde(rename = "contentBlockIndex")]
    pub index: Option<u32>,
}

/// Payload of `messageStop`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct MessageStop<'a> {
    /// Why it ended.
    pub stop_reason: Option<Str<'a>>,
}

/// Payload of `metadata`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Metadata<'a> {
    /// Tokens.
    pub usage: Option<Usage>,
    /// The tier that served it.
    pub service_tier: Option<ServiceTier<'a>>,
}
