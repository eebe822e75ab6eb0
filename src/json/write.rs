//! What can be written.

use std::borrow::Cow;

use super::{Members, Writer};

/// Writes itself. What it borrows from the input lives for `'a`.
pub trait Write<'a> {
    /// Writes the value.
    fn write(&self, out: &mut Writer<'a>);

    /// True where there is nothing to write: an object may leave its member out.
    fn is_absent(&self) -> bool {
        false
    }
}

/// A value's text.
pub fn to_vec<'a>(value: &dyn Write<'a>) -> Vec<u8> {
    let mut out = Writer::with_capacity(256);
    value.write(&mut out);
    out.finish().into_vec()
}

/// The same as a string.
pub fn to_string<'a>(value: &dyn Write<'a>) -> String {
    // Nothing but strings is ever written.
    String::from_utf8(to_vec(value)).unwrap_or_default()
}

/// `null`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Null;

impl<'a> Write<'a> for Null {
    fn write(&self, out: &mut Writer<'a>) {
        out.raw("null");
    }
}

impl<'a, 'b: 'a> Write<'a> for &'b str {
    fn write(&self, out: &mut Writer<'a>) {
        out.text(self);
    }
}

impl<'a, 'b: 'a> Write<'a> for Cow<'b, str> {
    fn write(&self, out: &mut Writer<'a>) {
        match self {
            Cow::Borrowed(text) => out.text(text),
            Cow::Owned(text) => out.string(text),
        }
    }
}

impl<'a> Write<'a> for String {
    fn write(&self, out: &mut Writer<'a>) {
        out.string(self);
    }
}

impl<'a> Write<'a> for bool {
    fn write(&self, out: &mut Writer<'a>) {
        out.raw(if *self { "true" } else { "false" });
    }
}

impl<'a> Write<'a> for u64 {
    fn write(&self, out: &mut Writer<'a>) {
        out.number(*self);
    }
}

impl<'a> Write<'a> for u32 {
    fn write(&self, out: &mut Writer<'a>) {
        out.number((*self).into());
    }
}

impl<'a> Write<'a> for usize {
    fn write(&self, out: &mut Writer<'a>) {
        out.number(u64::try_from(*self).unwrap_or(u64::MAX));
    }
}

impl<'a> Write<'a> for i64 {
    fn write(&self, out: &mut Writer<'a>) {
        if *self < 0 {
            out.raw("-");
        }
        out.number(self.unsigned_abs());
    }
}

impl<'a, T: Write<'a>> Write<'a> for Option<T> {
    /// Nothing is `null`, where it is not left out.
    fn write(&self, out: &mut Writer<'a>) {
        match self {
            Some(value) => value.write(out),
            None => out.raw("null"),
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<'a, T: Write<'a>> Write<'a> for Vec<T> {
    fn write(&self, out: &mut Writer<'a>) {
        self.as_slice().write(out);
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl<'a, T: Write<'a>, const N: usize> Write<'a> for [T; N] {
    fn write(&self, out: &mut Writer<'a>) {
        self.as_slice().write(out);
    }
}

impl<'a, T: Write<'a>> Write<'a> for [T] {
    fn write(&self, out: &mut Writer<'a>) {
        out.list(&mut self.iter().map(|item| item as &dyn Write<'a>));
    }
}

impl<'a, 'b: 'a, T: Write<'a>> Write<'a> for Members<'b, T> {
    fn write(&self, out: &mut Writer<'a>) {
        let mut object = out.object();
        for (name, value) in &self.0 {
            object.named(name, value);
        }
        object.end();
    }
}
