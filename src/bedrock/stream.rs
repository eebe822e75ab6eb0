//! The events of ConverseStream. The kind of an event is in its frame's headers, not in these payloads.

use serde::Deserialize;

use crate::wire::Str;

use super::citation::Citation;
use super::reply::{ServiceTier, Usage};

/// Payload of `contentBlockStart`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct BlockStart<'a> {
    /// Index of the block; events of several blocks may alternate.
    #[serde(rename = "contentBlockIndex")]
    pub index: Option<u32>,
    /// The start of the block.
    pub start: Option<Start<'a>>,
}

/// The start of a block: a tool call, or an unknown kind.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Start<'a> {
    /// A tool call.
    pub tool_use: Option<ToolUseStart<'a>>,
}

/// The start of a tool call.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ToolUseStart<'a> {
    /// Id that the tool result repeats.
    pub tool_use_id: Option<Str<'a>>,
    /// The tool's name.
    pub name: Option<Str<'a>>,
    /// Who runs the tool, see [`super::reply::is_of_server`].
    #[serde(rename = "type")]
    pub kind: Option<Str<'a>>,
}

/// Payload of `contentBlockDelta`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct BlockDelta<'a> {
    /// Index of the block.
    #[serde(rename = "contentBlockIndex")]
    pub index: Option<u32>,
    /// The addition to the block.
    pub delta: Option<Delta<'a>>,
}

/// An addition to a block: exactly one member is present; none for an unknown kind.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Delta<'a> {
    /// Text.
    pub text: Option<Str<'a>>,
    /// A part of a tool call's arguments.
    pub tool_use: Option<ToolUseDelta<'a>>,
    /// A part of reasoning.
    pub reasoning_content: Option<ReasoningDelta<'a>>,
    /// A citation.
    pub citation: Option<Citation<'a>>,
}

/// A part of a tool call's arguments.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct ToolUseDelta<'a> {
    /// JSON text, cut at any byte.
    pub input: Option<Str<'a>>,
}

/// A part of reasoning: one member is present.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ReasoningDelta<'a> {
    /// Readable.
    pub text: Option<Str<'a>>,
    /// The model's signature of its reasoning.
    pub signature: Option<Str<'a>>,
    /// Redacted, base64.
    pub redacted_content: Option<Str<'a>>,
}

/// Payload of `contentBlockStop`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct BlockStop {
    /// Index of the block.
    #[serde(rename = "contentBlockIndex")]
    pub index: Option<u32>,
}

/// Payload of `messageStop`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct MessageStop<'a> {
    /// Why the model stopped.
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
