//! Strings: as JSON has them for as long as nobody needs to read them.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;
use std::ops::Deref;

use super::reader::unescaped;
use super::{Error, Read, Reader, Write, Writer};

/// A string. One that was read stays as it is written: it is borrowed, written again without a look at it, and its escapes are
/// replaced when its text is asked for.
#[derive(Clone)]
pub struct Str<'a>(Form<'a>);

#[derive(Clone)]
enum Form<'a> {
    /// As it is written, without its quotes; there are no escapes, so it is the text.
    Plain(&'a str),
    /// As it is written, without its quotes; and the text.
    Escaped(&'a str, OnceCell<String>),
    /// A text that was not read.
    Text(Cow<'a, str>),
}

impl<'a> Str<'a> {
    /// One that was read, its escapes well-formed.
    pub(super) fn read(written: &'a str, has_escapes: bool) -> Self {
        Self(if has_escapes { Form::Escaped(written, OnceCell::new()) } else { Form::Plain(written) })
    }

    /// True where there is nothing but white space: Bedrock refuses such text in every place.
    pub fn is_blank(&self) -> bool {
        if let Form::Escaped(written, _) = &self.0
            && !written.trim_start().starts_with('\\')
        {
            return false;
        }
        self.chars().all(char::is_whitespace)
    }

    /// How many characters its text has.
    pub fn count(&self) -> usize {
        match &self.0 {
            Form::Plain(text) => text.chars().count(),
            Form::Escaped(..) | Form::Text(_) => self.chars().count(),
        }
    }

    /// The text itself, still borrowed where it was.
    pub fn into_cow(self) -> Cow<'a, str> {
        match self.0 {
            Form::Plain(text) => Cow::Borrowed(text),
            Form::Escaped(written, text) => {
                Cow::Owned(text.into_inner().unwrap_or_else(|| unescaped(written)))
            }
            Form::Text(text) => text,
        }
    }
}

impl Deref for Str<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Form::Plain(text) => text,
            Form::Escaped(written, text) => text.get_or_init(|| unescaped(written)),
            Form::Text(text) => text,
        }
    }
}

impl<'a> Read<'a> for Str<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.string()
    }
}

impl<'a, 'b: 'a> Write<'a> for Str<'b> {
    fn write(&self, out: &mut Writer<'a>) {
        match &self.0 {
            Form::Plain(written) | Form::Escaped(written, _) => out.quoted(written),
            Form::Text(text) => text.write(out),
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
        Self(Form::Text(Cow::Borrowed(text)))
    }
}

impl<'a> From<Cow<'a, str>> for Str<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self(Form::Text(text))
    }
}

impl From<String> for Str<'_> {
    fn from(text: String) -> Self {
        Self(Form::Text(Cow::Owned(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{from_str, to_string};
    use super::*;

    #[test]
    fn a_string_is_written_as_it_was_read() {
        for written in [r#""plain""#, r#""a\nb""#, r#""\u00e9\/\"""#, r#""""#] {
            let text: Str<'_> = from_str(written).unwrap();
            assert_eq!(to_string(&text), written);
        }
    }

    #[test]
    fn a_text_is_the_same_however_it_came() {
        let read: Str<'_> = from_str(r#""a\n\u00e9""#).unwrap();
        for text in [read.clone(), Str::from("a\né"), Str::from("a\né".to_owned())] {
            assert_eq!((&*text, text.count(), &text), ("a\né", 3, &read));
            assert_eq!(text.into_cow(), "a\né");
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
