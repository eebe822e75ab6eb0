//! Citations of an answer, whole or streamed.

use serde::Deserialize;

use super::reply::CitedText;
use crate::wire::{List, Str};

/// A citation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Citation<'a> {
    /// The source's title; for a document the name that it was sent under.
    pub title: Option<Str<'a>>,
    /// The source.
    pub source: Option<Str<'a>>,
    /// The cited text, in parts.
    pub source_content: Option<List<CitedText<'a>>>,
    /// The cited location.
    pub location: Option<Box<Location<'a>>>,
}

/// A location in a source: at most one member is present; none for an unknown kind.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Location<'a> {
    /// A web page.
    pub web: Option<Web<'a>>,
    /// Characters of a document, by index.
    pub document_char: Option<Place>,
    /// Pages of a document, from 1.
    pub document_page: Option<Place>,
    /// Chunks of a document, by index.
    pub document_chunk: Option<Place>,
}

/// A web page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Web<'a> {
    /// Its URL.
    pub url: Option<Str<'a>>,
    /// Its domain.
    pub domain: Option<Str<'a>>,
}

/// A range in a document.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Place {
    /// Index of the document among the request's, from 0.
    pub document_index: Option<u64>,
    /// The first character, page or chunk.
    pub start: Option<u64>,
    /// One past the last.
    pub end: Option<u64>,
}

impl Citation<'_> {
    /// The same with owned strings.
    pub fn into_owned(self) -> Citation<'static> {
        let Self { title, source, source_content, location } = self;
        let pieces = |List(pieces): List<CitedText<'_>>| {
            List(pieces.into_iter().map(|piece| CitedText { text: piece.text.map(owned) }).collect())
        };
        Citation {
            title: title.map(owned),
            source: source.map(owned),
            source_content: source_content.map(pieces),
            location: location.map(|location| Box::new(location.into_owned())),
        }
    }

    /// Bytes of its strings and of their containers.
    pub fn bytes(&self) -> usize {
        let Self { title, source, source_content, location } = self;
        let web = location.as_ref().and_then(|location| location.web.as_ref());
        let of_web = web.into_iter().flat_map(|web| [web.url.as_ref(), web.domain.as_ref()]);
        let pieces = || source_content.iter().flatten();
        let texts = [title.as_ref(), source.as_ref()].into_iter().chain(of_web);
        let texts = texts.chain(pieces().map(|piece| piece.text.as_ref())).flatten().map(|text| text.len());
        let lists = pieces().count().saturating_mul(size_of::<CitedText<'_>>());
        let boxed = location.as_ref().map_or(0, |_| size_of::<Location<'_>>());
        texts.chain([lists, boxed]).fold(0, usize::saturating_add)
    }
}

impl Location<'_> {
    fn into_owned(self) -> Location<'static> {
        let Self { web, document_char, document_page, document_chunk } = self;
        let web = web.map(|Web { url, domain }| Web { url: url.map(owned), domain: domain.map(owned) });
        Location { web, document_char, document_page, document_chunk }
    }
}

fn owned(text: Str<'_>) -> Str<'static> {
    text.into_cow().into_owned().into()
}
