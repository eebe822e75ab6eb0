//! What follows the first frame of an event stream that goes on as it is. Events are passed over unread; an exception tells the client
//! no number of an AWS account.

use crate::bedrock::eventstream::{Decoder, PRELUDE, length};
use crate::texts::mask_accounts;

/// The first bytes of a frame that are looked at: the prelude and headers, which are some hundred bytes long.
const HEAD: usize = 1 << 10;
/// The longest frame that is looked into and is no event, bytes: exceptions are short.
const LONGEST: usize = 64 << 10;
/// The checksum behind a frame.
const CHECKSUM: usize = 4;

/// Where in the stream its pieces are.
#[derive(Debug)]
pub struct LaterFrames {
    limit: usize,
    /// How much of an event is still to come, bytes.
    left: usize,
    /// The beginning of a frame that is no event, or not known to be one yet.
    held: Vec<u8>,
}

/// What a frame is, as far as it is there.
enum Kind {
    /// An event of so many bytes.
    Event(usize),
    /// Something else of so many bytes.
    Other(usize),
    Unknown,
    /// No frame: what follows goes on as it is, as broken as it came.
    None,
}

impl LaterFrames {
    /// At the beginning of a frame. `limit`: the longest frame that is looked into, bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, left: 0, held: Vec::new() }
    }

    /// Memory that is held, bytes.
    pub fn held(&self) -> usize {
        self.held.capacity()
    }

    /// Looks at the next piece of `size` bytes, of which `read` gives those from a place on, so many of them. Gives what goes on in its
    /// stead, or nothing where the piece goes on as it is. At the end of the stream nothing stays behind.
    pub fn piece(
        &mut self,
        size: usize,
        is_end: bool,
        read: impl Fn(usize, usize) -> Vec<u8>,
    ) -> Option<Vec<u8>> {
        let mut at = 0usize;
        if self.held.is_empty() {
            at = self.pass(size, &read);
            if at >= size {
                return None;
            }
        }
        let mut out = read(0, at);
        self.held.extend_from_slice(&read(at, size.saturating_sub(at)));
        self.take(&mut out, is_end);
        Some(out)
    }

    /// Passes over events; where they end in this piece, or how long it is.
    fn pass(&mut self, size: usize, read: impl Fn(usize, usize) -> Vec<u8>) -> usize {
        let mut at = 0usize;
        loop {
            let passed = self.left.min(size.saturating_sub(at));
            at = at.saturating_add(passed);
            self.left = self.left.saturating_sub(passed);
            if at >= size {
                return size;
            }
            match self.kind(&read(at, HEAD.min(size.saturating_sub(at)))) {
                Kind::Event(length) => self.left = length,
                Kind::None => self.left = usize::MAX,
                Kind::Other(_) | Kind::Unknown => return at,
            }
        }
    }

    /// Takes out of what is held all that can go on.
    fn take(&mut self, out: &mut Vec<u8>, is_end: bool) {
        let mut held = std::mem::take(&mut self.held);
        let mut rest = held.as_mut_slice();
        let mut taken = 0usize;
        while !rest.is_empty() {
            let (length, is_event) = match self.kind(rest) {
                Kind::Event(length) => (length, true),
                Kind::Other(length) => (length, false),
                Kind::None => (usize::MAX, true),
                Kind::Unknown => (usize::MAX, false),
            };
            let there = rest.len().min(length);
            if !is_event && there < length && !is_end {
                break;
            }
            let (frame, after) = std::mem::take(&mut rest).split_at_mut(there);
            if !is_event {
                mask(frame);
            }
            out.extend_from_slice(frame);
            self.left = if is_event { length.saturating_sub(there) } else { 0 };
            taken = taken.saturating_add(there);
            rest = after;
        }
        held.drain(..taken);
        self.held = held;
    }

    fn kind(&self, bytes: &[u8]) -> Kind {
        let Some(length) = length(bytes) else { return Kind::Unknown };
        let mut decoder = Decoder::new(self.limit);
        decoder.push(bytes.get(..PRELUDE).unwrap_or_default());
        // What is no frame is seen here, before its length is believed.
        if decoder.next_frame().is_err() {
            return Kind::None;
        }
        match message_type(bytes) {
            Some(b"event") => Kind::Event(length),
            None if bytes.len() < length.min(HEAD) => Kind::Unknown,
            _ if length > LONGEST => Kind::Event(length),
            _ => Kind::Other(length),
        }
    }
}

/// The value of the header `:message-type`, where that is there: a string (type 7), whose length has two bytes.
fn message_type(bytes: &[u8]) -> Option<&[u8]> {
    const NAME: &[u8] = b"\x0d:message-type\x07";
    let headers = bytes.get(PRELUDE..bytes.len().min(HEAD))?;
    let at = headers.windows(NAME.len()).position(|window| window == NAME)?;
    let (length, value) = headers.get(at.checked_add(NAME.len())?..)?.split_first_chunk()?;
    value.get(..u16::from_be_bytes(*length).into())
}

/// Masks the accounts in a frame, whose checksum is made anew.
fn mask(frame: &mut [u8]) {
    let Some((message, checksum)) = frame.split_last_chunk_mut::<CHECKSUM>() else { return };
    let Some(told) = message.get_mut(PRELUDE..) else { return };
    if mask_accounts(told) {
        *checksum = crc32fast::hash(message).to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bedrock::eventstream::test_frame as frame;

    const ACCOUNT: &str = r#"{"message":"arn:aws:bedrock:us-east-1:123456789012:x"}"#;

    fn stream() -> Vec<u8> {
        [
            frame(&[(":event-type", "chunk"), (":message-type", "event")], ACCOUNT.as_bytes()),
            frame(&[(":message-type", "event")], &[b'x'; 3_000]),
            frame(
                &[(":exception-type", "throttlingException"), (":message-type", "exception")],
                ACCOUNT.as_bytes(),
            ),
            frame(&[(":message-type", "error"), (":error-message", ACCOUNT)], b""),
        ]
        .concat()
    }

    fn told(mut frames: &[u8]) -> Vec<String> {
        let mut told = Vec::new();
        while let Some(length) = length(frames) {
            let mut decoder = Decoder::new(10_000);
            decoder.push(&frames[..length]);
            let frame = decoder.next_frame().unwrap().unwrap();
            let text = frame.header(":error-message").map_or(frame.payload, str::as_bytes);
            told.push(String::from_utf8(text.to_vec()).unwrap());
            frames = &frames[length..];
        }
        told
    }

    /// The stream in these pieces.
    fn given(pieces: &[&[u8]]) -> Vec<u8> {
        let mut frames = LaterFrames::new(10_000);
        let mut out = Vec::new();
        for (number, piece) in pieces.iter().enumerate() {
            let read = |from: usize, length: usize| piece[from..from + length].to_vec();
            match frames.piece(piece.len(), number + 1 == pieces.len(), read) {
                Some(bytes) => out.extend(bytes),
                None => out.extend_from_slice(piece),
            }
        }
        out
    }

    #[test]
    fn an_exception_tells_no_account_and_events_stay_byte_for_byte_wherever_the_stream_is_cut() {
        let stream = stream();
        let masked = ACCOUNT.replace("123456789012", "************");
        for cut in 0..=stream.len() {
            let out = given(&[&stream[..cut], &stream[cut..]]);
            assert_eq!(told(&out), [ACCOUNT, &"x".repeat(3_000), &masked, &masked], "{cut}");
            assert_eq!(out.len(), stream.len());
        }
        let single: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(given(&single), given(&[&stream]));
    }

    #[test]
    fn what_is_there_of_a_cut_stream_goes_on() {
        let stream = stream();
        for end in 0..stream.len() {
            assert_eq!(given(&[&stream[..end], b""]).len(), end);
        }
    }

    #[test]
    fn what_is_no_frame_goes_on_as_it_came() {
        let noise = vec![b'{'; 5_000];
        let events = &stream()[..100];
        assert_eq!(given(&[&noise, &noise]), [noise.clone(), noise.clone()].concat());
        assert_eq!(given(&[&[events, &noise].concat(), b""]).len(), 5_100);
    }

    #[test]
    fn events_are_not_read() {
        let event = frame(&[(":message-type", "event")], &vec![b'x'; 100_000]);
        let mut frames = LaterFrames::new(1 << 20);
        let read = std::cell::Cell::new(0);
        let piece = frames.piece(event.len(), false, |from, length| {
            read.set(read.get() + length);
            event[from..from + length].to_vec()
        });
        assert!(piece.is_none());
        assert_eq!((read.get(), frames.held()), (HEAD, 0));
    }
}
