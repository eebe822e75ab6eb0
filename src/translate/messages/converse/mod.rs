//! Messages for any model, through Converse: a request becomes a conversation, and the answer a message.

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

/// Facts about the request that the translation of the reply needs.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The model as the client names it.
    model: String,
    /// Whether the client asked for a stream.
    stream: bool,
    /// Changes made for the model that the reply has to undo.
    context: Context,
    /// The only stop sequence, if there is just one: Converse does not tell at which one the model stopped.
    stop: Option<String>,
}

impl Reply {
    /// Bytes held.
    pub(super) fn held(&self) -> usize {
        let stop = self.stop.as_ref().map_or(0, String::capacity);
        self.model.capacity().saturating_add(stop).saturating_add(self.context.held())
    }

    /// The writer of the client's stream; `None` where it asked for none.
    pub(super) fn stream(&mut self, answered: Answered<'_>, limits: &Limits) -> Option<Box<dyn Streamed>> {
        self.stream.then(|| stream::of(std::mem::take(self), answered, limits))
    }

    /// Facts for the record from the whole answer that was read last.
    pub(super) fn noted(&self) -> Noted {
        self.context.noted.get()
    }

    /// Whether the client asked for a stream.
    pub(super) fn is_streamed(&self) -> bool {
        self.stream
    }

    /// Writes the body of a 200, not a stream, as the stream that the client asked for.
    ///
    /// # Errors
    /// 502 where it is not a Converse reply.
    pub(super) fn at_once(&self, body: &[u8], answered: Answered<'_>) -> Result<Vec<u8>, Error> {
        stream::at_once(self, body, answered)
    }

    /// Translates the body of a 200, not a stream.
    ///
    /// # Errors
    /// 502 where it is not a Converse reply.
    pub(super) fn whole(&self, body: &[u8], answered: Answered<'_>) -> Result<Vec<u8>, Error> {
        reply::reply(self, body, answered)
    }
}

/// The id of a message.
fn id(request_id: &str) -> String {
    format!("msg_{request_id}")
}

/// Anthropic's stop reason (its documentation, "Handling stop reasons").
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

/// Token counts. Both APIs count cached tokens apart from the rest.
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

/// A citation in Anthropic's form, if it is of a web page.
fn citation(citation: bedrock::Citation<'_>) -> Option<Citation<'_>> {
    let bedrock::Citation { title, source: _, source_content: _, location } = citation;
    let url = location.and_then(|location| location.web?.url)?;
    Some(Citation { kind: "web_search_result_location", cited_text: "", encrypted_index: "", title, url })
}
