//! What follows the first frame of an event stream that goes on as it is. Events are passed over unread but for those that tell tokens;
//! an exception tells the client no number of an AWS account.

use crate::bedrock::eventstream::{Decoder, PRELUDE, length};
use crate::texts::mask_accounts;
use crate::translate::noted::Noted;
use crate::translate::watched::Frames;

/// The first bytes of a frame that are looked at: the prelude and headers, which are some hundred bytes long.
const HEAD: usize = 1 << 10;
/// The longest frame that is looked into and is no event, bytes: exceptions are short.
const LONGEST: usize = 64 << 10;
/// The checksum behind a frame.
const CHECKSUM: usize = 4;

/// How far a stream has been looked at. A frame that may be no event waits until it is whole: with Envoy where nothing comes before it,
/// else its beginning is kept here, so that what comes before it goes on at once.
#[derive(Debug)]
pub struct LaterFrames {
    limit: usize,
    /// How much of an event is still to come, bytes.
    left: usize,
    /// The beginning of a frame, which comes before the next piece; at most [`LONGEST`] bytes.
    kept: Vec<u8>,
    /// What the stream tells of itself; `None`: nobody looks.
    watched: Option<Frames>,
}

/// What becomes of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// It goes on.
    Passes,
    /// It goes on up to this place, before which there is something; what follows is to be [kept](LaterFrames::keep).
    PassesUntil(usize),
    /// It waits for what comes next, and is looked at again with that.
    Waits,
}

/// What a frame is, as far as it is there.
enum Kind {
    /// An event of so many bytes.
    Event(usize),
    /// An event of so many bytes that tells what is looked for.
    Telling(usize),
    /// Something else of so many bytes.
    Other(usize),
    Unknown,
    /// No frame: what follows goes on as it is, as broken as it came.
    None,
}

impl LaterFrames {
    /// At the beginning of a frame. `limit`: the longest frame that is looked into, bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, left: 0, kept: Vec::new(), watched: None }
    }

    /// The same, of which is read what it tells of itself.
    #[must_use]
    pub fn watched(self, frames: Frames) -> Self {
        Self { watched: Some(frames), ..self }
    }

    /// What it has told of itself so far.
    pub fn noted(&self) -> Noted {
        self.watched.as_ref().map(Frames::noted).unwrap_or_default()
    }

    /// Keeps what did not go on of a piece.
    pub fn keep(&mut self, beginning: Vec<u8>) {
        self.kept = beginning;
    }

    /// What was kept, which has to stand before the next piece when that is looked at.
    pub fn take_kept(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.kept)
    }

    /// What is kept, bytes.
    pub fn held(&self) -> usize {
        self.kept.capacity()
    }

    /// Looks at what there is: `size` bytes, of which `read` gives those from a place on, so many of them, and `write` puts as many others
    /// in their place.
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
                // What is cut off tells nobody anything.
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
        // What is no frame is seen here, before its length is believed.
        if decoder.next_frame().is_err() {
            return Kind::None;
        }
        // What follows the frame says nothing of it.
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

/// The value of the header `:message-type`, where that is there: a string (type 7), whose length has two bytes.
fn message_type(bytes: &[u8]) -> Option<&[u8]> {
    const NAME: &[u8] = b"\x0d:message-type\x07";
    let headers = bytes.get(PRELUDE..bytes.len().min(HEAD))?;
    let at = headers.windows(NAME.len()).position(|window| window == NAME)?;
    let (length, value) = headers.get(at.checked_add(NAME.len())?..)?.split_first_chunk()?;
    value.get(..u16::from_be_bytes(*length).into())
}

/// Masks the accounts in a frame, whose checksum is made anew; tells whether there was any.
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

    /// The stream in these pieces.
    fn given(pieces: &[&[u8]]) -> Vec<u8> {
        through(&mut LaterFrames::new(10_000), pieces)
    }

    fn through(frames: &mut LaterFrames, pieces: &[&[u8]]) -> Vec<u8> {
        let (mut out, waiting) = (Vec::new(), RefCell::new(Vec::new()));
        for (number, piece) in pieces.iter().enumerate() {
            // With Envoy or kept, never both.
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
