//! InvokeModel for embedding models: each family has its own body (AWS documentation, "Amazon Titan Embeddings" and
//! "Cohere Embed").

use serde::{Deserialize, Serialize};

use crate::json::Str;

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

/// The reply of Titan.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TitanReply {
    /// The vector.
    pub embedding: Vec<f32>,
    /// Tokens of the text.
    pub input_text_token_count: u64,
}

/// The request of Cohere: up to 96 texts.
#[derive(Clone, Debug, Serialize)]
pub struct CohereRequest<'a> {
    /// The texts.
    pub texts: Vec<Str<'a>>,
    /// What the vectors are for.
    pub input_type: Str<'a>,
    /// What to do with long texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncate: Option<Str<'a>>,
    /// Only numbers.
    pub embedding_types: [&'static str; 1],
    /// The vectors' length; version 4 only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_dimension: Option<i64>,
}

/// The reply of Cohere.
#[derive(Clone, Debug, Deserialize)]
pub struct CohereReply {
    /// The vectors.
    pub embeddings: CohereEmbeddings,
}

/// Vectors by their type: only numbers are asked for.
#[derive(Clone, Debug, Deserialize)]
pub struct CohereEmbeddings {
    /// As numbers.
    pub float: Vec<Vec<f32>>,
}
