//! What the translation of an answer has to know of its request, whatever the API.

use std::cell::Cell;

use crate::translate::fit::{Called, Undo};
use crate::translate::noted::Noted;
use crate::translate::thoughts::{self, Thoughts};
use crate::wire::Str;

/// What is kept of a request for its answer.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// What was changed for the model.
    pub undo: Undo,
    /// The tools that take free text, by the client's names.
    pub custom: Vec<String>,
    /// The client has room for one call: it hears nothing of others.
    pub one_call: bool,
    /// The answer is to be JSON where calls may come instead: clients parse all text there is, so what is none is not told beside calls.
    pub json_beside_calls: bool,
    /// The model was asked to put thoughts and answer between tags ([`Parted`](crate::techniques::Parted)).
    pub parted: bool,
    /// What the whole answer that was read last has told of itself.
    pub noted: Cell<Noted>,
}

/// What a call is to the client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Call<'a> {
    /// Its input is the answer.
    Answer,
    /// The model's own: it looks up the web.
    Own,
    /// A call of the client's tool.
    Tool {
        /// By the client's name.
        name: Str<'a>,
        is_custom: bool,
    },
}

impl Context {
    /// What is held, bytes.
    pub fn held(&self) -> usize {
        let custom = self.custom.iter().map(|name| size_of::<String>().saturating_add(name.capacity()));
        custom.fold(self.undo.held(), usize::saturating_add)
    }

    /// The reasoning that is to be kept of a whole reply.
    pub fn thoughts(&self, body: &[u8]) -> Option<Thoughts> {
        let is_clients = |name: &str| !matches!(self.undo.called(name), Called::Answer | Called::Own);
        self.undo.keeps_thoughts().then(|| thoughts::of_reply(body, is_clients)).flatten()
    }

    /// Whether text has to wait until it is known to be the answer.
    pub(super) fn holds_text(&self) -> bool {
        self.undo.has_answer_tool() || self.json_beside_calls
    }

    /// Whether that is the model's own tool that looks up the web.
    pub(super) fn is_search(&self, name: &str) -> bool {
        self.undo.called(name) == Called::Own
    }

    /// What a call of the tool that Bedrock knows by this name is.
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
