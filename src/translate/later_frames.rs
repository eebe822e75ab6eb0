//! Frames of an untranslated event stream after the first. Events pass unread, except for those with token counts; in
//! exceptions the number of the AWS account is masked.

use crate::bedrock::eventstream::{Decoder, PRELUDE, length};
use crate::texts::mask_accounts;
use crate::translate::noted::Noted;
use crate::translate::watched::Frames;

/// Bytes of a frame that are read first: the prelude and headers, which are some hundred bytes long.
const HEAD: usize = 1 << 10;
/// Longest frame other than an event that is read, bytes: exceptions are short.
const LONGEST: usize = 64 << 10;
/// Bytes of the checksum after a frame.
const CHECKSUM: usize = 4;

/// The state of a stream. A frame that may not be an event waits until it is whole: in Envoy's buffer if nothing comes before
/// it, else its beginning is kept here, so that what comes before it passes at once.
#[derive(Debug)]
pub struct LaterFrames {
    limit: usize,
    /// Bytes left of the current event.
    left: usize,
    /// The beginning of a frame, to be put before the next part; at most [`LONGEST`] bytes.
    kept: Vec<u8>,
    /// Collects facts for the record; `None`: none are needed.
    watched: Option<Frames>,
}

/// What to do with a part of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// It passes.
    Passes,
    /// It passes up to this position, which is not its beginning; the rest is to be [kept](LaterFrames::keep).
    PassesUntil(usize),
    /// It waits for the next part, and is read again with it.
    Waits,
}

/// The kind of a frame, as far as it is known.
enum Kind {
    /// An event of this many bytes.
    Event(usize),
    /// An event of this many bytes with facts for the record.
    Telling(usize),
    /// Another frame of this many bytes.
    Other(usize),
    Unknown,
    /// Not a frame: the rest of the stream passes as it is.
    None,
}

impl LaterFrames {
    /// At the beginning of a frame. `limit`: the longest event that is read, bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, left: 0, kept: Vec::new(), watched: None }
    }

    /// With facts for the record collected by `frames`.
    #[must_use]
    pub fn watched(self, frames: Frames) -> Self {
        Self { watched: Some(frames), ..self }
    }

    /// Facts for the record so far.
    pub fn noted(&self) -> Noted {
        self.watched.as_ref().map(Frames::noted).unwrap_or_default()
    }

    /// Keeps the rest of a part that has not passed.
    pub fn keep(&mut self, beginning: Vec<u8>) {
        self.kept = beginning;
    }

    /// The kept bytes, which must be put before the next part.
    pub fn take_kept(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.kept)
    }

    /// Bytes kept.
    pub fn held(&self) -> usize {
        self.kept.capacity()
    }

    /// Reads a part: `size` bytes are there. `read` returns bytes from a position on, and `write` replaces bytes by as many
    /// others.
    pub fn piece(
        &mut self,
        size: usize,
        is_end: bool,
        read: impl Fn(usize, usize) -> Vec<u8>,
        mut write: impl FnMut(usize, &[u8]),
    ) -> Piece {
        let mut at = 0_usize;
        loop {
            let passed = self.left.min(size.saturating_sub(at));
            at = at.saturating_add(passed);
            self.left = self.left.saturating_sub(passed);
            let there = size.saturating_sub(at);
            if there == 0 {
                return Piece::Passes;
            }
            match self.kind(&read(at, HEAD.min(there))) {
                Kind::Event(length) => {
                    self.left = length;
                    if let Some(watched) = &mut self.watched {
                        watched.passes(length);
                    }
                }
                Kind::Telling(length) if length <= there => {
                    if let Some(watched) = &mut self.watched {
                        watched.event(&read(at, length));
                    }
                    at = at.saturating_add(length);
                }
                Kind::None => self.left = usize::MAX,
                Kind::Other(length) if length <= there => {
                    let mut frame = read(at, length);
                    if mask(&mut frame) {
                        write(at, &frame);
                    }
                    at = at.saturating_add(length);
                }
                // An incomplete frame at the end reveals nothing.
                Kind::Telling(_) | Kind::Other(_) | Kind::Unknown if is_end => return Piece::Passes,
                Kind::Telling(_) | Kind::Other(_) | Kind::Unknown if at == 0 => return Piece::Waits,
                Kind::Telling(_) | Kind::Other(_) | Kind::Unknown => return Piece::PassesUntil(at),
            }
        }
    }

    fn kind(&self, bytes: &[u8]) -> Kind {
        let Some(length) = length(bytes) else { return Kind::Unknown };
        let mut decoder = Decoder::new(self.limit);
        decoder.push(bytes.get(..PRELUDE).unwrap_or_default());
        // A corrupt frame is detected before its length is used.
        if decoder.next_frame().is_err() {
            return Kind::None;
        }
        // Bytes after the frame are ignored.
        let bytes = bytes.get(..length).unwrap_or(bytes);
        match message_type(bytes) {
            Some(b"event") => match &self.watched {
                Some(_) if bytes.len() < length.min(HEAD) => Kind::Unknown,
                Some(watched) if length <= LONGEST && watched.wants(bytes) => Kind::Telling(length),
                _ => Kind::Event(length),
            },
            None if bytes.len() < length.min(HEAD) => Kind::Unknown,
            _ if length > LONGEST => Kind::Event(length),
            _ => Kind::Other(length),
        }
    }
}

/// The value of the header `:message-type`, if it is complete: a string (type 7) with a length of two bytes.
fn message_type(bytes: &[u8]) -> Option<&[u8]> {
    const NAME: &[u8] = b"\x0d:message-type\x07";
    let headers = bytes.get(PRELUDE..bytes.len().min(HEAD))?;
    let at = headers.windows(NAME.len()).position(|window| window == NAME)?;
    let (length, value) = headers.get(at.checked_add(NAME.len())?..)?.split_first_chunk()?;
    value.get(..u16::from_be_bytes(*length).into())
}

/// Masks AWS account numbers in a frame and updates its checksum; tells whether there were any.
fn mask(frame: &mut [u8]) -> bool {
    let Some((message, checksum)) = frame.split_last_chunk_mut::<CHECKSUM>() else { return false };
    let is_masked = message.get_mut(PRELUDE..).is_some_and(mask_accounts);
    if is_masked {
        *checksum = crc32fast::hash(message).to_be_bytes();
    }
    is_masked
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::bedrock::eventstream::test_frame as frame;
    use crate::bedrock::operation::Operation;

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

    /// The stream as it passes in these parts.
    fn given(pieces: &[&[u8]]) -> Vec<u8> {
        through(&mut LaterFrames::new(10_000), pieces)
    }

    fn through(frames: &mut LaterFrames, pieces: &[&[u8]]) -> Vec<u8> {
        let (mut out, waiting) = (Vec::new(), RefCell::new(Vec::new()));
        for (number, piece) in pieces.iter().enumerate() {
            // Bytes are held by Envoy or kept here, never both.
            let kept = frames.take_kept();
            assert!(kept.is_empty() || waiting.borrow().is_empty());
            waiting.borrow_mut().extend_from_slice(&[&kept, *piece].concat());
            let size = waiting.borrow().len();
            let read = |from: usize, length: usize| waiting.borrow()[from..from + length].to_vec();
            let write =
                |at: usize, bytes: &[u8]| waiting.borrow_mut()[at..at + bytes.len()].copy_from_slice(bytes);
            let piece = frames.piece(size, number + 1 == pieces.len(), read, write);
            let mut waiting = waiting.borrow_mut();
            match piece {
                Piece::Passes => out.append(&mut waiting),
                Piece::PassesUntil(at) => {
                    let beginning = waiting.split_off(at);
                    assert!(at > 0 && (1..LONGEST).contains(&beginning.len()));
                    frames.keep(beginning);
                    out.append(&mut waiting);
                }
                Piece::Waits => {}
            }
        }
        assert!(waiting.borrow().is_empty());
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
    fn tokens_are_told_and_the_stream_stays_byte_for_byte_wherever_it_is_cut() {
        let metadata = frame(
            &[(":event-type", "metadata"), (":message-type", "event")],
            br#"{"usage":{"inputTokens":1,"outputTokens":2}}"#,
        );
        let delta =
            frame(&[(":event-type", "contentBlockDelta"), (":message-type", "event")], &[b'x'; 3_000]);
        let stream = [delta.clone(), metadata, delta].concat();
        for cut in 0..=stream.len() {
            let mut frames = LaterFrames::new(10_000).watched(Frames::new(Operation::ConverseStream));
            assert_eq!(through(&mut frames, &[&stream[..cut], &stream[cut..]]), stream, "{cut}");
            assert_eq!(frames.noted().usage.map(|usage| usage.total_tokens), Some(3), "{cut}");
        }
    }

    #[test]
    fn a_frame_is_known_by_what_is_in_it_and_not_by_what_follows() {
        let text = [b'x'; 300];
        let delta = frame(&[(":event-type", "contentBlockDelta"), (":message-type", "event")], &text);
        let stop = frame(&[(":event-type", "messageStop"), (":message-type", "event")], b"{}");
        let untold = frame(&[(":error-message", ACCOUNT)], b"");
        let stream = [delta, untold, stop].concat();
        let run = |pieces: &[&[u8]]| {
            let mut frames = LaterFrames::new(10_000).watched(Frames::new(Operation::ConverseStream));
            let out = through(&mut frames, pieces);
            assert!(!String::from_utf8_lossy(&out).contains("123456789012"));
            frames.noted().flowed
        };
        let flowed = run(&[&stream]);
        assert!(flowed > 0, "the event passes unread");
        assert_eq!(run(&stream.chunks(1).collect::<Vec<_>>()), flowed);
    }

    #[test]
    fn events_wait_for_no_frame_that_follows_them() {
        let event = frame(&[(":message-type", "event")], b"{}");
        for beginning in 1..stream().len() {
            let pieces = [&*event, &stream()[..beginning]].concat();
            let piece = LaterFrames::new(10_000).piece(
                pieces.len(),
                false,
                |from, length| pieces[from..from + length].to_vec(),
                |_, _| {},
            );
            assert!(
                matches!(piece, Piece::Passes | Piece::PassesUntil(_)),
                "{beginning} bytes of what follows: {piece:?}"
            );
        }
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
        let reading = |from: usize, length: usize| {
            read.set(read.get() + length);
            event[from..from + length].to_vec()
        };
        assert_eq!(frames.piece(event.len(), false, reading, |_, _| panic!()), Piece::Passes);
        assert_eq!(read.get(), HEAD);
    }
}
