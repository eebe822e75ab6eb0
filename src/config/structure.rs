//! Parses `google.protobuf.Struct`, which Envoy 1.40 passes to a plugin in protobuf's wire format, not as JSON as its
//! documentation says (observed).

use prost::Message as _;
use prost_types::value::Kind;
use prost_types::{Struct, Value};

use super::written::Written;

/// Parses a Struct; `None` where the bytes are not one, or nest deeper than prost allows (some thirty objects).
pub(super) fn read(bytes: &[u8]) -> Option<Written> {
    Struct::decode(bytes).ok().map(Written::from)
}

impl From<Struct> for Written {
    fn from(read: Struct) -> Self {
        Self::Object(read.fields.into_iter().map(|(name, value)| (name, value.into())).collect())
    }
}

impl From<Value> for Written {
    fn from(read: Value) -> Self {
        match read.kind {
            None | Some(Kind::NullValue(_)) => Self::Null,
            Some(Kind::BoolValue(flag)) => Self::Bool(flag),
            Some(Kind::NumberValue(number)) => Self::Number(number),
            Some(Kind::StringValue(text)) => Self::Text(text),
            Some(Kind::ListValue(list)) => Self::List(list.values.into_iter().map(Self::from).collect()),
            Some(Kind::StructValue(object)) => object.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{"a": {"b": [1.5, "x", true, null]}}`, encoded by the Python library `protobuf`.
    const ENCODED: &[u8] = b"\n(\n\x01a\x12#*!\n\x1f\n\x01b\x12\x1a2\x18\n\t\x11\x00\x00\x00\x00\x00\x00\xf8?\n\x03\x1a\x01x\n\x02 \x01\n\x02\x08\x00";

    fn json(text: &str) -> Option<Written> {
        Some(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn a_struct_is_read() {
        assert_eq!(read(ENCODED), json(r#"{"a":{"b":[1.5,"x",true,null]}}"#));
        assert_eq!(read(b""), json("{}"));
        let members = b"\n\x05\n\x01a\x12\x00\n\x0b\n\x03\"\\\n\x12\x04\x1a\x02\xc3\xa4\n\x05\n\x01b\x12\x00";
        // A protobuf map has no order.
        assert_eq!(read(members), json(r#"{"\"\\\n":"ä","a":null,"b":null}"#));
    }

    #[test]
    fn what_is_no_struct_is_none() {
        assert_eq!(read(b"region: us-east-1"), None);
        for end in 1..ENCODED.len() {
            let _ = read(&ENCODED[..end]);
        }
        assert_eq!(read(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
    }

    #[test]
    fn what_nests_too_deep_is_none() {
        let nested = |depth: usize| {
            (0..depth).fold(Struct::default(), |inner, _| {
                let value = Value { kind: Some(Kind::StructValue(inner)) };
                Struct { fields: [("a".to_owned(), value)].into() }
            })
        };
        assert!(read(&nested(20).encode_to_vec()).is_some());
        assert_eq!(read(&nested(1_000).encode_to_vec()), None);
    }
}
