//! Images and documents.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::anthropic::request::{Source, TextBlock};
use crate::bedrock::converse::{self, DocumentBlock};
use crate::openai::{Error, member};
use crate::translate::conversation::Content;
use crate::translate::front::media;
use crate::translate::notes::Notes;
use crate::wire::{OneOrMany, Raw, Str};

/// File extensions by media type, which identify a document's format.
const TYPES: &[(&str, &str)] = &[
    ("application/pdf", "x.pdf"),
    ("text/plain", "x.txt"),
    ("text/markdown", "x.md"),
    ("text/html", "x.html"),
    ("text/csv", "x.csv"),
];

/// An image, whose source is at `place`.
pub(super) fn image<'a>(
    source: Option<Raw<'a>>,
    place: &str,
    notes: &mut Notes<'_>,
) -> Result<Content<'a>, Error> {
    let param = format!("{place}.source");
    let Source { kind, media_type: _, data, url, file_id: _, content: _, unknown } =
        member(source.ok_or_else(|| Error::missing(&param))?, &param)?;
    notes.unknown("messages[].content[].source.", unknown)?;
    notes.count_image(&place)?;
    match kind.as_deref() {
        Some("base64") => {
            let data = data.ok_or_else(|| Error::missing(&format!("{param}.data")))?;
            media::base64_image(data, &format!("{param}.data")).map(Content::Image)
        }
        Some("url") => {
            let url = url.ok_or_else(|| Error::missing(&format!("{param}.url")))?;
            media::image_or_video(url, &format!("{param}.url"))
        }
        kind => Err(not_here(kind, &param)),
    }
}

/// A document, with its citations and context.
pub(super) fn document<'a>(
    source: Option<Raw<'a>>,
    title: Option<Str<'a>>,
    place: &str,
    notes: &mut Notes<'_>,
) -> Result<DocumentBlock<'a>, Error> {
    let param = format!("{place}.source");
    let Source { kind, media_type, data, url, file_id: _, content, unknown } =
        member(source.ok_or_else(|| Error::missing(&param))?, &param)?;
    notes.unknown("messages[].content[].source.", unknown)?;
    let name = title.as_deref().filter(|title| !title.trim().is_empty()).unwrap_or("document").to_owned();
    let need = |member: &str| Error::missing(&format!("{param}.{member}"));
    match kind.as_deref() {
        Some("base64") => {
            let data = data.ok_or_else(|| need("data"))?;
            let media_type = media_type.as_deref().unwrap_or("application/pdf");
            let known = TYPES.iter().find(|(known, _)| *known == media_type);
            let file = known.map_or(media_type, |(_, file)| file);
            media::document(data, Some(file), name, &format!("{param}.data"))
        }
        Some("text") => text(&data.ok_or_else(|| need("data"))?, name, &format!("{param}.data")),
        Some("content") => {
            let path = format!("{param}.content");
            let said = match member(content.ok_or_else(|| need("content"))?, &path)? {
                OneOrMany::One(text) => text.into_cow().into_owned(),
                OneOrMany::Many(blocks) => {
                    texts(blocks, &path, "messages[].content[].source.content[].", notes)?
                }
            };
            text(&said, name, &path)
        }
        Some("url") => {
            let url = url.ok_or_else(|| need("url"))?;
            let param = format!("{param}.url");
            if !url.starts_with("data:") {
                let message =
                    format!("'{param}': documents are not fetched here; send the document in base64.");
                return Err(Error::invalid(message).param(param).code("unsupported_url"));
            }
            media::document(url, None, name, &param)
        }
        kind => Err(not_here(kind, &param)),
    }
}

/// A text document. Converse takes base64 only, and no empty document.
fn text<'a>(text: &str, name: String, param: &str) -> Result<DocumentBlock<'a>, Error> {
    if text.is_empty() {
        return Err(Error::invalid(format!("'{param}' must not be empty.")).param(param.to_owned()));
    }
    let source = converse::Source::Bytes(STANDARD.encode(text).into());
    Ok(DocumentBlock { format: "txt".into(), name, source, context: None, citations: None })
}

/// The texts of blocks, one line each. Other members are noted under `place`.
///
/// # Errors
/// 400 where a block is not text.
pub(super) fn texts(
    blocks: Vec<TextBlock<'_>>,
    param: &str,
    place: &str,
    notes: &mut Notes<'_>,
) -> Result<String, Error> {
    let mut all = String::new();
    for TextBlock { kind, text, unknown } in blocks {
        let text = text.filter(|_| kind.as_deref() == Some("text"));
        let text = text.ok_or_else(|| {
            Error::invalid(format!("'{param}' may hold only text here.")).param(param.to_owned())
        })?;
        notes.unknown(place, unknown)?;
        if !all.is_empty() {
            all.push('\n');
        }
        all.push_str(&text);
    }
    Ok(all)
}

fn not_here(kind: Option<&str>, param: &str) -> Error {
    let param = format!("{param}.type");
    let message = match kind {
        None => return Error::missing(&param),
        Some("file") => {
            "Files kept by Anthropic are not available here; send the content as base64.".to_owned()
        }
        Some(_) => format!("'{param}' must be 'base64', 'text', 'content' or 'url'."),
    };
    Error::invalid(message).param(param)
}
