//! A JSON text in the making.

#![expect(clippy::arithmetic_side_effects, reason = "the digits of one number")]

use super::scan::plain;
use super::write::Write;

/// Text of the input's that is so long is not copied, bytes.
const LARGE: usize = 16 << 10;

/// Writes values one after the other. Large texts of the input's, which live for `'a`, stay where they are.
#[derive(Debug, Default)]
pub struct Writer<'a> {
    bytes: Vec<u8>,
    /// What stands between the bytes, and before which of them.
    large: Vec<(usize, &'a str)>,
}

/// A text in pieces.
#[derive(Clone, Debug, Default)]
pub struct Pieces<'a> {
    bytes: Vec<u8>,
    large: Vec<(usize, &'a str)>,
}

impl<'a> Writer<'a> {
    /// With room for so many bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { bytes: Vec::with_capacity(capacity), large: Vec::new() }
    }

    /// A writer that goes on behind what is in `bytes`.
    pub fn behind(bytes: Vec<u8>) -> Self {
        Self { bytes, large: Vec::new() }
    }

    /// What has been written.
    pub fn finish(self) -> Pieces<'a> {
        Pieces { bytes: self.bytes, large: self.large }
    }

    /// JSON as it is.
    pub fn raw(&mut self, json: &str) {
        self.bytes.extend_from_slice(json.as_bytes());
    }

    /// JSON of the input's as it is.
    pub(super) fn borrowed(&mut self, json: &'a str) {
        if json.len() < LARGE {
            self.raw(json);
        } else {
            self.large.push((self.bytes.len(), json));
        }
    }

    /// A string of the input's as it is written, without its quotes.
    pub(super) fn quoted(&mut self, written: &'a str) {
        self.bytes.push(b'"');
        self.borrowed(written);
        self.bytes.push(b'"');
    }

    /// A text that lives as long as the input.
    pub(super) fn text(&mut self, text: &'a str) {
        if text.len() < LARGE || plain(text.as_bytes()) < text.len() {
            self.string(text);
            return;
        }
        self.quoted(text);
    }

    /// A string.
    pub fn string(&mut self, text: &str) {
        self.bytes.push(b'"');
        self.inside(text);
        self.bytes.push(b'"');
    }

    /// A part of a string, without its quotes.
    pub fn inside(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        loop {
            let (run, special) = rest.split_at_checked(plain(rest)).unwrap_or((rest, &[]));
            self.bytes.extend_from_slice(run);
            let Some((special, after)) = special.split_first() else { return };
            self.escape(*special);
            rest = after;
        }
    }

    fn escape(&mut self, byte: u8) {
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            8 => b'b',
            9 => b't',
            10 => b'n',
            12 => b'f',
            13 => b'r',
            _ => {
                let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' - 10 + half };
                self.bytes.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 0xf)]);
                return;
            }
        };
        self.bytes.extend_from_slice(&[b'\\', short]);
    }

    /// A value.
    pub fn value(&mut self, value: &dyn Write<'a>) {
        value.write(self);
    }

    /// A whole number.
    pub fn number(&mut self, number: u64) {
        let mut digits = [0; 20];
        let mut left = number;
        let mut count = 0;
        for digit in digits.iter_mut().rev() {
            // Less than ten.
            *digit = b'0' + u8::try_from(left % 10).unwrap_or_default();
            left /= 10;
            count += 1;
            if left == 0 {
                break;
            }
        }
        self.bytes.extend_from_slice(digits.get(digits.len() - count..).unwrap_or_default());
    }

    /// An object, member by member; [`Object::end`] ends it.
    pub fn object(&mut self) -> Object<'_, 'a> {
        self.bytes.push(b'{');
        Object { out: self, is_empty: true }
    }

    /// An object with one member.
    pub fn one(&mut self, name: &'static str, value: &dyn Write<'a>) {
        self.object().member(name, value).end();
    }

    /// A list.
    pub fn list(&mut self, items: &mut dyn Iterator<Item = &dyn Write<'a>>) {
        self.bytes.push(b'[');
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.bytes.push(b',');
            }
            item.write(self);
        }
        self.bytes.push(b']');
    }
}

/// An object in the making.
#[derive(Debug)]
pub struct Object<'w, 'a> {
    out: &'w mut Writer<'a>,
    is_empty: bool,
}

impl<'a> Object<'_, 'a> {
    /// Adds a member, whose name is plain.
    #[must_use]
    pub fn member(mut self, name: &'static str, value: &dyn Write<'a>) -> Self {
        self.add(name, value);
        self
    }

    /// Adds a member if there is something in it.
    #[must_use]
    pub fn maybe(self, name: &'static str, value: &dyn Write<'a>) -> Self {
        if value.is_absent() { self } else { self.member(name, value) }
    }

    /// Adds a member.
    pub fn add(&mut self, name: &'static str, value: &dyn Write<'a>) {
        value.write(self.begin(name));
    }

    /// Begins a member, whose value has to be written next.
    pub fn begin(&mut self, name: &'static str) -> &mut Writer<'a> {
        self.separate();
        self.out.bytes.push(b'"');
        self.out.raw(name);
        self.out.raw("\":");
        self.out
    }

    /// Adds a member of any name.
    pub fn named(&mut self, name: &dyn Write<'a>, value: &dyn Write<'a>) {
        self.separate();
        name.write(self.out);
        self.out.bytes.push(b':');
        value.write(self.out);
    }

    fn separate(&mut self) {
        if !self.is_empty {
            self.out.bytes.push(b',');
        }
        self.is_empty = false;
    }

    /// Ends it.
    pub fn end(self) {
        self.out.bytes.push(b'}');
    }
}

impl<'a> Pieces<'a> {
    /// How long all of it is, bytes.
    pub fn len(&self) -> usize {
        self.large.iter().map(|(_, text)| text.len()).fold(self.bytes.len(), usize::saturating_add)
    }

    /// True where there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pieces in their order, none of them empty.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let ends = self.large.iter().map(|(at, _)| *at).chain([self.bytes.len()]);
        let starts = [0].into_iter().chain(self.large.iter().map(|(at, _)| *at));
        let between = starts.zip(ends).map(|(start, end)| self.bytes.get(start..end).unwrap_or_default());
        let large = self.large.iter().map(|(_, text)| text.as_bytes()).chain([&[][..]]);
        between.zip(large).flat_map(|(bytes, large)| [bytes, large]).filter(|piece| !piece.is_empty())
    }

    /// All of it in one.
    pub fn into_vec(self) -> Vec<u8> {
        if self.large.is_empty() {
            return self.bytes;
        }
        let mut all = Vec::with_capacity(self.len());
        for piece in self.iter() {
            all.extend_from_slice(piece);
        }
        all
    }
}

impl From<Vec<u8>> for Pieces<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, large: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Str, from_str, to_string};
    use super::*;

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let all: String = (0..0x250).filter_map(char::from_u32).chain(['\u{fffd}', '😀']).collect();
        for text in [all.as_str(), "", "plain", "\"", "a\\", "\u{0}"] {
            let written = to_string(&text);
            assert_eq!(from_str::<Str<'_>>(&written).as_deref(), Ok(text));
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }

    #[test]
    fn a_large_text_is_not_copied_and_stands_in_its_place() {
        let large = "x".repeat(LARGE);
        let special = format!("{large}\n");
        let mut out = Writer::default();
        out.object()
            .member("a", &large.as_str())
            .member("b", &special.as_str())
            .member("c", &large.as_str())
            .end();
        let pieces = out.finish();
        assert_eq!(pieces.large.len(), 2);
        let expected = format!(r#"{{"a":"{large}","b":"{large}\n","c":"{large}"}}"#);
        assert_eq!(pieces.len(), expected.len());
        assert_eq!(pieces.iter().count(), 5);
        assert_eq!(String::from_utf8(pieces.into_vec()).unwrap(), expected);
    }

    #[test]
    fn numbers_are_written_whole() {
        for number in [0, 9, 10, 1_234_567_890, u64::MAX] {
            assert_eq!(to_string(&number), number.to_string());
        }
        for number in [0, -1, i64::MIN, i64::MAX] {
            assert_eq!(to_string(&number), number.to_string());
        }
    }
}
