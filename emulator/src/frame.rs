//! `application/vnd.amazon.eventstream`: one message from its headers and payload.

use bytes::{BufMut, Bytes, BytesMut};

/// A header's name and its string value (type 7, the only type Bedrock sends).
pub type Header<'a> = (&'a str, &'a str);

/// One message: prelude, headers, payload, checksum.
pub fn encode(headers: &[Header<'_>], payload: &[u8]) -> Bytes {
    let headers_len: usize = headers.iter().map(|(n, v)| 1 + short(n, 255) + 3 + short(v, 65_535)).sum();
    let total = 12 + headers_len + payload.len() + 4;
    let mut out = BytesMut::with_capacity(total);
    out.put_u32(u32::try_from(total).unwrap_or(u32::MAX));
    out.put_u32(u32::try_from(headers_len).unwrap_or(u32::MAX));
    out.put_u32(crc32fast::hash(&out));
    for (name, value) in headers {
        let (name, value) = (cut(name, 255), cut(value, 65_535));
        out.put_u8(u8::try_from(name.len()).unwrap_or(u8::MAX));
        out.put_slice(name);
        out.put_u8(7);
        out.put_u16(u16::try_from(value.len()).unwrap_or(u16::MAX));
        out.put_slice(value);
    }
    out.put_slice(payload);
    out.put_u32(crc32fast::hash(&out));
    out.freeze()
}

/// The same message with its last checksum wrong.
pub fn with_bad_crc(frame: &Bytes) -> Bytes {
    let mut bytes = frame.to_vec();
    if let Some(last) = bytes.last_mut() {
        *last ^= 0x5a;
    }
    bytes.into()
}

/// The same message with a wrong prelude checksum; its message checksum is adjusted.
pub fn with_bad_prelude(frame: &Bytes) -> Bytes {
    let mut bytes = frame.to_vec();
    if let Some(b) = bytes.get_mut(8) {
        *b ^= 0x5a;
    }
    mend(bytes)
}

/// The same message with a length of 2 GB in its prelude, and a correct prelude checksum.
pub fn with_huge_length(frame: &Bytes) -> Bytes {
    let mut out = BytesMut::with_capacity(frame.len());
    out.put_u32(0x8000_0000);
    out.put_slice(frame.get(4..8).unwrap_or_default());
    out.put_u32(crc32fast::hash(&out));
    out.put_slice(frame.get(12..).unwrap_or_default());
    out.freeze()
}

fn mend(mut bytes: Vec<u8>) -> Bytes {
    let body = bytes.len().saturating_sub(4);
    bytes.truncate(body);
    let crc = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&crc.to_be_bytes());
    bytes.into()
}

fn short(text: &str, limit: usize) -> usize {
    text.len().min(limit)
}

fn cut(text: &str, limit: usize) -> &[u8] {
    text.as_bytes().get(..short(text, limit)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_the_published_layout() {
        let frame = encode(&[(":event-type", "x"), ("a", "bc")], b"{}");
        let total = u32::from_be_bytes(frame[0..4].try_into().unwrap()) as usize;
        assert_eq!(total, frame.len());
        assert_eq!(u32::from_be_bytes(frame[4..8].try_into().unwrap()), 16 + 7);
        assert_eq!(u32::from_be_bytes(frame[8..12].try_into().unwrap()), crc32fast::hash(&frame[..8]));
        let end = frame.len() - 4;
        assert_eq!(u32::from_be_bytes(frame[end..].try_into().unwrap()), crc32fast::hash(&frame[..end]));
        assert_eq!(&frame[12..25], b"\x0b:event-type\x07");
    }

    #[test]
    fn an_empty_message_is_the_one_of_the_specification() {
        // The "empty message" of the AWS test suite.
        let expected: [u8; 16] = [0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff];
        assert_eq!(&encode(&[], b"")[..], &expected);
    }

    #[test]
    fn the_defects_are_where_they_should_be() {
        let frame = encode(&[("a", "b")], b"{}");
        assert_ne!(with_bad_crc(&frame), frame);
        let huge = with_huge_length(&frame);
        assert_eq!(&huge[..4], &[0x80, 0, 0, 0]);
        assert_eq!(huge[8..12], crc32fast::hash(&huge[..8]).to_be_bytes());
        let bad = with_bad_prelude(&frame);
        assert_ne!(bad[8..12], crc32fast::hash(&bad[..8]).to_be_bytes());
    }
}
