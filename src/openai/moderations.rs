//! `POST moderations` (OpenAI API reference, "Create moderation").

use serde::{Serialize, Serializer};

use super::chat::MediaUrl;
use crate::wire::{OneOrMany, Raw, Str, object};

object! {
    /// The body.
    pub struct Request<'a> {
        /// A text, a list of texts, or a list of parts.
        input: OneOrMany<'a, Raw<'a>>,
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
    pub category_scores: ByCategory<Score>,
    /// Of which kinds of input.
    pub category_applied_input_types: ByCategory<Vec<&'static str>>,
    /// What the guardrail says, in its own words (extension).
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

/// How sure a judgement is: what a guardrail says has four steps.
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
