//! `google.protobuf.Struct` as Envoy 1.40 hands it to a plugin: in protobuf's wire format, not as JSON as its
//! documentation says (seen; protobuf.dev, "Encoding", and `google/protobuf/struct.proto`).

use crate::json::{Write as _, Writer};

/// Objects and lists nest no deeper in any configuration.
const DEPTH: usize = 32;

/// A Struct as JSON; `None` where the bytes are none.
pub(super) fn read(bytes: &[u8]) -> Option<String> {
    let mut out = Writer::with_capacity(bytes.len());
    object(bytes, DEPTH, &mut out)?;
    String::from_utf8(out.finish().into_vec()).ok()
}

/// `Struct { map<string, Value> fields = 1; }`
fn object(bytes: &[u8], depth: usize, out: &mut Writer<'_>) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    let mut rest = bytes;
    let mut between = "";
    out.raw("{");
    while !rest.is_empty() {
        let (1, Wire::Bytes(mut entry)) = field(&mut rest)? else { return None };
        let (mut name, mut member) = ("", &[][..]);
        while !entry.is_empty() {
            match field(&mut entry)? {
                (1, Wire::Bytes(bytes)) => name = std::str::from_utf8(bytes).ok()?,
                (2, Wire::Bytes(bytes)) => member = bytes,
                _ => return None,
            }
        }
        out.raw(std::mem::replace(&mut between, ","));
        out.string(name);
        out.raw(":");
        value(member, depth, out)?;
    }
    out.raw("}");
    Some(())
}

/// `ListValue { repeated Value values = 1; }`
fn list(bytes: &[u8], depth: usize, out: &mut Writer<'_>) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    let mut rest = bytes;
    let mut between = "";
    out.raw("[");
    while !rest.is_empty() {
        let (1, Wire::Bytes(item)) = field(&mut rest)? else { return None };
        out.raw(std::mem::replace(&mut between, ","));
        value(item, depth, out)?;
    }
    out.raw("]");
    Some(())
}

/// `Value`: one of null, number, string, bool, Struct, ListValue, in this order from 1.
fn value(bytes: &[u8], depth: usize, out: &mut Writer<'_>) -> Option<()> {
    let mut rest = bytes;
    if rest.is_empty() {
        out.raw("null");
        return Some(());
    }
    match field(&mut rest)? {
        (1, Wire::Varint(_)) => out.raw("null"),
        (2, Wire::Fixed64(bits)) => {
            number(f64::from_bits(bits), out)?;
        }
        (3, Wire::Bytes(text)) => out.string(std::str::from_utf8(text).ok()?),
        (4, Wire::Varint(flag)) => (flag != 0).write(out),
        (5, Wire::Bytes(bytes)) => object(bytes, depth, out)?,
        (6, Wire::Bytes(bytes)) => list(bytes, depth, out)?,
        _ => return None,
    }
    rest.is_empty().then_some(())
}

/// No setting has a fraction; six digits of one are enough for the error that says so.
fn number(value: f64, out: &mut Writer<'_>) -> Option<()> {
    const MILLION: u64 = 1_000_000;
    if !(-9e15..9e15).contains(&value) {
        return None;
    }
    if value < 0.0 {
        out.raw("-");
    }
    let value = value.abs();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within range")]
    let (whole, millionths) = (value as u64, (value.fract() * 1e6) as u64);
    out.number(whole);
    if millionths > 0 {
        out.raw(".");
        // The leading zeros of a fraction, and a one that is not written.
        let digits = MILLION.saturating_add(millionths).to_string();
        out.raw(digits.get(1..).unwrap_or_default().trim_end_matches('0'));
    }
    Some(())
}

enum Wire<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
}

/// The next field of a message, with its number.
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
        assert_eq!(read(ENCODED).as_deref(), Some(r#"{"a":{"b":[1.5,"x",true,null]}}"#));
        assert_eq!(read(b"").as_deref(), Some("{}"));
        let members = b"\n\x05\n\x01a\x12\x00\n\x0b\n\x03\"\\\n\x12\x04\x1a\x02\xc3\xa4\n\x05\n\x01b\x12\x00";
        assert_eq!(read(members).as_deref(), Some(r#"{"a":null,"\"\\\n":"ä","b":null}"#));
    }

    #[test]
    fn what_is_no_struct_is_none() {
        assert_eq!(read(b"region: us-east-1"), None);
        for end in 1..ENCODED.len() {
            let _ = read(&ENCODED[..end]);
        }
        // A number that is none, and a value of two kinds.
        assert_eq!(read(b"\n\x0e\n\x01a\x12\x09\x11\x00\x00\x00\x00\x00\x00\xf0\x7f"), None);
        assert_eq!(read(b"\n\x09\n\x01a\x12\x04 \x01 \x01"), None);
        assert_eq!(read(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
