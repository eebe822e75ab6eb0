//! Encodes an image and writes it into a body.

use std::collections::BinaryHeap;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::bedrock::image;

/// An image that has been fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// `png`, `jpeg`, `gif` or `webp`.
    format: &'static str,
    base64: String,
}

/// The form in which an image stands in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// OpenAI's: a string, the image's URL.
    Url,
    /// Anthropic's: an object, its `source`. The text holds the object's other members, each preceded by a comma.
    Source(String),
}

/// The text that replaces an image's URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text<'t> {
    before: String,
    base64: &'t str,
    behind: String,
}

impl Image {
    /// Encodes an image; `None` where its first bytes are not those of a format that Bedrock takes.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        Some(Self { format: image::format(bytes)?, base64: STANDARD.encode(bytes) })
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.base64.capacity()
    }

    /// Bytes held for an image of `bytes` bytes that is not encoded yet.
    pub fn held_of(bytes: usize) -> usize {
        bytes.div_ceil(3).saturating_mul(4)
    }

    /// The text of the image in a form.
    pub fn text(&self, form: &Form) -> Text<'_> {
        let format = self.format;
        let (before, behind) = match form {
            Form::Url => (format!("\"data:image/{format};base64,"), "\"".to_owned()),
            Form::Source(others) => (
                format!(r#"{{"type":"base64","media_type":"image/{format}","data":""#),
                format!("\"{others}}}"),
            ),
        };
        Text { before, base64: &self.base64, behind }
    }
}

impl Text<'_> {
    /// Length, bytes.
    pub fn len(&self) -> usize {
        [self.base64.len(), self.behind.len()].into_iter().fold(self.before.len(), usize::saturating_add)
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Replaces each range by its text. The ranges must not overlap and must lie within the body.
pub fn splice<'t>(body: &[u8], texts: impl IntoIterator<Item = (Range<usize>, Text<'t>)>) -> Vec<u8> {
    let places = texts.into_iter().map(|(range, text)| (range.start, range.end, text));
    let texts = places.collect::<BinaryHeap<_>>().into_sorted_vec();
    let grown: usize = texts.iter().map(|(_, _, text)| text.len()).fold(body.len(), usize::saturating_add);
    let mut out = Vec::with_capacity(grown);
    let mut copied = 0;
    for (start, end, Text { before, base64, behind }) in texts {
        out.extend_from_slice(body.get(copied..start).unwrap_or_default());
        for piece in [before.as_str(), base64, behind.as_str()] {
            out.extend_from_slice(piece.as_bytes());
        }
        copied = end;
    }
    out.extend_from_slice(body.get(copied..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_stands_as_each_api_has_it() {
        let image = Image::of(b"GIF89a").unwrap();
        let at = |form: &Form| String::from_utf8(splice(b"[0]", [(1..2, image.text(form))])).unwrap();
        assert_eq!(at(&Form::Url), r#"["data:image/gif;base64,R0lGODlh"]"#);
        let source = r#"{"type":"base64","media_type":"image/gif","data":"R0lGODlh""#;
        assert_eq!(at(&Form::Source(String::new())), format!("[{source}}}]"));
        assert_eq!(at(&Form::Source(r#","x":1"#.to_owned())), format!(r#"[{source},"x":1}}]"#));
        assert!(Image::of(b"<html>").is_none());
    }

    #[test]
    fn texts_are_put_in_whatever_their_order() {
        let text = |before: &str| Text { before: before.to_owned(), base64: "", behind: String::new() };
        let spliced = splice(br#"{"a":"1","b":"2"}"#, vec![(13..16, text("two")), (5..8, text(r#""one""#))]);
        assert_eq!(spliced, br#"{"a":"one","b":two}"#);
        assert_eq!(splice(b"same", Vec::new()), b"same");
    }
}
