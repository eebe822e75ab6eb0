//! Finds thoughts, and tool calls that Bedrock has not parsed, in texts.

use crate::openai::Error;
use crate::wire::Str;

use super::super::calls::{Calls, Found, Written};
use super::super::context::Context;
use super::super::event::Front;
use super::super::written::Piece;
use super::Telling;

impl Telling {
    /// More text of the model's.
    ///
    /// # Errors
    /// 502 where the limit on held bytes is exceeded.
    pub(in crate::translate::answer) fn text<'a>(
        &mut self,
        block: u32,
        text: Str<'a>,
        context: &'a Context,
        front: &mut dyn Front<'a>,
    ) -> Result<(), Error> {
        let Some(reader) = &mut self.reader else { return self.words(block, text, context, front) };
        let before = reader.block();
        let rest = if before == block { Vec::new() } else { reader.end() };
        reader.go_on(block);
        let pieces = reader.piece(&text);
        self.written(before, rest, context, front)?;
        self.written(block, pieces, context, front)
    }

    /// A block's text is complete: passes on what was held of it.
    pub(super) fn text_ends<'a>(
        &mut self,
        block: u32,
        context: &'a Context,
        front: &mut dyn Front<'a>,
    ) -> Result<(), Error> {
        let Some(reader) = self.reader.as_mut().filter(|reader| reader.block() == block) else {
            return Ok(());
        };
        let rest = reader.end();
        self.written(block, rest, context, front)
    }

    /// All texts are complete.
    pub(super) fn texts_end<'a>(
        &mut self,
        context: &'a Context,
        front: &mut dyn Front<'a>,
    ) -> Result<(), Error> {
        let Some(reader) = &mut self.reader else { return Ok(()) };
        let (block, rest) = (reader.block(), reader.end_of_all());
        self.written(block, rest, context, front)
    }

    fn written<'a>(
        &mut self,
        block: u32,
        pieces: Vec<Piece>,
        context: &'a Context,
        front: &mut dyn Front<'a>,
    ) -> Result<(), Error> {
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.words(block, text.into(), context, front)?,
                Piece::Thought(text) => self.thinks(block, Some(text.into()), None, front)?,
                Piece::Over => self.thinking.retain(|thought| thought.block != block),
                Piece::Call(call) => self.written_call(block, call, context, front)?,
            }
        }
        Ok(())
    }

    /// More readable reasoning, or its signature.
    ///
    /// # Errors
    /// 502 where there are too many open thoughts, or the limit on held bytes is exceeded.
    pub(in crate::translate::answer) fn reasoning<'a>(
        &mut self,
        block: u32,
        text: Option<Str<'a>>,
        signature: Option<Str<'a>>,
        context: &'a Context,
        front: &mut dyn Front<'a>,
    ) -> Result<(), Error> {
        if let Some(reader) = &mut self.reader {
            reader.thoughts_are_apart();
        }
        let Some((calls, piece)) = self.calls_in_reasoning.as_mut().zip(text.as_ref()) else {
            return self.thinks(block, text, signature, front);
        };
        let found = calls.piece(piece);
        self.found(block, found, context, front)?;
        if signature.is_some() { self.thinks(block, None, signature, front) } else { Ok(()) }
    }

    /// The reasoning is complete: passes on what was held of it.
    pub(super) fn reasoning_ends<'a>(
        &mut self,
        block: u32,
        context: &'a Context,
        front: &mut dyn Front<'a>,
    ) -> Result<(), Error> {
        let found = self.calls_in_reasoning.as_mut().map(Calls::end).unwrap_or_default();
        self.found(block, found, context, front)
    }

    fn found<'a>(
        &mut self,
        block: u32,
        found: Vec<Found>,
        context: &'a Context,
        front: &mut dyn Front<'a>,
    ) -> Result<(), Error> {
        for found in found {
            match found {
                Found::Text(text) => self.thinks(block, Some(text.into()), None, front)?,
                Found::Call(call) => self.written_call(block, call, context, front)?,
            }
        }
        Ok(())
    }

    /// A tool call found in a text.
    fn written_call<'a>(
        &mut self,
        block: u32,
        call: Written,
        context: &'a Context,
        front: &mut dyn Front<'a>,
    ) -> Result<(), Error> {
        let Written { id, name, arguments } = call;
        self.call(block, id.into(), name.into(), context, front)?;
        self.arguments(block, arguments.into(), front)?;
        self.close(block, front);
        Ok(())
    }
}
