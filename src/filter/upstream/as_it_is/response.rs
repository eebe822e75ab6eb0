//! Reads of an untranslated answer what the filter must know: its failure, its tokens, its error's text.

use proxy_wasm::hostcalls;
use proxy_wasm::types::{Action, BufferType};

use crate::bedrock::error::Error as BedrockError;
use crate::filter::upstream::Upstream;
use crate::filter::upstream::attempt::{Answer, AsItIs, Beginner, JSON, Kind};
use crate::filter::upstream::give::set_response_headers;
use crate::filter::upstream::head::Head;
use crate::filter::upstream::response::log_if_ours;
use crate::gateway::headers::Headers;
use crate::gateway::native::ERROR_TYPE;
use crate::openai::Error;
use crate::texts::mask_accounts;
use crate::translate::errors::{self, no_answer};
use crate::translate::later_frames::{LaterFrames, Piece};
use crate::translate::noted::Noted;
use crate::translate::passthrough::{Beginning, Exception, FirstEvent, FirstFrame, openai_error, told};
use crate::translate::watched::{Body, Events, Frames};

const EVENT_STREAM: &str = "application/vnd.amazon.eventstream";
const SERVER_SENT_EVENTS: &str = "text/event-stream";

impl Upstream {
    /// The headers of an answer with a body have come.
    pub(in crate::filter::upstream) fn begin_as_it_is(
        &mut self,
        kind: Kind,
        head: Head,
        headers: Headers,
    ) -> Action {
        let has_type = |wanted| headers.text("content-type").is_some_and(|found| found.starts_with(wanted));
        let beginner = match kind {
            Kind::Native(operation) if operation.streams() => {
                Some(Beginner::Native(operation, FirstFrame::new(self.config.options.limits.frame_bytes)))
            }
            Kind::OpenAi if has_type(SERVER_SENT_EVENTS) => Some(Beginner::OpenAi(FirstEvent::default())),
            _ => None,
        };
        self.answer = if head.status >= 400 {
            Answer::AsItIs(AsItIs::Error(kind, head, headers))
        } else if let Some(beginner) = beginner {
            Answer::AsItIs(AsItIs::First(beginner, head, headers))
        } else {
            self.let_through(kind, &head, &headers, None);
            self.notes(Noted { usage: head.usage, ..Noted::default() });
            self.answer = Answer::Body(Body::default());
            return Action::Continue;
        };
        Action::Pause
    }

    /// A part of a held body has come; `size` is all that Envoy holds of it.
    pub(in crate::filter::upstream) fn go_on_as_it_is(
        &mut self,
        answer: AsItIs,
        size: usize,
        end_of_stream: bool,
    ) -> Action {
        match answer {
            AsItIs::Error(kind, head, headers) => {
                let limit = self.config.reply_bytes;
                if size > limit {
                    let error = no_answer(format!("Bedrock's reply is larger than {limit} bytes."));
                    self.give_error(&head, &error, size);
                } else if end_of_stream {
                    self.give_error_as_it_is(kind, &head, &headers, size);
                } else {
                    self.answer = Answer::AsItIs(AsItIs::Error(kind, head, headers));
                    return Action::Pause;
                }
            }
            AsItIs::First(mut beginner, head, headers) => {
                let kind = beginner.kind();
                match self.beginning(&mut beginner, &headers, size) {
                    Ok(Beginning::Incomplete) if !end_of_stream => {
                        self.answer = Answer::AsItIs(AsItIs::First(beginner, head, headers));
                        return Action::Pause;
                    }
                    Ok(Beginning::Incomplete) => {
                        self.give_error(&head, &no_answer("Bedrock's stream ended before it began."), size);
                    }
                    Ok(Beginning::Event) => {
                        self.let_through(kind, &head, &headers, None);
                        if let Kind::Native(operation) = kind {
                            let frames = LaterFrames::new(self.config.options.limits.frame_bytes)
                                .watched(Frames::new(operation));
                            return self.later_frames(frames, size, end_of_stream);
                        }
                        return self.passing_events(Events::new(self.hides_usage), size, end_of_stream);
                    }
                    Ok(Beginning::Failed(Exception { error, body })) => {
                        self.give_failure(kind, &head, &headers, &error, &body, size);
                    }
                    Err(error) => self.give_error(&head, &error, size),
                }
            }
        }
        Action::Continue
    }

    /// A part of an untranslated body has come.
    pub(in crate::filter::upstream) fn passing_body(&mut self, mut body: Body, size: usize) -> Action {
        body.piece(&hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size).unwrap_or_default());
        self.notes(body.noted());
        self.answer = Answer::Body(body);
        Action::Continue
    }

    /// A part of an untranslated stream of OpenAI's has come.
    pub(in crate::filter::upstream) fn passing_events(
        &mut self,
        mut events: Events,
        size: usize,
        end_of_stream: bool,
    ) -> Action {
        let bytes = hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size).unwrap_or_default();
        if let Some(instead) = events.piece(&bytes, end_of_stream).filter(|instead| *instead != bytes) {
            self.set_body(size, &instead);
        }
        self.notes(events.noted());
        self.answer = Answer::Events(events);
        Action::Continue
    }

    /// A part of an untranslated event stream has come; `size` is all that Envoy holds of it.
    pub(in crate::filter::upstream) fn later_frames(
        &mut self,
        mut frames: LaterFrames,
        size: usize,
        end_of_stream: bool,
    ) -> Action {
        let read = |from: usize, length: usize| {
            hostcalls::get_buffer(BufferType::HttpResponseBody, from, length).unwrap_or_default()
        };
        let kept = frames.take_kept();
        // A write of zero bytes at the start prepends.
        self.set_body(0, &kept);
        let size = size.saturating_add(kept.len());
        let piece = frames.piece(size, end_of_stream, read, |at, bytes| {
            // Envoy can only replace a prefix.
            let mut body = read(0, at);
            body.extend_from_slice(bytes);
            self.set_body(body.len(), &body);
        });
        let action = match piece {
            Piece::Passes => Action::Continue,
            Piece::PassesUntil(at) => {
                frames.keep(read(at, size.saturating_sub(at)));
                self.set_body(size, &read(0, at));
                Action::Continue
            }
            Piece::Waits => Action::Pause,
        };
        self.notes(frames.noted());
        self.answer = Answer::Frames(frames);
        action
    }

    /// Reads the beginning of a stream, of which `size` bytes are held.
    fn beginning(
        &self,
        beginner: &mut Beginner,
        headers: &Headers,
        size: usize,
    ) -> Result<Beginning<Exception>, Error> {
        let limit = self.config.options.limits.frame_bytes;
        let read = |from: usize, length: usize| {
            hostcalls::get_buffer(BufferType::HttpResponseBody, from, length).unwrap_or_default()
        };
        match beginner {
            Beginner::Native(_, first) => {
                let is_stream =
                    headers.text("content-type").is_some_and(|found| found.starts_with(EVENT_STREAM));
                if is_stream {
                    first.look(size, |length| read(0, length))
                } else {
                    Err(no_answer("Bedrock's reply is no stream."))
                }
            }
            Beginner::OpenAi(first) => match first.look(size.min(limit), read) {
                Beginning::Incomplete if size >= limit => {
                    Err(no_answer(format!("An event is longer than the limit of {limit} bytes.")))
                }
                Beginning::Incomplete => Ok(Beginning::Incomplete),
                Beginning::Event => Ok(Beginning::Event),
                Beginning::Failed(error) => Ok(Beginning::Failed(Exception { error, body: Vec::new() })),
            },
        }
    }

    fn give_error_as_it_is(&mut self, kind: Kind, head: &Head, headers: &Headers, size: usize) {
        let mut body = hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size).unwrap_or_default();
        let error = match kind {
            Kind::Native(_) => BedrockError::from_reply(head.status, head.error_type.as_deref(), &body),
            Kind::OpenAi => openai_error(head.status, head.error_type.as_deref(), &body),
        };
        match kind {
            Kind::Native(_) if !errors::is_ours(&error) => {
                self.fails(&errors::error(&error));
                // An error without a type is not Bedrock's own; the gateway role converts it to AWS's format.
                let name = (!error.name.is_empty()).then_some(error.name.as_str());
                self.let_through(kind, head, headers, name.filter(|_| head.error_type.is_none()));
                if mask_accounts(&mut body) {
                    self.set_body(size, &body);
                }
            }
            _ => self.give_failure(kind, head, headers, &error, &body, size),
        }
    }

    /// Replaces the answer by an error.
    fn give_failure(
        &self,
        kind: Kind,
        head: &Head,
        headers: &Headers,
        error: &BedrockError,
        body: &[u8],
        size: usize,
    ) {
        log_if_ours(error);
        if kind == Kind::OpenAi || errors::is_ours(error) {
            self.give_error(head, &told(error, body), size);
            return;
        }
        self.fails(&errors::error(error));
        let given = self.headers_as_they_are(kind, headers, error.status);
        let mut given: Headers = given.iter().filter(|(name, _)| !name.starts_with(b"content-")).collect();
        given.push("content-type", JSON);
        given.push("content-length", body.len().to_string());
        given.push(ERROR_TYPE, error.name.as_str());
        set_response_headers(&given);
        let mut body = body.to_vec();
        mask_accounts(&mut body);
        self.set_body(size, &body);
    }

    /// Lets the rest of the body pass untranslated.
    fn let_through(&mut self, kind: Kind, head: &Head, headers: &Headers, error_type: Option<&str>) {
        if head.status < 400 {
            self.begins();
        }
        let mut given = self.headers_as_they_are(kind, headers, head.status);
        if let Some(error_type) = error_type {
            given.push(ERROR_TYPE, error_type);
        }
        set_response_headers(&given);
        self.answer = Answer::None;
    }

    /// The answer's headers for the client, with its target.
    fn headers_as_they_are(&self, kind: Kind, headers: &Headers, status: u16) -> Headers {
        const NATIVE: &[&str] = &["x-amzn-requestid", ERROR_TYPE];
        let mut given = Headers::default();
        given.push(":status", status.to_string());
        given.extend(&headers.only(&["content-type", "content-encoding", "retry-after"]));
        // Removing a chunk from a stream changes its length.
        if !self.hides_usage {
            given.extend(&headers.only(&["content-length"]));
        }
        match kind {
            Kind::Native(_) => {
                given.extend(&headers.only(NATIVE));
                let bedrocks = headers.iter().filter(|(name, _)| name.starts_with(b"x-amzn-bedrock-"));
                given.extend(&bedrocks.collect());
            }
            Kind::OpenAi => {
                let id = headers.value("x-request-id").or_else(|| headers.value("x-amzn-requestid"));
                if let Some(id) = id {
                    given.push("x-request-id", id);
                }
                if headers.value("content-length").is_none() {
                    given.push("cache-control", "no-cache");
                }
            }
        }
        if let Some(sent) = &self.sent {
            given.push("x-bedrock-model", sent.called());
            given.push("x-bedrock-region", sent.region.as_str());
            if sent.is_fallback {
                given.push("x-bedrock-fallback", "true");
            }
        }
        given
    }
}
