//! Any model by Converse: a request becomes a conversation, and what the model says a message.

mod content;
mod media;
mod reply;
mod request;
mod stream;
mod tools;

pub(super) use request::request;

use crate::anthropic::message::{CacheCreation, Citation, Usage};
use crate::bedrock::reply as bedrock;
use crate::openai::Error;
use crate::translate::answer::{Context, Why};
use crate::translate::noted::Noted;
use crate::translate::{Answered, Limits, Streamed};

/// What the answer needs to know of its request.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// What the client called the model.
    model: String,
    /// Whether the client wants a stream.
    stream: bool,
    /// What has to be undone.
    context: Context,
    /// The one sequence at which the model may stop: Converse does not say at which it did.
    stop: Option<String>,
}

impl Reply {
    /// What of the request is held, bytes.
    pub(super) fn held(&self) -> usize {
        let stop = self.stop.as_ref().map_or(0, String::capacity);
        self.model.capacity().saturating_add(stop).saturating_add(self.context.held())
    }

    /// What writes the stream that the client wants; `None` where it wants none.
    pub(super) fn stream(&mut self, answered: Answered<'_>, limits: &Limits) -> Option<Box<dyn Streamed>> {
        self.stream.then(|| stream::of(std::mem::take(self), answered, limits))
    }

    /// What the whole answer that was read last has told of itself.
    pub(super) fn noted(&self) -> Noted {
        self.context.noted.get()
    }

    /// Whether the client waits for a stream.
    pub(super) fn is_streamed(&self) -> bool {
        self.stream
    }

    /// Writes the body of a 200 that is not a stream as the one that the client waits for.
    ///
    /// # Errors
    /// 502 where it is no reply of Converse.
    pub(super) fn at_once(&self, body: &[u8], answered: Answered<'_>) -> Result<Vec<u8>, Error> {
        stream::at_once(self, body, answered)
    }

    /// Translates the body of a 200 that is not a stream.
    ///
    /// # Errors
    /// 502 where it is no reply of Converse.
    pub(super) fn whole(&self, body: &[u8], answered: Answered<'_>) -> Result<Vec<u8>, Error> {
        reply::reply(self, body, answered)
    }
}

/// The id of a message.
fn id(request_id: &str) -> String {
    format!("msg_{request_id}")
}

/// Anthropic's reason to stop (its documentation, "Handling stop reasons").
fn stop_reason(why: Why) -> &'static str {
    match why {
        Why::Done => "end_turn",
        Why::Sequence => "stop_sequence",
        Why::Calls => "tool_use",
        Why::Limit => "max_tokens",
        Why::Context => "model_context_window_exceeded",
        Why::Filter | Why::Refused => "refusal",
    }
}

/// Both count what the cache served or took beside the rest.
fn usage(tokens: Option<bedrock::Usage>) -> Usage {
    let bedrock::Usage {
        input_tokens,
        output_tokens,
        cache_read_input_tokens,
        cache_write_input_tokens,
        cache_details,
    } = tokens.unwrap_or_default();
    let lifetimes = |bedrock::CacheDetails { five_minutes, hour }| CacheCreation {
        ephemeral_1h_input_tokens: hour,
        ephemeral_5m_input_tokens: five_minutes,
    };
    Usage {
        cache_creation: cache_details.map(lifetimes),
        input_tokens: input_tokens.unwrap_or(0),
        cache_creation_input_tokens: cache_write_input_tokens.unwrap_or(0),
        cache_read_input_tokens: cache_read_input_tokens.unwrap_or(0),
        output_tokens: output_tokens.unwrap_or(0),
    }
}

/// A source as Anthropic has it, where it is a page of the web.
fn citation(citation: bedrock::Citation<'_>) -> Option<Citation<'_>> {
    let bedrock::Citation { title, source: _, source_content: _, location } = citation;
    let url = location.and_then(|location| location.web?.url)?;
    Some(Citation { kind: "web_search_result_location", cited_text: "", encrypted_index: "", title, url })
}
