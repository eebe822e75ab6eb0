//! Reading a whole text.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Error, budget, lossy};

/// A value left as it is written: well-formed JSON, without white space around it.
pub type Raw<'a> = &'a RawValue;

/// Reads a whole text, which has to be one value and nothing else.
///
/// # Errors
/// Where it is no JSON, not what `T` wants, or has more parts than can be held ([`super::at_most`]).
pub fn from_str<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Error> {
    budget::of_text(text.len(), || serde_json::from_str(text)).map_err(|error| Error::of(&error, text))
}

/// The same of bytes.
///
/// # Errors
/// Where they are no UTF-8, too.
pub fn from_slice<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    from_str(text(bytes).map_err(|_| Error::syntax("it is no UTF-8"))?)
}

/// Reads an object of a server's. Half of a character in a string is U+FFFD. serde's derive would take a list for the members in their order.
///
/// # Errors
/// Where the bytes are none, or not what `T` wants.
pub fn object_from_slice<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(Error::new("expected an object"));
    }
    lossy::of_server(|| from_slice(bytes))
}

/// The text of these bytes.
///
/// # Errors
/// How many of them are UTF-8, where not all are.
pub fn text(bytes: &[u8]) -> Result<&str, usize> {
    // The place of what is wrong is worth a second look.
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
