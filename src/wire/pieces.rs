//! Writes JSON without copying large strings of the input: the output is a list of parts, the writer's own and slices of the
//! input.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::value::RawValue;

/// Strings of the input from this length on are not copied, bytes.
const LARGE: usize = 16 << 10;

/// A text as a list of parts.
#[derive(Clone, Debug, Default)]
pub struct Pieces<'a> {
    own: Vec<u8>,
    /// Slices of the input, each with its position in the writer's own bytes.
    large: Vec<(usize, &'a [u8])>,
}

/// Serialises a value. Large strings that borrow from `source`, the bytes of the input, are not copied.
pub fn pieces<'a>(source: &'a [u8], room: usize, value: &(impl Serialize + ?Sized)) -> Pieces<'a> {
    let mut out = Out { source, pieces: Pieces { own: Vec::with_capacity(room), large: Vec::new() } };
    out.value(value);
    out.pieces
}

/// Serialises a value into a vector.
pub fn to_vec(value: &(impl Serialize + ?Sized)) -> Vec<u8> {
    /// Initial capacity, bytes; most values written by this are small.
    const ROOM: usize = 256;
    pieces(&[], ROOM, value).own
}

/// Serialises a value into a string.
pub fn to_string(value: &(impl Serialize + ?Sized)) -> String {
    // The output is always UTF-8.
    String::from_utf8(to_vec(value)).unwrap_or_default()
}

/// Serialises a value at the end of `out`.
pub fn append(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    let own = std::mem::take(out);
    let mut writer = Out { source: &[], pieces: Pieces { own, large: Vec::new() } };
    writer.value(value);
    *out = writer.pieces.own;
}

/// Serialises a value into raw JSON.
pub fn raw_of(value: &(impl Serialize + ?Sized)) -> Box<RawValue> {
    // The output is always JSON.
    RawValue::from_string(to_string(value)).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

struct Out<'a> {
    source: &'a [u8],
    pieces: Pieces<'a>,
}

impl<'a> Out<'a> {
    fn value(&mut self, value: &(impl Serialize + ?Sized)) {
        // Writing strings and numbers to memory does not fail.
        let _ = value.serialize(&mut Serializer::with_formatter(self, AsWritten));
    }

    /// The bytes as a slice of the input, if they are one and large.
    fn borrowed(&self, bytes: &[u8]) -> Option<&'a [u8]> {
        if bytes.len() < LARGE {
            return None;
        }
        let start = bytes.as_ptr().addr().checked_sub(self.source.as_ptr().addr())?;
        self.source.get(start..start.checked_add(bytes.len())?)
    }
}

impl io::Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.borrowed(bytes) {
            Some(large) => self.pieces.large.push((self.pieces.own.len(), large)),
            None => self.pieces.own.extend_from_slice(bytes),
        }
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes).map(drop)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A JSON format without white space, in which serde's bytes stand for a string's written form without its quotes
/// ([`super::Str`]).
struct AsWritten;

impl Formatter for AsWritten {
    fn write_byte_array<W: io::Write + ?Sized>(&mut self, writer: &mut W, written: &[u8]) -> io::Result<()> {
        writer.write_all(b"\"")?;
        writer.write_all(written)?;
        writer.write_all(b"\"")
    }
}

impl Pieces<'_> {
    /// Total length, bytes.
    pub fn len(&self) -> usize {
        self.large.iter().map(|(_, text)| text.len()).fold(self.own.len(), usize::saturating_add)
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The parts in order, none of them empty.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let ends = self.large.iter().map(|(at, _)| *at).chain([self.own.len()]);
        let starts = [0].into_iter().chain(self.large.iter().map(|(at, _)| *at));
        let between = starts.zip(ends).map(|(start, end)| self.own.get(start..end).unwrap_or_default());
        let large = self.large.iter().map(|(_, text)| *text).chain([&[][..]]);
        between.zip(large).flat_map(|(bytes, large)| [bytes, large]).filter(|piece| !piece.is_empty())
    }

    /// All parts joined.
    pub fn into_vec(self) -> Vec<u8> {
        if self.large.is_empty() {
            return self.own;
        }
        let mut all = Vec::with_capacity(self.len());
        for piece in self.iter() {
            all.extend_from_slice(piece);
        }
        all
    }
}

impl From<Vec<u8>> for Pieces<'_> {
    fn from(own: Vec<u8>) -> Self {
        Self { own, large: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Raw, Str, from_str};
    use super::*;

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let all: String = (0..0x250).filter_map(char::from_u32).chain(['\u{fffd}', '😀']).collect();
        for text in [all.as_str(), "", "plain", "\"", "a\\", "\u{0}"] {
            let written = to_string(&Str::from(text));
            assert_eq!(from_str::<Str<'_>>(&written).as_deref(), Ok(text));
        }
    }

    #[test]
    fn a_large_text_of_the_input_is_not_copied_and_stands_in_its_place() {
        let large = "x".repeat(LARGE);
        let input = format!(r#"["{large}","{large}\n",["{large}"],"{}"]"#, &large[1..]);
        let (plain, escaped, raw, small): (Str<'_>, Str<'_>, Raw<'_>, Str<'_>) = from_str(&input).unwrap();
        let other = Str::from(large.clone());
        let pieces = pieces(input.as_bytes(), 0, &(&plain, &escaped, raw, &small, &other));
        assert_eq!(pieces.large.len(), 3);
        let expected = format!(r#"["{large}","{large}\n",["{large}"],"{}","{large}"]"#, &large[1..]);
        assert_eq!(pieces.len(), expected.len());
        assert_eq!(pieces.iter().count(), 7);
        assert_eq!(String::from_utf8(pieces.into_vec()).unwrap(), expected);
    }

    #[test]
    fn a_value_goes_behind_what_is_there() {
        let mut out = b"data: ".to_vec();
        append(&mut out, &["a", "b"]);
        assert_eq!(out, b"data: [\"a\",\"b\"]");
    }
}
