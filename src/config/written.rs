//! The configuration as parsed from JSON or a Struct, before its types are checked.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// A value of JSON or `google.protobuf.Struct`. (`serde_json::Value` would silently drop the first of two members of the same
/// name.)
#[cfg_attr(test, derive(Clone, Debug, PartialEq))]
pub(super) enum Written {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A Struct has only doubles, and no setting needs more than their 53 bits.
    Number(f64),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Written>),
    /// An object: its members in order, repeated names included.
    Object(Vec<(String, Written)>),
}

impl Written {
    /// The kind, as errors call it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Written, E> {
        Ok(Written::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Written, E> {
        Ok(Written::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Written, E> {
        Ok(Written::Number(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Written, E> {
        Ok(Written::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Written, E> {
        Ok(Written::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Written, E> {
        Ok(Written::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Written, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Written::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Written, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = object.next_entry()? {
            members.push(member);
        }
        Ok(Written::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_with_every_member_that_is_written() {
        let written: Written =
            serde_json::from_str(r#"{"a":[null,true,-1,0.5,"x"],"b":{},"a":18446744073709551615}"#).unwrap();
        let list = [
            Written::Null,
            Written::Bool(true),
            Written::Number(-1.0),
            Written::Number(0.5),
            Written::Text("x".to_owned()),
        ];
        let members = [
            ("a".to_owned(), Written::List(list.to_vec())),
            ("b".to_owned(), Written::Object(Vec::new())),
            ("a".to_owned(), Written::Number(18_446_744_073_709_551_615.0)),
        ];
        assert_eq!(written, Written::Object(members.to_vec()));
    }

    #[test]
    fn what_nests_without_end_is_refused() {
        assert!(serde_json::from_str::<Written>(&"[".repeat(1_000_000)).is_err());
    }
}
