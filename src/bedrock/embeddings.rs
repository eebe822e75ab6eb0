//! InvokeModel for embedding models: each family has its own body (AWS documentation, "Amazon Titan Text Embeddings",
//! "Amazon Titan Multimodal Embeddings", "Cohere Embed", "Amazon Nova Multimodal Embeddings"). Vectors stay JSON.

use std::borrow::Cow;

use crate::json::{Raw, Str, Write, Writer, answer};

/// The request of Titan: one text.
#[derive(Clone, Debug)]
pub struct TitanRequest<'a> {
    /// The text.
    pub input_text: Str<'a>,
    /// The vector's length; version 2 only.
    pub dimensions: Option<i64>,
}

/// The request of Titan for text and images: one of either.
#[derive(Clone, Debug)]
pub struct TitanImageRequest<'a> {
    /// The text.
    pub input_text: Option<Str<'a>>,
    /// The image, base64.
    pub input_image: Option<Cow<'a, str>>,
    /// The vector's length.
    pub embedding_config: Option<TitanConfig>,
}

/// The vector's length.
#[derive(Clone, Debug)]
pub struct TitanConfig {
    /// Numbers.
    pub output_embedding_length: i64,
}

answer! {
    /// The reply of Titan.
    pub struct TitanReply<'a> {
        /// The vector.
        embedding: Raw<'a>,
        /// Tokens of the text; none of an image.
        input_text_token_count = "inputTextTokenCount": u64,
    }
}

/// The request of Cohere: up to 96 texts.
#[derive(Clone, Debug)]
pub struct CohereRequest<'a> {
    /// The texts.
    pub texts: Vec<Str<'a>>,
    /// The images, as `data:` URLs.
    pub images: Vec<String>,
    /// What the vectors are for.
    pub input_type: Str<'a>,
    /// What to do with long texts.
    pub truncate: Option<Str<'a>>,
    /// Only numbers.
    pub embedding_types: [&'static str; 1],
    /// The vectors' length; version 4 only.
    pub output_dimension: Option<i64>,
}

answer! {
    /// The reply of Cohere.
    pub struct CohereReply<'a> {
        /// The vectors.
        embeddings: CohereEmbeddings<'a>,
    }
}

answer! {
    /// Vectors by their type: only numbers are asked for.
    pub struct CohereEmbeddings<'a> {
        /// As numbers.
        float: Vec<Raw<'a>>,
    }
}

/// The request of Nova: one text or one image.
#[derive(Clone, Debug)]
pub struct NovaRequest<'a> {
    /// `SINGLE_EMBEDDING`.
    pub task_type: &'static str,
    /// What of.
    pub single_embedding_params: NovaParameters<'a>,
}

/// What Nova embeds, and how.
#[derive(Clone, Debug)]
pub struct NovaParameters<'a> {
    /// What the vector is for.
    pub embedding_purpose: Str<'a>,
    /// The vector's length.
    pub embedding_dimension: Option<i64>,
    /// The text.
    pub text: Option<NovaText<'a>>,
    /// The image.
    pub image: Option<NovaImage<'a>>,
}

/// A text.
#[derive(Clone, Debug)]
pub struct NovaText<'a> {
    /// Where a long one is cut: `START`, `END`, or `NONE`.
    pub truncation_mode: Str<'a>,
    /// The text.
    pub value: Str<'a>,
}

/// An image.
#[derive(Clone, Debug)]
pub struct NovaImage<'a> {
    /// `png`, `jpeg`, `gif`, `webp`.
    pub format: &'static str,
    /// Its data.
    pub source: NovaSource<'a>,
}

/// An image's data.
#[derive(Clone, Debug)]
pub struct NovaSource<'a> {
    /// Base64.
    pub bytes: Cow<'a, str>,
}

answer! {
    /// The reply of Nova.
    pub struct NovaReply<'a> {
        /// The vectors.
        embeddings: Vec<NovaEmbedding<'a>>,
    }
}

answer! {
    /// One vector.
    pub struct NovaEmbedding<'a> {
        /// The numbers.
        embedding: Raw<'a>,
    }
}

impl<'a> Write<'a> for TitanRequest<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { input_text, dimensions } = self;
        out.object().member("inputText", input_text).maybe("dimensions", dimensions).end();
    }
}

impl<'a> Write<'a> for TitanImageRequest<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { input_text, input_image, embedding_config } = self;
        out.object()
            .maybe("inputText", input_text)
            .maybe("inputImage", input_image)
            .maybe("embeddingConfig", embedding_config)
            .end();
    }
}

impl<'a> Write<'a> for TitanConfig {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { output_embedding_length } = self;
        out.one("outputEmbeddingLength", output_embedding_length);
    }
}

impl<'a> Write<'a> for CohereRequest<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { texts, images, input_type, truncate, embedding_types, output_dimension } = self;
        out.object()
            .maybe("texts", texts)
            .maybe("images", images)
            .member("input_type", input_type)
            .maybe("truncate", truncate)
            .member("embedding_types", embedding_types)
            .maybe("output_dimension", output_dimension)
            .end();
    }
}

impl<'a> Write<'a> for NovaRequest<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { task_type, single_embedding_params } = self;
        out.object()
            .member("taskType", task_type)
            .member("singleEmbeddingParams", single_embedding_params)
            .end();
    }
}

impl<'a> Write<'a> for NovaParameters<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { embedding_purpose, embedding_dimension, text, image } = self;
        out.object()
            .member("embeddingPurpose", embedding_purpose)
            .maybe("embeddingDimension", embedding_dimension)
            .maybe("text", text)
            .maybe("image", image)
            .end();
    }
}

impl<'a> Write<'a> for NovaText<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { truncation_mode, value } = self;
        out.object().member("truncationMode", truncation_mode).member("value", value).end();
    }
}

impl<'a> Write<'a> for NovaImage<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { format, source: NovaSource { bytes } } = self;
        let mut object = out.object().member("format", format);
        object.begin("source").one("bytes", bytes);
        object.end();
    }
}
