//! `POST responses` ⇄ Converse and ConverseStream. Nothing is stored: each request carries the whole conversation.
//!
//! ```text
//! request:  items, tools, choice, format, parameters ─▶ a conversation ─▶ fit ─▶ Converse body
//! reply:    the answer's events ─▶ the response's events, and the response, which is the same whole or streamed
//! ```

mod choice;
mod count;
mod drop;
mod echo;
mod format;
mod item;
mod items;
mod output;
mod own;
mod part;
mod parts;
mod reply;
mod request;
mod sealed;
mod search;
mod tools;

use std::borrow::Cow;

use crate::openai::responses::request::Request;
use crate::openai::{self, Error};
use crate::translate::answer::{self, Context};
use crate::translate::errors::no_answer;
use crate::translate::front::Purpose;
use crate::translate::noted::Noted;
use crate::translate::thoughts::Thoughts;
use crate::translate::{Answered, Client, Limits, Outgoing, Rules, chat};

pub(in crate::translate) use count::counted;
use reply::{Asked, Whole};
pub use reply::{Response, Stream};
use request::Kept;

/// The model of a request.
#[derive(Clone, Copy, Debug)]
pub struct Known<'m> {
    /// The client's name for the model, which the response repeats.
    pub asked: &'m str,
    /// Bedrock's id without a profile's prefix: only reasoning of this model is sent back to it.
    pub thinker: &'m str,
}

/// Facts about the request that the translation of the reply needs.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// Whether the client asked for a stream.
    pub stream: bool,
    /// Changes made for the model that the reply has to undo.
    context: Context,
    asked: Asked,
}

/// Translates a request for a model by its `rules`. `source` is the body that the request borrows from: its large strings are
/// not copied.
///
/// # Errors
/// 400 with the path of a member that is wrong, too large, or without a counterpart.
pub fn request<'a>(
    request: Request<'a>,
    known: Known<'_>,
    client: &Client<'_>,
    rules: Rules<'_>,
    source: &'a [u8],
) -> Result<Outgoing<'a, Reply>, Error> {
    let outgoing = request::request(request, known, client, rules, Purpose::Answer, source)?;
    Ok(outgoing.map(|Kept { context, special, stream, include_usage: _, summary, echo }| {
        let thinker = known.thinker.to_owned();
        Reply { stream, context, asked: Asked { thinker, special, summary, echo } }
    }))
}

/// Translates such a body sent to `POST chat/completions`, whose client expects a chat as the answer.
///
/// # Errors
/// 400 with the path of a member that is wrong, too large, or without a counterpart.
pub fn as_chat<'a>(
    request: Request<'a>,
    known: Known<'_>,
    client: &Client<'_>,
    rules: Rules<'_>,
    source: &'a [u8],
) -> Result<Outgoing<'a, chat::Reply>, Error> {
    let outgoing = request::request(request, known, client, rules, Purpose::Answer, source)?;
    Ok(outgoing.map(|Kept { context, stream, include_usage, .. }| {
        chat::Reply::of(known.asked, context, stream, stream && include_usage)
    }))
}

/// Whether a body sent to `POST chat/completions` has the form of `POST responses` (Cursor sends such).
pub(in crate::translate) fn is_meant(request: &openai::chat::Request<'_>) -> bool {
    request.messages.is_none() && request.unknown.iter().any(|(name, _)| *name == "input")
}

/// Translates a request to count the tokens of an input.
///
/// # Errors
/// 400 with the path of a member that is wrong, too large, or without a counterpart.
pub fn count<'a>(
    request: Request<'a>,
    known: Known<'_>,
    client: &Client<'_>,
    rules: Rules<'_>,
    source: &'a [u8],
) -> Result<Outgoing<'a, ()>, Error> {
    Ok(request::request(request, known, client, rules, Purpose::Count, source)?.map(|_| ()))
}

/// Translates the body of a 200.
///
/// # Errors
/// 502 where it is not a Converse reply; never an empty success.
pub(in crate::translate) fn reply(
    reply: &Reply,
    body: &[u8],
    answered: Answered<'_>,
) -> Result<Vec<u8>, Error> {
    let mut whole = Whole::new(&reply.asked, answered);
    answer::whole(&reply.context, body, &mut whole)?;
    whole.object.ok_or_else(|| no_answer("Bedrock's reply has no end."))
}

/// Writes a whole answer, the body of a 200, as the stream that the client asked for.
///
/// # Errors
/// 502 where it is not a Converse reply.
pub(in crate::translate) fn at_once(
    reply: &Reply,
    body: &[u8],
    answered: Answered<'_>,
) -> Result<Vec<u8>, Error> {
    answer::at_once(&reply.context, body, Response::new(Cow::Borrowed(&reply.asked), answered))
}

impl Reply {
    /// Facts for the record from the whole answer that was read last.
    pub fn noted(&self) -> Noted {
        self.context.noted.get()
    }

    /// Bytes held.
    pub(in crate::translate) fn held(&self) -> usize {
        self.context.held().saturating_add(self.asked.held())
    }

    /// Whether the reasoning before tool calls is to be kept.
    pub(in crate::translate) fn keeps_thoughts(&self) -> bool {
        self.context.undo.keeps_thoughts()
    }

    /// The reasoning of a whole answer that is to be kept.
    pub(in crate::translate) fn thoughts(&self, body: &[u8]) -> Option<Thoughts> {
        self.context.thoughts(body)
    }
}

impl Stream {
    /// The stream that answers a request.
    pub fn new(reply: Reply, answered: Answered<'_>, limits: &Limits) -> Self {
        Self::of(reply.context, limits, Response::new(Cow::Owned(reply.asked), answered))
    }
}
