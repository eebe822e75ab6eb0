//! What the wire types share: strings borrowed from the input, values that may be one thing or another, and
//! objects that remember the members nobody asked for.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A string, borrowed from the JSON it was read from where it holds no escapes (serde's own `Cow` always copies).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Str<'a>(pub Cow<'a, str>);

impl<'a> Str<'a> {
    /// True where there is nothing but white space: Bedrock refuses such text in every place.
    pub fn is_blank(&self) -> bool {
        self.0.chars().all(char::is_whitespace)
    }

    /// The text itself, still borrowed where it was.
    pub fn into_cow(self) -> Cow<'a, str> {
        self.0
    }
}

impl Deref for Str<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for Str<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Str<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl Serialize for Str<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct StrVisitor;

        impl<'de> Visitor<'de> for StrVisitor {
            type Value = Str<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(StrVisitor)
    }
}

/// What stands between the parts of an error's path, where it does not stand for anything else.
const STEP: char = '\u{1}';

/// The same error, one step further in: `part` is a member's name or a list's index.
pub fn within<E: Error>(part: impl fmt::Display, error: E) -> E {
    E::custom(format_args!("{part}{STEP}{error}"))
}

/// Splits an error made by [`within`] into its path (`messages[0].role`) and the reason.
pub fn path_and_reason(error: &serde_json::Error) -> (String, String) {
    let text = error.to_string();
    // The path says it better than serde_json's position.
    let text = text.rfind(" at line ").and_then(|end| text.get(..end)).unwrap_or(&text);
    let mut steps: Vec<&str> = text.split(STEP).collect();
    // Clients know no Rust.
    let reason = steps.pop().unwrap_or_default();
    let reason = reason
        .replace("expected i64", "expected a whole number")
        .replace("expected f64", "expected a number");
    let mut path = String::new();
    for step in steps {
        if !path.is_empty() && !step.starts_with('[') {
            path.push('.');
        }
        path.push_str(step);
    }
    (path, reason)
}

/// A list whose errors say at which of its items they are.
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
        struct ListVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) =
                    list.next_element().map_err(|error| within(format_args!("[{}]", items.len()), error))?
                {
                    items.push(item);
                }
                Ok(List(items))
            }
        }

        deserializer.deserialize_seq(ListVisitor(PhantomData))
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
        struct OneOrManyVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrManyVisitor<T> {
            type Value = OneOrMany<'de, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(OneOrMany::One(text.into()))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(OneOrMany::One(text.to_owned().into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
                List::deserialize(SeqAccessDeserializer::new(list)).map(|list| OneOrMany::Many(list.0))
            }
        }

        // `'de` outlives `'a`, so the borrowed form shortens to what the caller asked for.
        deserializer.deserialize_any(OneOrManyVisitor(PhantomData))
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
        struct NameOrVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for NameOrVisitor<T> {
            type Value = NameOr<'de, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an object")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(NameOr::Name(text.into()))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(NameOr::Name(text.to_owned().into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(NameOr::Object)
            }
        }

        deserializer.deserialize_any(NameOrVisitor(PhantomData))
    }
}

/// The members of an object in the order they came, for objects whose keys the client chooses (`metadata`).
#[derive(Clone, Debug)]
pub struct Members<'a, T>(pub Vec<(Str<'a>, T)>);

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Members<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for MembersVisitor<T> {
            type Value = Members<'de, T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(name) = map.next_key::<Str<'de>>()? {
                    let value = map.next_value().map_err(|error| within(&*name, error))?;
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

impl<T: Serialize> Serialize for Members<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// The members of an object that its type has no field for, in their order.
pub type Unknown<'a> = Vec<(Str<'a>, &'a RawValue)>;

/// Declares a wire object whose members are all optional (`null` is absent) and which keeps the members it does
/// not know in `unknown`, so that whoever translates it can name them. What is required is the translation's to say.
/// A member whose name is no Rust name is given as `field = "name": Type`.
macro_rules! object {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident<'a> {
            $($(#[$field_meta:meta])* $field:ident $(= $key:literal)? : $type:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default)]
        $vis struct $name<'a> {
            $($(#[$field_meta])* $vis $field: Option<$type>,)*
            /// Members without a field here.
            $vis unknown: $crate::old_json::Unknown<'a>,
        }

        impl<'de: 'a, 'a> serde::Deserialize<'de> for $name<'a> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ObjectVisitor;

                impl<'de> serde::de::Visitor<'de> for ObjectVisitor {
                    type Value = $name<'de>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        type Object<'a> = $name<'a>;
                        let mut object = Object::<'de>::default();
                        while let Some(key) = map.next_key::<$crate::old_json::Str<'de>>()? {
                            match &*key {
                                $(key if key == object!(@key $field $($key)?) => {
                                    object.$field = map
                                        .next_value()
                                        .map_err(|error| $crate::old_json::within(object!(@key $field $($key)?), error))?;
                                })*
                                _ => object.unknown.push((key, map.next_value()?)),
                            }
                        }
                        Ok(object)
                    }
                }

                deserializer.deserialize_map(ObjectVisitor)
            }
        }
    };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
}
pub(crate) use object;

/// True where arrays and objects in `json` nest no deeper than `limit`. `json` is well-formed (a [`RawValue`]'s text),
/// which this does not check.
pub fn is_within_depth(json: &str, limit: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth = depth.saturating_add(1);
                if depth > limit {
                    return false;
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    object! {
        /// An object for the tests.
        struct Sample<'a> {
            /// A string.
            name: Str<'a>,
            /// A member whose name is no Rust name.
            kind = "type": Str<'a>,
        }
    }

    #[test]
    fn a_string_without_escapes_is_borrowed() {
        let text: Str<'_> = serde_json::from_str(r#""plain""#).unwrap();
        assert!(matches!(text.0, Cow::Borrowed("plain")));
        let text: Str<'_> = serde_json::from_str(r#""a\nb""#).unwrap();
        assert_eq!(text.0, "a\nb");
    }

    #[test]
    fn an_object_keeps_the_members_it_does_not_know() {
        let object: Sample<'_> = serde_json::from_str(r#"{"name":null,"other":[1],"type":"t"}"#).unwrap();
        assert_eq!(object.name, None);
        assert_eq!(object.kind.as_deref(), Some("t"));
        assert_eq!(object.unknown.len(), 1);
        assert_eq!((&*object.unknown[0].0, object.unknown[0].1.get()), ("other", "[1]"));
    }

    #[test]
    fn brackets_inside_strings_are_no_depth() {
        assert!(is_within_depth(r#"{"a":"[[[[\"[["}"#, 1));
        assert!(is_within_depth("[[]]", 2));
        assert!(!is_within_depth("[[[]]]", 2));
    }
}
