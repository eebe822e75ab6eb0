//! `input`: the texts or images to embed.

use crate::openai::Error;
use crate::translate::Limits;
use crate::translate::data_url::{data_url, image_format};
use crate::wire::{self, OneOrMany, Raw, Str};

use super::models::Row;

/// The inputs of one call, all of one kind.
#[derive(Debug)]
pub(super) enum Inputs<'a> {
    Texts(Vec<Str<'a>>),
    Images(Vec<Image<'a>>),
}

/// An image from a `data:` URL.
#[derive(Debug)]
pub(super) struct Image<'a> {
    /// Its format, by its first bytes.
    pub(super) format: &'static str,
    pub(super) base64: Str<'a>,
}

impl Inputs<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Images(images) => images.len(),
        }
    }
}

/// Reads `input` for a model.
pub(super) fn inputs<'a>(
    input: Option<OneOrMany<'a, Raw<'a>>>,
    row: &Row,
    asked: &str,
    limits: &Limits,
) -> Result<Inputs<'a>, Error> {
    let input = input.ok_or_else(|| Error::missing("input"))?;
    let empty = || Error::invalid_param("input", "'input' must not be empty.");
    let (texts, is_list) = match input {
        OneOrMany::One(text) if text.is_empty() => return Err(empty()),
        OneOrMany::One(text) => (vec![text], false),
        OneOrMany::Many(raw) if raw.is_empty() => return Err(empty()),
        OneOrMany::Many(raw) => (list(raw, "input", limits.embedding_inputs)?, true),
    };
    let param = |index: usize| if is_list { format!("input[{index}]") } else { "input".to_owned() };
    let images = texts.iter().filter(|text| is_image(text)).count();
    let (most, what) = if images == 0 { (row.texts, "text(s)") } else { (row.images, "image(s)") };
    if images > 0 {
        let at = |wanted| texts.iter().position(|text| is_image(text) == wanted).unwrap_or(0);
        if most == 0 {
            let param = param(at(true));
            let message = format!("'{param}' is an image; the model '{asked}' takes text.");
            return Err(Error::invalid(message).param(param));
        }
        if images < texts.len() {
            let param = param(at(false));
            let message = format!("'{param}' is a text among images; send them in requests of their own.");
            return Err(Error::invalid(message).param(param));
        }
    }
    if texts.len() > most {
        // Lists are split by the number of texts per call.
        let hint =
            if most < row.texts { "" } else { "; for more the gateway's configuration needs 'fan_out'" };
        let message = format!(
            "The model '{asked}' takes at most {most} {what} per request{hint}; 'input' has {}.",
            texts.len()
        );
        return Err(Error::invalid(message).param("input"));
    }
    if images == 0 {
        return Ok(Inputs::Texts(texts));
    }
    let images = texts.into_iter().enumerate().map(|(index, text)| image(text, &param(index)));
    images.collect::<Result<_, _>>().map(Inputs::Images)
}

/// The items of the list in member `name`, once each is known to be a string.
pub(in crate::translate) fn list_of_texts<'a>(
    raw: Vec<Raw<'a>>,
    name: &str,
    limit: usize,
) -> Result<Vec<Raw<'a>>, Error> {
    list(raw.clone(), name, limit).map(|_| raw)
}

/// The texts of a list. Token ids are refused: the vocabulary is not known, and cl100k_base alone has 100,256 entries, which
/// take more bytes than half of the module.
fn list<'a>(raw: Vec<Raw<'a>>, name: &str, limit: usize) -> Result<Vec<Str<'a>>, Error> {
    if raw.len() > limit {
        let message = format!("'{name}' has {} entries; the limit is {limit}.", raw.len());
        return Err(Error::invalid(message).param(name));
    }
    let mut texts = Vec::with_capacity(raw.len());
    for (index, raw) in raw.into_iter().enumerate() {
        let param = format!("{name}[{index}]");
        let text: Str<'_> = wire::from_str(raw.get()).map_err(|_| {
            let message = match raw.get().as_bytes().first() {
                Some(b'0'..=b'9' | b'[') => {
                    "tokens cannot be sent to this model; send text (tiktoken's decode gives it; LangChain sends text \
                     with check_embedding_ctx_length=False)"
                }
                _ => "expected a text",
            };
            Error::invalid(format!("Invalid value for '{param}': {message}.")).param(param.as_str())
        })?;
        if text.is_empty() {
            return Err(Error::invalid(format!("'{param}' must not be empty.")).param(param));
        }
        texts.push(text);
    }
    Ok(texts)
}

fn is_image(text: &str) -> bool {
    text.starts_with("data:image/")
}

fn image<'a>(text: Str<'a>, param: &str) -> Result<Image<'a>, Error> {
    let data = data_url(text, param)?;
    let format = image_format(&data.base64).ok_or_else(|| {
        let message =
            format!("'{param}' is not an image that Bedrock takes: its data is not PNG, JPEG, GIF or WebP.");
        Error::invalid(message).param(param).code("invalid_image")
    })?;
    Ok(Image { format, base64: data.base64 })
}
