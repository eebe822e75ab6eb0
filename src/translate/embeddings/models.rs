//! The embedding models: one table.

use crate::bedrock::model_id::base_model;

/// The format of a model's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Titan Text Embeddings.
    Titan,
    /// Titan Multimodal Embeddings.
    TitanImage,
    /// Cohere Embed, version 3.
    Cohere3,
    /// Cohere Embed, version 4.
    Cohere4,
    /// Nova Multimodal Embeddings.
    Nova,
}

/// An embedding model.
#[derive(Debug)]
pub(super) struct Row {
    /// Prefix of its id, without a profile's prefix.
    model: &'static str,
    pub(super) body: Body,
    /// Possible lengths of its vectors. The request names one where there are several.
    pub(super) dimensions: &'static [i64],
    /// Most texts in one call.
    pub(super) texts: usize,
    /// Most images in one call.
    pub(super) images: usize,
}

/// AWS documentation: "Amazon Titan Text Embeddings", "Amazon Titan Multimodal Embeddings", "Cohere Embed v3" and "v4",
/// "Amazon Nova Multimodal Embeddings".
const MODELS: &[Row] = &[
    Row {
        model: "amazon.titan-embed-g1-text-02",
        body: Body::Titan,
        dimensions: &[1536],
        texts: 1,
        images: 0,
    },
    Row { model: "amazon.titan-embed-text-v1", body: Body::Titan, dimensions: &[1536], texts: 1, images: 0 },
    Row {
        model: "amazon.titan-embed-text-v2",
        body: Body::Titan,
        dimensions: &[256, 512, 1024],
        texts: 1,
        images: 0,
    },
    Row {
        model: "amazon.titan-embed-image-v1",
        body: Body::TitanImage,
        dimensions: &[256, 384, 1024],
        texts: 1,
        images: 1,
    },
    Row {
        model: "amazon.nova-2-multimodal-embeddings",
        body: Body::Nova,
        dimensions: &[256, 384, 1024, 3072],
        texts: 1,
        images: 1,
    },
    Row { model: "cohere.embed-english-v3", body: Body::Cohere3, dimensions: &[1024], texts: 96, images: 1 },
    Row {
        model: "cohere.embed-multilingual-v3",
        body: Body::Cohere3,
        dimensions: &[1024],
        texts: 96,
        images: 1,
    },
    Row {
        model: "cohere.embed-v4",
        body: Body::Cohere4,
        dimensions: &[256, 512, 1024, 1536],
        texts: 96,
        images: 96,
    },
];

/// The row of a model, by its id or that of the model it is configured to be like.
pub(super) fn row(id: &str) -> Option<&'static Row> {
    let model = base_model(id);
    MODELS.iter().find(|row| model.starts_with(row.model))
}

/// How many texts the model takes in one call; `None` where it is not an embedding model.
pub fn texts_per_call(id: &str) -> Option<usize> {
    row(id).map(|row| row.texts)
}
