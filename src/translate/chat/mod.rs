//! `POST chat/completions` ⇄ Converse and ConverseStream.
//!
//! ```text
//! request:  messages, tools, choice, format, parameters ─▶ a conversation ─▶ fit ─▶ Converse body
//! reply:    reply (whole) or stream (event by event) ─▶ OpenAI
//! ```

mod calls;
mod choice;
mod content;
mod drop;
mod format;
mod functions;
pub mod guardrail;
mod messages;
mod parameters;
mod reply;
mod request;
mod stream;
mod thoughts;
mod tools;

use crate::openai::Error;
use crate::openai::completion::FinishReason;
use crate::translate::fit::{self, Undo};
use crate::translate::thoughts::{self as kept, Thoughts};

pub use drop::Parameter;
pub use guardrail::{Guardrail, Headers};
pub use reply::reply;
pub use request::request;
pub use stream::Stream;

/// What the translation of a reply needs to know of its request.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// What the client called the model.
    pub model: String,
    /// Whether the client wants a stream.
    pub stream: bool,
    /// Whether the stream ends with the usage.
    pub include_usage: bool,
    /// What was changed for the model.
    undo: Undo,
    /// The tools that take free text.
    custom: Vec<String>,
    /// The client gave `functions`, and wants `function_call` back.
    legacy_functions: bool,
    /// `response_format` asks for JSON where calls may come instead: clients parse all content there is.
    json_beside_calls: bool,
    /// The client asked for a text by `POST completions`; what the text begins with.
    text: Option<String>,
}

/// The reason to stop of a model that will not go on (Anthropic's documentation, "Handling stop reasons").
const REFUSAL: &str = "refusal";

/// What a refusal says for itself, as `message.refusal` of OpenAI's: Bedrock gives no text for it.
fn refusal(stop_reason: &str) -> Option<&'static str> {
    (stop_reason == REFUSAL).then_some("The model refused to answer.")
}

/// What to do with a call in the reply.
#[derive(Debug, PartialEq, Eq)]
enum Called<'a> {
    /// Its input is the answer.
    Answer,
    /// A function, by the client's name.
    Function(&'a str),
    /// A custom tool, by the client's name.
    Custom(&'a str),
}

impl Reply {
    /// The same as the answer to `POST completions`, which begins with `echo`.
    pub(in crate::translate) fn into_text(self, echo: Option<String>) -> Self {
        Self { text: Some(echo.unwrap_or_default()), ..self }
    }

    /// What of the request is held, bytes: names, and the text that an answer repeats.
    pub(in crate::translate) fn held(&self) -> usize {
        let custom = self.custom.iter().map(|name| size_of::<String>().saturating_add(name.capacity()));
        let texts = [Some(&self.model), self.text.as_ref()].into_iter().flatten().map(String::capacity);
        custom.chain(texts).fold(self.undo.held(), usize::saturating_add)
    }

    /// Whether the reasoning before calls is to be kept.
    pub(in crate::translate) fn keeps_thoughts(&self) -> bool {
        self.undo.keeps_thoughts()
    }

    /// The reasoning that is to be kept of a whole answer.
    pub(in crate::translate) fn thoughts(&self, body: &[u8]) -> Option<Thoughts> {
        let is_clients = |name: &str| self.called(name) != Called::Answer;
        self.keeps_thoughts().then(|| kept::of_reply(body, is_clients)).flatten()
    }

    /// The id of an answer.
    fn id(&self, request_id: &str) -> String {
        let kind = if self.text.is_some() { "cmpl" } else { "chatcmpl" };
        format!("{kind}-{request_id}")
    }

    fn called<'a>(&'a self, name: &'a str) -> Called<'a> {
        match self.undo.called(name) {
            fit::Called::Answer => Called::Answer,
            fit::Called::Tool(name) if self.custom.iter().any(|custom| custom == name) => {
                Called::Custom(name)
            }
            fit::Called::Tool(name) => Called::Function(name),
        }
    }

    /// OpenAI's reason for Bedrock's. `calls` says whether the client gets any calls, which then are the reason whatever a model
    /// calls its own (gpt-oss and others end such a turn with `end_turn`): an answer by the answer tool has none.
    ///
    /// # Errors
    /// 502 where the model's output was malformed: there is no whole answer to give.
    fn finish_reason(&self, stop_reason: &str, calls: bool) -> Result<FinishReason, Error> {
        match stop_reason {
            "max_tokens" | "model_context_window_exceeded" => Ok(FinishReason::Length),
            "guardrail_intervened" | "content_filtered" | REFUSAL => Ok(FinishReason::ContentFilter),
            "malformed_model_output" | "malformed_tool_use" => {
                Err(Error::new(502, format!("The model's output was malformed ({stop_reason})."))
                    .code("model_error"))
            }
            _ if !calls => Ok(FinishReason::Stop),
            _ if self.legacy_functions => Ok(FinishReason::FunctionCall),
            _ => Ok(FinishReason::ToolCalls),
        }
    }
}
