//! Thoughts and tool calls that a model writes into its text.

use crate::techniques::{self, Parted};
use crate::translate::fit::family::CallsInText;
use crate::translate::fit::{self, JsonObject};

use super::calls::{self, Calls, Found};
use super::context::Context;
use super::thoughts::{Said, Thoughts};

/// A part of the text.
#[derive(Debug)]
pub(super) enum Piece {
    /// The answer's text.
    Text(String),
    /// Reasoning.
    Thought(String),
    /// A thought is complete.
    Over,
    /// A tool call.
    Call(calls::Written),
}

/// Reads the text of blocks. `None` where nothing can be in it: the text then passes unread.
#[derive(Debug)]
pub(super) struct Reader {
    /// The block being read.
    block: u32,
    calls: Option<Calls>,
    thoughts: Option<Thoughts>,
    /// Finds the answer in the text where it is a JSON object, which may span blocks.
    object: Option<JsonObject>,
    /// Separates thoughts from the answer, where a technique asked for tags.
    parted: Option<Parted>,
}

impl Reader {
    /// For an answer to a request with this `context`; at most `limit` bytes are held back.
    pub(super) fn new(context: &Context, limit: usize) -> Option<Self> {
        let Context { undo, parted, .. } = context;
        let fit::Written { thoughts, calls } = undo.written();
        let thoughts = Thoughts::new(thoughts);
        let calls = (calls == CallsInText::Kimi).then(|| Calls::new(limit));
        let object = undo.json_object();
        let parted = parted.then(Parted::default);
        let reads = thoughts.is_some() || calls.is_some() || object.is_some() || parted.is_some();
        reads.then_some(Self { block: 0, calls, thoughts, object, parted })
    }

    /// Bytes held.
    pub(super) fn held(&self) -> usize {
        let calls = self.calls.as_ref().map_or(0, Calls::held);
        let thoughts = self.thoughts.as_ref().map_or(0, Thoughts::held);
        let object = self.object.as_ref().map_or(0, JsonObject::held);
        let parted = self.parted.as_ref().map_or(0, Parted::held);
        [calls, thoughts, object, parted].into_iter().fold(0, usize::saturating_add)
    }

    /// The block being read.
    pub(super) fn block(&self) -> u32 {
        self.block
    }

    /// Continues with another block.
    pub(super) fn go_on(&mut self, block: u32) {
        self.block = block;
    }

    /// The model has sent reasoning apart from its text.
    pub(super) fn thoughts_are_apart(&mut self) {
        if let Some(thoughts) = &mut self.thoughts {
            thoughts.are_apart();
        }
    }

    /// Takes the next part of the block.
    pub(super) fn piece(&mut self, piece: &str) -> Vec<Piece> {
        let mut out = Vec::new();
        match &mut self.calls {
            Some(calls) => {
                let found = calls.piece(piece);
                self.found(found, &mut out);
            }
            None => self.said(piece, &mut out),
        }
        out
    }

    /// The block is complete.
    pub(super) fn end(&mut self) -> Vec<Piece> {
        let mut out = Vec::new();
        if let Some(calls) = &mut self.calls {
            let found = calls.end();
            self.found(found, &mut out);
        }
        if let Some(thoughts) = &mut self.thoughts {
            let said = thoughts.end();
            self.sorted(said, &mut out);
        }
        out
    }

    /// All blocks are complete.
    pub(super) fn end_of_all(&mut self) -> Vec<Piece> {
        let mut out = self.end();
        let rest = self.object.take().map(|mut object| object.end());
        out.extend(rest.filter(|rest| !rest.is_empty()).map(Piece::Text));
        if let Some(mut parted) = self.parted.take() {
            let has_answered = parted.has_answered();
            told_apart(parted.end(), has_answered, &mut out);
        }
        out
    }

    fn found(&mut self, found: Vec<Found>, out: &mut Vec<Piece>) {
        for found in found {
            match found {
                Found::Text(text) => self.said(&text, out),
                Found::Call(call) => out.push(Piece::Call(call)),
            }
        }
    }

    fn said(&mut self, text: &str, out: &mut Vec<Piece>) {
        match &mut self.thoughts {
            Some(thoughts) => {
                let said = thoughts.piece(text);
                self.sorted(said, out);
            }
            None => self.text(text, out),
        }
    }

    fn sorted(&mut self, said: Vec<Said>, out: &mut Vec<Piece>) {
        for said in said {
            match said {
                Said::Text(text) => self.text(&text, out),
                Said::Thought(thought) => out.push(Piece::Thought(thought)),
                Said::Over => out.push(Piece::Over),
            }
        }
    }

    fn text(&mut self, text: &str, out: &mut Vec<Piece>) {
        let text = match &mut self.object {
            Some(object) => object.piece(text),
            None => text.to_owned(),
        };
        if text.is_empty() {
            return;
        }
        match &mut self.parted {
            Some(parted) => {
                let has_answered = parted.has_answered();
                told_apart(parted.push(&text), has_answered, out);
            }
            None => out.push(Piece::Text(text)),
        }
    }
}

/// Converts a technique's thoughts and answer.
fn told_apart(pieces: Vec<techniques::Piece>, mut has_answered: bool, out: &mut Vec<Piece>) {
    for piece in pieces {
        match piece {
            // White space after the answer is dropped.
            techniques::Piece::Thought(thought) if has_answered && thought.trim().is_empty() => {}
            techniques::Piece::Thought(thought) => out.push(Piece::Thought(thought)),
            techniques::Piece::Answer(text) => {
                // What came before the answer is one thought.
                out.push(Piece::Over);
                out.push(Piece::Text(text));
                has_answered = true;
            }
        }
    }
}
