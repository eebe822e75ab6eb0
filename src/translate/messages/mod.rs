//! `POST messages`, Anthropic's API.
//!
//! Models that speak it themselves are asked in it by InvokeModel: see [`native`].

pub mod errors;
pub mod native;

pub use errors::as_anthropic;

use crate::openai::{Error, member};
use crate::wire::{Members, Raw, Str};

use super::{Answered, Client, Limits, Outgoing, Rules, Streamed};

/// What the translation of a reply needs to know of its request.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Whether the client wants a stream.
    pub stream: bool,
}

/// The model that a body names, if it does.
///
/// # Errors
/// 400 where it is no text.
pub fn model<'a>(Members(members): &Members<'a, Raw<'a>>) -> Result<Option<Str<'a>>, Error> {
    let named = members.iter().rfind(|(name, _)| *name == "model");
    let model: Option<Str<'a>> = named.map(|(_, raw)| member(raw, "model")).transpose()?.flatten();
    Ok(model.filter(|name| !name.is_blank()))
}

/// Translates a request for a model by its `rules`. `source` is the body that the request was read from: its large texts stay there.
///
/// # Errors
/// 400 naming the member that is wrong, or without a counterpart.
pub fn request<'a>(
    request: Members<'a, Raw<'a>>,
    client: &Client<'_>,
    rules: Rules<'_>,
    source: &'a [u8],
) -> Result<Outgoing<'a, Reply>, Error> {
    if !rules.capabilities.messages {
        let message = "This model is not served by Anthropic's API here; use OpenAI's.";
        return Err(Error::invalid_param("model", message));
    }
    native::request(request, client, rules, source)
}

impl Reply {
    /// What translates the stream that the client wants; `None` where it wants none.
    pub(super) fn stream(&self, limits: &Limits) -> Option<Box<dyn Streamed>> {
        if self.stream { Some(Box::new(native::Stream::new(limits))) } else { None }
    }

    /// Translates the body of a 200 that is not a stream.
    ///
    /// # Errors
    /// 502 where it is no message.
    pub(super) fn whole(&self, body: &[u8], _: Answered<'_>) -> Result<Vec<u8>, Error> {
        native::reply(body)
    }
}
