//! Media: removes what a model does not take, and moves media out of tool results where it takes them elsewhere.

use crate::bedrock::converse::{Block, Media, ResultBlock};

use super::Fitting;
use super::family::{Capabilities, DocumentsInResults};
use super::notes::Field;

/// Audio, if the model takes it.
pub(super) fn audio<'a>(audio: Media<'a>, fitting: &mut Fitting<'_, '_>) -> Option<Media<'a>> {
    if fitting.capabilities.audio {
        return Some(audio);
    }
    fitting.notes.unsupported(Field::Audio);
    None
}

/// Text formats of documents.
const TEXTS: [&str; 4] = ["csv", "html", "md", "txt"];

/// Removes the media that the model takes after a tool result, but not in it.
pub(super) fn taken_out<'a>(
    content: &mut Vec<ResultBlock<'a>>,
    capabilities: &Capabilities,
) -> Vec<Block<'a>> {
    let stays = |block: &ResultBlock<'_>| match block {
        ResultBlock::Text(_) | ResultBlock::Video(_) => true,
        ResultBlock::Image(_) => capabilities.images_in_results,
        ResultBlock::Document(document) => match capabilities.documents_in_results {
            DocumentsInResults::No => false,
            DocumentsInResults::Texts => TEXTS.contains(&&*document.format),
            DocumentsInResults::Any => true,
        },
    };
    if content.iter().all(stays) {
        return Vec::new();
    }
    let (kept, taken): (Vec<_>, Vec<_>) = std::mem::take(content).into_iter().partition(stays);
    *content = kept;
    if content.is_empty() {
        content.push(ResultBlock::Text("(what the tool gave follows)".into()));
    }
    taken.into_iter().map(alone).collect()
}

/// A block of a tool result as a block of the user's turn.
pub(super) fn alone(block: ResultBlock<'_>) -> Block<'_> {
    match block {
        ResultBlock::Text(text) => Block::Text(text),
        ResultBlock::Image(image) => Block::Image(image),
        ResultBlock::Document(document) => Block::Document(document),
        ResultBlock::Video(video) => Block::Video(video),
    }
}
