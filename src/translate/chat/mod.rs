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

/// Facts about the request that the translation of the reply needs.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// The model as the client names it.
    pub model: String,
    /// Whether the client asked for a stream.
    pub stream: bool,
    /// Whether the stream ends with the usage.
    pub include_usage: bool,
    /// Changes made for the model that the reply has to undo.
    context: Context,
    /// The client gave `functions`, and wants `function_call` back.
    legacy_functions: bool,
    /// Tokens of a technique's earlier calls, where this is its last.
    before: Option<Box<Usage>>,
    /// For `POST completions`: the text that the answer begins with.
    text: Option<String>,
}

/// A text for `message.refusal`, for which Bedrock has none.
fn refusal(why: Why) -> Option<&'static str> {
    (why == Why::Refused).then_some("The model refused to answer.")
}

/// OpenAI's finish reason. `legacy_functions` says whether the client gave `functions`.
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
    /// For an answer to a request of another endpoint than chats.
    pub(in crate::translate) fn of(model: &str, context: Context, stream: bool, include_usage: bool) -> Self {
        Self { model: model.to_owned(), stream, include_usage, context, ..Self::default() }
    }

    /// For `POST completions`, whose answer begins with `echo`.
    pub(in crate::translate) fn into_text(self, echo: Option<String>) -> Self {
        Self { text: Some(echo.unwrap_or_default()), ..self }
    }

    /// For the answer to a technique's last call.
    pub(in crate::translate) fn after(mut self, before: Usage, parted: bool) -> Self {
        self.context.parted = parted;
        self.before = Some(before.into());
        self
    }

    /// The usage for the client.
    fn usage(&self, tokens: &bedrock::reply::Usage) -> Usage {
        let mut all = usage(tokens);
        if let Some(before) = &self.before {
            add(&mut all, before);
        }
        all
    }

    /// Facts for the record from the whole answer that was read last.
    pub fn noted(&self) -> Noted {
        self.context.noted.get()
    }

    /// Bytes held: names, and the text that the answer repeats.
    pub(in crate::translate) fn held(&self) -> usize {
        let texts = [Some(&self.model), self.text.as_ref()].into_iter().flatten().map(String::capacity);
        texts.fold(self.context.held(), usize::saturating_add)
    }

    /// Whether the reasoning before tool calls is to be kept.
    pub(in crate::translate) fn keeps_thoughts(&self) -> bool {
        self.context.undo.keeps_thoughts()
    }

    /// The reasoning of a whole answer that is to be kept.
    pub(in crate::translate) fn thoughts(&self, body: &[u8]) -> Option<Thoughts> {
        self.context.thoughts(body)
    }

    /// The id of the answer.
    fn id(&self, request_id: &str) -> String {
        let kind = if self.text.is_some() { "cmpl" } else { "chatcmpl" };
        format!("{kind}-{request_id}")
    }
}

#[cfg(test)]
mod after_tests;
