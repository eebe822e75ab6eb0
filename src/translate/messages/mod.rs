//! `POST messages`, Anthropic's API.
//!
//! ```text
//! native:    the body as it came ─▶ InvokeModel ─▶ events as they come
//! converse:  members ─▶ a conversation ─▶ fit ─▶ Converse ─▶ the answer's events ─▶ a message, or its events
//! ```
//!
//! Which way a model is asked is a capability of its family's.

mod converse;
pub mod errors;
mod members;
pub mod native;

use std::cell::Cell;

pub use errors::as_anthropic;
pub use members::model;

use crate::bedrock::count_tokens;
use crate::openai::Error;
use crate::wire::{self, Members, Raw};

use super::errors::no_answer;
use super::front::Purpose;
use super::noted::Noted;
use super::{Answered, Client, Limits, Outgoing, Rules, Streamed};

/// What the translation of a reply needs to know of its request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// It goes on as it is.
    Native {
        /// Whether the client wants a stream.
        stream: bool,
        /// What the whole answer that was read last has told of itself.
        noted: Cell<Noted>,
    },
    /// It is translated.
    Converse(converse::Reply),
    /// It is a number.
    Count,
}

/// Translates a request for a model by its `rules`. `asked` is what the client called the model; `source` is the body that the request
/// was read from: its large texts stay there.
///
/// # Errors
/// 400 naming the member that is wrong, or without a counterpart.
pub fn request<'a>(
    request: Members<'a, Raw<'a>>,
    asked: &str,
    client: &Client<'_>,
    rules: Rules<'_>,
    source: &'a [u8],
) -> Result<Outgoing<'a, Reply>, Error> {
    if rules.capabilities.messages {
        native::request(request, client, rules, source)
    } else {
        converse::request(request, asked, client, rules, Purpose::Answer, source)
    }
}

/// The same where the request's tokens are counted, as it would be asked.
///
/// # Errors
/// As [`request`].
pub fn count<'a>(
    request: Members<'a, Raw<'a>>,
    asked: &str,
    client: &Client<'_>,
    rules: Rules<'_>,
    source: &'a [u8],
) -> Result<Outgoing<'a, Reply>, Error> {
    if rules.capabilities.messages {
        native::count(request, client, rules, source)
    } else {
        converse::request(request, asked, client, rules, Purpose::Count, source)
    }
}

fn as_it_is(body: &[u8], noted: &Cell<Noted>) -> Result<Vec<u8>, Error> {
    let (body, told) = native::reply(body)?;
    noted.set(told);
    Ok(body)
}

/// The body of a count.
fn counted(body: &[u8]) -> Result<Vec<u8>, Error> {
    let count_tokens::Reply { input_tokens } =
        wire::object_from_slice(body).map_err(|_| no_answer("Bedrock's reply could not be read."))?;
    let input_tokens = input_tokens.ok_or_else(|| no_answer("Bedrock's reply counts no tokens."))?;
    Ok(format!(r#"{{"input_tokens":{input_tokens}}}"#).into_bytes())
}

impl Reply {
    /// What of the request is held until its answer is over, bytes.
    pub(super) fn held(&self) -> usize {
        match self {
            Self::Native { .. } | Self::Count => 0,
            Self::Converse(reply) => reply.held(),
        }
    }

    /// What translates the stream that the client wants; `None` where it wants none.
    pub(super) fn stream(&mut self, answered: Answered<'_>, limits: &Limits) -> Option<Box<dyn Streamed>> {
        match self {
            Self::Native { stream: false, .. } | Self::Count => None,
            Self::Native { stream: true, .. } => Some(Box::new(native::Stream::new(limits))),
            Self::Converse(reply) => reply.stream(answered, limits),
        }
    }

    /// What the whole answer that was read last has told of itself.
    pub(super) fn noted(&self) -> Noted {
        match self {
            Self::Native { noted, .. } => noted.get(),
            Self::Converse(reply) => reply.noted(),
            Self::Count => Noted::default(),
        }
    }

    /// Whether the client waits for a stream that may have to be made of a whole answer.
    pub(super) fn is_streamed(&self) -> bool {
        matches!(self, Self::Converse(reply) if reply.is_streamed())
    }

    /// Writes the body of a 200 that is not a stream as the one that the client waits for.
    ///
    /// # Errors
    /// 502 where it is no answer.
    pub(super) fn at_once(&self, body: &[u8], answered: Answered<'_>) -> Result<Vec<u8>, Error> {
        match self {
            Self::Native { noted, .. } => as_it_is(body, noted),
            Self::Converse(reply) => reply.at_once(body, answered),
            Self::Count => counted(body),
        }
    }

    /// Translates the body of a 200 that is not a stream.
    ///
    /// # Errors
    /// 502 where it is no answer.
    pub(super) fn whole(&self, body: &[u8], answered: Answered<'_>) -> Result<Vec<u8>, Error> {
        match self {
            Self::Native { noted, .. } => as_it_is(body, noted),
            Self::Converse(reply) => reply.whole(body, answered),
            Self::Count => counted(body),
        }
    }
}
