//! Text of an answer that is held back, and its limits.

use crate::bedrock::citation::Citation;
use crate::openai::Error;
use crate::translate::errors::no_answer;

/// Most open blocks of a kind: each event searches them.
const BLOCKS: usize = 1_024;

/// # Errors
/// 502 where there are too many open blocks.
pub(super) fn check_blocks(known: usize) -> Result<(), Error> {
    if known < BLOCKS {
        return Ok(());
    }
    Err(no_answer(format!("Bedrock's stream has more than {BLOCKS} blocks at a time.")))
}

/// # Errors
/// 502 where this exceeds the limit on held bytes.
pub(super) fn check_held(length: usize, limit: usize) -> Result<(), Error> {
    if length <= limit {
        return Ok(());
    }
    Err(no_answer(format!("Bedrock's stream has more than {limit} bytes that must be held together.")))
}

/// Appends a part to a held text.
///
/// # Errors
/// 502 where it exceeds `limit` bytes.
pub(super) fn hold(held: &mut String, piece: &str, limit: usize) -> Result<(), Error> {
    check_held(held.len().saturating_add(piece.len()), limit)?;
    held.push_str(piece);
    Ok(())
}

/// How the model's text is handled.
#[derive(Debug)]
pub(super) enum Speech {
    /// Passed on as the answer.
    Flows,
    /// Held, because it may not be the answer: until the answer tool is called or the answer ends; or, where the answer must be
    /// JSON and this is not, because tool calls may follow.
    Held(Held),
    /// Dropped: the answer tool was called, so text beside it is not part of the answer.
    Unwanted,
}

/// Held text with its citations.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) text: String,
    sources: Vec<Source>,
    /// Bytes of the citations' strings.
    sources_bytes: usize,
}

/// A citation, and the range of characters that it covers.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) block: u32,
    pub(super) citation: Citation<'static>,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Held {
    /// Appends text.
    ///
    /// # Errors
    /// 502 where it exceeds `limit` bytes.
    pub(super) fn say(&mut self, text: &str, limit: usize) -> Result<(), Error> {
        hold(&mut self.text, text, limit.saturating_sub(self.sources_bytes))
    }

    /// Adds a citation.
    ///
    /// # Errors
    /// 502 where it exceeds `limit` bytes.
    pub(super) fn cite(&mut self, source: Source, limit: usize) -> Result<(), Error> {
        let bytes = size_of::<Source>().saturating_add(source.citation.bytes());
        self.sources_bytes = self.sources_bytes.saturating_add(bytes);
        check_held(self.text.len().saturating_add(self.sources_bytes), limit)?;
        self.sources.push(source);
        Ok(())
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        let room = self.sources.capacity().saturating_sub(self.sources.len());
        let spare = room.saturating_mul(size_of::<Source>());
        [self.text.capacity(), self.sources_bytes, spare].into_iter().fold(0, usize::saturating_add)
    }

    /// The text and its citations.
    pub(super) fn into_parts(self) -> (String, Vec<Source>) {
        (self.text, self.sources)
    }
}
