//! Claude's thoughts in earlier answers: they must be signed, unchanged, and follow the same conversation.

use super::super::{Turn, items, text};
use crate::errors::AwsError;
use crate::models::{Bound, Facts};
use crate::thoughts::{Before, Verdict};
use serde_json::Value;

pub(super) fn check(turns: &[Turn<'_>], body: &Value, facts: &Facts) -> Result<(), AwsError> {
    if !facts.claude() || !turns.iter().any(|turn| turn.has("reasoningContent")) {
        return Ok(());
    }
    let last = turns.iter().rposition(|turn| turn.role == "assistant");
    let dropped = "/additionalModelRequestFields/thinking/block_binding/prefix_mismatch_behavior";
    let bound = facts.bound_thoughts == Bound::Checked && text(body, dropped) != Some("drop_block");
    let mut before = Before::messages(body);
    for (turn, message) in turns.iter().zip(items(body, "/messages")) {
        let at = turn.index;
        for (i, block) in turn.blocks.iter().enumerate() {
            let Some(thought) = block.pointer("/reasoningContent/reasoningText") else { continue };
            let signature = text(thought, "/signature").unwrap_or_default();
            let invalid = format!("messages.{at}.content.{i}: Invalid `signature` in `thinking` block");
            let words = match before.judge(text(thought, "/text").unwrap_or_default(), signature) {
                _ if signature.is_empty() => {
                    format!("messages.{at}.content.{i}.thinking.signature: Field required")
                }
                Verdict::OtherText if last == Some(at) => format!(
                    "messages.{at}.content.{i}: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot \
                     be modified. These blocks must remain as they were in the original response."
                ),
                Verdict::Forged | Verdict::OtherText => invalid,
                Verdict::OtherConversation if bound => format!(
                    "{invalid}. The block is bound to a different conversation. Remove the block, or set \
                     `thinking.block_binding.prefix_mismatch_behavior` to \"drop_block\"."
                ),
                Verdict::Unknown | Verdict::Good | Verdict::OtherConversation => continue,
            };
            return Err(AwsError::from_model(words));
        }
        before = before.and(message);
    }
    Ok(())
}
