//! One turn of a conversation, and Bedrock's order of blocks in it.

use super::family::Capabilities;
use super::notes::{Field, Notes};
use crate::bedrock::converse::{Block, Message, Role};

/// The text of a user's turn that Bedrock requires and the client did not send.
pub(super) const GO_ON: &str = "Continue.";

/// The blocks collected for one turn. Bedrock requires `first` first and `last` last, whatever the client's order.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub(super) role: Role,
    /// Tool results of a user's turn, reasoning of the assistant's.
    pub(super) first: Vec<Block<'a>>,
    pub(super) blocks: Vec<Block<'a>>,
    /// Calls of the assistant's turn.
    pub(super) last: Vec<Block<'a>>,
}

/// A user's turn that the client did not send.
pub(super) fn user(text: &'static str) -> Message<'static> {
    Message { role: Role::User, content: vec![Block::Text(text.into())] }
}

/// Adds a turn in Bedrock's form, unless it has no content.
pub(super) fn push_turn<'a>(
    messages: &mut Vec<Message<'a>>,
    turn: Turn<'a>,
    capabilities: &Capabilities,
    notes: &mut Notes,
) {
    let Turn { role, mut first, mut blocks, last } = turn;
    let is_text = |block: &Block<'_>| matches!(block, Block::Text(_));
    if blocks.iter().any(|block| matches!(block, Block::Document(_))) && !blocks.iter().any(is_text) {
        blocks.insert(0, Block::Text("The document:".into()));
    }
    // Claude refuses a turn with only reasoning, and a cache point alone caches no more than the turn before.
    let is_said = |block: &Block<'_>| !matches!(block, Block::ReasoningContent(_) | Block::CachePoint(_));
    if ![&first, &blocks, &last].into_iter().flatten().any(is_said) {
        notes.dropped_if(!first.is_empty(), Field::Replay);
        return;
    }
    let stands_beside = |block: &Block<'_>| match block {
        Block::CachePoint(_) => true,
        Block::Document(_) | Block::Video(_) => {
            capabilities.text_beside_results && capabilities.documents_beside_results
        }
        _ => capabilities.text_beside_results,
    };
    let split = role == Role::User && !first.is_empty() && !blocks.iter().all(stands_beside);
    if split {
        let points = blocks.iter().take_while(|block| matches!(block, Block::CachePoint(_))).count();
        first.extend(blocks.drain(..points).take(1));
        messages.push(Message { role, content: first });
        messages.push(Message { role: Role::Assistant, content: vec![Block::Text("Understood.".into())] });
        messages.push(Message { role, content: blocks });
        return;
    }
    if role == Role::Assistant
        && !capabilities.text_beside_calls
        && !last.is_empty()
        && blocks.iter().any(is_text)
    {
        add(messages, role, in_order(first, blocks, Vec::new()));
        messages.push(user(GO_ON));
        messages.push(Message { role, content: in_order(Vec::new(), Vec::new(), last) });
        return;
    }
    add(messages, role, in_order(first, blocks, last));
}

fn add<'a>(messages: &mut Vec<Message<'a>>, role: Role, content: Vec<Block<'a>>) {
    // Two turns of one role may meet where an empty one between them was left out.
    match messages.last_mut().filter(|before| before.role == role) {
        Some(before) => before.content.extend(content),
        None => messages.push(Message { role, content }),
    }
}

/// The blocks in Bedrock's order, without cache points that have nothing before them.
fn in_order<'a>(first: Vec<Block<'a>>, blocks: Vec<Block<'a>>, last: Vec<Block<'a>>) -> Vec<Block<'a>> {
    let is_point = |block: &Block<'_>| matches!(block, Block::CachePoint(_));
    if first.is_empty() && last.is_empty() && !blocks.iter().any(is_point) {
        return blocks;
    }
    let mut content = Vec::with_capacity(first.len().saturating_add(blocks.len()).saturating_add(last.len()));
    for block in first.into_iter().chain(blocks).chain(last) {
        // A cache point must have content before it, and must not follow reasoning.
        let is_useless = is_point(&block)
            && matches!(content.last(), None | Some(Block::ReasoningContent(_) | Block::CachePoint(_)));
        if !is_useless {
            content.push(block);
        }
    }
    content
}
