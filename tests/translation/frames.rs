//! An encoder of event-stream frames of its own: what the decoder reads was not written by its own half.

/// The value of a header, by its type.
#[derive(Clone, Debug)]
pub(crate) enum Header {
    Bool(bool),
    Byte(i8),
    Short(i16),
    Int(i32),
    Long(i64),
    Bytes(Vec<u8>),
    Text(String),
    Timestamp(i64),
    Uuid([u8; 16]),
}

impl From<&str> for Header {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// CRC-32 of IEEE 802.3, bit by bit.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

/// One frame.
pub(crate) fn frame(headers: &[(&str, Header)], payload: &[u8]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(u8::try_from(name.len()).unwrap());
        block.extend_from_slice(name.as_bytes());
        put(&mut block, value);
    }
    raw_frame(&block, payload)
}

/// One frame, its headers given as bytes.
pub(crate) fn raw_frame(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let length = |length: usize| u32::try_from(length).unwrap();
    let mut out = Vec::new();
    out.extend_from_slice(&length(12 + headers.len() + payload.len() + 4).to_be_bytes());
    out.extend_from_slice(&length(headers.len()).to_be_bytes());
    out.extend_from_slice(&crc32(&out).to_be_bytes());
    out.extend_from_slice(headers);
    out.extend_from_slice(payload);
    out.extend_from_slice(&crc32(&out).to_be_bytes());
    out
}

/// Twelve bytes that say how long a frame is, their checksum right.
pub(crate) fn prelude(total: u32, headers: u32) -> Vec<u8> {
    let mut out = total.to_be_bytes().to_vec();
    out.extend_from_slice(&headers.to_be_bytes());
    out.extend_from_slice(&crc32(&out).to_be_bytes());
    out
}

/// An event as AWS sends it.
pub(crate) fn event(kind: &str, payload: &str) -> Vec<u8> {
    let headers = [
        (":event-type", kind.into()),
        (":content-type", "application/json".into()),
        (":message-type", "event".into()),
    ];
    frame(&headers, payload.as_bytes())
}

/// An exception as AWS sends it.
pub(crate) fn exception(kind: &str, payload: &str) -> Vec<u8> {
    let headers = [
        (":exception-type", kind.into()),
        (":content-type", "application/json".into()),
        (":message-type", "exception".into()),
    ];
    frame(&headers, payload.as_bytes())
}

/// An error of the stream itself, which has no payload.
pub(crate) fn error(code: &str, message: &str) -> Vec<u8> {
    let headers =
        [(":message-type", "error".into()), (":error-code", code.into()), (":error-message", message.into())];
    frame(&headers, b"")
}

fn put(out: &mut Vec<u8>, value: &Header) {
    let sized = |out: &mut Vec<u8>, kind: u8, bytes: &[u8]| {
        out.push(kind);
        out.extend_from_slice(&u16::try_from(bytes.len()).unwrap().to_be_bytes());
        out.extend_from_slice(bytes);
    };
    let fixed = |out: &mut Vec<u8>, kind: u8, bytes: &[u8]| {
        out.push(kind);
        out.extend_from_slice(bytes);
    };
    match value {
        Header::Bool(value) => out.push(u8::from(!*value)),
        Header::Byte(value) => fixed(out, 2, &value.to_be_bytes()),
        Header::Short(value) => fixed(out, 3, &value.to_be_bytes()),
        Header::Int(value) => fixed(out, 4, &value.to_be_bytes()),
        Header::Long(value) => fixed(out, 5, &value.to_be_bytes()),
        Header::Bytes(value) => sized(out, 6, value),
        Header::Text(value) => sized(out, 7, value.as_bytes()),
        Header::Timestamp(value) => fixed(out, 8, &value.to_be_bytes()),
        Header::Uuid(value) => fixed(out, 9, value),
    }
}

#[test]
fn the_checksum_is_the_one_that_everybody_means() {
    assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
}
