//! Documents: gives them valid and distinct names, and removes what only models that cite take.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::bedrock::converse::{DocumentBlock, Source};

use super::Fitting;
use super::distinct::Distinct;
use super::notes::Field;

/// Longest document name (service model: 200).
const LENGTH: usize = 180;

/// The names of a request's documents.
#[derive(Debug, Default)]
pub(super) struct Documents {
    names: Distinct,
    /// Documents that may be cited and were renamed: the name at Bedrock and the client's.
    cited: Vec<(String, String)>,
}

impl Documents {
    /// A document in a turn.
    pub(super) fn block<'a>(
        &mut self,
        mut document: DocumentBlock<'a>,
        fitting: &mut Fitting<'_, '_>,
    ) -> DocumentBlock<'a> {
        let original = self.name(&mut document);
        if !fitting.capabilities.citations {
            uncited(&mut document, fitting);
        } else if document.citations.is_some() {
            match &*document.format {
                "pdf" if fitting.cites => {}
                "txt" if fitting.cites => as_text(&mut document),
                // AWS's error, as reported: "Only txt and pdf formats are supported when citations are enabled".
                _ => {
                    document.citations = None;
                    fitting.notes.dropped(Field::Citations);
                }
            }
        }
        if document.citations.is_some() && document.name != original {
            self.cited.push((document.name.clone(), original));
        }
        document
    }

    /// The documents that may be cited and were renamed.
    pub(super) fn into_cited(self) -> Vec<(String, String)> {
        self.cited
    }

    /// A document in a tool result. AWS's error, as reported: "Citations are not supported in tool result documents."
    pub(super) fn of_result(&mut self, document: &mut DocumentBlock<'_>, fitting: &mut Fitting<'_, '_>) {
        self.name(document);
        uncited(document, fitting);
    }

    /// Renames a document to a valid name without extension, distinct within the request. Returns the original name.
    fn name(&mut self, document: &mut DocumentBlock<'_>) -> String {
        let filename = &document.name;
        let stem = filename.rsplit_once('.').map_or(filename.as_str(), |(stem, _)| stem);
        let is_legal = |c: char| c.is_ascii_alphanumeric() || "-()[]".contains(c);
        let name: String = stem.chars().map(|c| if is_legal(c) { c } else { ' ' }).take(LENGTH).collect();
        let name = name.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let name = if name.is_empty() { "document".to_owned() } else { name };
        let name = self.names.name(name.into(), ' ', LENGTH).into_owned();
        std::mem::replace(&mut document.name, name)
    }
}

/// Removes what only models that cite take.
fn uncited(document: &mut DocumentBlock<'_>, fitting: &mut Fitting<'_, '_>) {
    fitting.notes.dropped_if(document.citations.take().is_some(), Field::Citations);
    fitting.notes.dropped_if(document.context.take().is_some(), Field::DocumentContext);
}

/// Sends a cited text as text: as reported of boto3 (issue 4726), its bytes would be taken for a PDF.
fn as_text(document: &mut DocumentBlock<'_>) {
    let Source::Bytes(base64) = &document.source else { return };
    let text = STANDARD.decode(base64.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
        document.source = Source::Text(text.into());
    }
}
