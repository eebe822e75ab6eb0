//! The content parts of a message or an output.

use std::fmt::Display;

use crate::bedrock::converse::DocumentBlock;
use crate::openai::Error;
use crate::openai::chat::InputAudio;
use crate::openai::responses::request::Part;
use crate::translate::conversation::Content;
use crate::translate::front::{cache, documents, guarded, media};
use crate::translate::notes::Notes;
use crate::wire::OneOrMany;

/// Path of a part, in notes.
pub(super) const PARTS: &str = "input[].content[]";

/// Reads content; blank text is left out. `place` is its path.
///
/// # Errors
/// 400 with the path of the wrong member.
pub(super) fn read<'a>(
    content: OneOrMany<'a, Part<'a>>,
    place: &dyn Display,
    into: &mut Vec<Content<'a>>,
    cache: &mut cache::Names,
    notes: &mut Notes<'_>,
) -> Result<(), Error> {
    match content {
        OneOrMany::One(text) => {
            if !text.is_blank() {
                into.reserve_exact(1);
                into.push(Content::Text(text));
            }
        }
        OneOrMany::Many(parts) => {
            into.reserve(parts.len());
            for (index, read) in parts.into_iter().enumerate() {
                part(read, &format_args!("{place}[{index}]"), into, cache, notes)?;
            }
        }
    }
    Ok(())
}

fn part<'a>(
    part: Part<'a>,
    place: &dyn Display,
    into: &mut Vec<Content<'a>>,
    cache: &mut cache::Names,
    notes: &mut Notes<'_>,
) -> Result<(), Error> {
    let Part {
        kind,
        mut text,
        mut refusal,
        mut image_url,
        detail,
        file_id,
        mut file_data,
        file_url,
        filename,
        mut input_audio,
        annotations,
        logprobs,
        citations,
        context,
        guard_content,
        prompt_cache_breakpoint,
        unknown,
    } = part;
    notes.unknown("input[].content[].", unknown)?;
    let is_said = |list: Option<Box<crate::wire::Raw<'_>>>| list.is_some_and(|list| list.get() != "[]");
    notes.ignore_if(is_said(annotations), "input[].content[].annotations");
    notes.ignore_if(is_said(logprobs), "input[].content[].logprobs");
    notes.ignore_if(detail.is_some_and(|detail| &**detail != "auto"), "input[].content[].detail");
    let kind = kind.ok_or_else(|| Error::missing(&format!("{place}.type")))?;
    let need = |member: &str| Error::missing(&format!("{place}.{member}"));
    let kept = |what: &str| {
        let message = format!("Files kept by OpenAI are not available here; send '{what}'.");
        Error::invalid(message).param(format!("{place}.file_id"))
    };
    let mut content = match &*kind {
        "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text" => {
            let text = text.take().ok_or_else(|| need("text"))?;
            (!text.is_blank()).then_some(Content::Text(text))
        }
        "refusal" => {
            let text = *refusal.take().ok_or_else(|| need("refusal"))?;
            (!text.is_blank()).then_some(Content::Text(text))
        }
        "input_image" => match image_url.take() {
            Some(url) => Some(media::image_or_video(*url, &format!("{place}.image_url"))?),
            None if file_id.is_some() => return Err(kept("image_url")),
            None => return Err(need("image_url")),
        },
        "input_file" => match file_data.take() {
            Some(data) => {
                let param = format!("{place}.file_data");
                Some(if media::is_image_or_video(&data) {
                    media::image_or_video(*data, &param)?
                } else {
                    let filename = filename.as_deref().map(|name| &**name);
                    let name = filename.unwrap_or("document").to_owned();
                    let document: DocumentBlock<'a> = media::document(*data, filename, name, &param)?;
                    Content::Document(document)
                })
            }
            None if file_url.is_some() => {
                let message = "Files are not fetched here; send 'file_data'.";
                return Err(Error::invalid_param(format!("{place}.file_url"), message));
            }
            None if file_id.is_some() => return Err(kept("file_data")),
            None => return Err(need("file_data")),
        },
        "input_audio" => {
            let InputAudio { data, format, unknown } =
                *input_audio.take().ok_or_else(|| need("input_audio"))?;
            notes.unknown("input[].content[].input_audio.", unknown)?;
            let data = data.ok_or_else(|| need("input_audio.data"))?;
            let format = format.ok_or_else(|| need("input_audio.format"))?;
            Some(Content::Audio(media::audio(data, &format, &format!("{place}.input_audio"))?))
        }
        kind => {
            let kind: String = kind.chars().take(64).collect();
            let message = format!("'{place}.type' is '{kind}', which is not available here.");
            return Err(Error::invalid(message).param(format!("{place}.type")));
        }
    };
    // Members of other types of parts.
    for (is_left, member) in [
        (text.is_some(), "input[].content[].text"),
        (refusal.is_some(), "input[].content[].refusal"),
        (image_url.is_some(), "input[].content[].image_url"),
        (file_data.is_some(), "input[].content[].file_data"),
        (file_url.is_some(), "input[].content[].file_url"),
        (file_id.is_some(), "input[].content[].file_id"),
        (input_audio.is_some(), "input[].content[].input_audio"),
    ] {
        notes.ignore_if(is_left, member);
    }
    if matches!(content, Some(Content::Image(_))) {
        notes.count_image(place)?;
    }
    documents::about(content.as_mut(), citations, context, PARTS, notes)?;
    if let Some(marker) = guard_content {
        content =
            content.map(|content| guarded::mark(content, *marker, (place, PARTS), notes)).transpose()?;
    }
    into.extend(content);
    let point = cache::point(prompt_cache_breakpoint, cache::BREAKPOINT, cache, notes)?;
    into.extend(point.map(Content::CachePoint));
    Ok(())
}
