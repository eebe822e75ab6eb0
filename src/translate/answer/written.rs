//! What a model writes into its text, and is none: thoughts, and calls that Bedrock has not read.

use crate::techniques::{self, Parted};
use crate::translate::fit::family::CallsInText;
use crate::translate::fit::{self, JsonObject};

use super::calls::{self, Calls, Found};
use super::context::Context;
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
    /// Tells thoughts from the answer where a technique has asked for tags.
    parted: Option<Parted>,
}

impl Reader {
    /// Of an answer to this; no more than `limit` bytes are held back.
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

    /// Memory that is held, bytes.
    pub(super) fn held(&self) -> usize {
        let calls = self.calls.as_ref().map_or(0, Calls::held);
        let thoughts = self.thoughts.as_ref().map_or(0, Thoughts::held);
        let object = self.object.as_ref().map_or(0, JsonObject::held);
        let parted = self.parted.as_ref().map_or(0, Parted::held);
        [calls, thoughts, object, parted].into_iter().fold(0, usize::saturating_add)
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

/// Thoughts and answer as pieces of what is written.
fn told_apart(pieces: Vec<techniques::Piece>, mut has_answered: bool, out: &mut Vec<Piece>) {
    for piece in pieces {
        match piece {
            // What is blank behind the answer says nothing.
            techniques::Piece::Thought(thought) if has_answered && thought.trim().is_empty() => {}
            techniques::Piece::Thought(thought) => out.push(Piece::Thought(thought)),
            techniques::Piece::Answer(text) => {
                // What was thought before it is one thought.
                out.push(Piece::Over);
                out.push(Piece::Text(text));
                has_answered = true;
            }
        }
    }
}
