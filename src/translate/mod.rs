//! OpenAI and Anthropic ⇄ Bedrock, a module per endpoint. All decisions about the translation are here.
//!
//! ```text
//! a front: request ─▶ Conversation ─▶ fit ─▶ Bedrock ─▶ answer ─▶ Events ─▶ the front: chunks, or a message
//! ```
//!
//! A new front for Converse is a module with: a request that makes a [`conversation::Conversation`]; a
//! [`Writer`](answer::Writer) that turns the answer's [events](answer::Event) into a stream, with which [`answer::Streaming`]
//! is [`Streamed`]; and an [`answer::Front`] that collects them into a message for [`answer::whole`]. A variant of [`Reply`]
//! keeps what the request leaves for its answer, including an [`answer::Context`]. The compiler then names what is missing.

pub mod answer;
pub mod chat;
pub mod completions;
pub mod conversation;
mod data_url;
pub mod embeddings;
pub mod errors;
pub mod fit;
pub mod forced_guardrail;
mod front;
pub mod later_frames;
pub mod messages;
pub mod moderations;
pub mod noted;
pub mod notes;
mod numbered;
mod options;
pub mod passthrough;
pub mod responses;
pub mod split;
pub mod tally;
pub mod terms;
pub mod thoughts;
pub mod told;
pub mod usage;
pub mod watched;
mod within;
mod wordings;

use std::fmt;
use std::ops::Deref;

use crate::bedrock::model_id::base_model;
use crate::openai::{self, Endpoint, Error};
use crate::wire::{Members, Pieces, Raw};

use noted::Noted;
use responses::Known;
use terms::Terms;
use thoughts::{Recall, Thoughts};

pub use options::{Limits, Model, Options, Rules};
pub use within::request_within;

/// A translated request.
#[derive(Debug)]
pub struct Outgoing<'a, R> {
    /// The operation, the last segment of the path: `converse`, `converse-stream`, `invoke`, `apply`.
    pub operation: &'static str,
    /// The guardrail that is called, id and version; `None`: the model is called.
    pub guardrail: Option<(String, String)>,
    /// The JSON body; large strings are slices of the client's body.
    pub body: Pieces<'a>,
    /// Names of ignored parameters, for the response header `x-ignored-parameters`.
    pub ignored: Vec<String>,
    /// State for the translation of the answer.
    pub reply: R,
}

/// Facts about an answer before its body, for every endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// Bedrock's request id.
    pub request_id: &'a str,
    /// When the answer began, seconds since 1970.
    pub created: u64,
    /// Input tokens in the headers (`x-amzn-bedrock-input-token-count`), which only InvokeModel has.
    pub input_tokens: Option<u64>,
}

/// State for the translation of an answer, by endpoint.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Of a chat.
    Chat(chat::Reply),
    /// Of embeddings.
    Embeddings(embeddings::Reply),
    /// Of a moderation.
    Moderations(moderations::Reply),
    /// Of Anthropic's messages.
    Messages(messages::Reply),
    /// Of a response.
    Response(responses::Reply),
    /// Of a token count.
    InputTokens,
}

/// A streamed answer being translated, in any API.
pub trait Streamed: fmt::Debug {
    /// Whether a valid event has come, so that the answer has begun.
    fn has_begun(&self) -> bool;

    /// Bytes held back.
    fn held(&self) -> usize;

    /// Takes the next bytes, cut anywhere, and writes the client's events for those that they complete.
    ///
    /// # Errors
    /// The error for the client where the answer cannot continue.
    fn bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Error>;

    /// The bytes have ended.
    ///
    /// # Errors
    /// 502 where the answer is incomplete.
    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error>;

    /// The reasoning to keep, once the answer is complete; returned once.
    fn thoughts(&mut self) -> Option<Thoughts> {
        None
    }

    /// Facts for the record so far.
    fn noted(&self) -> Noted;

    /// Writes an error event, the last of the stream.
    fn fail(&self, error: &Error, out: &mut Vec<u8>);
}

/// The caller, and its headers that affect the translation.
#[derive(Clone, Debug, Default)]
pub struct Client<'a> {
    /// The name of the caller's key.
    pub name: &'a str,
    /// The terms for all of the caller's requests; `None`: none.
    pub terms: Option<&'a Terms>,
    /// The headers that affect a chat.
    pub chat: chat::Headers<'a>,
    /// Where reasoning is kept that the client does not send back; `None`: reasoning is not kept.
    pub recall: Option<&'a dyn Recall>,
    /// Whether this gateway asks itself for a part of a request: a choice of several, a draft. Those go side by side, so what one
    /// wrote to the cache the others could not read.
    pub is_part: bool,
}

/// Translates a request. `resolve` finds the model for the client's `model`, which may be absent.
///
/// # Errors
/// The error for the client, where the request is wrong or `resolve` finds no model.
pub fn request<'a, M>(
    endpoint: Endpoint,
    body: &'a [u8],
    client: &Client<'_>,
    options: &Options,
    resolve: impl FnOnce(Option<&str>) -> Result<M, Error>,
) -> Result<(M, Outgoing<'a, Reply>), Error>
where
    M: Deref<Target = str>,
{
    match endpoint {
        Endpoint::ChatCompletions => {
            let request: openai::chat::Request<'_> = openai::parse(body)?;
            if responses::is_meant(&request) {
                let request: openai::responses::request::Request<'_> = openai::parse(body)?;
                let asked = request.model.clone().filter(|name| !name.is_blank());
                let model = resolve(asked.as_deref())?;
                let asked = asked.as_deref().unwrap_or(&model);
                let known = Known { asked, thinker: base_model(options.known_as(&model)) };
                let rules = options.rules(&model, client.recall, client.terms);
                let outgoing = responses::as_chat(request, known, client, rules, body)?;
                return Ok((model, outgoing.map(Reply::Chat)));
            }
            let asked = request.model.clone().filter(|name| !name.is_blank());
            let model = resolve(asked.as_deref())?;
            let asked = asked.as_deref().unwrap_or(&model);
            let rules = options.rules(&model, client.recall, client.terms);
            let outgoing = chat::request(request, asked, client, rules, body)?;
            Ok((model, outgoing.map(Reply::Chat)))
        }
        Endpoint::Completions => {
            let request: openai::text_completion::Request<'_> = openai::parse(body)?;
            let asked = request.model.clone().filter(|name| !name.is_blank());
            let model = resolve(asked.as_deref())?;
            let asked = asked.as_deref().unwrap_or(&model);
            let rules = options.rules(&model, client.recall, client.terms);
            let outgoing = completions::request(request, asked, client, rules, body)?;
            Ok((model, outgoing.map(Reply::Chat)))
        }
        Endpoint::Responses | Endpoint::InputTokens => {
            let request: openai::responses::request::Request<'_> = openai::parse(body)?;
            let asked = request.model.clone().filter(|name| !name.is_blank());
            let model = resolve(asked.as_deref())?;
            let asked = asked.as_deref().unwrap_or(&model);
            let known = Known { asked, thinker: base_model(options.known_as(&model)) };
            let rules = options.rules(&model, client.recall, client.terms);
            let outgoing = if endpoint == Endpoint::Responses {
                responses::request(request, known, client, rules, body)?.map(Reply::Response)
            } else {
                responses::count(request, known, client, rules, body)?.map(|_| Reply::InputTokens)
            };
            Ok((model, outgoing))
        }
        Endpoint::Moderations => {
            let request: openai::moderations::Request<'_> = openai::parse(body)?;
            let model = resolve(request.model.as_deref())?;
            let outgoing =
                moderations::request(request, options.rules(&model, client.recall, client.terms), body)?;
            Ok((model, outgoing.map(Reply::Moderations)))
        }
        Endpoint::Embeddings => {
            let request: openai::embeddings::Request<'_> = openai::parse(body)?;
            let asked = request.model.clone().filter(|name| !name.is_blank());
            let model = resolve(asked.as_deref())?;
            let asked = asked.as_deref().unwrap_or(&model);
            let outgoing = embeddings::request(request, asked, &model, options, body)?;
            Ok((model, outgoing.map(Reply::Embeddings)))
        }
        Endpoint::Messages | Endpoint::MessageTokens => {
            let request: Members<'_, Raw<'_>> = openai::parse(body)?;
            let asked = messages::model(&request)?;
            let model = resolve(asked.as_deref())?;
            let asked = asked.as_deref().unwrap_or(&model);
            let rules = options.rules(&model, None, client.terms);
            let outgoing = if endpoint == Endpoint::Messages {
                messages::request(request, asked, client, rules, body)?
            } else {
                messages::count(request, asked, client, rules, body)?
            };
            Ok((model, outgoing.map(Reply::Messages)))
        }
    }
}

impl<'a, R> Outgoing<'a, R> {
    fn map<S>(self, wrap: impl FnOnce(R) -> S) -> Outgoing<'a, S> {
        let Self { operation, guardrail, body, ignored, reply } = self;
        Outgoing { operation, guardrail, body, ignored, reply: wrap(reply) }
    }
}

impl Reply {
    /// Bytes held until the answer has ended.
    pub fn held(&self) -> usize {
        match self {
            Self::Chat(context) => context.held(),
            Self::Embeddings(context) => context.model.capacity(),
            Self::Moderations(context) => context.model.capacity(),
            Self::Messages(context) => context.held(),
            Self::Response(context) => context.held(),
            Self::InputTokens => 0,
        }
    }

    /// For the answer to a technique's last call: its usage is reported together with that of the calls `before`. `parted`: its
    /// text has thoughts between tags, which become reasoning.
    #[must_use]
    pub fn after(self, before: openai::completion::Usage, parted: bool) -> Self {
        match self {
            Self::Chat(context) => Self::Chat(context.after(before, parted)),
            other => other,
        }
    }

    /// Whether the request has a native body, so that headers carry labels and guardrail.
    pub fn is_of_own_body(&self) -> bool {
        matches!(self, Self::Messages(messages::Reply::Native { .. }))
    }

    /// The translation of the client's stream; `None` where it asked for none. It takes over what is held here.
    pub fn stream(&mut self, answered: Answered<'_>, limits: &Limits) -> Option<Box<dyn Streamed>> {
        match self {
            Self::Chat(context) if context.stream => {
                Some(Box::new(chat::Stream::new(std::mem::take(context), answered, limits)))
            }
            Self::Messages(context) => context.stream(answered, limits),
            Self::Response(context) if context.stream => {
                Some(Box::new(responses::Stream::new(std::mem::take(context), answered, limits)))
            }
            Self::Chat(_) | Self::Embeddings(_) | Self::Moderations(_) => None,
            Self::Response(_) | Self::InputTokens => None,
        }
    }

    /// Whether the reasoning before tool calls is to be kept.
    pub fn keeps_thoughts(&self) -> bool {
        match self {
            Self::Chat(context) => context.keeps_thoughts(),
            Self::Response(context) => context.keeps_thoughts(),
            Self::Messages(_) | Self::Embeddings(_) | Self::Moderations(_) | Self::InputTokens => false,
        }
    }

    /// The reasoning to keep from the body of a 200, not a stream.
    pub fn thoughts(&self, body: &[u8]) -> Option<Thoughts> {
        match self {
            Self::Chat(context) => context.thoughts(body),
            Self::Response(context) => context.thoughts(body),
            // Anthropic's clients send reasoning back themselves.
            Self::Messages(_) | Self::Embeddings(_) | Self::Moderations(_) | Self::InputTokens => None,
        }
    }

    /// Facts for the record from the whole answer that was read last.
    pub fn noted(&self) -> Noted {
        match self {
            Self::Chat(context) => context.noted(),
            Self::Response(context) => context.noted(),
            Self::Messages(context) => context.noted(),
            Self::Moderations(context) => {
                Noted { guardrail: context.has_intervened.get(), ..Noted::default() }
            }
            // Their token counts are in headers.
            Self::Embeddings(_) | Self::InputTokens => Noted::default(),
        }
    }

    /// Whether the client asked for a stream.
    pub fn is_streamed(&self) -> bool {
        match self {
            Self::Chat(context) => context.stream,
            Self::Response(context) => context.stream,
            Self::Messages(context) => context.is_streamed(),
            Self::Embeddings(_) | Self::Moderations(_) | Self::InputTokens => false,
        }
    }

    /// Writes the body of a 200, not a stream, as the stream that the client [asked for](Self::is_streamed).
    ///
    /// # Errors
    /// 502 where the body is not an answer.
    pub fn at_once(&self, body: &[u8], answered: Answered<'_>) -> Result<Vec<u8>, Error> {
        match self {
            Self::Chat(context) => chat::at_once(context, body, answered),
            Self::Response(context) => responses::at_once(context, body, answered),
            Self::Messages(context) => context.at_once(body, answered),
            Self::Embeddings(_) | Self::Moderations(_) | Self::InputTokens => self.whole(body, answered),
        }
    }

    /// Translates the body of a 200, not a stream.
    ///
    /// # Errors
    /// 502 where the body is not an answer.
    pub fn whole(&self, body: &[u8], answered: Answered<'_>) -> Result<Vec<u8>, Error> {
        match self {
            Self::Chat(context) => chat::reply(context, body, answered),
            Self::Embeddings(context) => embeddings::reply(context, body, answered),
            Self::Moderations(context) => moderations::reply(context, body, answered),
            Self::Messages(context) => context.whole(body, answered),
            Self::Response(context) => responses::reply(context, body, answered),
            Self::InputTokens => responses::counted(body),
        }
    }
}
