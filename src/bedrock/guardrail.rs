//! ApplyGuardrail: what a guardrail says of a text without a model.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::old_json::{List, Str, object};

/// The request; the guardrail is in the path.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request<'a> {
    /// `INPUT`: what a user says.
    pub source: &'static str,
    /// What is to be judged, as a whole.
    pub content: Vec<Content<'a>>,
    /// `FULL`: also what was seen and let pass.
    pub output_scope: &'static str,
}

/// One piece.
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
    pub bytes: Cow<'a, str>,
}

object! {
    /// The reply.
    pub struct Reply<'a> {
        /// `NONE` or `GUARDRAIL_INTERVENED`.
        action: Str<'a>,
        /// What was found, by policy.
        assessments: &'a RawValue,
    }
}

object! {
    /// What one assessment says of harmful content; other policies are given on as they are.
    pub struct Assessment<'a> {
        /// The content filters.
        content_policy = "contentPolicy": ContentPolicy<'a>,
    }
}

object! {
    /// The content filters.
    pub struct ContentPolicy<'a> {
        /// One for each kind of content.
        filters: List<Filter<'a>>,
    }
}

object! {
    /// What a filter says.
    pub struct Filter<'a> {
        /// `HATE`, `INSULTS`, `SEXUAL`, `VIOLENCE`, `MISCONDUCT`, `PROMPT_ATTACK`.
        kind = "type": Str<'a>,
        /// `NONE`, `LOW`, `MEDIUM`, `HIGH`.
        confidence: Str<'a>,
        /// `BLOCKED` or `NONE`.
        action: Str<'a>,
        /// Whether it was found, blocked or not.
        detected: bool,
    }
}
