//! The content of a message: parts become blocks.

use std::fmt::Display;

use crate::bedrock::converse::{Block, CachePoint, DocumentBlock, Reasoning, ResultBlock};
use crate::openai::Error;
use crate::openai::chat::{File, InputAudio, MediaUrl, Part};
use crate::translate::family::Capabilities;
use crate::translate::notes::Notes;
use crate::wire::{OneOrMany, Str};

use super::cache;
use super::media;
use super::tool_names::Distinct;

/// Longest name of a document (service model: 200).
const DOCUMENT_NAME: usize = 180;

/// One part, or a cache point behind it.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    Block(Block<'a>),
    Reasoning(Reasoning<'a>),
    CachePoint(CachePoint),
}

/// Reads content parts for one request: documents need names that differ across it.
#[derive(Debug, Default)]
pub(super) struct Contents {
    documents: Distinct,
}

impl Contents {
    /// The blocks of a message's content; blank text is dropped. `place` is the content's path.
    pub(super) fn pieces<'a>(
        &mut self,
        content: Option<OneOrMany<'a, Part<'a>>>,
        place: &dyn Display,
        capabilities: &Capabilities,
        notes: &mut Notes<'_>,
    ) -> Result<Vec<Piece<'a>>, Error> {
        let parts = match content {
            None => return Ok(Vec::new()),
            Some(OneOrMany::One(text)) => {
                return Ok(if text.is_blank() { Vec::new() } else { vec![Piece::Block(Block::Text(text))] });
            }
            Some(OneOrMany::Many(parts)) => parts,
        };
        let mut pieces = Vec::with_capacity(parts.len());
        for (index, part) in parts.into_iter().enumerate() {
            self.part(part, &format_args!("{place}[{index}]"), &mut pieces, capabilities, notes)?;
        }
        Ok(pieces)
    }

    fn part<'a>(
        &mut self,
        part: Part<'a>,
        place: &dyn Display,
        pieces: &mut Vec<Piece<'a>>,
        capabilities: &Capabilities,
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
            cache_control,
            prompt_cache_breakpoint,
            unknown,
        } = part;
        notes.unknown("messages[].content[].", unknown)?;
        let kind = kind.ok_or_else(|| Error::missing(&format!("{place}.type")))?;
        let need = |member: &str| Error::missing(&format!("{place}.{member}"));
        let block = match &*kind {
            "text" | "input_text" | "output_text" => {
                let text = text.ok_or_else(|| need("text"))?;
                (!text.is_blank()).then_some(Block::Text(text))
            }
            "refusal" => {
                let text = *refusal.ok_or_else(|| need("refusal"))?;
                (!text.is_blank()).then_some(Block::Text(text))
            }
            "image_url" => {
                let url = url(image_url, place, "image_url", notes)?;
                Some(media::image_or_video(url, &format!("{place}.image_url.url"))?)
            }
            "video_url" => {
                let url = url(video_url, place, "video_url", notes)?;
                Some(Block::Video(media::video(url, &format!("{place}.video_url.url"))?))
            }
            "input_audio" => {
                let InputAudio { data, format, unknown } = *input_audio.ok_or_else(|| need("input_audio"))?;
                notes.unknown("messages[].content[].input_audio.", unknown)?;
                let data = data.ok_or_else(|| need("input_audio.data"))?;
                let format = format.ok_or_else(|| need("input_audio.format"))?;
                Some(Block::Audio(media::audio(data, &format, &format!("{place}.input_audio"))?))
            }
            "file" => Some(self.file(*file.ok_or_else(|| need("file"))?, place, notes)?),
            "thinking" => {
                let reasoning = match (thinking, signature) {
                    (Some(text), Some(signature)) => {
                        Some(Reasoning::ReasoningText { text: *text, signature: *signature })
                    }
                    _ => {
                        // Without its signature the model would not take it as its own.
                        notes.ignore("messages[].content[].thinking");
                        None
                    }
                };
                pieces.extend(reasoning.map(Piece::Reasoning));
                None
            }
            "redacted_thinking" => {
                pieces.extend(data.map(|data| Piece::Reasoning(Reasoning::RedactedContent(*data))));
                None
            }
            kind => {
                let kind: String = kind.chars().take(64).collect();
                let message = format!("'{place}.type' is '{kind}', which is not available here.");
                return Err(Error::invalid(message).param(format!("{place}.type")));
            }
        };
        if matches!(block, Some(Block::Image(_))) {
            notes.count_image(place)?;
        }
        pieces.extend(block.map(Piece::Block));
        let name = if cache_control.is_some() { cache::CONTROL } else { cache::BREAKPOINT };
        let point = cache::point(cache_control.or(prompt_cache_breakpoint), name, capabilities, notes)?;
        pieces.extend(point.map(Piece::CachePoint));
        Ok(())
    }

    fn file<'a>(
        &mut self,
        file: File<'a>,
        place: &dyn Display,
        notes: &mut Notes<'_>,
    ) -> Result<Block<'a>, Error> {
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
        let name = self.document_name(filename.as_deref().unwrap_or("document"));
        let document: DocumentBlock<'a> = media::document(data, filename.as_deref(), name, &param)?;
        Ok(Block::Document(document))
    }

    /// A name of characters that Bedrock takes, without the extension, and apart from the others of the request.
    fn document_name(&mut self, filename: &str) -> String {
        let stem = filename.rsplit_once('.').map_or(filename, |(stem, _)| stem);
        let is_legal = |c: char| c.is_ascii_alphanumeric() || "-()[]".contains(c);
        let name: String =
            stem.chars().map(|c| if is_legal(c) { c } else { ' ' }).take(DOCUMENT_NAME).collect();
        let name = name.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let name = if name.is_empty() { "document".to_owned() } else { name };
        self.documents.name(name.into(), ' ', DOCUMENT_NAME).into_owned()
    }
}

/// What a tool gave; never empty.
pub(super) fn result_blocks<'a>(
    pieces: Vec<Piece<'a>>,
    place: &dyn Display,
) -> Result<Vec<ResultBlock<'a>>, Error> {
    let mut blocks = Vec::with_capacity(pieces.len());
    for piece in pieces {
        blocks.push(match piece {
            Piece::Block(Block::Text(text)) => ResultBlock::Text(text),
            Piece::Block(Block::Image(image)) => ResultBlock::Image(image),
            Piece::Block(Block::Document(document)) => ResultBlock::Document(document),
            Piece::Block(Block::Video(video)) => ResultBlock::Video(video),
            Piece::CachePoint(_) => continue,
            Piece::Block(_) | Piece::Reasoning(_) => {
                let message =
                    format!("'{place}' may hold only text, images, documents and video in this role.");
                return Err(Error::invalid(message).param(place.to_string()));
            }
        });
    }
    if blocks.is_empty() {
        blocks.push(ResultBlock::Text("(no output)".into()));
    }
    Ok(blocks)
}

/// The address of a medium, and the format that the client states.
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
