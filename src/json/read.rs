//! What can be read.

use super::{Error, Kind, Number, Raw, Reader, Str};

/// Reads itself.
pub trait Read<'a>: Sized {
    /// Reads the next value.
    ///
    /// # Errors
    /// Where the value is not what it wants.
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error>;
}

/// Reads a whole text.
///
/// # Errors
/// Where it is no JSON, or not what `T` wants.
pub fn from_str<'a, T: Read<'a>>(text: &'a str) -> Result<T, Error> {
    let mut reader = Reader::new(text);
    let value = T::read(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// The same of bytes.
///
/// # Errors
/// Where they are no UTF-8, too.
pub fn from_slice<'a, T: Read<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    from_str(text(bytes).map_err(|valid| Error::syntax("it is no UTF-8", valid))?)
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

impl<'a> Read<'a> for String {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        Ok(reader.string()?.into_cow().into_owned())
    }
}

impl<'a> Read<'a> for bool {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.bool()
    }
}

impl<'a> Read<'a> for f64 {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        Number::read(reader).map(|number| number.value)
    }
}

/// Whole numbers, which may be written `5` and not `5.0`.
macro_rules! whole {
    ($($type:ty)*) => {$(
        impl<'a> Read<'a> for $type {
            fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
                reader.number(WHOLE)?.parse().map_err(|_| Error::new("expected a whole number within its range"))
            }
        }
    )*};
}

const WHOLE: &str = "a whole number";

whole!(i64 u64 u32 usize);

impl<'a, T: Read<'a>> Read<'a> for Option<T> {
    /// `null` is nothing.
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        if reader.null()? { Ok(None) } else { T::read(reader).map(Some) }
    }
}

impl<'a, T: Read<'a>> Read<'a> for Vec<T> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut items = Self::new();
        reader.items(&mut |_, reader| {
            items.push(T::read(reader)?);
            Ok(())
        })?;
        Ok(items)
    }
}

/// A list.
#[derive(Clone, Debug, Default)]
pub struct List<T>(pub Vec<T>);

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'l, T> IntoIterator for &'l List<T> {
    type Item = &'l T;
    type IntoIter = std::slice::Iter<'l, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a, T: Read<'a>> Read<'a> for List<T> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        Vec::read(reader).map(Self)
    }
}

/// A string, or a list: message content, `stop`, embedding input.
#[derive(Clone, Debug)]
pub enum OneOrMany<'a, T> {
    /// The string.
    One(Str<'a>),
    /// The list.
    Many(Vec<T>),
}

impl<'a, T: Read<'a>> Read<'a> for OneOrMany<'a, T> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        match reader.kind()? {
            Kind::String => reader.string().map(Self::One),
            Kind::List => Vec::read(reader).map(Self::Many),
            _ => reader.unexpected("a string or a list"),
        }
    }
}

/// A string, or an object: `tool_choice`, `function_call`.
#[derive(Clone, Debug)]
pub enum NameOr<'a, T> {
    /// The string.
    Name(Str<'a>),
    /// The object.
    Object(T),
}

impl<'a, T: Read<'a>> Read<'a> for NameOr<'a, T> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        match reader.kind()? {
            Kind::String => reader.string().map(Self::Name),
            Kind::Object => T::read(reader).map(Self::Object),
            _ => reader.unexpected("a string or an object"),
        }
    }
}

/// The members of an object in the order they came, for objects whose keys the client chooses (`metadata`).
#[derive(Clone, Debug)]
pub struct Members<'a, T>(pub Vec<(Str<'a>, T)>);

impl<'a, T: Read<'a>> Read<'a> for Members<'a, T> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut members = Vec::new();
        reader.members(&mut |name, reader| {
            let value = T::read(reader).map_err(|error| error.in_member(name.to_string()))?;
            members.push((name, value));
            Ok(())
        })?;
        Ok(Self(members))
    }
}

/// The members of an object that its type has no field for, in their order.
pub type Unknown<'a> = Vec<(Str<'a>, Raw<'a>)>;
