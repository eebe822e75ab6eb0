//! What a model writes into its text, and is none: thoughts, and calls that Bedrock has not read.

use crate::translate::fit::family::CallsInText;
use crate::translate::fit::{self, JsonObject, Undo};

use super::calls::{self, Calls, Found};
use super::thoughts::{Said, Thoughts};

/// A piece of what is written.
#[derive(Debug)]
pub(super) enum Piece {
    /// The answer's text.
    Text(String),
    /// Reasoning.
    Thought(String),
    /// A thought is over.
    Over,
    /// A call.
    Call(calls::Written),
}

/// Reads a text, block by block. Where there is nothing to be found it is `None`, and the text goes on as it came.
#[derive(Debug)]
pub(super) struct Reader {
    /// The block that is being read.
    block: u32,
    calls: Option<Calls>,
    thoughts: Option<Thoughts>,
    /// Finds the answer among the model's words, where that is a JSON object; it may go on from block to block.
    object: Option<JsonObject>,
}

impl Reader {
    /// Of an answer in which this has to be undone; no more than `limit` bytes are held back.
    pub(super) fn new(undo: &Undo, limit: usize) -> Option<Self> {
        let fit::Written { thoughts, calls } = undo.written();
        let thoughts = Thoughts::new(thoughts);
        let calls = (calls == CallsInText::Kimi).then(|| Calls::new(limit));
        let object = undo.json_object();
        let reads = thoughts.is_some() || calls.is_some() || object.is_some();
        reads.then_some(Self { block: 0, calls, thoughts, object })
    }

    /// Memory that is held, bytes.
    pub(super) fn held(&self) -> usize {
        let calls = self.calls.as_ref().map_or(0, Calls::held);
        let thoughts = self.thoughts.as_ref().map_or(0, Thoughts::held);
        let object = self.object.as_ref().map_or(0, JsonObject::held);
        calls.saturating_add(thoughts).saturating_add(object)
    }

    /// The block that is being read.
    pub(super) fn block(&self) -> u32 {
        self.block
    }

    /// Goes on with another block.
    pub(super) fn go_on(&mut self, block: u32) {
        self.block = block;
    }

    /// The model has given reasoning apart from its text.
    pub(super) fn thoughts_are_apart(&mut self) {
        if let Some(thoughts) = &mut self.thoughts {
            thoughts.are_apart();
        }
    }

    /// The next piece of the block.
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

    /// The block is whole.
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

    /// All blocks are.
    pub(super) fn end_of_all(&mut self) -> Vec<Piece> {
        let mut out = self.end();
        let rest = self.object.take().map(|mut object| object.end());
        out.extend(rest.filter(|rest| !rest.is_empty()).map(Piece::Text));
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
        if !text.is_empty() {
            out.push(Piece::Text(text));
        }
    }
}
