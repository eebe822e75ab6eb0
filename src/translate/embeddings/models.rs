//! The embedding models: one table.

use crate::bedrock::model_id::base_model;

/// Whose body it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Titan's for text.
    Titan,
    /// Titan's for text and images.
    TitanImage,
    /// Cohere's, version 3.
    Cohere3,
    /// Cohere's, version 4.
    Cohere4,
    /// Nova's.
    Nova,
}

/// An embedding model.
#[derive(Debug)]
pub(super) struct Row {
    /// The beginning of its id, without a profile's prefix.
    model: &'static str,
    pub(super) body: Body,
    /// Lengths of its vectors. It is told which, where there are several.
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

/// The row of a model, by its id or that of one it is like.
pub(super) fn row(id: &str) -> Option<&'static Row> {
    let model = base_model(id);
    MODELS.iter().find(|row| model.starts_with(row.model))
}

/// How many texts the model takes in one call; `None` where it is no embedding model.
pub fn texts_per_call(id: &str) -> Option<usize> {
    row(id).map(|row| row.texts)
}
