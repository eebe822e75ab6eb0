//! ApplyGuardrail: what a guardrail says of a text without a model.

use std::borrow::Cow;

use crate::json::{List, Raw, Str, Write, Writer, answer};

/// The request; the guardrail is in the path.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// `INPUT`: what a user says.
    pub source: &'static str,
    /// What is to be judged, as a whole.
    pub content: Vec<Content<'a>>,
    /// `FULL`: also what was seen and let pass.
    pub output_scope: &'static str,
}

/// One piece.
#[derive(Clone, Debug)]
pub enum Content<'a> {
    /// A text.
    Text(Text<'a>),
    /// An image.
    Image(Image<'a>),
}

/// A text.
#[derive(Clone, Debug)]
pub struct Text<'a> {
    /// The text.
    pub text: Str<'a>,
}

/// An image.
#[derive(Clone, Debug)]
pub struct Image<'a> {
    /// `png` or `jpeg`.
    pub format: &'static str,
    /// Its data.
    pub source: Bytes<'a>,
}

/// Data.
#[derive(Clone, Debug)]
pub struct Bytes<'a> {
    /// Base64.
    pub bytes: Cow<'a, str>,
}

answer! {
    /// The reply.
    pub struct Reply<'a> {
        /// `NONE` or `GUARDRAIL_INTERVENED`.
        action: Str<'a>,
        /// What was found, by policy.
        assessments: Raw<'a>,
    }
}

answer! {
    /// What one assessment says of harmful content; other policies are given on as they are.
    pub struct Assessment<'a> {
        /// The content filters.
        content_policy = "contentPolicy": ContentPolicy<'a>,
    }
}

answer! {
    /// The content filters.
    pub struct ContentPolicy<'a> {
        /// One for each kind of content.
        filters: List<Filter<'a>>,
    }
}

answer! {
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

impl<'a> Write<'a> for Request<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { source, content, output_scope } = self;
        out.object()
            .member("source", source)
            .member("content", content)
            .member("outputScope", output_scope)
            .end();
    }
}

impl<'a> Write<'a> for Content<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let mut object = out.object();
        match self {
            Self::Text(Text { text }) => object.begin("text").one("text", text),
            Self::Image(Image { format, source: Bytes { bytes } }) => {
                let mut image = object.begin("image").object().member("format", format);
                image.begin("source").one("bytes", bytes);
                image.end();
            }
        }
        object.end();
    }
}
