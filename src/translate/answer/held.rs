//! What is held of an answer, and how much may be.

use crate::bedrock::citation::Citation;
use crate::openai::Error;
use crate::translate::errors::no_answer;

/// Most blocks of a kind that are known at a time: each event is looked up among them.
const BLOCKS: usize = 1_024;

/// # Errors
/// 502 where no more blocks can be known.
pub(super) fn check_blocks(known: usize) -> Result<(), Error> {
    if known < BLOCKS {
        return Ok(());
    }
    Err(no_answer(format!("Bedrock's stream has more than {BLOCKS} blocks at a time.")))
}

/// # Errors
/// 502 where so many bytes are more than may be held together.
pub(super) fn check_held(length: usize, limit: usize) -> Result<(), Error> {
    if length <= limit {
        return Ok(());
    }
    Err(no_answer(format!("Bedrock's stream has more than {limit} bytes that must be held together.")))
}

/// Keeps a piece until the rest has come.
///
/// # Errors
/// 502 where it becomes more than `limit` bytes.
pub(super) fn hold(held: &mut String, piece: &str, limit: usize) -> Result<(), Error> {
    check_held(held.len().saturating_add(piece.len()), limit)?;
    held.push_str(piece);
    Ok(())
}

/// What is done with the model's text.
#[derive(Debug)]
pub(super) enum Speech {
    /// It is the answer.
    Flows,
    /// It may be: until the answer tool is called, or the answer ends without that, nobody knows. Nor where the answer has to be
    /// JSON and this is none so far: it may be said beside calls.
    Held(Held),
    /// The answer tool was called: what is said beside it is no part of the answer.
    Unwanted,
}

/// Text that waits, with its sources.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) text: String,
    sources: Vec<Source>,
    /// The length of the sources' texts, bytes.
    sources_bytes: usize,
}

/// A source, and the characters that it covers.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) block: u32,
    pub(super) citation: Citation<'static>,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Held {
    /// Adds text.
    ///
    /// # Errors
    /// 502 where it becomes more than `limit` bytes.
    pub(super) fn say(&mut self, text: &str, limit: usize) -> Result<(), Error> {
        hold(&mut self.text, text, limit.saturating_sub(self.sources_bytes))
    }

    /// Adds a source.
    ///
    /// # Errors
    /// 502 where it becomes more than `limit` bytes.
    pub(super) fn cite(&mut self, source: Source, limit: usize) -> Result<(), Error> {
        let bytes = size_of::<Source>().saturating_add(source.citation.bytes());
        self.sources_bytes = self.sources_bytes.saturating_add(bytes);
        check_held(self.text.len().saturating_add(self.sources_bytes), limit)?;
        self.sources.push(source);
        Ok(())
    }

    /// Memory that is held, bytes.
    pub(super) fn bytes(&self) -> usize {
        let room = self.sources.capacity().saturating_sub(self.sources.len());
        let spare = room.saturating_mul(size_of::<Source>());
        [self.text.capacity(), self.sources_bytes, spare].into_iter().fold(0, usize::saturating_add)
    }

    /// The text and its sources.
    pub(super) fn into_parts(self) -> (String, Vec<Source>) {
        (self.text, self.sources)
    }
}
