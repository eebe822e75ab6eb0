//! `POST completions`, the older endpoint (OpenAI API reference, "Completions").

use serde::Serialize;

use super::chat::StreamOptions;
use super::completion::{FinishReason, Usage};
use crate::wire::{Members, Number, OneOrMany, Raw, Str, object};

object! {
    /// The body.
    pub struct Request<'a> {
        /// The model as the client names it.
        model: Str<'a>,
        /// A text, or a list of texts (the translation recognises lists of token ids).
        prompt: OneOrMany<'a, Raw<'a>>,
        /// Number of candidates to choose the best from.
        best_of: i64,
        /// Whether the answer begins with the prompt.
        echo: bool,
        /// −2–2.
        frequency_penalty: f64,
        /// A bias per token id.
        logit_bias: Members<'a, f64>,
        /// Log probabilities per token.
        logprobs: i64,
        /// Limit on generated tokens.
        max_tokens: i64,
        /// Number of choices.
        n: i64,
        /// −2–2.
        presence_penalty: f64,
        /// The seed for repeatable answers.
        seed: i64,
        /// Stop sequences.
        stop: OneOrMany<'a, Str<'a>>,
        /// Whether to answer with server-sent events.
        stream: bool,
        /// Options of the stream.
        stream_options: StreamOptions<'a>,
        /// Text after the answer.
        suffix: Str<'a>,
        /// 0–2.
        temperature: Number<'a>,
        /// 0–1.
        top_p: Number<'a>,
        /// The end user.
        user: Str<'a>,
    }
}

/// The reply.
#[derive(Clone, Debug, Serialize)]
pub struct Reply<'a> {
    /// `cmpl-` and Bedrock's request id.
    pub id: &'a str,
    /// `text_completion`.
    pub object: &'static str,
    /// Seconds since 1970.
    pub created: u64,
    /// The model as the client names it.
    pub model: &'a str,
    /// One choice.
    pub choices: [Choice<'a>; 1],
    /// Token counts; absent where Bedrock did not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// A choice, or a part of one in a stream.
#[derive(Clone, Debug, Serialize)]
pub struct Choice<'a> {
    /// The text.
    pub text: Str<'a>,
    /// 0.
    pub index: u32,
    /// Null: Bedrock gives none.
    pub logprobs: (),
    /// Why the model stopped; null until then.
    pub finish_reason: Option<FinishReason>,
}
