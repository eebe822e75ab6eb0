//! OpenAI and Anthropic ⇄ Bedrock, a module per endpoint: what each thing becomes is decided here and nowhere else.
//!
//! ```text
//! a front: request ─▶ Conversation ─▶ fit ─▶ Bedrock ─▶ answer ─▶ Events ─▶ the front: chunks, or a message
//! ```
//!
//! A new front for Converse is a module with a request that makes a [`conversation::Conversation`], and what tells of the answer's
//! [events](answer::Event): a [`Writer`](answer::Writer) of a stream, by which [`answer::Streaming`] is [`Streamed`], and an
//! [`answer::Front`] that puts them together for [`answer::whole`]. What the request leaves for its answer is a variant of [`Reply`],
//! which has an [`answer::Context`]. From there on the compiler asks for what is missing.

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

/// A request as it goes to Bedrock.
#[derive(Debug)]
pub struct Outgoing<'a, R> {
    /// The operation, the last segment of the path: `converse`, `converse-stream`, `invoke`, `apply`.
    pub operation: &'static str,
    /// The guardrail that is called, its id and version; `None`: the model is.
    pub guardrail: Option<(String, String)>,
    /// The JSON body; large texts are still the client's own bytes.
    pub body: Pieces<'a>,
    /// What was ignored, for the response header `x-ignored-parameters`.
    pub ignored: Vec<String>,
    /// What it takes to translate the answer.
    pub reply: R,
}

/// What is known of an answer before its body: the same for every endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// Bedrock's request id.
    pub request_id: &'a str,
    /// When the answer began, seconds since 1970.
    pub created: u64,
    /// Input tokens as the headers count them (`x-amzn-bedrock-input-token-count`), which only InvokeModel has.
    pub input_tokens: Option<u64>,
}

/// What it takes to translate the answer, by endpoint.
#[derive(Clone, Debug)]
pub enum Reply {
    /// To a chat.
    Chat(chat::Reply),
    /// To embeddings.
    Embeddings(embeddings::Reply),
    /// To a moderation.
    Moderations(moderations::Reply),
    /// To messages of Anthropic's.
    Messages(messages::Reply),
    /// To a response.
    Response(responses::Reply),
    /// To a count of tokens.
    InputTokens,
}

/// An answer under way as a stream, whatever API it is told in.
pub trait Streamed: fmt::Debug {
    /// True once a good event has come: from then on the answer is under way.
    fn has_begun(&self) -> bool;

    /// What of the answer is held back, bytes.
    fn held(&self) -> usize;

    /// Takes the next bytes, however they were cut, and writes what the client gets for the events that they complete.
    ///
    /// # Errors
    /// What the client is told where the answer cannot go on.
    fn bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Error>;

    /// The bytes have ended.
    ///
    /// # Errors
    /// 502 where the answer is not whole.
    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error>;

    /// The reasoning that is to be kept, once the answer is whole; given once.
    fn thoughts(&mut self) -> Option<Thoughts> {
        None
    }

    /// What the answer has told of itself so far.
    fn noted(&self) -> Noted;

    /// Tells of an error inside the stream; nothing comes after it.
    fn fail(&self, error: &Error, out: &mut Vec<u8>);
}

/// Who asks, and what its headers say beside the body.
#[derive(Clone, Debug, Default)]
pub struct Client<'a> {
    /// The name of its key.
    pub name: &'a str,
    /// What holds for all that it asks; `None`: nothing.
    pub terms: Option<&'a Terms>,
    /// What its headers say about a chat.
    pub chat: chat::Headers<'a>,
    /// Where reasoning is kept that it does not send back; `None`: nowhere.
    pub recall: Option<&'a dyn Recall>,
}

/// Translates a request. `resolve` says which of Bedrock's models the client means by its `model`, if it gave one.
///
/// # Errors
/// What the client is told where the request is wrong, or `resolve` knows no model.
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
    /// What of the request is held until its answer is over, bytes.
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

    /// The same of the last call of a technique: its tokens are told with those of the calls before it. `parted`: the text has thoughts
    /// between tags, which are told as reasoning.
    #[must_use]
    pub fn after(self, before: openai::completion::Usage, parted: bool) -> Self {
        match self {
            Self::Chat(context) => Self::Chat(context.after(before, parted)),
            other => other,
        }
    }

    /// True where the request's body is the model's own, so that headers say what is Bedrock's: labels, a guardrail.
    pub fn is_of_own_body(&self) -> bool {
        matches!(self, Self::Messages(messages::Reply::Native { .. }))
    }

    /// What translates the stream that the client wants; `None` where it wants none. It takes over what is held here.
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

    /// Whether the reasoning before calls is to be kept.
    pub fn keeps_thoughts(&self) -> bool {
        match self {
            Self::Chat(context) => context.keeps_thoughts(),
            Self::Response(context) => context.keeps_thoughts(),
            Self::Messages(_) | Self::Embeddings(_) | Self::Moderations(_) | Self::InputTokens => false,
        }
    }

    /// The reasoning that is to be kept of the body of a 200 that is not a stream.
    pub fn thoughts(&self, body: &[u8]) -> Option<Thoughts> {
        match self {
            Self::Chat(context) => context.thoughts(body),
            Self::Response(context) => context.thoughts(body),
            // Anthropic's clients send it back themselves.
            Self::Messages(_) | Self::Embeddings(_) | Self::Moderations(_) | Self::InputTokens => None,
        }
    }

    /// What the whole answer that was read last has told of itself.
    pub fn noted(&self) -> Noted {
        match self {
            Self::Chat(context) => context.noted(),
            Self::Response(context) => context.noted(),
            Self::Messages(context) => context.noted(),
            Self::Moderations(context) => {
                Noted { guardrail: context.has_intervened.get(), ..Noted::default() }
            }
            // Headers tell of these.
            Self::Embeddings(_) | Self::InputTokens => Noted::default(),
        }
    }

    /// Whether the client waits for a stream.
    pub fn is_streamed(&self) -> bool {
        match self {
            Self::Chat(context) => context.stream,
            Self::Response(context) => context.stream,
            Self::Messages(context) => context.is_streamed(),
            Self::Embeddings(_) | Self::Moderations(_) | Self::InputTokens => false,
        }
    }

    /// Writes the body of a 200 that is not a stream as the stream that the client [waits for](Self::is_streamed).
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

    /// Translates the body of a 200 that is not a stream.
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
