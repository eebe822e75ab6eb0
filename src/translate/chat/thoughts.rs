//! Reasoning in an assistant's message, in one of three forms or two at once.

use crate::bedrock::converse::Reasoning;
use crate::openai::Error;
use crate::openai::chat::ThinkingBlock;
use crate::translate::notes::Notes;
use crate::wire::{List, Str};

/// The three forms.
pub(super) struct Thoughts<'a> {
    pub(super) reasoning_content: Option<Box<Str<'a>>>,
    pub(super) signature: Option<Box<Str<'a>>>,
    pub(super) thinking_blocks: Option<Box<List<ThinkingBlock<'a>>>>,
}

impl<'a> Thoughts<'a> {
    /// The reasoning blocks for Bedrock, each once. Blocks without a signature are dropped: the model would refuse them.
    pub(super) fn into_blocks(self, notes: &mut Notes<'_>) -> Result<Vec<Reasoning<'a>>, Error> {
        let Thoughts { reasoning_content, signature, thinking_blocks } = self;
        let mut reasoning_content = reasoning_content.map(|text| *text);
        let mut blocks = Vec::new();
        // A stream gives a block in parts, the last with the signature.
        let mut pieces = String::new();
        for block in thinking_blocks.map(|blocks| *blocks).into_iter().flatten() {
            let ThinkingBlock { kind: _, index: _, thinking, signature, data, unknown } = block;
            // Some clients add an empty signature to each part.
            let signature = signature.filter(|signature| !signature.is_empty());
            notes.unknown("messages[].thinking_blocks[].", unknown)?;
            match (thinking, signature, data) {
                (thinking, Some(signature), _) => {
                    let text = if pieces.is_empty() {
                        thinking
                    } else {
                        Some((std::mem::take(&mut pieces) + thinking.as_deref().unwrap_or_default()).into())
                    };
                    // Clients that keep only one of a stream's two forms have the text in the other.
                    let text = match text.filter(|text| !text.is_empty()) {
                        Some(text) => text,
                        // Models whose text was not requested give only a signature.
                        None => reasoning_content.take().unwrap_or_default(),
                    };
                    blocks.push(Reasoning::ReasoningText { text, signature });
                }
                (None, None, Some(data)) => blocks.push(Reasoning::RedactedContent(data)),
                (Some(piece), None, _) => pieces.push_str(&piece),
                (None, None, None) => {}
            }
        }
        // Without its signature the model would refuse the reasoning.
        notes.ignore_if(!pieces.is_empty(), "messages[].thinking_blocks");
        // The same reasoning in two forms is sent once.
        if blocks.is_empty()
            && let Some(text) = reasoning_content
        {
            match signature.filter(|signature| !signature.is_empty()) {
                Some(signature) => blocks.push(Reasoning::ReasoningText { text, signature: *signature }),
                None => notes.ignore_if(!text.is_blank(), "messages[].reasoning_content"),
            }
        }
        Ok(blocks)
    }
}
