//! The content parts of a message.

use std::fmt::Display;

use crate::bedrock::converse::{DocumentBlock, Reasoning};
use crate::openai::Error;
use crate::openai::chat::{File, InputAudio, MediaUrl, Part};
use crate::translate::conversation::Content;
use crate::translate::front::{cache, documents, guarded, media};
use crate::translate::notes::Notes;
use crate::wire::{OneOrMany, Str};

/// Path of a part, in notes.
pub(super) const PARTS: &str = "messages[].content[]";

/// Reads a message's content; blank text is left out. `place` is its path.
pub(super) fn read<'a>(
    content: Option<OneOrMany<'a, Part<'a>>>,
    place: &dyn Display,
    into: &mut Vec<Content<'a>>,
    cache: &mut cache::Names,
    notes: &mut Notes<'_>,
) -> Result<(), Error> {
    match content {
        None => {}
        Some(OneOrMany::One(text)) if text.is_blank() => {}
        Some(OneOrMany::One(text)) => {
            // Most messages have a single text.
            into.reserve_exact(1);
            into.push(Content::Text(text));
        }
        Some(OneOrMany::Many(parts)) => {
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
        text,
        refusal,
        image_url,
        video_url,
        input_audio,
        file,
        thinking,
        signature,
        data,
        citations,
        context,
        guard_content,
        cache_control,
        prompt_cache_breakpoint,
        unknown,
    } = part;
    notes.unknown("messages[].content[].", unknown)?;
    let kind = kind.ok_or_else(|| Error::missing(&format!("{place}.type")))?;
    let need = |member: &str| Error::missing(&format!("{place}.{member}"));
    let mut content = match &*kind {
        "text" | "input_text" | "output_text" => {
            let text = text.ok_or_else(|| need("text"))?;
            (!text.is_blank()).then_some(Content::Text(text))
        }
        "refusal" => {
            let text = *refusal.ok_or_else(|| need("refusal"))?;
            (!text.is_blank()).then_some(Content::Text(text))
        }
        "image_url" => {
            let url = url(image_url, place, "image_url", notes)?;
            Some(media::image_or_video(url, &format!("{place}.image_url.url"))?)
        }
        "video_url" => {
            let url = url(video_url, place, "video_url", notes)?;
            Some(Content::Video(media::video(url, &format!("{place}.video_url.url"))?))
        }
        "input_audio" => {
            let InputAudio { data, format, unknown } = *input_audio.ok_or_else(|| need("input_audio"))?;
            notes.unknown("messages[].content[].input_audio.", unknown)?;
            let data = data.ok_or_else(|| need("input_audio.data"))?;
            let format = format.ok_or_else(|| need("input_audio.format"))?;
            Some(Content::Audio(media::audio(data, &format, &format!("{place}.input_audio"))?))
        }
        "file" => Some(self::file(*file.ok_or_else(|| need("file"))?, place, notes)?),
        "thinking" => {
            if let (Some(text), Some(signature)) = (thinking, signature) {
                Some(Content::Reasoning(Reasoning::ReasoningText { text: *text, signature: *signature }))
            } else {
                // Without its signature the model would refuse the reasoning.
                notes.ignore("messages[].content[].thinking");
                None
            }
        }
        "redacted_thinking" => data.map(|data| Content::Reasoning(Reasoning::RedactedContent(*data))),
        kind => {
            let kind: String = kind.chars().take(64).collect();
            let message = format!("'{place}.type' is '{kind}', which is not available here.");
            return Err(Error::invalid(message).param(format!("{place}.type")));
        }
    };
    if matches!(content, Some(Content::Image(_))) {
        notes.count_image(place)?;
    }
    documents::about(content.as_mut(), citations, context, PARTS, notes)?;
    if let Some(marker) = guard_content {
        content =
            content.map(|content| guarded::mark(content, *marker, (place, PARTS), notes)).transpose()?;
    }
    into.extend(content);
    let name = if cache_control.is_some() { cache::CONTROL } else { cache::BREAKPOINT };
    let point = cache::point(cache_control.or(prompt_cache_breakpoint), name, cache, notes)?;
    into.extend(point.map(Content::CachePoint));
    Ok(())
}

fn file<'a>(file: File<'a>, place: &dyn Display, notes: &mut Notes<'_>) -> Result<Content<'a>, Error> {
    let File { file_data, file_id, filename, unknown } = file;
    notes.unknown("messages[].content[].file.", unknown)?;
    let param = format!("{place}.file.file_data");
    let Some(data) = file_data else {
        if file_id.is_some() {
            let message = "Files kept by OpenAI are not available here; send 'file_data'.";
            return Err(Error::invalid_param(format!("{place}.file.file_id"), message));
        }
        return Err(Error::missing(&param));
    };
    if media::is_image_or_video(&data) {
        return media::image_or_video(data, &param);
    }
    let name = filename.as_deref().unwrap_or("document").to_owned();
    let document: DocumentBlock<'a> = media::document(data, filename.as_deref(), name, &param)?;
    Ok(Content::Document(document))
}

/// The URL of media, and the format that the client states.
fn url<'a>(
    media: Option<Box<MediaUrl<'a>>>,
    place: &dyn Display,
    member: &str,
    notes: &mut Notes<'_>,
) -> Result<Str<'a>, Error> {
    let MediaUrl { url, detail, format: _, unknown } =
        *media.ok_or_else(|| Error::missing(&format!("{place}.{member}")))?;
    notes.unknown("messages[].content[].image_url.", unknown)?;
    notes.ignore_if(detail.is_some_and(|detail| &*detail != "auto"), "messages[].content[].image_url.detail");
    url.ok_or_else(|| Error::missing(&format!("{place}.{member}.url")))
}
