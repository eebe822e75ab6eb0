//! The body of InvokeModel, by the model's family.

use crate::bedrock::embeddings::{
    CohereRequest, NovaImage, NovaParameters, NovaRequest, NovaSource, NovaText, TitanConfig,
    TitanImageRequest, TitanRequest,
};
use crate::translate::notes::Notes;
use crate::wire::{Pieces, Str, pieces};

use super::input::{Image, Inputs};
use super::models::Body;

/// Options beside the inputs.
pub(super) struct Wishes<'a> {
    pub(super) dimensions: Option<i64>,
    pub(super) input_type: Option<Str<'a>>,
    pub(super) truncate: Option<Str<'a>>,
}

/// Initial capacity of a body, bytes.
const ROOM: usize = 256;

/// Writes the body. There must be at most as many inputs as the model takes in one call.
pub(super) fn body<'a>(
    kind: Body,
    inputs: Inputs<'a>,
    wishes: Wishes<'a>,
    source: &'a [u8],
    notes: &mut Notes<'_>,
) -> Pieces<'a> {
    let Wishes { dimensions, input_type, truncate } = wishes;
    if matches!(kind, Body::Titan | Body::TitanImage) {
        notes.ignore_if(input_type.is_some(), "input_type");
        notes.ignore_if(truncate.is_some(), "truncate");
    }
    match kind {
        Body::Titan => {
            let input_text = first_text(inputs);
            pieces(source, ROOM, &TitanRequest { input_text, dimensions })
        }
        Body::TitanImage => {
            let (input_text, input_image) = match inputs {
                Inputs::Images(images) => (None, images.into_iter().next().map(|image| image.base64)),
                texts @ Inputs::Texts(_) => (Some(first_text(texts)), None),
            };
            let config = dimensions.map(|length| TitanConfig { output_embedding_length: length });
            pieces(source, ROOM, &TitanImageRequest { input_text, input_image, embedding_config: config })
        }
        Body::Cohere3 | Body::Cohere4 => {
            let (texts, images) = match inputs {
                Inputs::Texts(texts) => (texts, Vec::new()),
                Inputs::Images(images) => (Vec::new(), images.iter().map(url).collect()),
            };
            let input_type = if images.is_empty() {
                input_type.unwrap_or_else(|| "search_document".into())
            } else {
                notes.ignore_if(input_type.is_some_and(|kind| &*kind != "image"), "input_type");
                "image".into()
            };
            let truncate = truncate.map(|end| end_for(kind, end));
            let embedding_types = ["float"];
            let output_dimension = dimensions;
            let request =
                CohereRequest { texts, images, input_type, truncate, embedding_types, output_dimension };
            pieces(source, ROOM, &request)
        }
        Body::Nova => pieces(source, ROOM, &nova(inputs, dimensions, input_type, truncate, notes)),
    }
}

fn first_text(inputs: Inputs<'_>) -> Str<'_> {
    match inputs {
        Inputs::Texts(texts) => texts.into_iter().next().unwrap_or_default(),
        Inputs::Images(_) => Str::default(),
    }
}

fn url(image: &Image<'_>) -> String {
    format!("data:image/{};base64,{}", image.format, &*image.base64)
}

/// Where to truncate a long text, in the model version's words.
fn end_for(kind: Body, end: Str<'_>) -> Str<'_> {
    match (kind, &*end) {
        (Body::Cohere4, "START") => "LEFT".into(),
        (Body::Cohere4, "END") => "RIGHT".into(),
        (Body::Cohere3, "LEFT") => "START".into(),
        (Body::Cohere3, "RIGHT") => "END".into(),
        _ => end,
    }
}

fn nova<'a>(
    inputs: Inputs<'a>,
    dimensions: Option<i64>,
    input_type: Option<Str<'a>>,
    truncate: Option<Str<'a>>,
    notes: &mut Notes<'_>,
) -> NovaRequest<'a> {
    let purpose = match input_type.as_deref() {
        None | Some("search_document") => "GENERIC_INDEX".into(),
        Some("search_query") => "GENERIC_RETRIEVAL".into(),
        Some("classification") => "CLASSIFICATION".into(),
        Some("clustering") => "CLUSTERING".into(),
        Some(_) => input_type.unwrap_or_default(),
    };
    let (text, image) = match inputs {
        Inputs::Images(images) => {
            notes.ignore_if(truncate.is_some(), "truncate");
            let image = images.into_iter().next();
            let image = image
                .map(|image| NovaImage { format: image.format, source: NovaSource { bytes: image.base64 } });
            (None, image)
        }
        texts @ Inputs::Texts(_) => {
            let truncation_mode = match truncate.as_deref() {
                None => "NONE".into(),
                Some("LEFT") => "START".into(),
                Some("RIGHT") => "END".into(),
                Some(_) => truncate.unwrap_or_default(),
            };
            (Some(NovaText { truncation_mode, value: first_text(texts) }), None)
        }
    };
    let parameters =
        NovaParameters { embedding_purpose: purpose, embedding_dimension: dimensions, text, image };
    NovaRequest { task_type: "SINGLE_EMBEDDING", single_embedding_params: parameters }
}
