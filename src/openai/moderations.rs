//! `POST moderations` (OpenAI API reference, "Create moderation").

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::chat::MediaUrl;
use crate::old_json::{OneOrMany, Str, object};

object! {
    /// The body.
    pub struct Request<'a> {
        /// A text, a list of texts, or a list of parts.
        input: OneOrMany<'a, &'a RawValue>,
        /// What the client calls the model.
        model: Str<'a>,
    }
}

object! {
    /// A part of the input.
    pub struct Part<'a> {
        /// `text` or `image_url`.
        kind = "type": Str<'a>,
        /// Of `text`.
        text: Str<'a>,
        /// Of `image_url`.
        image_url: MediaUrl<'a>,
    }
}

/// The reply.
#[derive(Clone, Debug, Serialize)]
pub struct Reply<'a> {
    /// `modr-` and Bedrock's request id.
    pub id: &'a str,
    /// The name that the client asked for.
    pub model: &'a str,
    /// One for each input.
    pub results: [Judgement<'a>; 1],
}

/// What is said of one input.
#[derive(Clone, Debug, Serialize)]
pub struct Judgement<'a> {
    /// Whether anything is wrong with it.
    pub flagged: bool,
    /// What.
    pub categories: ByCategory<bool>,
    /// How surely, 0–1.
    pub category_scores: ByCategory<f64>,
    /// Of which kinds of input.
    pub category_applied_input_types: ByCategory<Vec<&'static str>>,
    /// What the guardrail says, in its own words (extension).
    pub guardrail_assessments: Option<&'a RawValue>,
}

/// OpenAI's categories.
pub const CATEGORIES: [&str; 13] = [
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
];

/// A value for each of [`CATEGORIES`].
#[derive(Clone, Debug)]
pub struct ByCategory<T>(pub [T; CATEGORIES.len()]);

impl<T: Serialize> Serialize for ByCategory<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(CATEGORIES.iter().zip(&self.0))
    }
}
