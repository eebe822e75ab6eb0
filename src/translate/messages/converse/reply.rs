//! Translates an answer into a message.

use crate::anthropic::message::{Block, Input, Message};
use crate::bedrock::reply::Usage;
use crate::openai::Error;
use crate::translate::Answered;
use crate::translate::answer::{self, Event, Front, Why};
use crate::translate::errors::no_answer;
use crate::wire::{self, Str};

use super::{Reply, citation, id, stop_reason, usage};

/// The answer, as far as it is collected.
#[derive(Default)]
struct Collected<'a> {
    content: Vec<Block<'a>>,
    /// Converse's index of the last block.
    block: Option<u32>,
    why: Option<Why>,
    usage: Option<Usage>,
}

/// Translates the body of a 200.
///
/// # Errors
/// 502 where it is not a Converse reply; never an empty success.
pub(super) fn reply(reply: &Reply, body: &[u8], answered: Answered<'_>) -> Result<Vec<u8>, Error> {
    let mut collected = Collected::default();
    answer::whole(&reply.context, body, &mut collected)?;
    let Collected { content, block: _, why, usage: tokens } = collected;
    let why = why.ok_or_else(|| no_answer("Bedrock's reply does not say why it ended."))?;
    let message = Message {
        id: &id(answered.request_id),
        kind: "message",
        role: "assistant",
        model: &reply.model,
        content,
        stop_reason: Some(stop_reason(why)),
        stop_sequence: reply.stop.as_deref().filter(|_| why == Why::Sequence),
        usage: usage(tokens),
    };
    Ok(wire::to_vec(&message))
}

impl<'a> Collected<'a> {
    /// The last block, if it is the one of this index.
    fn last(&mut self, block: u32) -> Option<&mut Block<'a>> {
        if self.block == Some(block) { self.content.last_mut() } else { None }
    }

    fn push(&mut self, of: u32, block: Block<'a>) {
        self.block = Some(of);
        self.content.push(block);
    }
}

impl<'a> Front<'a> for Collected<'a> {
    fn event(&mut self, event: Event<'a>) {
        match event {
            Event::Begins | Event::Searches { .. } | Event::Searched { .. } | Event::BlockEnds { .. } => {}
            Event::Text { block: _, text } if text.is_empty() => {}
            Event::Text { block, text: piece } => match self.last(block) {
                Some(Block::Text { text, .. }) => join(text, piece),
                _ => self.push(block, Block::Text { text: piece, citations: Vec::new() }),
            },
            // In a whole reply a thought comes at once.
            Event::Reasoning { block, thought: _, text, signature } => {
                let (thinking, signature) = (text.unwrap_or_default(), signature.unwrap_or_default());
                self.push(block, Block::Thinking { thinking, signature });
            }
            Event::Redacted { block, thought: _, data } => {
                self.push(block, Block::RedactedThinking { data });
            }
            Event::Call { block, call: _, id, name, is_custom: _ } => {
                self.push(block, Block::ToolUse { id, name, input: Input("{}".into()) });
            }
            Event::Arguments { block, call: _, piece } | Event::FreeText { block, call: _, text: piece } => {
                if let Some(Block::ToolUse { input, .. }) = self.last(block) {
                    *input = Input(piece);
                }
            }
            Event::Citation { block, citation: source, start: _, end: _ } => {
                let Some(citation) = citation(source) else { return };
                let text = self.content.iter_mut().rev().find_map(|block| match block {
                    Block::Text { citations, .. } => Some(citations),
                    _ => None,
                });
                match text {
                    Some(citations) => citations.push(citation),
                    // The cited text may still be held back.
                    None => self.push(block, Block::Text { text: Str::default(), citations: vec![citation] }),
                }
            }
            Event::Stops(why) => self.why = Some(why),
            Event::Ends { usage, service_tier: _ } => self.usage = usage,
        }
    }
}

fn join<'a>(text: &mut Str<'a>, piece: Str<'a>) {
    let mut joined = std::mem::take(text).into_cow().into_owned();
    joined.push_str(&piece);
    *text = joined.into();
}
