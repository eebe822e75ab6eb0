//! Handles Bedrock's answer: decides what is held, until when, and what the client gets.

use proxy_wasm::hostcalls;
use proxy_wasm::types::{Action, BufferType, LogLevel, MapType};

use super::attempt::{Answer, Awaited, EVENTS, JSON, Sent};
use super::head::Head;
use super::{Upstream, ending, host};
use crate::bedrock::error::Error as BedrockError;
use crate::filter::refusal::host_failed;
use crate::filter::{held, thoughts};
use crate::openai::Error;
use crate::translate::Streamed;
use crate::translate::errors::{self, no_answer};
use crate::translate::noted::Noted;
use crate::translate::thoughts::Thoughts;

impl Upstream {
    /// The answer's headers have come: decides what is held, and until when.
    pub(super) fn response_headers(&mut self, end_of_stream: bool) -> Action {
        let is_hedged = self.is_hedged();
        if self.refused || self.sent.is_none() {
            return Action::Continue;
        }
        let headers = host::headers(MapType::HttpResponseHeaders).unwrap_or_default();
        let head = Head::of(&headers);
        self.answers(&head);
        let has_type = |wanted| headers.text("content-type").is_some_and(|kind| kind.starts_with(wanted));
        let is_stream = has_type("application/vnd.amazon.eventstream");
        if end_of_stream {
            // No body can be written here. The gateway role adds one; the retry policy looks at the status.
            let error = if head.status == 200 {
                no_answer("Bedrock's reply is empty.")
            } else {
                self.bedrock_error(&head, &[])
            };
            self.set_error(&head, &error, None);
            self.answer = Answer::Given;
            self.put_back();
            return Action::Continue;
        }
        if is_hedged && head.status != 200 {
            self.set_error(&head, &self.bedrock_error(&head, &[]), None);
            self.answer = Answer::Late(head, None);
            self.put_back();
            return Action::Continue;
        }
        self.answer = match self.sent.as_mut().map(|sent| &mut sent.reply) {
            Some(Awaited::AsItIs(kind)) => {
                let kind = *kind;
                self.put_back();
                return self.begin_as_it_is(kind, head, headers);
            }
            Some(Awaited::Translated(reply)) if is_stream && head.status == 200 => {
                match reply.stream(head.answered(), &self.config.options.limits) {
                    Some(stream) => Answer::First(head, stream),
                    None => Answer::Whole(head),
                }
            }
            _ => {
                if head.status == 200 && has_type(JSON) {
                    self.is_made();
                }
                Answer::Whole(head)
            }
        };
        Action::Pause
    }

    /// A part of the answer's body has come; `size` is all that Envoy holds of it.
    pub(super) fn response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        let is_hedged = self.is_hedged();
        let action = self.body_piece(size, end_of_stream);
        self.held.count(self.answer.held());
        if matches!(self.answer, Answer::Given) {
            if end_of_stream {
                ending::is_over(self.id);
            } else if !is_hedged && !self.is_ending {
                // After the error event nothing more is sent, whatever Bedrock still sends, and for however long. More bytes of
                // it do not defer the end.
                self.is_ending = true;
                ending::begin(self.id);
            }
        }
        action
    }

    fn body_piece(&mut self, size: usize, end_of_stream: bool) -> Action {
        match std::mem::replace(&mut self.answer, Answer::Given) {
            Answer::None => {
                self.answer = Answer::None;
                Action::Continue
            }
            Answer::Whole(head) => self.whole_body(head, size, end_of_stream),
            Answer::First(head, stream) => self.first_event(head, stream, size, end_of_stream),
            Answer::Late(head, error) => self.late_body(head, error, size, end_of_stream),
            Answer::Stream(mut stream) => {
                let mut out = room_for_events(size);
                let result = self.stream_bytes(&mut *stream, size, end_of_stream, &mut out);
                self.notes(stream.noted());
                self.give_stream(stream, result, size, out);
                Action::Continue
            }
            Answer::Body(body) => self.passing_body(body, size),
            Answer::Events(events) => self.passing_events(events, size, end_of_stream),
            Answer::Frames(frames) => self.later_frames(frames, size, end_of_stream),
            Answer::AsItIs(answer) => self.go_on_as_it_is(answer, size, end_of_stream),
            Answer::Given => {
                self.set_body(size, &[]);
                Action::Continue
            }
        }
    }

    fn whole_body(&mut self, head: Head, size: usize, end_of_stream: bool) -> Action {
        let limit = self.config.reply_bytes;
        if size > limit {
            let error = no_answer(format!("Bedrock's reply is larger than {limit} bytes."));
            return self.fail(head, error, size, end_of_stream);
        }
        if !end_of_stream {
            self.comes(size);
            self.answer = Answer::Whole(head);
            return Action::Pause;
        }
        let whole = held::room_for(size, self.config.worker_bytes).and_then(|()| self.whole(&head, size));
        match whole {
            Err(error) => self.fail(head, error, size, end_of_stream),
            Ok(body) => {
                if self.is_streamed() {
                    self.set_success(&head, EVENTS, None);
                } else {
                    self.set_success(&head, JSON, Some(body.len()));
                }
                self.set_body(size, &body);
                self.put_back();
                Action::Continue
            }
        }
    }

    /// Begins a stream for the client, once Bedrock's first event is there.
    fn first_event(
        &mut self,
        head: Head,
        mut stream: Box<dyn Streamed>,
        size: usize,
        end_of_stream: bool,
    ) -> Action {
        let mut out = room_for_events(size);
        let result = self.stream_bytes(&mut *stream, size, end_of_stream, &mut out);
        self.notes(stream.noted());
        if !stream.has_begun() {
            return match result {
                Err(error) => self.fail(head, error, size, end_of_stream),
                Ok(()) => {
                    self.answer = Answer::First(head, stream);
                    self.set_body(size, &[]);
                    Action::Pause
                }
            };
        }
        self.set_success(&head, EVENTS, None);
        self.give_stream(stream, result, size, out);
        self.put_back();
        Action::Continue
    }

    /// The body of an error whose headers are sent.
    fn late_body(&mut self, head: Head, error: Option<Error>, size: usize, end_of_stream: bool) -> Action {
        if !end_of_stream {
            // The status is sent already, so an error about the body's size is too late.
            if error.is_some() || size > self.config.reply_bytes {
                self.set_body(size, &[]);
            }
            self.answer = Answer::Late(head, error);
            return Action::Pause;
        }
        let body = || hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size).unwrap_or_default();
        let error = error.unwrap_or_else(|| self.bedrock_error(&head, &body()));
        self.set_body(size, &error.body());
        Action::Continue
    }

    fn stream_bytes(
        &mut self,
        stream: &mut dyn Streamed,
        size: usize,
        end_of_stream: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        if size > 0 {
            let bytes = hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size)
                .map_err(|_| host_failed("give the reply's body"))?;
            stream.bytes(&bytes, out)?;
            // Before the client can see the call and answer it.
            self.remember(stream.thoughts());
            self.held.grow(stream.held(), self.config.worker_bytes)?;
        }
        if end_of_stream { stream.end(out) } else { Ok(()) }
    }

    /// Sends chunks on. An error now can only be one more event, the last.
    fn give_stream(
        &mut self,
        stream: Box<dyn Streamed>,
        result: Result<(), Error>,
        size: usize,
        mut out: Vec<u8>,
    ) {
        match result {
            Ok(()) => self.answer = Answer::Stream(stream),
            Err(error) => {
                self.fails(&error);
                // No details at this level: the error's text may repeat the prompt.
                host::log(LogLevel::Warn, || {
                    format!("a stream broke off: {} {}", error.status, error.code.unwrap_or(error.kind))
                });
                stream.fail(&error, &mut out);
            }
        }
        self.set_body(size, &out);
    }

    /// The client's whole answer.
    fn whole(&self, head: &Head, size: usize) -> Result<Vec<u8>, Error> {
        let body = hostcalls::get_buffer(BufferType::HttpResponseBody, 0, size).unwrap_or_default();
        let body = match &self.sent {
            Some(Sent { reply: Awaited::Translated(reply), .. }) if head.status == 200 => {
                let whole = if reply.is_streamed() {
                    reply.at_once(&body, head.answered())
                } else {
                    reply.whole(&body, head.answered())
                };
                let noted = reply.noted();
                let usage = noted.usage.or(head.usage);
                self.notes(Noted { usage, ..noted });
                let whole = whole?;
                self.remember(reply.thoughts(&body));
                whole
            }
            _ => return Err(self.bedrock_error(head, &body)),
        };
        if body.len() > self.config.reply_bytes {
            return Err(no_answer(format!("The reply is larger than {} bytes.", self.config.reply_bytes)));
        }
        Ok(body)
    }

    /// Whether the client asked for a stream.
    fn is_streamed(&self) -> bool {
        let reply = self.sent.as_ref().map(|sent| &sent.reply);
        matches!(reply, Some(Awaited::Translated(reply)) if reply.is_streamed())
    }

    /// Keeps the reasoning that came before tool calls, for clients that do not send it back.
    fn remember(&self, thoughts: Option<Thoughts>) {
        if let Some((thoughts, memory)) = thoughts.zip(self.config.reasoning_memory)
            && let Some(Sent { owner: Some(owner), .. }) = &self.sent
        {
            thoughts::keep(memory, owner, &thoughts);
        }
    }

    fn bedrock_error(&self, head: &Head, body: &[u8]) -> Error {
        let error = BedrockError::from_reply(head.status, head.error_type.as_deref(), body);
        log_if_ours(&error);
        errors::error(&error)
    }

    /// Replaces the held answer by an error.
    fn fail(&mut self, head: Head, error: Error, size: usize, end_of_stream: bool) -> Action {
        if self.is_hedged() {
            self.set_body(size, &[]);
            if end_of_stream {
                // No callback will come for the body: the other attempt's outcome ends this one.
                return Action::Pause;
            }
            self.set_error(&head, &error, None);
            self.answer = Answer::Late(head, Some(error));
        } else {
            self.give_error(&head, &error, size);
        }
        self.put_back();
        Action::Continue
    }
}

/// Room for the client's events, made of `size` bytes of Bedrock's: those have padding, these each repeat the stream's id and
/// model, and are seldom more than twice as long.
fn room_for_events(size: usize) -> Vec<u8> {
    Vec::with_capacity(size.saturating_mul(2))
}

/// Logs that AWS has rejected the gateway's credentials. The client is not told why, but the operator must be.
pub(super) fn log_if_ours(error: &BedrockError) {
    if let Some(line) = errors::for_log(error) {
        host::log(LogLevel::Warn, || line);
    }
}
