//! Untranslated answers: reads the beginning, which decides whether it is a failure, and converts errors.

use super::errors::{self, no_answer};
use crate::bedrock::error::Error as Bedrock;
use crate::bedrock::eventstream::{self, Decoder, Frame};
use crate::openai::Error;
use crate::openai::error::Told;
use crate::wire::Str;

/// The beginning of a stream.
#[derive(Debug)]
pub enum Beginning<E> {
    /// Not enough bytes yet.
    Incomplete,
    /// An event.
    Event,
    /// An error instead of an answer.
    Failed(E),
}

/// An exception at the beginning of a stream, in the form of an error reply.
#[derive(Debug)]
pub struct Exception {
    /// Its name, message, and HTTP status.
    pub error: Bedrock,
    /// Its body.
    pub body: Vec<u8>,
}

/// Reads the first frame of an event stream. Nothing is parsed before all of it is there.
#[derive(Debug)]
pub struct FirstFrame {
    limit: usize,
    /// How many of the stream's first bytes are needed next: the prelude, then the whole frame.
    needed: usize,
}

impl FirstFrame {
    /// At the beginning. `limit`: the longest frame, bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, needed: eventstream::PRELUDE }
    }

    /// Reads what is there: `size` bytes, of which `read` returns the first so many.
    ///
    /// # Errors
    /// 502 where the bytes are not a frame.
    pub fn look(
        &mut self,
        size: usize,
        read: impl Fn(usize) -> Vec<u8>,
    ) -> Result<Beginning<Exception>, Error> {
        let corrupt = |error| no_answer(format!("Bedrock's stream is corrupt: {error}."));
        if self.needed == eventstream::PRELUDE && size >= self.needed {
            let begin = read(self.needed);
            let Some(length) = eventstream::length(&begin) else { return Ok(Beginning::Incomplete) };
            let mut decoder = Decoder::new(self.limit);
            decoder.push(&begin);
            // A corrupt frame is detected before its length is used.
            decoder.next_frame().map_err(corrupt)?;
            self.needed = length;
        }
        if size < self.needed {
            return Ok(Beginning::Incomplete);
        }
        let mut decoder = Decoder::new(self.limit);
        decoder.push(&read(self.needed));
        let Some(frame) = decoder.next_frame().map_err(corrupt)? else { return Ok(Beginning::Incomplete) };
        first(&frame)
    }
}

/// The beginning of a stream whose first frame is `frame`.
fn first(frame: &Frame<'_>) -> Result<Beginning<Exception>, Error> {
    let text = |name| frame.header(name).unwrap_or_default();
    let (mut error, body) = match text(":message-type") {
        "event" => return Ok(Beginning::Event),
        "exception" => {
            (Bedrock::from_exception(text(":exception-type"), frame.payload), frame.payload.to_vec())
        }
        "error" => {
            let message = text(":error-message");
            let body = Bedrock::body(message);
            (Bedrock::from_error_frame("InternalServerException", message), body)
        }
        _ => return Err(no_answer("Bedrock's stream has a frame of an unknown kind.")),
    };
    error.status = error.http_status();
    Ok(Beginning::Failed(Exception { error, body }))
}

/// Reads the first server-sent event of a stream. Each byte is searched once for the event's end.
#[derive(Debug, Default)]
pub struct FirstEvent {
    /// Number of bytes searched.
    searched: usize,
}

/// Byte sequences that end an event.
const ENDS: [&[u8]; 2] = [b"\n\n", b"\r\n\r\n"];

impl FirstEvent {
    /// Reads what is there: `size` bytes, of which `read` returns some from a position on.
    pub fn look(&mut self, size: usize, read: impl Fn(usize, usize) -> Vec<u8>) -> Beginning<Bedrock> {
        // An event's end may begin in the bytes searched before.
        let from = self.searched.saturating_sub(3);
        let bytes = read(from, size.saturating_sub(from));
        let end =
            ENDS.iter().filter_map(|end| bytes.windows(end.len()).position(|window| window == *end)).min();
        self.searched = size;
        match end {
            Some(end) => first_event(&read(0, from.saturating_add(end))),
            None => Beginning::Incomplete,
        }
    }
}

/// The beginning of a stream whose first event is this one.
fn first_event(event: &[u8]) -> Beginning<Bedrock> {
    let data = event.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"data:"));
    let Some(told) = data.and_then(Told::read) else { return Beginning::Event };
    let kind = told.kind.as_deref().unwrap_or_default();
    let code = told.code().and_then(|code| code.parse().ok());
    let status = match (code, kind) {
        (Some(status @ 400..=599), _) => status,
        (_, kind) if kind.starts_with("rate_limit") => 429,
        (_, kind) if kind.starts_with("invalid_request") => 400,
        _ => 500,
    };
    let message = told.message.map(Str::into_cow).unwrap_or_default().into_owned();
    Beginning::Failed(Bedrock { status, name: String::new(), message })
}

/// An error of an endpoint that speaks OpenAI's API, in OpenAI's or AWS's format, as [`errors::error`] takes it.
pub fn openai_error(status: u16, error_type: Option<&str>, body: &[u8]) -> Bedrock {
    let mut error = Bedrock::from_reply(status, error_type, body);
    if let Some(message) = Told::read(body).and_then(|told| told.message) {
        error.message = message.into_cow().into_owned();
    }
    error
}

/// The error for the client, like any of Bedrock's, with the `param` and the `code` of the original.
pub fn told(bedrock: &Bedrock, body: &[u8]) -> Error {
    /// Codes that programs rely on; others are not passed on.
    const CODES: &[&str] =
        &["context_length_exceeded", "insufficient_quota", "model_not_found", "rate_limit_exceeded"];
    let mut error = errors::error(bedrock);
    if errors::is_ours(bedrock) {
        return error;
    }
    let told = Told::read(body).unwrap_or_default();
    error.code = CODES.iter().find(|known| Some(**known) == told.code()).copied().or(error.code);
    error.param = told.param.map(|param| param.into_cow().into_owned()).or(error.param);
    error
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use crate::bedrock::eventstream::test_frame as frame;

    fn event_of(bytes: &[u8]) -> Beginning<Bedrock> {
        FirstEvent::default().look(bytes.len(), |from, length| bytes[from..from + length].to_vec())
    }

    fn first(bytes: &[u8]) -> Result<Beginning<Exception>, u16> {
        FirstFrame::new(1_000)
            .look(bytes.len(), |length| bytes[..length.min(bytes.len())].to_vec())
            .map_err(|error| error.status)
    }

    #[test]
    fn the_first_frame_decides_once_it_is_whole() {
        let event = frame(&[(":message-type", "event"), (":event-type", "chunk")], b"{}");
        let two = [event.as_slice(), event.as_slice()].concat();
        for end in 0..event.len() {
            assert!(matches!(first(&two[..end]), Ok(Beginning::Incomplete)), "{end}");
        }
        assert!(matches!(first(&event), Ok(Beginning::Event)));
        assert!(matches!(first(&two), Ok(Beginning::Event)));
    }

    #[test]
    fn a_frame_that_drips_is_read_once_it_is_whole_and_its_prelude_before() {
        let event = frame(&[(":message-type", "event")], &[b' '; 500]);
        let (mut first, reads) = (FirstFrame::new(1_000), RefCell::new(Vec::new()));
        for size in 1..=event.len() {
            let decided = first.look(size, |length| {
                reads.borrow_mut().push(length);
                event[..length.min(size)].to_vec()
            });
            assert_eq!(matches!(decided, Ok(Beginning::Event)), size == event.len(), "{size}");
        }
        assert_eq!(reads.into_inner(), [eventstream::PRELUDE, event.len()]);
    }

    #[test]
    fn of_an_event_that_drips_each_byte_is_searched_once() {
        for end in ["\n\n", "\r\n\r\n"] {
            let bytes = format!(
                "data: {{\"error\":{{\"message\":\"{}\",\"code\":503}}}}{end}data: x",
                "x".repeat(500)
            );
            let whole = bytes.len() - "data: x".len();
            let (mut first, read) = (FirstEvent::default(), Cell::new(0));
            for size in 1..=whole {
                let decided = first.look(size, |from, length| {
                    read.set(read.get() + length);
                    bytes.as_bytes()[from..from + length].to_vec()
                });
                match decided {
                    Beginning::Failed(error) => assert_eq!((size, error.status), (whole, 503)),
                    _ => assert!(size < whole, "{size} of {whole}"),
                }
            }
            // Each event was read once, with three bytes before it.
            assert!(read.get() < 5 * whole, "{} of {whole}", read.get());
        }
    }

    #[test]
    fn an_exception_as_the_first_frame_is_the_error_that_it_is_over_http() {
        for (name, kind, status) in [
            ("throttlingException", "ThrottlingException", 429),
            ("modelStreamErrorException", "ModelStreamErrorException", 424),
            ("validationException", "ValidationException", 400),
            ("somethingNewException", "SomethingNewException", 500),
        ] {
            let payload = br#"{"message":"why"}"#;
            let bytes = frame(&[(":exception-type", name), (":message-type", "exception")], payload);
            let Ok(Beginning::Failed(Exception { error, body })) = first(&bytes) else { panic!("{name}") };
            assert_eq!((error.name.as_str(), error.status, body.as_slice()), (kind, status, &payload[..]));
        }
        let headers = [(":message-type", "error"), (":error-code", "x"), (":error-message", "why")];
        let Ok(Beginning::Failed(Exception { error, body })) = first(&frame(&headers, b"")) else { panic!() };
        assert_eq!((error.name.as_str(), error.status), ("InternalServerException", 500));
        assert_eq!(body, br#"{"message":"why"}"#);
    }

    #[test]
    fn what_is_no_frame_is_no_answer() {
        let mut event = frame(&[(":message-type", "event")], b"{}");
        assert!(matches!(first(b"<!doctype html><html>"), Err(502)));
        assert!(matches!(first(&frame(&[(":message-type", "odd")], b"")), Err(502)));
        assert!(matches!(first(&frame(&[(":message-type", "event")], &[b' '; 2_000])[..12]), Err(502)));
        let last = event.len() - 1;
        event[last] ^= 1;
        assert!(matches!(first(&event), Err(502)));
    }

    #[test]
    fn an_error_as_the_first_server_sent_event_is_a_status() {
        for (text, status) in [
            (r#"{"error":{"message":"why","type":"rate_limit_error","code":null}}"#, 429),
            (r#"{"error":{"message":"why","code":503}}"#, 503),
            (r#"{"error":{"message":"why","code":"503"}}"#, 503),
            (r#"{"error":{"message":"why","type":"invalid_request_error","code":"x"}}"#, 400),
            (r#"{"error":{"message":"why"}}"#, 500),
        ] {
            for (name, end) in [("", "\n\n"), ("event: error\n", "\n\n"), ("", "\r\n\r\n")] {
                let bytes = format!("{name}data: {text}{end}data: [DONE]\n\n");
                let Beginning::Failed(error) = event_of(bytes.as_bytes()) else { panic!("{bytes}") };
                assert_eq!((error.status, error.message.as_str()), (status, "why"));
            }
            assert!(matches!(event_of(format!("data: {text}\n").as_bytes()), Beginning::Incomplete));
        }
        for event in
            ["data: {\"choices\":[]}\n\n", ": waiting\n\n", "data: {\"error\":null}\n\n", "data: [DONE]\n\n"]
        {
            assert!(matches!(event_of(event.as_bytes()), Beginning::Event), "{event}");
        }
    }

    #[test]
    fn an_error_in_openais_shape_keeps_its_text_its_member_and_a_known_code() {
        let body = br#"{"error":{"message":"too long","type":"x","param":"messages","code":"context_length_exceeded"}}"#;
        let error = told(&openai_error(400, None, body), body);
        assert_eq!((error.status, &*error.message), (400, "too long"));
        assert_eq!((error.param.as_deref(), error.code), (Some("messages"), Some("context_length_exceeded")));
        let body = br#"{"error":{"message":"User: arn:aws:iam::1:role/x","code":"model_not_found"}}"#;
        let error = told(&openai_error(403, None, body), body);
        assert_eq!((error.status, error.code), (502, Some("upstream_auth_error")));
        assert!(!error.message.contains("arn"));
        let error = told(&openai_error(429, Some("ThrottlingException"), b"{}"), b"{}");
        assert_eq!((error.status, error.code), (429, Some("rate_limit_exceeded")));
    }
}
