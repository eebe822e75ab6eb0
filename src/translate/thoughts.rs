//! Reasoning that the gateway keeps for clients that do not send it back: which part of an answer is kept, and how it returns
//! into a conversation. Where and how long it is kept is decided elsewhere.

use std::fmt;

use crate::bedrock::converse::Reasoning;
use crate::bedrock::reply::{self, Block as Said, Output, Reply, is_of_server};
use crate::wire::{self, List, Str};

/// Most bytes of one answer's reasoning that are kept.
pub const MOST: usize = 256 << 10;
/// Bytes counted for a block beside its texts, so that there are few blocks to search.
const PLACE: usize = 256;

/// Where one caller's reasoning is kept.
pub trait Recall: fmt::Debug {
    /// The reasoning kept for each of these tool calls, of the model that the tables know by this id.
    fn recall(&self, model: &str, calls: &[&str]) -> Vec<Option<Vec<u8>>>;
}

/// The reasoning of an answer with tool calls, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thoughts {
    /// The id of the answer's first tool call.
    pub call: String,
    /// The reasoning blocks, in Converse's form.
    pub reasoning: Vec<u8>,
}

/// Collects the reasoning of an answer.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    /// Blocks by index.
    blocks: Vec<(u32, Block)>,
    /// The id of the first tool call.
    call: Option<String>,
    /// Bytes so far, including [`PLACE`] per block.
    size: usize,
}

#[derive(Debug, Default)]
struct Block {
    text: String,
    signature: String,
    redacted: String,
}

impl Gathering {
    /// A reasoning block, or a part of one.
    pub(super) fn piece(
        &mut self,
        block: u32,
        text: Option<&str>,
        signature: Option<&str>,
        redacted: Option<&str>,
    ) {
        let [text, signature, redacted] = [text, signature, redacted].map(Option::unwrap_or_default);
        let known = self.blocks.iter_mut().rev().find(|(index, _)| *index == block);
        let place = if known.is_some() { 0 } else { PLACE };
        let added =
            [text, signature, redacted].iter().fold(place, |all, piece| all.saturating_add(piece.len()));
        self.size = self.size.saturating_add(added);
        if self.size > MOST {
            self.blocks = Vec::new();
            return;
        }
        if let Some((_, block)) = known {
            block.text.push_str(text);
            block.signature.push_str(signature);
            block.redacted.push_str(redacted);
        } else {
            let [text, signature, redacted] = [text, signature, redacted].map(str::to_owned);
            self.blocks.push((block, Block { text, signature, redacted }));
        }
    }

    /// A tool call of the client's.
    pub(super) fn call(&mut self, id: &str) {
        self.call.get_or_insert_with(|| id.to_owned());
    }

    /// Bytes held.
    pub(super) fn held(&self) -> usize {
        let call = self.call.as_ref().map_or(0, String::capacity);
        self.blocks.iter().fold(call, |all, (_, Block { text, signature, redacted })| {
            let texts = [text, signature, redacted].map(String::capacity);
            texts.into_iter().fold(all.saturating_add(size_of::<(u32, Block)>()), usize::saturating_add)
        })
    }

    /// The reasoning to keep, once the answer is complete: for an answer with tool calls, the blocks that the model will accept
    /// again.
    pub(super) fn end(self) -> Option<Thoughts> {
        let Self { blocks, call, size } = self;
        if size > MOST {
            return None;
        }
        let blocks: Vec<Reasoning<'_>> = blocks.into_iter().filter_map(|(_, block)| block.signed()).collect();
        let call = call.filter(|_| !blocks.is_empty())?;
        Some(Thoughts { call, reasoning: wire::to_vec(&blocks) })
    }
}

/// The reasoning to keep from a whole answer; `is_clients` tells whether the tool of this name at Bedrock is the client's.
pub(super) fn of_reply(body: &[u8], is_clients: impl Fn(&str) -> bool) -> Option<Thoughts> {
    let Reply { output, .. } = wire::object_from_slice(body).ok()?;
    let message = output.and_then(|Output { message }| message)?;
    let mut gathering = Gathering::default();
    for (at, Said { tool_use, reasoning_content, .. }) in message.content.into_iter().flatten().enumerate() {
        if let Some(reply::Reasoning { reasoning_text, redacted_content }) =
            reasoning_content.map(|block| *block)
        {
            let readable = reasoning_text.unwrap_or_default();
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            gathering.piece(
                at,
                readable.text.as_deref(),
                readable.signature.as_deref(),
                redacted_content.as_deref(),
            );
        }
        if let Some(reply::ToolUse { tool_use_id: Some(id), name: Some(name), kind, .. }) =
            tool_use.map(|call| *call)
            && !is_of_server(kind.as_ref())
            && is_clients(&name)
        {
            gathering.call(&id);
        }
    }
    gathering.end()
}

impl Block {
    /// The block as the model accepts it: signed, or redacted.
    fn signed(self) -> Option<Reasoning<'static>> {
        let Self { text, signature, redacted } = self;
        match (signature.is_empty(), redacted.is_empty()) {
            (false, _) => Some(Reasoning::ReasoningText { text: text.into(), signature: signature.into() }),
            (true, false) => Some(Reasoning::RedactedContent(redacted.into())),
            (true, true) => None,
        }
    }
}

/// The kept blocks; empty where they cannot be parsed.
pub(super) fn blocks(kept: &[u8]) -> Vec<Reasoning<'static>> {
    let owned = |text: Str<'_>| Str::from(text.into_cow().into_owned());
    let blocks: List<reply::Reasoning<'_>> = wire::from_slice(kept).unwrap_or_default();
    blocks
        .into_iter()
        .filter_map(|reply::Reasoning { reasoning_text, redacted_content }| match reasoning_text {
            Some(readable) => Some(Reasoning::ReasoningText {
                text: owned(readable.text.unwrap_or_default()),
                signature: owned(readable.signature?),
            }),
            None => redacted_content.map(|data| Reasoning::RedactedContent(owned(data))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(gathering: Gathering) -> Option<(String, String)> {
        let Thoughts { call, reasoning } = gathering.end()?;
        let again = wire::to_string(&blocks(&reasoning));
        assert_eq!(again.as_bytes(), reasoning);
        Some((call, again))
    }

    #[test]
    fn pieces_of_a_stream_are_put_together_and_come_back_as_they_were() {
        let mut gathering = Gathering::default();
        gathering.piece(0, None, None, Some("cmVk"));
        gathering.piece(0, None, None, Some("YWN0"));
        gathering.piece(1, Some("I \"th"), None, None);
        gathering.piece(1, Some("ink\"\n"), None, None);
        gathering.piece(1, None, Some("sig"), None);
        gathering.piece(1, None, Some("ned"), None);
        gathering.piece(2, Some(""), Some("empty"), None);
        gathering.call("a");
        gathering.call("b");
        assert!(gathering.held() > 30);
        let (call, blocks) = kept(gathering).unwrap();
        assert_eq!(call, "a");
        let expected = serde_json::json!([
            {"redactedContent": "cmVkYWN0"},
            {"reasoningText": {"text": "I \"think\"\n", "signature": "signed"}},
            {"reasoningText": {"text": "", "signature": "empty"}}
        ]);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&blocks).unwrap(), expected);
    }

    #[test]
    fn only_what_is_signed_and_followed_by_a_call_is_kept() {
        let mut unsigned = Gathering::default();
        unsigned.piece(0, Some("thought"), None, None);
        unsigned.call("a");
        assert_eq!(kept(unsigned), None);
        let mut no_call = Gathering::default();
        no_call.piece(0, Some("thought"), Some("signed"), None);
        assert_eq!(kept(no_call), None);
        let mut no_thought = Gathering::default();
        no_thought.call("a");
        assert_eq!(kept(no_thought), None);
    }

    #[test]
    fn what_is_too_large_is_not_kept_nor_held() {
        let mut gathering = Gathering::default();
        let piece = "x".repeat(MOST / 4);
        for _ in 0..3 {
            gathering.piece(0, Some(&piece), None, None);
        }
        assert!(gathering.held() >= MOST / 4 * 3);
        gathering.piece(0, Some(&piece), None, None);
        gathering.piece(0, None, Some("s"), None);
        gathering.piece(0, None, Some("s"), None);
        gathering.call("a");
        assert!(gathering.held() < 10);
        assert_eq!(kept(gathering), None);
        let mut empty = Gathering::default();
        for block in 0..1_000_000 {
            empty.piece(block, None, None, None);
        }
        assert_eq!(empty.held(), 0);
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        for broken in ["", "{}", "[", "null", "[1]", r#"[{"reasoningText":{"text":"unsigned"}}]"#, "\u{1}"] {
            assert!(blocks(broken.as_bytes()).is_empty(), "{broken}");
        }
    }
}
