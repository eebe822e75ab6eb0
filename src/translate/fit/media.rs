//! Documents: their names are legal, and differ across a request. Media of tools: they stand where the model takes them.

use crate::bedrock::converse::{Block, DocumentBlock, ResultBlock};

use super::distinct::Distinct;
use super::family::{Capabilities, DocumentsInResults};

/// Longest name of a document (service model: 200).
const LENGTH: usize = 180;

/// The documents of one request.
#[derive(Debug, Default)]
pub(super) struct Documents(Distinct);

impl Documents {
    /// Gives a document a name of characters that Bedrock takes, without the extension, and apart from the others of the
    /// request.
    pub(super) fn name(&mut self, document: &mut DocumentBlock<'_>) {
        let filename = &document.name;
        let stem = filename.rsplit_once('.').map_or(filename.as_str(), |(stem, _)| stem);
        let is_legal = |c: char| c.is_ascii_alphanumeric() || "-()[]".contains(c);
        let name: String = stem.chars().map(|c| if is_legal(c) { c } else { ' ' }).take(LENGTH).collect();
        let name = name.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let name = if name.is_empty() { "document".to_owned() } else { name };
        document.name = self.0.name(name.into(), ' ', LENGTH).into_owned();
    }
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
