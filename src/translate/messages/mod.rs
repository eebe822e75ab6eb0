//! `POST messages`, Anthropic's API.
//!
//! ```text
//! native:    the body as it came ─▶ InvokeModel ─▶ events as they come
//! converse:  members ─▶ a conversation ─▶ fit ─▶ Converse ─▶ the answer's events ─▶ a message, or its events
//! ```
//!
//! A capability of the model's family decides between the two.

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

/// Facts about the request that the translation of the reply needs.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Native: the reply is not translated.
    Native {
        /// Whether the client asked for a stream.
        stream: bool,
        /// Facts for the record from the whole answer that was read last.
        noted: Cell<Noted>,
    },
    /// Through Converse.
    Converse(converse::Reply),
    /// A token count.
    Count,
}

/// Translates a request for a model by its `rules`. `asked` is the client's name for the model; `source` is the body that the
/// request borrows from: its large strings are not copied.
///
/// # Errors
/// 400 with the path of a member that is wrong or without a counterpart.
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

/// Translates a request whose tokens are to be counted.
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

/// The response with a token count.
fn counted(body: &[u8]) -> Result<Vec<u8>, Error> {
    let count_tokens::Reply { input_tokens } =
        wire::object_from_slice(body).map_err(|_| no_answer("Bedrock's reply could not be read."))?;
    let input_tokens = input_tokens.ok_or_else(|| no_answer("Bedrock's reply counts no tokens."))?;
    Ok(format!(r#"{{"input_tokens":{input_tokens}}}"#).into_bytes())
}

impl Reply {
    /// Bytes held until the answer has ended.
    pub(super) fn held(&self) -> usize {
        match self {
            Self::Native { .. } | Self::Count => 0,
            Self::Converse(reply) => reply.held(),
        }
    }

    /// The translation of the client's stream; `None` where it asked for none.
    pub(super) fn stream(&mut self, answered: Answered<'_>, limits: &Limits) -> Option<Box<dyn Streamed>> {
        match self {
            Self::Native { stream: false, .. } | Self::Count => None,
            Self::Native { stream: true, .. } => Some(Box::new(native::Stream::new(limits))),
            Self::Converse(reply) => reply.stream(answered, limits),
        }
    }

    /// Facts for the record from the whole answer that was read last.
    pub(super) fn noted(&self) -> Noted {
        match self {
            Self::Native { noted, .. } => noted.get(),
            Self::Converse(reply) => reply.noted(),
            Self::Count => Noted::default(),
        }
    }

    /// Whether the client asked for a stream that may have to be made from a whole answer.
    pub(super) fn is_streamed(&self) -> bool {
        matches!(self, Self::Converse(reply) if reply.is_streamed())
    }

    /// Writes the body of a 200, not a stream, as the stream that the client asked for.
    ///
    /// # Errors
    /// 502 where it is not an answer.
    pub(super) fn at_once(&self, body: &[u8], answered: Answered<'_>) -> Result<Vec<u8>, Error> {
        match self {
            Self::Native { noted, .. } => as_it_is(body, noted),
            Self::Converse(reply) => reply.at_once(body, answered),
            Self::Count => counted(body),
        }
    }

    /// Translates the body of a 200, not a stream.
    ///
    /// # Errors
    /// 502 where it is not an answer.
    pub(super) fn whole(&self, body: &[u8], answered: Answered<'_>) -> Result<Vec<u8>, Error> {
        match self {
            Self::Native { noted, .. } => as_it_is(body, noted),
            Self::Converse(reply) => reply.whole(body, answered),
            Self::Count => counted(body),
        }
    }
}
