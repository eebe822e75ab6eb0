//! ApplyGuardrail: a guardrail's assessment of a text, without a model.

use serde::{Deserialize, Serialize};

use crate::wire::{List, Raw, Str};

/// The request; the guardrail is in the path.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request<'a> {
    /// `INPUT`: the text is a user's.
    pub source: &'static str,
    /// The content to assess, as a whole.
    pub content: Vec<Content<'a>>,
    /// `FULL`: the assessments include what was detected but not blocked.
    pub output_scope: &'static str,
}

/// A block of content.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Content<'a> {
    /// A text.
    Text(Text<'a>),
    /// An image.
    Image(Image<'a>),
}

/// A text.
#[derive(Clone, Debug, Serialize)]
pub struct Text<'a> {
    /// The text.
    pub text: Str<'a>,
}

/// An image.
#[derive(Clone, Debug, Serialize)]
pub struct Image<'a> {
    /// `png` or `jpeg`.
    pub format: &'static str,
    /// Its data.
    pub source: Bytes<'a>,
}

/// Data.
#[derive(Clone, Debug, Serialize)]
pub struct Bytes<'a> {
    /// Base64.
    pub bytes: Str<'a>,
}

/// The reply.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Reply<'a> {
    /// `NONE` or `GUARDRAIL_INTERVENED`.
    pub action: Option<Str<'a>>,
    /// The assessments, by policy.
    pub assessments: Option<Raw<'a>>,
}

/// The content policy of an assessment; other policies are passed on unparsed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Assessment<'a> {
    /// The content filters.
    pub content_policy: Option<ContentPolicy<'a>>,
}

/// The content filters.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct ContentPolicy<'a> {
    /// One for each kind of content.
    pub filters: Option<List<Filter<'a>>>,
}

/// The result of one content filter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Filter<'a> {
    /// `HATE`, `INSULTS`, `SEXUAL`, `VIOLENCE`, `MISCONDUCT`, `PROMPT_ATTACK`.
    #[serde(rename = "type")]
    pub kind: Option<Str<'a>>,
    /// `NONE`, `LOW`, `MEDIUM`, `HIGH`.
    pub confidence: Option<Str<'a>>,
    /// `BLOCKED` or `NONE`.
    pub action: Option<Str<'a>>,
    /// Whether the content was detected, blocked or not.
    pub detected: Option<bool>,
}
