//! Lists whose errors name the item, and values of alternative types.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Serialize, Serializer};

use super::{Raw, Str, budget, within};
use crate::texts::told;

/// A list whose errors name the index of the item.
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

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) =
                    list.next_element().map_err(|error| within(format_args!("[{}]", items.len()), error))?
                {
                    budget::spend(size_of::<T>())?;
                    items.push(item);
                }
                Ok(List(items))
            }
        }

        deserializer.deserialize_seq(Items(PhantomData))
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

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Raw::deserialize(deserializer)?;
        match raw.get().as_bytes().first() {
            Some(b'"') => Str::passed(raw).map(Self::One),
            Some(b'[') => again::<List<T>, _>(raw).map(|List(items)| Self::Many(items)),
            first => Err(unexpected(first, &"a string or a list")),
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

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for NameOr<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Raw::deserialize(deserializer)?;
        match raw.get().as_bytes().first() {
            Some(b'"') => Str::passed(raw).map(Self::Name),
            Some(b'{') => again(raw).map(Self::Object),
            first => Err(unexpected(first, &"a string or an object")),
        }
    }
}

/// Parses raw JSON again as the type that it turned out to be: a serde visitor cannot see how a string is written.
fn again<'de, T: Deserialize<'de>, E: serde::de::Error>(raw: Raw<'de>) -> Result<T, E> {
    serde_json::from_str(raw.get()).map_err(E::custom)
}

/// The error for a value that begins with `first` and has the wrong type.
pub(super) fn unexpected<E: serde::de::Error>(first: Option<&u8>, wanted: &&str) -> E {
    let found = match first {
        Some(b'"') => Unexpected::Str(""),
        Some(b'[') => Unexpected::Seq,
        Some(b'{') => Unexpected::Map,
        Some(b't' | b'f') => Unexpected::Bool(false),
        Some(b'n') => Unexpected::Other("null"),
        _ => Unexpected::Signed(0),
    };
    E::invalid_type(found, wanted)
}

/// The members of an object in order, for objects whose keys the client chooses (`metadata`).
#[derive(Clone, Debug)]
pub struct Members<'a, T>(pub Vec<(Cow<'a, str>, T)>);

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Members<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Each<T> {
            type Value = Members<'de, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    let value = map.next_value().map_err(|error| within(told(&name), error))?;
                    budget::spend(size_of::<(Cow<'de, str>, T)>())?;
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Each(PhantomData))
    }
}

impl<T: Serialize> Serialize for Members<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// A member's name, borrowed where it has no escapes (serde's own `Cow` always copies).
pub(crate) struct Name<'a>(pub(crate) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                budget::spend(text.len())?;
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// The members of an object that its type has no field for, in order.
pub type Unknown<'a> = Vec<(Cow<'a, str>, Raw<'a>)>;

/// Keeps a member that its object's type has no field for.
///
/// # Errors
/// The budget is exhausted.
pub(crate) fn keep<'a, E: serde::de::Error>(
    unknown: &mut Unknown<'a>,
    name: Cow<'a, str>,
    value: Raw<'a>,
) -> Result<(), E> {
    budget::spend(size_of::<(Cow<'_, str>, Raw<'_>)>())?;
    unknown.push((name, value));
    Ok(())
}
