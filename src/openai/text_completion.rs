//! `POST completions`, the older endpoint (OpenAI API reference, "Completions").

use serde::Serialize;

use super::chat::StreamOptions;
use super::completion::{FinishReason, Usage};
use crate::wire::{Members, Number, OneOrMany, Raw, Str, object};

object! {
    /// The body.
    pub struct Request<'a> {
        /// What the client calls the model.
        model: Str<'a>,
        /// A text, or a list of texts (tokens are told apart by the translation).
        prompt: OneOrMany<'a, Raw<'a>>,
        /// How many to choose the best of.
        best_of: i64,
        /// Whether the answer begins with the prompt.
        echo: bool,
        /// −2–2.
        frequency_penalty: f64,
        /// A bias per token id.
        logit_bias: Members<'a, f64>,
        /// How many log probabilities per token.
        logprobs: i64,
        /// Limit on generated tokens.
        max_tokens: i64,
        /// How many choices.
        n: i64,
        /// −2–2.
        presence_penalty: f64,
        /// For repeatable answers.
        seed: i64,
        /// Where to stop.
        stop: OneOrMany<'a, Str<'a>>,
        /// Whether to answer with server-sent events.
        stream: bool,
        /// Options of the stream.
        stream_options: StreamOptions<'a>,
        /// What comes after the answer.
        suffix: Str<'a>,
        /// 0–2.
        temperature: Number<'a>,
        /// 0–1.
        top_p: Number<'a>,
        /// The client's user.
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
    /// The name that the client asked for.
    pub model: &'a str,
    /// One choice.
    pub choices: [Choice<'a>; 1],
    /// What it cost; absent where Bedrock did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// One answer, or a piece of one.
#[derive(Clone, Debug, Serialize)]
pub struct Choice<'a> {
    /// What the model said.
    pub text: Str<'a>,
    /// 0.
    pub index: u32,
    /// Null: Bedrock gives none.
    pub logprobs: (),
    /// Why it ended; null in the pieces before.
    pub finish_reason: Option<FinishReason>,
}
