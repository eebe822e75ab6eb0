//! `POST responses` ⇄ Converse and ConverseStream. Nothing is kept: all that a response goes on from comes with its request.
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

/// What is known of the model.
#[derive(Clone, Copy, Debug)]
pub struct Known<'m> {
    /// What the client calls it; the response repeats that.
    pub asked: &'m str,
    /// Bedrock's id of it without a profile's prefix: its own thoughts, and no other's, are sent back to it.
    pub thinker: &'m str,
}

/// What the translation of a reply needs to know of its request.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// Whether the client wants a stream.
    pub stream: bool,
    /// What has to be undone.
    context: Context,
    asked: Asked,
}

/// Translates a request for a model by its `rules`. `source` is the body that the request was read from: its large
/// texts stay there.
///
/// # Errors
/// 400 naming the member that is wrong, too large, or without a counterpart.
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

/// The same of a body that came to `POST chat/completions`, where a chat is what the client reads.
///
/// # Errors
/// 400 naming the member that is wrong, too large, or without a counterpart.
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

/// True for a body that came to `POST chat/completions` and is meant for `POST responses` (Cursor sends such ones).
pub(in crate::translate) fn is_meant(request: &openai::chat::Request<'_>) -> bool {
    request.messages.is_none() && request.unknown.iter().any(|(name, _)| *name == "input")
}

/// Translates a request that asks how many tokens its input is.
///
/// # Errors
/// 400 naming the member that is wrong, too large, or without a counterpart.
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
/// 502 where it is not a reply of Converse: never an empty success.
pub(in crate::translate) fn reply(
    reply: &Reply,
    body: &[u8],
    answered: Answered<'_>,
) -> Result<Vec<u8>, Error> {
    let mut whole = Whole::new(&reply.asked, answered);
    answer::whole(&reply.context, body, &mut whole)?;
    whole.object.ok_or_else(|| no_answer("Bedrock's reply has no end."))
}

/// Writes a whole answer, the body of a 200, as the stream that the client waits for.
///
/// # Errors
/// 502 where it is not a reply of Converse.
pub(in crate::translate) fn at_once(
    reply: &Reply,
    body: &[u8],
    answered: Answered<'_>,
) -> Result<Vec<u8>, Error> {
    answer::at_once(&reply.context, body, Response::new(Cow::Borrowed(&reply.asked), answered))
}

impl Reply {
    /// What the whole answer that was read last has told of itself.
    pub fn noted(&self) -> Noted {
        self.context.noted.get()
    }

    /// What of the request is held, bytes.
    pub(in crate::translate) fn held(&self) -> usize {
        self.context.held().saturating_add(self.asked.held())
    }

    /// Whether the reasoning before calls is to be kept.
    pub(in crate::translate) fn keeps_thoughts(&self) -> bool {
        self.context.undo.keeps_thoughts()
    }

    /// The reasoning that is to be kept of a whole answer.
    pub(in crate::translate) fn thoughts(&self, body: &[u8]) -> Option<Thoughts> {
        self.context.thoughts(body)
    }
}

impl Stream {
    /// The stream that answers `reply`.
    pub fn new(reply: Reply, answered: Answered<'_>, limits: &Limits) -> Self {
        Self::of(reply.context, limits, Response::new(Cow::Owned(reply.asked), answered))
    }
}
