//! Parses a whole text.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Error, budget, lossy};

/// A value in its written form: well-formed JSON without white space around it.
pub type Raw<'a> = &'a RawValue;

/// Parses a text that has to be exactly one value.
///
/// # Errors
/// The text is not JSON, not in `T`'s form, or exceeds its budget ([`super::at_most`]).
pub fn from_str<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Error> {
    budget::of_text(text.len(), || serde_json::from_str(text)).map_err(|error| Error::of(&error, text))
}

/// Parses bytes.
///
/// # Errors
/// As [`from_str`]; also where they are not UTF-8.
pub fn from_slice<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    from_str(text(bytes).map_err(|_| Error::syntax("it is no UTF-8"))?)
}

/// Parses a server's object. Lone surrogates in strings become U+FFFD. (serde's derive would also accept an array of the
/// members in order.)
///
/// # Errors
/// The bytes are not an object, or not in `T`'s form.
pub fn object_from_slice<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(Error::new("expected an object"));
    }
    lossy::of_server(|| from_slice(bytes))
}

/// The bytes as a string.
///
/// # Errors
/// The number of leading bytes that are UTF-8, where not all are.
pub fn text(bytes: &[u8]) -> Result<&str, usize> {
    // Only on failure is the position of the error looked for.
    simdutf8::basic::from_utf8(bytes)
        .map_err(|_| std::str::from_utf8(bytes).err().map_or(0, |error| error.valid_up_to()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_has_no_white_space_around_it() {
        assert_eq!(from_str::<Raw<'_>>(" [ 1 ]\n").map(RawValue::get), Ok("[ 1 ]"));
        for text in ["", "[", "1 2", "nul", "{\"a\"}", "[1,]", "{\"a\":1,}", "01", "\"\t\"", "\"\\x\""] {
            assert!(from_str::<Raw<'_>>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nesting_ends_before_the_stack_does() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(from_str::<Raw<'_>>(&nested(1_000_000)).is_ok(), "passing over a value needs no stack");
        for text in ["[".repeat(1_000_000), "{\"a\":".repeat(1_000_000), nested(1_000_000) + "]"] {
            assert!(from_str::<Raw<'_>>(&text).is_err());
        }
        #[derive(Debug, Deserialize)]
        struct Deep(#[expect(dead_code, reason = "only that it can be read matters")] Vec<Deep>);
        assert!(from_str::<Deep>(&nested(100)).is_ok());
        let error = from_str::<Deep>(&nested(200)).unwrap_err();
        assert_eq!(error.reason(), "values nest too deep");
    }

    #[test]
    fn bytes_that_are_no_text_are_no_json() {
        assert!(from_slice::<Raw<'_>>(b"\"a\xff\"").unwrap_err().is_syntax());
        assert_eq!(text(b"ab\xff"), Err(2));
    }
}
