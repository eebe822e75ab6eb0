//! Documents: their names are legal, and differ across a request.

use crate::bedrock::converse::DocumentBlock;

use super::distinct::Distinct;

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
