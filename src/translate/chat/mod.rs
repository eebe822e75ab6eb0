//! `POST chat/completions` ⇄ Converse and ConverseStream.
//!
//! ```text
//! request:  parameters, tools, turns (content, media, tool ids), reasoning, structured output ─▶ Converse body
//! reply:    reply (whole) or stream (event by event) ─▶ OpenAI
//! ```

mod betas;
mod cache;
mod containers;
mod content;
mod drop;
mod functions;
pub mod guardrail;
mod inlining;
mod media;
mod metadata;
mod numbered;
mod parameters;
mod reasoning;
mod references;
mod reply;
mod request;
mod schema;
mod schema_object;
mod stream;
mod structured;
mod thoughts;
mod tool_ids;
mod tool_names;
mod tool_specs;
mod tools;
mod turn;
mod turns;
mod waiting;

use crate::openai::Error;
use crate::openai::completion::FinishReason;

pub use drop::Parameter;
pub use guardrail::{Guardrail, Headers};
pub use reply::reply;
pub use request::request;
pub use stream::Stream;
use tool_names::Original;

/// What the translation of a reply needs to know of its request.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// What the client called the model.
    pub model: String,
    /// Whether the client wants a stream.
    pub stream: bool,
    /// Whether the stream ends with the usage.
    pub include_usage: bool,
    /// The tools whose names were changed or which are not functions, by the name Bedrock knows.
    tools: Vec<(String, Original)>,
    /// The tool whose input is the answer itself.
    answer_tool: Option<String>,
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
        let tools = self.tools.iter().map(|(legal, original)| {
            let (Original::Function(original) | Original::Custom(original)) = original;
            size_of::<(String, Original)>()
                .saturating_add(legal.capacity())
                .saturating_add(original.capacity())
        });
        let texts = [Some(&self.model), self.answer_tool.as_ref(), self.text.as_ref()];
        let texts = texts.into_iter().flatten().map(String::capacity);
        tools.chain(texts).fold(0, usize::saturating_add)
    }

    /// The id of an answer.
    fn id(&self, request_id: &str) -> String {
        let kind = if self.text.is_some() { "cmpl" } else { "chatcmpl" };
        format!("{kind}-{request_id}")
    }

    fn called<'a>(&'a self, name: &'a str) -> Called<'a> {
        if self.answer_tool.as_deref() == Some(name) {
            return Called::Answer;
        }
        match self.tools.iter().find(|(legal, _)| legal == name) {
            Some((_, Original::Function(original))) => Called::Function(original),
            Some((_, Original::Custom(original))) => Called::Custom(original),
            None => Called::Function(name),
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
