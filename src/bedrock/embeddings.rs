//! InvokeModel for embedding models: each family has its own body (AWS documentation, "Amazon Titan Text Embeddings",
//! "Amazon Titan Multimodal Embeddings", "Cohere Embed", "Amazon Nova Multimodal Embeddings"). Vectors stay JSON.

use serde::{Deserialize, Serialize};

use crate::wire::{List, Raw, Str};

/// The request of Titan: one text.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TitanRequest<'a> {
    /// The text.
    pub input_text: Str<'a>,
    /// The vector's length; version 2 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<i64>,
}

/// The request of Titan for text and images: one of either.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TitanImageRequest<'a> {
    /// The text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_text: Option<Str<'a>>,
    /// The image, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_image: Option<Str<'a>>,
    /// The vector's length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_config: Option<TitanConfig>,
}

/// The vector's length.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TitanConfig {
    /// The vector's length, in numbers.
    pub output_embedding_length: i64,
}

/// The reply of Titan.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct TitanReply<'a> {
    /// The vector.
    pub embedding: Option<Raw<'a>>,
    /// Tokens of the text; none of an image.
    pub input_text_token_count: Option<u64>,
}

/// The request of Cohere: up to 96 texts.
#[derive(Clone, Debug, Serialize)]
pub struct CohereRequest<'a> {
    /// The texts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<Str<'a>>,
    /// The images, as `data:` URLs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// What the vectors are for.
    pub input_type: Str<'a>,
    /// How to truncate long texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncate: Option<Str<'a>>,
    /// Only `float`.
    pub embedding_types: [&'static str; 1],
    /// The vectors' length; version 4 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_dimension: Option<i64>,
}

/// The reply of Cohere.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct CohereReply<'a> {
    /// The vectors.
    pub embeddings: Option<CohereEmbeddings<'a>>,
}

/// Vectors by their type. Only `float` is requested.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct CohereEmbeddings<'a> {
    /// As JSON numbers.
    pub float: Option<List<Raw<'a>>>,
}

/// The request of Nova: one text or one image.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NovaRequest<'a> {
    /// `SINGLE_EMBEDDING`.
    pub task_type: &'static str,
    /// The input, and how to embed it.
    pub single_embedding_params: NovaParameters<'a>,
}

/// The input that Nova embeds, and how.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NovaParameters<'a> {
    /// What the vector is for.
    pub embedding_purpose: Str<'a>,
    /// The vector's length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_dimension: Option<i64>,
    /// The text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<NovaText<'a>>,
    /// The image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<NovaImage<'a>>,
}

/// A text.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NovaText<'a> {
    /// Where a long one is cut: `START`, `END`, or `NONE`.
    pub truncation_mode: Str<'a>,
    /// The text.
    pub value: Str<'a>,
}

/// An image.
#[derive(Clone, Debug, Serialize)]
pub struct NovaImage<'a> {
    /// `png`, `jpeg`, `gif`, `webp`.
    pub format: &'static str,
    /// Its data.
    pub source: NovaSource<'a>,
}

/// An image's data.
#[derive(Clone, Debug, Serialize)]
pub struct NovaSource<'a> {
    /// Base64.
    pub bytes: Str<'a>,
}

/// The reply of Nova.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct NovaReply<'a> {
    /// The vectors.
    pub embeddings: Option<List<NovaEmbedding<'a>>>,
}

/// One vector.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct NovaEmbedding<'a> {
    /// The numbers.
    pub embedding: Option<Raw<'a>>,
}
