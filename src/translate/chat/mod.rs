//! `POST chat/completions` ⇄ Converse and ConverseStream.
//!
//! ```text
//! request:  messages, tools, choice, format, parameters ─▶ a conversation ─▶ fit ─▶ Converse body
//! reply:    the answer's events ─▶ reply (whole) or stream (event by event) ─▶ OpenAI
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

use crate::bedrock;
use crate::openai::completion::{FinishReason, Usage};
use crate::translate::answer::{Context, Why};
use crate::translate::noted::Noted;
use crate::translate::thoughts::Thoughts;
use crate::translate::usage::{add, usage};

pub use drop::Parameter;
pub use guardrail::{Guardrail, Headers};
pub use reply::reply;
pub use request::request;
pub use stream::{Stream, at_once};

/// What the translation of a reply needs to know of its request.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// What the client called the model.
    pub model: String,
    /// Whether the client wants a stream.
    pub stream: bool,
    /// Whether the stream ends with the usage.
    pub include_usage: bool,
    /// What has to be undone.
    context: Context,
    /// The client gave `functions`, and wants `function_call` back.
    legacy_functions: bool,
    /// Tokens of the calls before this one, where it is the last of a technique.
    before: Option<Box<Usage>>,
    /// The client asked for a text by `POST completions`; what the text begins with.
    text: Option<String>,
}

/// What a refusal says for itself, as `message.refusal` of OpenAI's: Bedrock gives no text for it.
fn refusal(why: Why) -> Option<&'static str> {
    (why == Why::Refused).then_some("The model refused to answer.")
}

/// OpenAI's reason to stop. `legacy_functions` says whether the client gave `functions`.
fn finish_reason(why: Why, legacy_functions: bool) -> FinishReason {
    match why {
        Why::Limit | Why::Context => FinishReason::Length,
        Why::Filter | Why::Refused => FinishReason::ContentFilter,
        Why::Calls if legacy_functions => FinishReason::FunctionCall,
        Why::Calls => FinishReason::ToolCalls,
        Why::Done | Why::Sequence => FinishReason::Stop,
    }
}

impl Reply {
    /// The answer to a request that was no chat's, of what the client calls `model`.
    pub(in crate::translate) fn of(model: &str, context: Context, stream: bool, include_usage: bool) -> Self {
        Self { model: model.to_owned(), stream, include_usage, context, ..Self::default() }
    }

    /// The same as the answer to `POST completions`, which begins with `echo`.
    pub(in crate::translate) fn into_text(self, echo: Option<String>) -> Self {
        Self { text: Some(echo.unwrap_or_default()), ..self }
    }

    /// The same as the answer to the last call of a technique.
    pub(in crate::translate) fn after(mut self, before: Usage, parted: bool) -> Self {
        self.context.parted = parted;
        self.before = Some(before.into());
        self
    }

    /// What is told of tokens.
    fn usage(&self, tokens: &bedrock::reply::Usage) -> Usage {
        let mut all = usage(tokens);
        if let Some(before) = &self.before {
            add(&mut all, before);
        }
        all
    }

    /// What the whole answer that was read last has told of itself.
    pub fn noted(&self) -> Noted {
        self.context.noted.get()
    }

    /// What of the request is held, bytes: names, and the text that an answer repeats.
    pub(in crate::translate) fn held(&self) -> usize {
        let texts = [Some(&self.model), self.text.as_ref()].into_iter().flatten().map(String::capacity);
        texts.fold(self.context.held(), usize::saturating_add)
    }

    /// Whether the reasoning before calls is to be kept.
    pub(in crate::translate) fn keeps_thoughts(&self) -> bool {
        self.context.undo.keeps_thoughts()
    }

    /// The reasoning that is to be kept of a whole answer.
    pub(in crate::translate) fn thoughts(&self, body: &[u8]) -> Option<Thoughts> {
        self.context.thoughts(body)
    }

    /// The id of an answer.
    fn id(&self, request_id: &str) -> String {
        let kind = if self.text.is_some() { "cmpl" } else { "chatcmpl" };
        format!("{kind}-{request_id}")
    }
}

#[cfg(test)]
mod after_tests;
