//! `google.protobuf.Struct` as Envoy 1.40 hands it to a plugin: in protobuf's wire format, not as JSON as its
//! documentation says (seen; protobuf.dev, "Encoding", and `google/protobuf/struct.proto`).

use serde_json::{Map, Number, Value};

/// Objects and lists nest no deeper in any configuration.
const DEPTH: usize = 32;

/// Reads a Struct; `None` where the bytes are none.
pub(super) fn read(bytes: &[u8]) -> Option<Value> {
    object(bytes, DEPTH)
}

/// `Struct { map<string, Value> fields = 1; }`
fn object(bytes: &[u8], depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let mut members = Map::new();
    for field in fields(bytes) {
        let (1, Wire::Bytes(entry)) = field? else { return None };
        let (mut name, mut member) = (String::new(), Value::Null);
        for field in fields(entry) {
            match field? {
                (1, Wire::Bytes(text)) => name = String::from_utf8(text.to_vec()).ok()?,
                (2, Wire::Bytes(bytes)) => member = value(bytes, depth)?,
                _ => return None,
            }
        }
        members.insert(name, member);
    }
    Some(Value::Object(members))
}

/// `ListValue { repeated Value values = 1; }`
fn list(bytes: &[u8], depth: usize) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let items = fields(bytes).map(|field| match field? {
        (1, Wire::Bytes(bytes)) => value(bytes, depth),
        _ => None,
    });
    items.collect::<Option<_>>().map(Value::Array)
}

/// `Value`: one of null, number, string, bool, Struct, ListValue, in this order from 1.
fn value(bytes: &[u8], depth: usize) -> Option<Value> {
    let mut value = Value::Null;
    for field in fields(bytes) {
        value = match field? {
            (1, Wire::Varint(_)) => Value::Null,
            (2, Wire::Fixed64(bits)) => Number::from_f64(f64::from_bits(bits))?.into(),
            (3, Wire::Bytes(text)) => String::from_utf8(text.to_vec()).ok()?.into(),
            (4, Wire::Varint(flag)) => (flag != 0).into(),
            (5, Wire::Bytes(bytes)) => object(bytes, depth)?,
            (6, Wire::Bytes(bytes)) => list(bytes, depth)?,
            _ => return None,
        };
    }
    Some(value)
}

enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message, by number.
fn fields(mut rest: &[u8]) -> impl Iterator<Item = Option<(u64, Wire<'_>)>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = field(&mut rest);
        if field.is_none() {
            rest = &[];
        }
        Some(field)
    })
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Wire<'a>)> {
    let tag = varint(rest)?;
    let wire = match tag & 7 {
        0 => Wire::Varint(varint(rest)?),
        1 => {
            let (bits, after) = rest.split_first_chunk()?;
            *rest = after;
            Wire::Fixed64(u64::from_le_bytes(*bits))
        }
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            let (bytes, after) = rest.split_at_checked(length)?;
            *rest = after;
            Wire::Bytes(bytes)
        }
        _ => return None,
    };
    Some((tag >> 3, wire))
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{"a": {"b": [1.5, "x", true, null]}}`, encoded by the Python library `protobuf`.
    const ENCODED: &[u8] = b"\n(\n\x01a\x12#*!\n\x1f\n\x01b\x12\x1a2\x18\n\t\x11\x00\x00\x00\x00\x00\x00\xf8?\n\x03\x1a\x01x\n\x02 \x01\n\x02\x08\x00";

    #[test]
    fn a_struct_is_read() {
        assert_eq!(read(ENCODED), Some(serde_json::json!({"a": {"b": [1.5, "x", true, null]}})));
    }

    #[test]
    fn what_is_no_struct_is_none() {
        assert_eq!(read(b"region: us-east-1"), None);
        for end in 1..ENCODED.len() {
            let _ = read(&ENCODED[..end]);
        }
        assert_eq!(read(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
