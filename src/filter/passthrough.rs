//! What the upstream role does not translate: requests on Bedrock's own routes, and chats with targets whose endpoint speaks
//! OpenAI's API. They are signed and sent as they are; of their answers only the beginning is looked at, so that a failure has
//! its status while Envoy can still try another target.

use super::attempt::{Answer, AsItIs, Awaited, Chosen, JSON, Kind, Sent};
use super::contexts::Action;
use super::head::Head;
use super::host::{self, Buffer, Map};
use super::refusal::{host_failed, too_large};
use super::upstream::{Upstream, log_if_ours, no_target, set_response_headers};
use crate::aws::path::encode_label;
use crate::bedrock::error::Error as BedrockError;
use crate::bedrock::operation::Operation;
use crate::gateway::headers::Headers;
use crate::gateway::native::{self, ERROR_TYPE};
use crate::gateway::targets::{Backend, Place, Target};
use crate::openai::model_member::ModelMember;
use crate::openai::{Endpoint, Error};
use crate::translate::chat::guardrail;
use crate::translate::errors::{self, no_answer};
use crate::translate::forced_guardrail;
use crate::translate::passthrough::{Beginning, Exception, first_event, first_frame, openai_error, told};

/// Where OpenAI's chats are, on either host (OpenAI SDK for Python, `providers.bedrock`).
const CHAT: &str = "/openai/v1/chat/completions";
const EVENT_STREAM: &str = "application/vnd.amazon.eventstream";
const SERVER_SENT_EVENTS: &str = "text/event-stream";

/// A request that goes on.
struct Outgoing<'a> {
    kind: Kind,
    path: &'a str,
    content_type: &'a str,
    beside: &'a Headers,
    is_fallback: bool,
}

impl Upstream {
    /// Sends a request of Bedrock's own routes.
    pub(super) fn send_native(
        &mut self,
        operation: Operation,
        caller: &str,
        target: &Target,
        place: &Place,
        body: &[u8],
    ) -> Result<Action, Error> {
        let rules = self.config.options.rules(&target.id);
        if let Some(guardrail) = rules.guardrail {
            forced_guardrail::check(operation, body, guardrail)?;
        }
        let client = self.original()?;
        let mut beside = native::headers(operation, client, caller);
        if operation.invokes() {
            beside.extend(&guardrail_headers(client, rules.guardrail));
        }
        let content_type = client.text("content-type").unwrap_or(JSON).to_owned();
        let outgoing = Outgoing {
            kind: Kind::Native(operation),
            path: &format!("/model/{}/{}", encode_label(&target.id), operation.segment()),
            content_type: &content_type,
            beside: &beside,
            is_fallback: false,
        };
        self.send(&outgoing, target, place, body)
    }

    /// Sends a chat as it is, if that is what its target takes; `None` where it has to be translated.
    pub(super) fn send_as_it_is(
        &mut self,
        endpoint: Endpoint,
        resolve: impl FnOnce(Option<&str>) -> Result<Chosen, Error>,
        place: &Place,
        body: &[u8],
        size: usize,
    ) -> Result<Option<Action>, Error> {
        let model = ModelMember::find(body)?;
        let Chosen { target, is_fallback } = resolve(model.name.as_deref())?;
        if !target.backend.speaks_openai() {
            return Ok(None);
        }
        if endpoint != Endpoint::ChatCompletions {
            return Err(Error::invalid_param("model", "This model is served here for chats only."));
        }
        let rules = self.config.options.rules(&target.id);
        let client = self.original()?;
        let mut beside = client.only(&["accept"]);
        if target.backend == Backend::OpenAi {
            if rules.guardrail.is_some() {
                forced_guardrail::check_beside(body)?;
            }
            beside.extend(&guardrail_headers(client, rules.guardrail));
        }
        let body = model
            .replaced(body, &target.id)
            .ok_or_else(|| Error::invalid("The request body is not what is expected."))?;
        let limit = self.config.body_bytes;
        if body.len() > limit {
            return Err(too_large(limit));
        }
        let outgoing =
            Outgoing { kind: Kind::OpenAi, path: CHAT, content_type: JSON, beside: &beside, is_fallback };
        let action = self.send(&outgoing, &target, place, &body)?;
        host::set_buffer(Buffer::RequestBody, size, &body)
            .map_err(|_| host_failed("take the request's body"))?;
        Ok(Some(action))
    }

    fn send(
        &mut self,
        outgoing: &Outgoing<'_>,
        target: &Target,
        place: &Place,
        body: &[u8],
    ) -> Result<Action, Error> {
        let Outgoing { kind, path, content_type, beside, is_fallback } = *outgoing;
        let destination = self.config.upstream.destination(target, place).ok_or_else(no_target)?;
        let headers = self.outgoing_headers(&destination, path, content_type, beside, &[body])?;
        let (model, region) = (target.id.clone(), destination.region.to_string());
        self.will_change();
        host::set_headers(Map::Request, &headers).map_err(|_| host_failed("take the request's headers"))?;
        let reply = Awaited::AsItIs(kind);
        self.sent = Some(Sent { reply, model, region, is_fallback, ignored: String::new() });
        Ok(Action::Continue)
    }

    /// The headers of an answer are there, and a body follows.
    pub(super) fn begin_as_it_is(&mut self, kind: Kind, head: Head, headers: Headers) -> Action {
        let has_type = |wanted| headers.text("content-type").is_some_and(|found| found.starts_with(wanted));
        let begins_with_event = match kind {
            Kind::Native(operation) => operation.streams(),
            Kind::OpenAi => has_type(SERVER_SENT_EVENTS),
        };
        self.answer = if head.status >= 400 {
            Answer::AsItIs(AsItIs::Error(kind, head, headers))
        } else if begins_with_event {
            Answer::AsItIs(AsItIs::First(kind, head, headers))
        } else {
            self.let_through(kind, &head, &headers, None);
            return Action::Continue;
        };
        Action::Pause
    }

    /// A piece of a body that is held; `size` is all that there is of it.
    pub(super) fn go_on_as_it_is(&mut self, answer: AsItIs, size: usize, end_of_stream: bool) -> Action {
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
            AsItIs::First(kind, head, headers) => match self.beginning(kind, &headers, size) {
                Ok(Beginning::Incomplete) if !end_of_stream => {
                    self.answer = Answer::AsItIs(AsItIs::First(kind, head, headers));
                    return Action::Pause;
                }
                Ok(Beginning::Incomplete) => {
                    self.give_error(&head, &no_answer("Bedrock's stream ended before it began."), size);
                }
                Ok(Beginning::Event) => self.let_through(kind, &head, &headers, None),
                Ok(Beginning::Failed(Exception { error, body })) => {
                    self.give_failure(kind, &head, &headers, &error, &body, size);
                }
                Err(error) => self.give_error(&head, &error, size),
            },
        }
        Action::Continue
    }

    /// What a stream begins with, of which `size` bytes are held.
    fn beginning(&self, kind: Kind, headers: &Headers, size: usize) -> Result<Beginning<Exception>, Error> {
        let limit = self.config.options.limits.frame_bytes;
        let read = |length: usize| host::buffer(Buffer::ResponseBody, length.min(size)).unwrap_or_default();
        match kind {
            Kind::Native(_) => {
                let is_stream =
                    headers.text("content-type").is_some_and(|found| found.starts_with(EVENT_STREAM));
                if is_stream {
                    first_frame(read, limit)
                } else {
                    Err(no_answer("Bedrock's reply is no stream."))
                }
            }
            Kind::OpenAi => match first_event(&read(limit)) {
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
        let body = host::buffer(Buffer::ResponseBody, size).unwrap_or_default();
        let error = match kind {
            Kind::Native(_) => BedrockError::from_reply(head.status, head.error_type.as_deref(), &body),
            Kind::OpenAi => openai_error(head.status, head.error_type.as_deref(), &body),
        };
        match kind {
            Kind::Native(_) if !errors::is_ours(&error) => {
                // Without a type it is not Bedrock's own, and the gateway role tells it in AWS's shape.
                let name = (!error.name.is_empty()).then_some(error.name.as_str());
                self.let_through(kind, head, headers, name.filter(|_| head.error_type.is_none()));
            }
            _ => self.give_failure(kind, head, headers, &error, &body, size),
        }
    }

    /// Gives an error in the stead of what came.
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
        let given = self.headers_as_they_are(kind, headers, error.status);
        let mut given: Headers = given.iter().filter(|(name, _)| !name.starts_with(b"content-")).collect();
        given.push("content-type", JSON);
        given.push("content-length", body.len().to_string());
        given.push(ERROR_TYPE, error.name.as_str());
        set_response_headers(&given);
        self.set_body(size, body);
    }

    /// The body goes on untouched from here.
    fn let_through(&mut self, kind: Kind, head: &Head, headers: &Headers, error_type: Option<&str>) {
        let mut given = self.headers_as_they_are(kind, headers, head.status);
        if let Some(error_type) = error_type {
            given.push(ERROR_TYPE, error_type);
        }
        set_response_headers(&given);
        self.answer = Answer::None;
    }

    /// What the client gets of an answer's headers, and where it came from.
    fn headers_as_they_are(&self, kind: Kind, headers: &Headers, status: u16) -> Headers {
        const NATIVE: &[&str] = &["x-amzn-requestid", ERROR_TYPE];
        let mut given = Headers::default();
        given.push(":status", status.to_string());
        given.extend(&headers.only(&["content-type", "content-length", "content-encoding", "retry-after"]));
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
            given.push("x-bedrock-model", sent.model.as_str());
            given.push("x-bedrock-region", sent.region.as_str());
            if sent.is_fallback {
                given.push("x-bedrock-fallback", "true");
            }
        }
        given
    }
}

/// The headers that name a guardrail: the configuration's, else the client's.
fn guardrail_headers(client: &Headers, forced: Option<&guardrail::Guardrail>) -> Headers {
    let Some(forced) = forced else {
        return client.only(&[guardrail::IDENTIFIER, guardrail::VERSION, guardrail::TRACE]);
    };
    let mut headers = Headers::default();
    for (name, value) in forced.headers() {
        headers.push(name, value);
    }
    headers
}
