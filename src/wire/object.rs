//! Wire objects that keep unknown members.

/// Declares a wire object whose members are all optional (`null` counts as absent) and which keeps unknown members in
/// `unknown`, so that the translation can name them. Required members are checked by the translation. Of a repeated member the
/// last one counts.
///
/// A member whose name is not a Rust identifier is written as `field = "name": Type`. serde's derive would drop unknown members
/// or copy them into a tree (`flatten`), and its errors name no path.
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
            /// Members without a field in this type.
            $vis unknown: $crate::wire::Unknown<'a>,
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
                        while let Some($crate::wire::Name(key)) = map.next_key()? {
                            // One place handles errors for all members.
                            let (name, read) = match &*key {
                                $(key if key == $crate::wire::object!(@key $field $($key)?) => (
                                    $crate::wire::object!(@key $field $($key)?),
                                    map.next_value().map(|value| object.$field = value),
                                ),)*
                                _ => {
                                    $crate::wire::keep(&mut object.unknown, key, map.next_value()?)?;
                                    continue;
                                }
                            };
                            read.map_err(|error| $crate::wire::within(name, error))?;
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

#[cfg(test)]
mod tests {
    use super::super::{Str, from_str};

    object! {
        /// An object for the tests.
        struct Sample<'a> {
            /// A string.
            name: Str<'a>,
            /// A member whose name is not a Rust identifier.
            kind = "type": Str<'a>,
        }
    }

    #[test]
    fn an_object_keeps_the_members_it_does_not_know() {
        let object: Sample<'_> = from_str(r#"{"name":null,"other":[1],"type":"t"}"#).unwrap();
        assert_eq!((object.name, object.kind.as_deref()), (None, Some("t")));
        assert_eq!(object.unknown.len(), 1);
        assert_eq!((&*object.unknown[0].0, object.unknown[0].1.get()), ("other", "[1]"));
    }

    #[test]
    fn a_wrong_member_is_named() {
        let error = from_str::<Sample<'_>>(r#"{"type":[]}"#).unwrap_err();
        assert_eq!((error.path(), error.reason()), ("type", "expected a string, not a list"));
    }
}
