//! The sources of an answer, whole and in a stream.

use serde::Deserialize;

use super::reply::CitedText;
use crate::wire::{List, Str};

/// A source.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Citation<'a> {
    /// Its title; of a document the name that it was sent by.
    pub title: Option<Str<'a>>,
    /// What it is.
    pub source: Option<Str<'a>>,
    /// What it says, in pieces.
    pub source_content: Option<List<CitedText<'a>>>,
    /// Where in it.
    pub location: Option<Box<Location<'a>>>,
}

/// Where in a source: one of them, or one that we do not know.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Location<'a> {
    /// A web page.
    pub web: Option<Web<'a>>,
    /// Characters of a document.
    pub document_char: Option<Place>,
    /// Pages of a document, from 1.
    pub document_page: Option<Place>,
    /// Pieces of a document.
    pub document_chunk: Option<Place>,
}

/// A web page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Web<'a> {
    /// Its address.
    pub url: Option<Str<'a>>,
    /// Whose it is.
    pub domain: Option<Str<'a>>,
}

/// A place in a document.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Place {
    /// Which of the request's documents, from 0.
    pub document_index: Option<u64>,
    /// Its first character, page or piece.
    pub start: Option<u64>,
    /// One past the last.
    pub end: Option<u64>,
}

impl Citation<'_> {
    /// The same with texts of its own.
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

    /// The length of its texts and of what holds them, bytes.
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
