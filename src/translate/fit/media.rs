//! Media: what a model does not take is refused, and what tools gave stands where the model takes it.

use crate::bedrock::converse::{Block, Media, ResultBlock};

use super::Fitting;
use super::family::{Capabilities, DocumentsInResults};
use super::notes::Field;

/// Sound, where the model takes it.
pub(super) fn audio<'a>(audio: Media<'a>, fitting: &mut Fitting<'_, '_>) -> Option<Media<'a>> {
    if fitting.capabilities.audio {
        return Some(audio);
    }
    fitting.notes.unsupported(Field::Audio);
    None
}

/// Formats of documents that are text.
const TEXTS: [&str; 4] = ["csv", "html", "md", "txt"];

/// Takes out of what a tool gave what the model does not take in a result, but behind it.
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

/// What a tool gave, as what the user says.
pub(super) fn alone(block: ResultBlock<'_>) -> Block<'_> {
    match block {
        ResultBlock::Text(text) => Block::Text(text),
        ResultBlock::Image(image) => Block::Image(image),
        ResultBlock::Document(document) => Block::Document(document),
        ResultBlock::Video(video) => Block::Video(video),
    }
}
