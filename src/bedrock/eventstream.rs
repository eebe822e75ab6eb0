//! Event-stream frames (AWS SDKs and Smithy, "Amazon event stream encoding"), decoded as their bytes come in.
//!
//! ```text
//! u32 total | u32 headers | u32 crc32 of these 8 bytes | headers | payload | u32 crc32 of all before
//! header:  u8 length, name | u8 type | value
//! ```

use std::fmt;

/// Bytes of the prelude: total length, headers length, and their checksum.
pub const PRELUDE: usize = 12;
/// Bytes of buffer that a decoder keeps between frames.
const KEPT: usize = 4 << 10;
/// Bytes of the checksum after the payload.
const TRAILER: usize = 4;

/// Why bytes are not a frame. The stream cannot be decoded any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The prelude's checksum is wrong.
    PreludeChecksum,
    /// The message's checksum is wrong.
    MessageChecksum,
    /// An impossible length.
    Length,
    /// Longer than the limit given.
    TooLong {
        /// The frame's length, bytes.
        length: usize,
        /// The limit, bytes.
        limit: usize,
    },
    /// The headers are malformed.
    Headers,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PreludeChecksum => f.write_str("the checksum of a frame's prelude is wrong"),
            Self::MessageChecksum => f.write_str("the checksum of a frame is wrong"),
            Self::Length => f.write_str("a frame has an impossible length"),
            Self::TooLong { length, limit } => {
                write!(f, "a frame of {length} bytes is longer than the limit of {limit}")
            }
            Self::Headers => f.write_str("the headers of a frame are malformed"),
        }
    }
}

impl std::error::Error for Error {}

/// One frame, its checksums verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    headers: &'a [u8],
    /// The payload.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The value of the string header `name`; `None` where it is absent or of another type.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.header_bytes(name)?).ok()
    }

    /// The same as its bytes, for those that are only compared: each event has such.
    pub fn header_bytes(&self, name: &str) -> Option<&'a [u8]> {
        let mut rest = self.headers;
        while !rest.is_empty() {
            let ((found, value), after) = split_header(rest)?;
            if found == name.as_bytes() {
                return value;
            }
            rest = after;
        }
        None
    }
}

/// A header: its name, and its value if it is a string.
type Header<'a> = (&'a [u8], Option<&'a [u8]>);

/// Splits the first header off the rest.
fn split_header(bytes: &[u8]) -> Option<(Header<'_>, &[u8])> {
    let (&name_length, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(name_length.into())?;
    let (&kind, rest) = rest.split_first()?;
    let (length, rest) = match kind {
        0 | 1 => (0, rest),
        2 => (1, rest),
        3 => (2, rest),
        4 => (4, rest),
        5 | 8 => (8, rest),
        6 | 7 => {
            let (length, rest) = rest.split_first_chunk()?;
            (u16::from_be_bytes(*length).into(), rest)
        }
        9 => (16, rest),
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some(((name, (kind == 7).then_some(value)), rest))
}

/// The length of the frame that begins with these bytes, from its prelude; `None` if too few bytes are there.
pub fn length(begin: &[u8]) -> Option<usize> {
    let (prelude, _) = begin.split_first_chunk::<PRELUDE>()?;
    let (total, _) = prelude.split_first_chunk()?;
    Some(u32::from_be_bytes(*total) as usize)
}

/// Buffers bytes and returns whole frames.
#[derive(Debug)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Where the next frame begins in `buffer`.
    start: usize,
    limit: usize,
}

impl Decoder {
    /// A decoder that refuses frames longer than `limit` bytes as soon as their length is known.
    pub fn new(limit: usize) -> Self {
        Self { buffer: Vec::new(), start: 0, limit }
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.buffer.capacity()
    }

    /// Adds bytes that have come.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
            // A large frame must not stay in memory for as long as the stream lasts.
            self.buffer.shrink_to(KEPT);
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame; `None` until more bytes come.
    ///
    /// # Errors
    /// The bytes are not a frame. Nothing after them can be decoded.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>, Error> {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let Some((prelude, _)) = rest.split_first_chunk::<PRELUDE>() else {
            return Ok(None);
        };
        let [t0, t1, t2, t3, h0, h1, h2, h3, c0, c1, c2, c3] = *prelude;
        let total = u32::from_be_bytes([t0, t1, t2, t3]) as usize;
        let headers_length = u32::from_be_bytes([h0, h1, h2, h3]) as usize;
        if crc32fast::hash(&[t0, t1, t2, t3, h0, h1, h2, h3]) != u32::from_be_bytes([c0, c1, c2, c3]) {
            return Err(Error::PreludeChecksum);
        }
        if total > self.limit {
            return Err(Error::TooLong { length: total, limit: self.limit });
        }
        let payload_end = total.checked_sub(TRAILER).ok_or(Error::Length)?;
        let headers_end = PRELUDE.checked_add(headers_length).ok_or(Error::Length)?;
        if headers_end > payload_end {
            return Err(Error::Length);
        }
        let Some(message) = rest.get(..total) else {
            return Ok(None);
        };
        let (body, checksum) = message.split_last_chunk::<TRAILER>().ok_or(Error::Length)?;
        if crc32fast::hash(body) != u32::from_be_bytes(*checksum) {
            return Err(Error::MessageChecksum);
        }
        let headers = body.get(PRELUDE..headers_end).ok_or(Error::Length)?;
        let payload = body.get(headers_end..).ok_or(Error::Length)?;
        let mut unread = headers;
        while !unread.is_empty() {
            unread = split_header(unread).ok_or(Error::Headers)?.1;
        }
        self.start = self.start.saturating_add(total);
        Ok(Some(Frame { headers, payload }))
    }

    /// Whether no incomplete frame is buffered.
    pub fn is_empty(&self) -> bool {
        self.start >= self.buffer.len()
    }
}

/// Encodes a frame whose headers are strings.
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by a panic")]
pub(crate) fn test_frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let u32_of = |length: usize| u32::try_from(length).unwrap().to_be_bytes();
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(u8::try_from(name.len()).unwrap());
        block.extend_from_slice(name.as_bytes());
        block.push(7);
        block.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        block.extend_from_slice(value.as_bytes());
    }
    let mut bytes = [u32_of(16 + block.len() + payload.len()), u32_of(block.len())].concat();
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes.extend_from_slice(&block);
    bytes.extend_from_slice(payload);
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_be_bytes());
    bytes
}
