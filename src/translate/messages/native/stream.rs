//! Unpacks the events from the chunks of InvokeModelWithResponseStream.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::anthropic::event::Event;
use crate::bedrock::eventstream::{Decoder, Frame};
use crate::openai::Error;
use crate::texts::for_client;
use crate::translate::errors::{self, no_answer};
use crate::translate::messages::errors as told;
use crate::translate::noted::Noted;
use crate::translate::{Limits, Streamed};
use crate::wire::{self, Str};

use super::telling;

/// Payload of a `chunk` frame.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Chunk<'a> {
    /// An event of Anthropic's, base64.
    bytes: Option<Str<'a>>,
}

/// A stream being read.
#[derive(Debug)]
pub struct Stream {
    decoder: Decoder,
    /// Frames left that may write nothing to the client.
    silent_frames: usize,
    /// An event has come.
    begun: bool,
    /// `message_stop` has come.
    stopped: bool,
    noted: Noted,
}

impl Stream {
    /// A stream that has not begun.
    pub fn new(limits: &Limits) -> Self {
        Self {
            decoder: Decoder::new(limits.frame_bytes),
            silent_frames: limits.silent_frames,
            begun: false,
            stopped: false,
            noted: Noted::default(),
        }
    }

    fn frame(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        if errors::event_type(frame)? != b"chunk" {
            // Unknown frames are ignored, up to a number.
            let left = self.silent_frames.checked_sub(1);
            self.silent_frames =
                left.ok_or_else(|| no_answer("Bedrock's stream goes on and says nothing."))?;
            return Ok(());
        }
        let corrupt = || no_answer("Bedrock's stream has an event that could not be read.");
        let Chunk { bytes } = wire::object_from_slice(frame.payload).map_err(|_| corrupt())?;
        let mut event = STANDARD.decode(bytes.ok_or_else(corrupt)?.as_bytes()).map_err(|_| corrupt())?;
        self.event(&mut event, out)
    }

    fn event(&mut self, event: &mut [u8], out: &mut Vec<u8>) -> Result<(), Error> {
        // A line end in JSON is only white space, but would end the event's data.
        for byte in event.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')) {
            *byte = b' ';
        }
        let unreadable = || no_answer("Bedrock's stream has an event that could not be read.");
        let mut read: Event<'_> = wire::object_from_slice(event).map_err(|_| unreadable())?;
        let kind = read.kind.take().filter(|kind| is_name(kind)).ok_or_else(unreadable)?;
        if &*kind == "error" {
            let error = read.error.unwrap_or_default();
            let message = error.message.as_deref().unwrap_or("The model failed.");
            let status = told::status(error.kind.as_deref().unwrap_or_default());
            return Err(Error::new(status, for_client(message).into_owned()));
        }
        telling::of_event(&kind, &read, &mut self.noted);
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\ndata: ");
        out.extend_from_slice(event);
        out.extend_from_slice(b"\n\n");
        self.begun = true;
        self.stopped |= &*kind == "message_stop";
        Ok(())
    }
}

impl Streamed for Stream {
    fn has_begun(&self) -> bool {
        self.begun
    }

    fn held(&self) -> usize {
        self.decoder.held()
    }

    fn bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        if self.stopped {
            return Ok(());
        }
        // The decoder is taken out while its frames are read.
        let mut decoder = std::mem::replace(&mut self.decoder, Decoder::new(0));
        decoder.push(bytes);
        let result = loop {
            match decoder.next_frame() {
                _ if self.stopped => break Ok(()),
                Ok(Some(frame)) => {
                    if let Err(error) = self.frame(&frame, out) {
                        break Err(error);
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(no_answer(format!("Bedrock's stream is corrupt: {error}."))),
            }
        };
        self.decoder = decoder;
        result
    }

    fn end(&mut self, _out: &mut Vec<u8>) -> Result<(), Error> {
        if self.stopped {
            return Ok(());
        }
        Err(no_answer("Bedrock's stream was cut off before the end of the answer.").code("stream_cut"))
    }

    fn noted(&self) -> Noted {
        self.noted
    }

    fn fail(&self, error: &Error, out: &mut Vec<u8>) {
        told::event(out, error);
    }
}

/// Whether a text may stand in the line with an event's name.
fn is_name(kind: &str) -> bool {
    !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bedrock::eventstream::test_frame as frame;

    const HELLO: [&str; 4] = [
        r#"{"type":"message_start","message":{"id":"msg_1"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Gr\u00fc\u00dfe\n"}}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":1}}"#,
    ];

    fn chunk(event: &str) -> Vec<u8> {
        let payload = format!(r#"{{"bytes":"{}","p":"abc"}}"#, STANDARD.encode(event));
        frame(&[(":event-type", "chunk"), (":message-type", "event")], payload.as_bytes())
    }

    fn run<'p>(pieces: impl IntoIterator<Item = &'p [u8]>) -> (String, Result<(), Error>) {
        let (mut stream, mut out) = (Stream::new(&Limits::default()), Vec::new());
        let mut result = Ok(());
        for piece in pieces {
            result = result.and_then(|()| stream.bytes(piece, &mut out));
        }
        let result = result.and_then(|()| stream.end(&mut out));
        (String::from_utf8(out).unwrap(), result)
    }

    fn sse(events: &[&str]) -> String {
        let name = |event: &str| event.split('"').nth(3).unwrap().to_owned();
        events.iter().map(|event| format!("event: {}\ndata: {event}\n\n", name(event))).collect()
    }

    #[test]
    fn every_event_goes_on_as_it_is_however_the_bytes_are_cut() {
        let bytes: Vec<u8> = HELLO.iter().flat_map(|event| chunk(event)).collect();
        let expected = (sse(&HELLO), Ok(()));
        assert_eq!(run([&bytes[..]]), expected);
        for at in 0..bytes.len() {
            let (one, other) = bytes.split_at(at);
            assert_eq!(run([one, other]), expected, "cut at {at}");
        }
        assert_eq!(run(bytes.chunks(1)), expected);
    }

    #[test]
    fn a_line_end_in_an_event_is_no_end_of_its_data() {
        let bytes = [chunk("{\r\n \"type\": \"ping\"\n}"), chunk(HELLO[3])].concat();
        let (told, result) = run([&bytes[..]]);
        assert!(
            result.is_ok() && told.starts_with("event: ping\ndata: {   \"type\": \"ping\" }\n\n"),
            "{told:?}"
        );
    }

    #[test]
    fn a_stream_without_its_end_is_an_error_wherever_it_is_cut() {
        let bytes: Vec<u8> = HELLO.iter().flat_map(|event| chunk(event)).collect();
        for end in 0..bytes.len() {
            let (_, result) = run([&bytes[..end]]);
            assert_eq!(result.unwrap_err().status, 502, "cut at {end}");
        }
    }

    #[test]
    fn an_error_that_begins_a_stream_has_its_status_and_nothing_is_told_before() {
        let event =
            |kind: &str| chunk(&format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"why"}}}}"#));
        let exception = frame(
            &[(":exception-type", "throttlingException"), (":message-type", "exception")],
            br#"{"message":"why"}"#,
        );
        for (bytes, status) in [
            (exception, 429),
            (event("overloaded_error"), 503),
            (event("invalid_request_error"), 400),
            (event("something_new"), 500),
            (chunk("[]"), 502),
            (chunk(r#"{"type":"a b"}"#), 502),
            (chunk("{}"), 502),
            (frame(&[(":event-type", "chunk"), (":message-type", "event")], br#"{"bytes":"!"}"#), 502),
            (frame(&[(":event-type", "chunk"), (":message-type", "event")], b"{}"), 502),
            (frame(&[(":message-type", "other")], b"{}"), 502),
        ] {
            let (told, result) = run([&bytes[..]]);
            assert_eq!((told.as_str(), result.unwrap_err().status), ("", status));
        }
    }

    #[test]
    fn a_stream_of_events_that_say_nothing_ends() {
        let mut stream = Stream { silent_frames: 2, ..Stream::new(&Limits::default()) };
        let other = frame(&[(":event-type", "new"), (":message-type", "event")], b"{}");
        let mut out = Vec::new();
        assert!(stream.bytes(&other, &mut out).is_ok() && stream.bytes(&other, &mut out).is_ok());
        assert_eq!(stream.bytes(&other, &mut out).unwrap_err().status, 502);
        assert!(out.is_empty() && !stream.has_begun());
    }

    #[test]
    fn an_error_in_the_stream_is_an_event_of_anthropics() {
        let mut out = Vec::new();
        Stream::new(&Limits::default()).fail(&Error::new(503, "why"), &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"why\"}}\n\n"
        );
    }
}
