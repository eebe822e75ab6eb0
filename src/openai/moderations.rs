//! `POST moderations` (OpenAI API reference, "Create moderation").

use serde::{Serialize, Serializer};

use super::chat::MediaUrl;
use crate::wire::{OneOrMany, Raw, Str, object};

object! {
    /// The body.
    pub struct Request<'a> {
        /// A text, a list of texts, or a list of parts.
        input: OneOrMany<'a, Raw<'a>>,
        /// The model as the client names it.
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
    /// The model as the client names it.
    pub model: &'a str,
    /// The results, one per input.
    pub results: [Judgement<'a>; 1],
}

/// The result for one input.
#[derive(Clone, Debug, Serialize)]
pub struct Judgement<'a> {
    /// Whether any category applies.
    pub flagged: bool,
    /// Whether each category applies.
    pub categories: ByCategory<bool>,
    /// The score of each category, 0–1.
    pub category_scores: ByCategory<Score>,
    /// The kinds of input that each category applies to.
    pub category_applied_input_types: ByCategory<Vec<&'static str>>,
    /// The guardrail's assessments, unchanged (extension).
    pub guardrail_assessments: Option<Raw<'a>>,
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

/// A score. A guardrail's confidence has four levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Score {
    /// 0.
    Zero,
    /// 0.25.
    Quarter,
    /// 0.5.
    Half,
    /// 1.
    One,
}

impl Serialize for Score {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(match self {
            Self::Zero => 0.0,
            Self::Quarter => 0.25,
            Self::Half => 0.5,
            Self::One => 1.0,
        })
    }
}

/// A value for each of [`CATEGORIES`].
#[derive(Clone, Debug)]
pub struct ByCategory<T>(pub [T; CATEGORIES.len()]);

impl<T: Serialize> Serialize for ByCategory<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(CATEGORIES.iter().zip(&self.0))
    }
}
