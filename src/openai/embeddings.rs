//! `POST embeddings` (OpenAI API reference, "Create embeddings").

use serde::Serialize;

use crate::wire::{OneOrMany, Raw, Str, object};

object! {
    /// The body.
    pub struct Request<'a> {
        /// A text, or a list of texts (the translation recognises lists of token ids).
        input: OneOrMany<'a, Raw<'a>>,
        /// The model as the client names it.
        model: Str<'a>,
        /// The vectors' length.
        dimensions: i64,
        /// `float` or `base64`.
        encoding_format: Str<'a>,
        /// The end user.
        user: Str<'a>,
        /// Cohere: what the vectors are for (extension).
        input_type: Str<'a>,
        /// Cohere: how to truncate long texts (extension).
        truncate: Str<'a>,
    }
}

/// The reply.
#[derive(Clone, Debug, Serialize)]
pub struct Reply<'a, V> {
    /// `list`.
    pub object: &'static str,
    /// A vector for each input, in their order.
    pub data: Vec<Embedding<V>>,
    /// The model as the client names it.
    pub model: &'a str,
    /// Tokens.
    pub usage: Usage,
}

/// One vector.
#[derive(Clone, Debug, Serialize)]
pub struct Embedding<V> {
    /// `embedding`.
    pub object: &'static str,
    /// Index of the input.
    pub index: usize,
    /// A list of numbers, or little-endian f32 as base64.
    pub embedding: V,
}

/// Tokens.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Usage {
    /// Tokens of all inputs.
    pub prompt_tokens: u64,
    /// The same: embeddings have no output tokens.
    pub total_tokens: u64,
}
