//! One pass over a JSON text (RFC 8259).

#![expect(
    clippy::arithmetic_side_effects,
    reason = "positions in a text that is in memory, and a depth of at most `DEEPEST`"
)]

use super::scan::plain;
use super::{Error, Raw, Str};

/// How deep values may nest: reading is recursive, and the stack is small.
const DEEPEST: u32 = 128;

/// What kind of value comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// A list.
    List,
    /// An object.
    Object,
}

impl Kind {
    /// As errors call it.
    fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }
}

/// Where in a text the reading is.
#[derive(Debug)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    /// At the beginning of `text`.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn syntax<T>(&self, reason: &'static str) -> Result<T, Error> {
        Err(Error::syntax(reason, self.at))
    }

    /// The next byte that is no white space; it is not passed.
    fn next(&mut self) -> Option<u8> {
        let rest = self.rest();
        let at = rest.iter().position(|byte| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
        self.at += at.unwrap_or(rest.len());
        rest.get(at?).copied()
    }

    /// Passes `byte` if it is the next one.
    fn passes(&mut self, byte: u8) -> bool {
        let is_next = self.next() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// The kind of the next value, by its first byte.
    ///
    /// # Errors
    /// Where there is none.
    pub fn kind(&mut self) -> Result<Kind, Error> {
        match self.next() {
            Some(b'"') => Ok(Kind::String),
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::List),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            Some(_) => self.syntax("expected a value"),
            None => self.syntax("the text ends too early"),
        }
    }

    /// An error that says what is there instead of what is wanted.
    ///
    /// # Errors
    /// Always.
    pub fn unexpected<T>(&mut self, wanted: &str) -> Result<T, Error> {
        let found = self.kind()?.name();
        // What is no JSON at all is told as that.
        self.skip()?;
        Err(Error::new(format!("expected {wanted}, not {found}")))
    }

    fn literal(&mut self, literal: &str) -> Result<(), Error> {
        if !self.rest().starts_with(literal.as_bytes()) {
            return self.syntax("expected a value");
        }
        self.at += literal.len();
        Ok(())
    }

    /// Passes `null` if it is the next value.
    ///
    /// # Errors
    /// Where there is no value.
    pub fn null(&mut self) -> Result<bool, Error> {
        if self.next() != Some(b'n') {
            return Ok(false);
        }
        self.literal("null").map(|()| true)
    }

    /// A boolean.
    ///
    /// # Errors
    /// Where there is none.
    pub fn bool(&mut self) -> Result<bool, Error> {
        match self.next() {
            Some(b't') => self.literal("true").map(|()| true),
            Some(b'f') => self.literal("false").map(|()| false),
            _ => self.unexpected("a boolean"),
        }
    }

    /// A number, as it is written.
    ///
    /// # Errors
    /// Where there is none; it is `wanted` then.
    pub fn number(&mut self, wanted: &str) -> Result<&'a str, Error> {
        if self.kind()? != Kind::Number {
            return self.unexpected(wanted);
        }
        let start = self.at;
        self.pass_number()?;
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    fn pass_number(&mut self) -> Result<(), Error> {
        self.at += usize::from(self.rest().first() == Some(&b'-'));
        match self.rest().first() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.rest().first() == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.rest().first(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.rest().first(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Error> {
        let rest = self.rest();
        let count = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        if count == 0 {
            return self.syntax("a number is not whole");
        }
        self.at += count;
        Ok(())
    }

    /// A string.
    ///
    /// # Errors
    /// Where there is none.
    pub fn string(&mut self) -> Result<Str<'a>, Error> {
        if self.next() != Some(b'"') {
            return self.unexpected("a string");
        }
        self.at += 1;
        let start = self.at;
        let mut has_escapes = false;
        loop {
            self.at += plain(self.rest());
            match self.rest() {
                [b'"', ..] => break,
                [b'\\', ..] => {
                    has_escapes = true;
                    self.escape()?;
                }
                [] => return self.syntax("a string has no end"),
                [..] => return self.syntax("a string holds a control character"),
            }
        }
        let written = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(Str::read(written, has_escapes))
    }

    /// An escape, its backslash being next.
    fn escape(&mut self) -> Result<char, Error> {
        let Some(kind) = self.rest().get(1) else { return self.syntax("a string has no end") };
        let character = match kind {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return self.syntax("a string has an unknown escape"),
        };
        self.at += 2;
        Ok(character)
    }

    /// `\uXXXX`, or two of them that stand for one character.
    fn unicode(&mut self) -> Result<char, Error> {
        let Some(first) = hex(self.rest()) else { return self.syntax("a string has a broken escape") };
        let mut code = u32::from(first);
        let mut length = ESCAPE;
        if (0xd800..0xdc00).contains(&first)
            && let Some(second) = self.rest().get(ESCAPE..).and_then(hex)
            && (0xdc00..0xe000).contains(&second)
        {
            code = 0x1_0000 + ((u32::from(first) - 0xd800) << 10) + (u32::from(second) - 0xdc00);
            length = 2 * ESCAPE;
        }
        let Some(character) = char::from_u32(code) else {
            return self.syntax("a string has half of a character");
        };
        self.at += length;
        Ok(character)
    }

    /// Reads an object's members, each by `each`, which is given the name and reads the value.
    ///
    /// # Errors
    /// Where there is no object, and what `each` says.
    pub fn members(
        &mut self,
        each: &mut dyn FnMut(Str<'a>, &mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.next() != Some(b'{') {
            return self.unexpected("an object");
        }
        self.enter()?;
        if !self.passes(b'}') {
            loop {
                if self.next() != Some(b'"') {
                    return self.syntax("expected a member's name");
                }
                let name = self.string()?;
                if !self.passes(b':') {
                    return self.syntax("expected ':'");
                }
                each(name, self)?;
                if self.passes(b',') {
                    continue;
                }
                if self.passes(b'}') {
                    break;
                }
                return self.syntax("expected ',' or '}'");
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads a list's items, each by `each`, which is given its place.
    ///
    /// # Errors
    /// Where there is no list, and what `each` says.
    pub fn items(
        &mut self,
        each: &mut dyn FnMut(usize, &mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.next() != Some(b'[') {
            return self.unexpected("a list");
        }
        self.enter()?;
        if !self.passes(b']') {
            let mut index = 0usize;
            loop {
                each(index, self).map_err(|error| error.in_item(index))?;
                if self.passes(b',') {
                    index += 1;
                    continue;
                }
                if self.passes(b']') {
                    break;
                }
                return self.syntax("expected ',' or ']'");
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn enter(&mut self) -> Result<(), Error> {
        if self.depth >= DEEPEST {
            return self.syntax("values nest too deep");
        }
        self.at += 1;
        self.depth += 1;
        Ok(())
    }

    /// The next value's text.
    ///
    /// # Errors
    /// Where there is none.
    pub fn raw(&mut self) -> Result<Raw<'a>, Error> {
        self.kind()?;
        let start = self.at;
        self.skip()?;
        Ok(Raw::passed(self.text.get(start..self.at).unwrap_or_default()))
    }

    /// Passes over the next value, which has to be well-formed. It may nest as deep as it likes: nothing is called for that.
    ///
    /// # Errors
    /// Where it is not.
    pub fn skip(&mut self) -> Result<(), Error> {
        // What the lists and objects around end with.
        let mut ends: Vec<u8> = Vec::new();
        loop {
            match self.kind()? {
                Kind::Null => self.literal("null")?,
                Kind::Bool => drop(self.bool()?),
                Kind::Number => self.pass_number()?,
                Kind::String => self.pass_string()?,
                Kind::List => {
                    self.at += 1;
                    if !self.passes(b']') {
                        ends.push(b']');
                        continue;
                    }
                }
                Kind::Object => {
                    self.at += 1;
                    if !self.passes(b'}') {
                        ends.push(b'}');
                        self.pass_name()?;
                        continue;
                    }
                }
            }
            // A value is over, and with it perhaps those around it.
            loop {
                let Some(&end) = ends.last() else { return Ok(()) };
                if self.passes(b',') {
                    if end == b'}' {
                        self.pass_name()?;
                    }
                    break;
                }
                if !self.passes(end) {
                    return self.syntax("expected ',' or the end of a list or object");
                }
                ends.pop();
            }
        }
    }

    fn pass_name(&mut self) -> Result<(), Error> {
        if self.next() != Some(b'"') {
            return self.syntax("expected a member's name");
        }
        self.pass_string()?;
        if self.passes(b':') { Ok(()) } else { self.syntax("expected ':'") }
    }

    fn pass_string(&mut self) -> Result<(), Error> {
        self.at += 1;
        loop {
            self.at += plain(self.rest());
            match self.rest() {
                [b'"', ..] => {
                    self.at += 1;
                    return Ok(());
                }
                [b'\\', b'u', ..] => match hex(self.rest()) {
                    // Halves of characters are left to whoever reads them.
                    Some(_) => self.at += ESCAPE,
                    None => return self.syntax("a string has a broken escape"),
                },
                [b'\\', ..] => {
                    self.escape()?;
                }
                [] => return self.syntax("a string has no end"),
                [..] => return self.syntax("a string holds a control character"),
            }
        }
    }

    /// Nothing but white space may come now.
    ///
    /// # Errors
    /// Where something does.
    pub fn end(&mut self) -> Result<(), Error> {
        match self.next() {
            None => Ok(()),
            Some(_) => self.syntax("something follows the value"),
        }
    }
}

/// The text of a string whose escapes are well-formed; `written` is without its quotes.
pub(super) fn unescaped(written: &str) -> String {
    let mut out = String::with_capacity(written.len());
    let mut reader = Reader::new(written);
    loop {
        let start = reader.at;
        reader.at += plain(reader.rest());
        out.push_str(written.get(start..reader.at).unwrap_or_default());
        // At the end there is none.
        let Ok(character) = reader.escape() else { return out };
        out.push(character);
    }
}

/// How long `\uXXXX` is, bytes.
const ESCAPE: usize = 6;

/// The code unit of a `\uXXXX` that `bytes` begin with.
fn hex(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.get(..ESCAPE)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |code, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(code << 4 | u16::try_from(digit).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::super::{from_slice, from_str};
    use super::*;

    /// What JSON is and what is not, as serde_json has it.
    #[test]
    fn what_is_json_is_what_others_take_for_it() {
        let texts = [
            "",
            " ",
            "null",
            "nul",
            "nulll",
            "true",
            "false",
            "fals",
            "0",
            "-0",
            "01",
            "-",
            "1.",
            ".5",
            "1.5",
            "1e5",
            "1E+5",
            "1e",
            "1e-",
            "-1.5e-7",
            "+1",
            "\"\"",
            "\"a",
            "\"\\n\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u00e9\"",
            "\"\\ud83d\\ude00\"",
            "\"\t\"",
            "[]",
            "[1]",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[",
            "]",
            "{}",
            "{\"a\":1}",
            "{\"a\":1,}",
            "{\"a\"}",
            "{a:1}",
            "{\"a\":}",
            "{\"a\" : [ {} , null ] }",
            "{",
            "1 1",
            "[1]x",
            "\u{feff}1",
            "'a'",
            "NaN",
            "Infinity",
            "\"\\\"",
            "{\"a\":1 \"b\":2}",
            "[[[[]]]]",
            "\"\\u00zz\"",
            "// c\n1",
        ];
        for text in texts {
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
            assert_eq!(from_str::<Raw<'_>>(text).is_ok(), theirs, "{text}");
        }
    }

    #[test]
    fn a_string_is_what_others_read() {
        for text in [
            r#""""#,
            r#""plain""#,
            r#""\"\\\/\b\f\n\r\t""#,
            r#""\u0041\u00e9\u20ac\ud83d\ude00""#,
            r#""a\u0000b""#,
            r#""é€😀 \u2028""#,
        ] {
            let theirs: String = serde_json::from_str(text).unwrap();
            assert_eq!(from_str::<Str<'_>>(text).as_deref(), Ok(theirs.as_str()), "{text}");
        }
        for text in [r#""\ud83d""#, r#""\ude00""#, r#""\ud83d\u0041""#, r#""\ud83dx""#] {
            assert!(from_str::<Str<'_>>(text).is_err(), "{text}");
            assert_eq!(from_str::<Raw<'_>>(text).map(Raw::get), Ok(text), "it is passed on");
        }
    }

    #[test]
    fn only_escapes_cost_a_copy() {
        let cow = |text: &'static str| from_str::<Str<'_>>(text).unwrap().into_cow();
        assert!(matches!(cow(r#""plain""#), Cow::Borrowed("plain")));
        assert!(matches!(cow(r#""a\nb""#), Cow::Owned(_)));
    }

    #[test]
    fn an_error_says_where() {
        assert_eq!(from_str::<Raw<'_>>("[1, 2").unwrap_err().at(), Some(5));
        assert_eq!(from_slice::<Raw<'_>>(b"\"a\xff\"").unwrap_err().at(), Some(2));
        let error = from_str::<Vec<Vec<u64>>>("[[1],[2,true]]").unwrap_err();
        assert_eq!((error.at(), error.path().as_str()), (None, "[1][1]"));
        assert_eq!(error.reason(), "expected a whole number, not a boolean");
    }

    #[test]
    fn nesting_ends_before_the_stack_does() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(from_str::<Raw<'_>>(&nested(1_000_000)).is_ok(), "passing over a value needs no stack");
        for text in ["[".repeat(1_000_000), "{\"a\":".repeat(1_000_000), nested(1_000_000) + "]"] {
            assert!(from_str::<Raw<'_>>(&text).is_err());
        }
        struct Deep;
        impl<'a> super::super::Read<'a> for Deep {
            fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
                reader.items(&mut |_, reader| Self::read(reader).map(drop)).map(|()| Self)
            }
        }
        assert!(from_str::<Deep>(&nested(128)).is_ok());
        assert!(from_str::<Deep>(&nested(129)).is_err());
    }
}
