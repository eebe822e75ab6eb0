//! What people write, declared: objects of settings, and settings that are one of a few words.

use crate::json::{Error, Kind, Read, Reader};

/// Declares an object of settings, or the words of one. A member whose type is an `Option` may be left out or be `null`;
/// no other may, and one without a field is refused.
macro_rules! settings {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($field_vis:vis $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Default)]
        $vis struct $name {
            $($field_vis $field: $type,)*
        }

        impl<'a> $crate::config::settings::Setting<'a> for $name {
            fn fill(&mut self, reader: &mut $crate::json::Reader<'a>) -> Result<(), $crate::json::Error> {
                $crate::config::settings::members(
                    reader,
                    &mut [$((stringify!($field), Some(&mut self.$field))),*],
                )
            }
        }

        impl<'a> $crate::json::Read<'a> for $name {
            fn read(reader: &mut $crate::json::Reader<'a>) -> Result<Self, $crate::json::Error> {
                let mut object = Self::default();
                $crate::config::settings::Setting::fill(&mut object, reader)?;
                Ok(object)
            }
        }
    };
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $first:ident = $first_written:literal,
            $($word:ident = $written:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default)]
        $vis enum $name {
            #[default]
            $first,
            $($word,)*
        }

        impl<'a> $crate::config::settings::Setting<'a> for $name {
            fn fill(&mut self, reader: &mut $crate::json::Reader<'a>) -> Result<(), $crate::json::Error> {
                let at = $crate::config::settings::word(reader, &[$first_written, $($written),*])?;
                if let Some(word) = [Self::$first, $(Self::$word),*].get(at) {
                    *self = *word;
                }
                Ok(())
            }
        }
    };
}
pub(super) use settings;

/// Something that people write. Nothing is moved on the way to its place, which keeps the code small.
pub(super) trait Setting<'a> {
    /// Reads it over the default.
    fn fill(&mut self, reader: &mut Reader<'a>) -> Result<(), Error>;

    /// True where it has to be written.
    fn is_required(&self) -> bool {
        true
    }
}

/// What is read as any JSON is.
macro_rules! plain {
    ($($type:ty)*) => {$(
        impl<'a> Setting<'a> for $type {
            fn fill(&mut self, reader: &mut Reader<'a>) -> Result<(), Error> {
                *self = Read::read(reader)?;
                Ok(())
            }
        }
    )*};
}

plain!(String bool usize u32 u64);

impl<'a, T: Setting<'a> + Default> Setting<'a> for Vec<T> {
    fn fill(&mut self, reader: &mut Reader<'a>) -> Result<(), Error> {
        reader.items(&mut |_, reader| {
            let mut item = T::default();
            item.fill(reader)?;
            self.push(item);
            Ok(())
        })
    }
}

impl<'a, T: Setting<'a> + Default> Setting<'a> for Option<T> {
    fn fill(&mut self, reader: &mut Reader<'a>) -> Result<(), Error> {
        self.insert(T::default()).fill(reader)
    }

    fn is_required(&self) -> bool {
        false
    }
}

/// Whether, or how.
#[derive(Debug)]
pub(super) enum Switch<T> {
    Only(bool),
    With(T),
}

impl<T> Default for Switch<T> {
    fn default() -> Self {
        Self::Only(false)
    }
}

impl<'a, T: Setting<'a> + Default> Setting<'a> for Switch<T> {
    fn fill(&mut self, reader: &mut Reader<'a>) -> Result<(), Error> {
        *self = match reader.kind()? {
            Kind::Bool => Self::Only(reader.bool()?),
            Kind::Object => {
                let mut with = T::default();
                with.fill(reader)?;
                Self::With(with)
            }
            _ => return reader.unexpected("true, false or an object"),
        };
        Ok(())
    }
}

/// A member's name, and where it comes to until it is there.
type Member<'m, 'a> = (&'static str, Option<&'m mut dyn Setting<'a>>);

/// Reads an object's members into their places.
pub(super) fn members<'a>(reader: &mut Reader<'a>, members: &mut [Member<'_, 'a>]) -> Result<(), Error> {
    reader.members(&mut |name, reader| {
        let Some((known, place)) = members.iter_mut().find(|(known, _)| **known == *name) else {
            let known: Vec<&str> = members.iter().map(|(known, _)| *known).collect();
            let reason = ["unknown; known here are ", &known.join(", ")].concat();
            return Err(Error::new(reason).in_member(name.to_string()));
        };
        if reader.null()? {
            return Ok(());
        }
        let read = match place.take() {
            Some(setting) => setting.fill(reader),
            None => Err(Error::new("written twice")),
        };
        read.map_err(|error| error.in_member(*known))
    })?;
    let is_missing = |place: &Option<&mut dyn Setting<'a>>| place.as_ref().is_some_and(|it| it.is_required());
    match members.iter().find(|(_, place)| is_missing(place)) {
        Some((name, _)) => Err(Error::new(["'", name, "' is missing"].concat())),
        None => Ok(()),
    }
}

/// Reads which of `words` it is.
pub(super) fn word(reader: &mut Reader<'_>, words: &[&str]) -> Result<usize, Error> {
    let written = reader.string()?;
    words.iter().position(|word| *word == &*written).ok_or_else(|| Error::new(one_of(words)))
}

/// What is wrong with any other word.
pub(super) fn one_of(words: &[&str]) -> String {
    ["must be one of ", &words.join(", ")].concat()
}

#[cfg(test)]
mod tests {
    use crate::json::from_str;

    settings! {
        /// All kinds.
        struct All {
            name: String,
            size: Option<usize>,
            inner: Option<Inner>,
            list: Option<Vec<Inner>>,
        }
    }

    settings! {
        struct Inner {
            word: Option<Word>,
        }
    }

    settings! {
        enum Word {
            One = "one",
            Other = "an-other",
        }
    }

    /// Its path and reason.
    fn refused(text: &str) -> (String, String) {
        let error = from_str::<All>(text).unwrap_err();
        assert_eq!(error.at(), None, "{text}");
        (error.path(), error.reason().to_owned())
    }

    #[test]
    fn settings_are_read_and_what_is_optional_may_be_null_or_left_out() {
        let text = r#"{"list":[{"word":"one"},{"word":"an-other"},{}],"name":"a","size":7,"inner":null}"#;
        let All { name, size, inner, list } = from_str(text).unwrap();
        assert_eq!((name.as_str(), size), ("a", Some(7)));
        assert!(inner.is_none());
        let words: Vec<_> = list.unwrap().into_iter().map(|inner| inner.word).collect();
        assert!(matches!(words[..], [Some(Word::One), Some(Word::Other), None]));
        assert!(from_str::<All>(r#"{"name":"a"}"#).unwrap().list.is_none());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_path_and_without_its_value() {
        for (text, path, reason) in [
            (r#""s3cret""#, "", "expected an object, not a string"),
            ("{}", "", "'name' is missing"),
            (r#"{"name":null}"#, "", "'name' is missing"),
            (r#"{"name":5}"#, "name", "expected a string, not a number"),
            (r#"{"name":"s3cret","name":"b"}"#, "name", "written twice"),
            (r#"{"name":"a","size":"s3cret"}"#, "size", "expected a whole number, not a string"),
            (r#"{"name":"a","size":-1}"#, "size", "expected a whole number within its range"),
            (r#"{"name":"a","list":{}}"#, "list", "expected a list, not an object"),
            (r#"{"name":"a","inner":{"wrod":"s3cret"}}"#, "inner.wrod", "unknown; known here are word"),
            (r#"{"nmae":"a"}"#, "nmae", "unknown; known here are name, size, inner, list"),
            (r#"{"name":"a","list":[{},{"word":"s3cret"}]}"#, "list[1].word", "must be one of one, an-other"),
        ] {
            assert_eq!(refused(text), (path.to_owned(), reason.to_owned()), "{text}");
        }
    }
}
