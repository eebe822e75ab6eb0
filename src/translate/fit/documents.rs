//! Documents: their names are legal and differ across a request, and what only models that cite take goes to these.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::bedrock::converse::{DocumentBlock, Source};

use super::Fitting;
use super::distinct::Distinct;
use super::notes::Field;

/// Longest name of a document (service model: 200).
const LENGTH: usize = 180;

/// The documents of one request.
#[derive(Debug, Default)]
pub(super) struct Documents {
    names: Distinct,
    /// Those that may be cited and whose names were changed.
    cited: Vec<(String, String)>,
}

impl Documents {
    /// A document of a turn.
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
                // Reported in AWS's words: "Only txt and pdf formats are supported when citations are enabled".
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

    /// The documents that may be cited and whose names were changed.
    pub(super) fn into_cited(self) -> Vec<(String, String)> {
        self.cited
    }

    /// A document of a tool's result. Reported in AWS's words: "Citations are not supported in tool result documents."
    pub(super) fn of_result(&mut self, document: &mut DocumentBlock<'_>, fitting: &mut Fitting<'_, '_>) {
        self.name(document);
        uncited(document, fitting);
    }

    /// Gives a document a name of characters that Bedrock takes, without the extension, and apart from the others of the
    /// request. Gives back the one that it had.
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

/// Without what only models that cite take.
fn uncited(document: &mut DocumentBlock<'_>, fitting: &mut Fitting<'_, '_>) {
    fitting.notes.dropped_if(document.citations.take().is_some(), Field::Citations);
    fitting.notes.dropped_if(document.context.take().is_some(), Field::DocumentContext);
}

/// A text that is cited goes as text: reported of boto3 (issue 4726), its bytes are taken for a PDF.
fn as_text(document: &mut DocumentBlock<'_>) {
    let Source::Bytes(base64) = &document.source else { return };
    let text = STANDARD.decode(base64.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
        document.source = Source::Text(text.into());
    }
}
