//! Citations as OpenAI's annotations.

use crate::bedrock::citation::{Citation, Location, Place, Web};
use crate::bedrock::reply::CitedText;
use crate::openai::completion::{Annotation, FileCitation, FilePlace, UrlCitation};
use crate::wire::{List, Str};

/// The annotation of a citation that covers the characters from `start` to `end`.
pub(in crate::translate) fn annotation(citation: Citation<'_>, start: usize, end: usize) -> Annotation<'_> {
    let Citation { title, source, source_content, location } = citation;
    let Location { web, document_char, document_page, document_chunk } =
        location.map(|location| *location).unwrap_or_default();
    let places = [("char", document_char), ("page", document_page), ("chunk", document_chunk)];
    if let Some((kind, place)) = places.into_iter().find_map(|(kind, place)| Some((kind, place?))) {
        let Place { document_index, start: first, end: past } = place;
        return Annotation::FileCitation {
            file_citation: FileCitation {
                start_index: start,
                end_index: end,
                filename: title.or(source).unwrap_or_default(),
                quote: source_content.and_then(quote),
                location: FilePlace { kind, document_index, start: first, end: past },
            },
        };
    }
    let Web { url, domain } = web.unwrap_or_default();
    Annotation::UrlCitation {
        url_citation: UrlCitation {
            start_index: start,
            end_index: end,
            title: title.or(domain).unwrap_or_default(),
            url: url.or(source).unwrap_or_default(),
        },
    }
}

/// The cited text, joined; a single part is not copied.
fn quote(List(pieces): List<CitedText<'_>>) -> Option<Str<'_>> {
    let mut texts = pieces.into_iter().filter_map(|piece| piece.text);
    let first = texts.next()?;
    let Some(second) = texts.next() else { return Some(first) };
    let mut joined = first.into_cow().into_owned();
    joined.push_str(&second);
    joined.extend(texts.map(Str::into_cow));
    Some(joined.into())
}
