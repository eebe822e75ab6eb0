//! What the translation of an answer must know of its request, in every API.

use std::cell::Cell;

use crate::translate::fit::{Called, Undo};
use crate::translate::noted::Noted;
use crate::translate::thoughts::{self, Thoughts};
use crate::wire::Str;

/// Facts about a request, kept for its answer.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Changes made for the model that the answer has to undo.
    pub undo: Undo,
    /// Custom tools, by the client's names.
    pub custom: Vec<String>,
    /// The client can take only one tool call: further ones are dropped.
    pub one_call: bool,
    /// The answer must be JSON, but may be tool calls instead: text beside calls that is not JSON is dropped, because clients
    /// parse all text.
    pub json_beside_calls: bool,
    /// A technique asked the model to put thoughts and answer between tags ([`Parted`](crate::techniques::Parted)).
    pub parted: bool,
    /// Facts for the record from the whole answer that was read last.
    pub noted: Cell<Noted>,
}

/// The meaning of a tool call to the client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Call<'a> {
    /// Its arguments are the answer.
    Answer,
    /// The model's own web search.
    Own,
    /// A call of the client's tool.
    Tool {
        /// The tool's name, as the client gave it.
        name: Str<'a>,
        is_custom: bool,
    },
}

impl Context {
    /// Bytes held.
    pub fn held(&self) -> usize {
        let custom = self.custom.iter().map(|name| size_of::<String>().saturating_add(name.capacity()));
        custom.fold(self.undo.held(), usize::saturating_add)
    }

    /// The reasoning of a whole reply that is to be kept.
    pub fn thoughts(&self, body: &[u8]) -> Option<Thoughts> {
        let is_clients = |name: &str| !matches!(self.undo.called(name), Called::Answer | Called::Own);
        self.undo.keeps_thoughts().then(|| thoughts::of_reply(body, is_clients)).flatten()
    }

    /// Whether text is held until it is known to be the answer.
    pub(super) fn holds_text(&self) -> bool {
        self.undo.has_answer_tool() || self.json_beside_calls
    }

    /// Whether a tool is the model's own web search.
    pub(super) fn is_search(&self, name: &str) -> bool {
        self.undo.called(name) == Called::Own
    }

    /// The meaning of a call of the tool of this name at Bedrock.
    pub(super) fn called<'a>(&'a self, name: Str<'a>) -> Call<'a> {
        let name = match self.undo.called(&name) {
            Called::Answer => return Call::Answer,
            Called::Own => return Call::Own,
            Called::Renamed(original) => original.into(),
            Called::AsItIs => name,
        };
        let is_custom = self.custom.iter().any(|custom| *custom == *name);
        Call::Tool { name, is_custom }
    }
}
