//! A value left as it is written.

use super::Error;
use super::read::Read;
use super::reader::Reader;
use super::write::Write;
use super::writer::Writer;

/// A value's text: well-formed JSON, without white space around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a>(&'a str);

impl<'a> Raw<'a> {
    /// The text, where it is one value and nothing else.
    ///
    /// # Errors
    /// Where it is not.
    pub fn of(text: &'a str) -> Result<Self, Error> {
        super::from_str(text)
    }

    /// What was passed over by a [`Reader`].
    pub(super) fn passed(text: &'a str) -> Self {
        Self(text)
    }

    /// The text.
    pub fn get(self) -> &'a str {
        self.0
    }
}

impl<'a> Read<'a> for Raw<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.raw()
    }
}

impl<'a> Write<'a> for Raw<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        out.borrowed(self.0);
    }
}

/// True where arrays and objects in `json` nest no deeper than `limit`. `json` is well-formed, which this does not check.
pub fn is_within_depth(json: &str, limit: usize) -> bool {
    let mut depth = 0usize;
    let mut rest = json.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = match byte {
            b'"' => behind_string(after),
            b'[' | b'{' => {
                depth = depth.saturating_add(1);
                if depth > limit {
                    return false;
                }
                after
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                after
            }
            _ => after,
        };
    }
    true
}

/// What comes behind a string whose beginning has been read.
fn behind_string(mut bytes: &[u8]) -> &[u8] {
    loop {
        bytes = bytes.get(super::scan::plain(bytes)..).unwrap_or_default();
        match bytes {
            [b'\\', _, after @ ..] => bytes = after,
            [_, after @ ..] => return after,
            [] => return bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_inside_strings_are_no_depth() {
        assert!(is_within_depth(r#"{"a":"[[[[\"[["}"#, 1));
        assert!(is_within_depth("[[]]", 2));
        assert!(!is_within_depth("[[[]]]", 2));
        assert!(!is_within_depth(r#"["\\",[[]]]"#, 2));
    }

    #[test]
    fn a_value_has_no_white_space_around_it() {
        assert_eq!(Raw::of(" [ 1 ]\n").map(Raw::get), Ok("[ 1 ]"));
        for text in ["", "[", "1 2", "nul", "{\"a\"}"] {
            assert!(Raw::of(text).is_err(), "{text}");
        }
    }
}
