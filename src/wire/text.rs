//! JSON strings that keep their written form until their text is needed.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;
use std::ops::Deref;

use memchr::{memchr, memmem};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::forms::unexpected;
use super::{Raw, budget, lossy};

/// A string. One that was parsed keeps its written form: it borrows from the input, is written again unchanged, and its escapes
/// are decoded only when its text is asked for.
///
/// It must be written by this module's functions ([`super::pieces`]), which take a serializer's bytes for the written form of a
/// string; other serializers would write a list of numbers.
#[derive(Clone)]
pub struct Str<'a>(Form<'a>);

/// Two words, because there are many strings, and few of the short ones have escapes.
#[derive(Clone)]
enum Form<'a> {
    /// The written form without quotes; it has no escapes, so it is also the text.
    Plain(&'a str),
    /// Any other.
    Other(Box<Other<'a>>),
}

#[derive(Clone)]
enum Other<'a> {
    /// The written form without quotes, and the decoded text.
    Escaped(&'a str, OnceCell<Box<str>>),
    /// A text that was not parsed.
    Text(Cow<'a, str>),
}

impl<'a> Str<'a> {
    /// A string in its written form with quotes, which serde_json has skipped.
    ///
    /// # Errors
    /// An escape is a lone surrogate, and the text is not a server's: serde_json does not check strings that it skips.
    pub(super) fn passed<E: serde::de::Error>(raw: Raw<'a>) -> Result<Self, E> {
        let quoted = raw.get();
        let written = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default();
        if memchr(b'\\', written.as_bytes()).is_none() {
            return Ok(Self(Form::Plain(written)));
        }
        budget::spend(size_of::<Other<'_>>())?;
        let text = OnceCell::new();
        if may_have_halves(written.as_bytes()) {
            match serde_json::from_str::<String>(quoted) {
                Ok(read) => {
                    let _ = text.set(read.into_boxed_str());
                }
                Err(_) => {
                    let mended = lossy::text(written);
                    return Ok(mended.ok_or_else(|| E::custom("a string has half of a character"))?.into());
                }
            }
        }
        Ok(Self::other(Other::Escaped(written, text)))
    }

    fn other(other: Other<'a>) -> Self {
        Self(Form::Other(Box::new(other)))
    }

    /// Whether the text is empty or only white space, which Bedrock refuses in every place.
    pub fn is_blank(&self) -> bool {
        if let Form::Other(other) = &self.0
            && let Other::Escaped(written, _) = &**other
            && !written.trim_start().starts_with('\\')
        {
            return false;
        }
        self.chars().all(char::is_whitespace)
    }

    /// The text from byte `start` on; empty where that is not a character boundary. Without escapes the written form is kept.
    #[must_use]
    pub fn from_byte(self, start: usize) -> Self {
        match self.0 {
            Form::Plain(text) => Self(Form::Plain(text.get(start..).unwrap_or_default())),
            Form::Other(_) => self.get(start..).unwrap_or_default().to_owned().into(),
        }
    }

    /// The text, still borrowed where it was.
    pub fn into_cow(self) -> Cow<'a, str> {
        match self.0 {
            Form::Plain(text) => Cow::Borrowed(text),
            Form::Other(other) => match *other {
                Other::Escaped(written, text) => {
                    Cow::Owned(text.into_inner().unwrap_or_else(|| unescaped(written)).into_string())
                }
                Other::Text(text) => text,
            },
        }
    }
}

/// Whether one of the two halves of a character may stand in a string as it is written: they begin with `\ud`, and a letter or two besides.
fn may_have_halves(written: &[u8]) -> bool {
    const ESCAPE: &[u8] = b"\\u";
    memmem::find_iter(written, ESCAPE)
        .any(|at| matches!(written.get(at.saturating_add(ESCAPE.len())), Some(b'd' | b'D')))
}

/// Decodes the escapes of a string that serde_json has skipped.
fn unescaped(written: &str) -> Box<str> {
    let quoted = ["\"", written, "\""].concat();
    serde_json::from_str(&quoted).unwrap_or_default()
}

impl Deref for Str<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Form::Plain(text) => text,
            Form::Other(other) => match &**other {
                Other::Escaped(written, text) => text.get_or_init(|| unescaped(written)),
                Other::Text(text) => text,
            },
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Raw::deserialize(deserializer)?;
        match raw.get().as_bytes().first() {
            Some(b'"') => Self::passed(raw),
            first => Err(unexpected(first, &"a string")),
        }
    }
}

impl Serialize for Str<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Plain(written) => serializer.serialize_bytes(written.as_bytes()),
            Form::Other(other) => match &**other {
                Other::Escaped(written, _) => serializer.serialize_bytes(written.as_bytes()),
                Other::Text(text) => serializer.serialize_str(text),
            },
        }
    }
}

impl Default for Str<'_> {
    fn default() -> Self {
        Self(Form::Plain(""))
    }
}

impl PartialEq for Str<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Str<'_> {}

impl fmt::Debug for Str<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl<'a> From<&'a str> for Str<'a> {
    fn from(text: &'a str) -> Self {
        Self::other(Other::Text(Cow::Borrowed(text)))
    }
}

impl<'a> From<Cow<'a, str>> for Str<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::other(Other::Text(text))
    }
}

impl From<String> for Str<'_> {
    fn from(text: String) -> Self {
        Self::other(Other::Text(Cow::Owned(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{from_str, to_string};
    use super::*;

    #[test]
    fn a_string_is_written_as_it_was_read() {
        for written in [r#""plain""#, r#""a\nb""#, r#""\u00e9\/\"""#, r#""""#, r#""\ud83d\ude00""#] {
            let text: Str<'_> = from_str(written).unwrap();
            assert_eq!(to_string(&text), written);
        }
    }

    #[test]
    fn a_text_is_the_same_however_it_came() {
        let read: Str<'_> = from_str(r#""a\n\u00e9""#).unwrap();
        for text in [read.clone(), Str::from("a\né"), Str::from("a\né".to_owned())] {
            assert_eq!((&*text, &text), ("a\né", &read));
            assert_eq!(&*text.clone().from_byte(1), "\né");
            assert_eq!(text.into_cow(), "a\né");
        }
    }

    #[test]
    fn a_part_of_a_plain_string_stays_as_it_is_written() {
        let read: Str<'_> = from_str(r#""data:,abc""#).unwrap();
        let part = read.from_byte(6);
        assert!(matches!(part.0, Form::Plain("abc")));
        assert_eq!(to_string(&part), "\"abc\"");
        assert_eq!(&*part.from_byte(9), "");
    }

    #[test]
    fn only_escapes_cost_a_copy() {
        let cow = |text: &'static str| from_str::<Str<'_>>(text).unwrap().into_cow();
        assert!(matches!(cow(r#""plain""#), Cow::Borrowed("plain")));
        assert!(matches!(cow(r#""a\nb""#), Cow::Owned(_)));
    }

    #[test]
    fn half_of_a_character_is_no_string() {
        for text in [r#""\ud83d""#, r#""\ude00""#, r#""\uD83d\u0041""#, r#""\ud83dx""#] {
            let error = from_str::<Str<'_>>(text).unwrap_err();
            assert_eq!(error.reason(), "a string has half of a character", "{text}");
        }
        assert_eq!(&*from_str::<Str<'_>>(r#""\\ud83d""#).unwrap(), r"\ud83d");
    }

    #[test]
    fn what_is_no_string_is_refused() {
        for (text, reason) in [
            ("5", "expected a string, not a number"),
            ("null", "expected a string, not null"),
            ("true", "expected a string, not a boolean"),
            ("{}", "expected a string, not an object"),
        ] {
            assert_eq!(from_str::<Str<'_>>(text).unwrap_err().reason(), reason);
        }
    }

    #[test]
    fn white_space_is_blank_with_escapes_and_without() {
        for (written, is_blank) in [
            (r#""""#, true),
            (r#"" ""#, true),
            (r#""\n \t\u00a0""#, true),
            (r#"" \n""#, true),
            (r#""\na""#, false),
            (r#"" a\n""#, false),
            (r#"" \\""#, false),
        ] {
            assert_eq!(from_str::<Str<'_>>(written).unwrap().is_blank(), is_blank, "{written}");
        }
    }
}
