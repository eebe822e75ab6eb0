//! Which blocks a family takes, and in which turns.

use super::super::{Turn, items, text};
use crate::answer::{SIGNATURE_PREFIX, signature};
use crate::errors::AwsError;
use crate::models::{Facts, Family};

pub(super) fn blocks(turns: &[Turn<'_>], facts: &Facts) -> Result<(), AwsError> {
    let last = turns.len().saturating_sub(1);
    for turn in turns {
        for (kind, taken) in
            [("image", facts.images), ("document", facts.documents), ("reasoningContent", facts.reasoning)]
        {
            let nested = || {
                turn.blocks
                    .iter()
                    .flat_map(|b| items(b, "/toolResult/content"))
                    .any(|p| p.get(kind).is_some())
            };
            if !taken && (turn.has(kind) || nested()) {
                return Err(AwsError::unsupported(kind));
            }
        }
        if turn.has("video") && !matches!(facts.family, Family::Nova | Family::Nova2 | Family::Other) {
            return Err(AwsError::unsupported("video"));
        }
        if turn.has("audio") && !matches!(facts.family, Family::Nova2 | Family::Gpt5 | Family::Other) {
            return Err(AwsError::unsupported("audio"));
        }
        if turn.role == "system" && !matches!(facts.family, Family::Claude(45..) | Family::Other) {
            return Err(AwsError::validation("This model doesn't support messages of role system."));
        }
        if !facts.text_beside_result && turn.has("toolResult") && turn.has("text") {
            return Err(AwsError::validation(
                "Conversation blocks and tool result blocks cannot be provided in the same turn.",
            ));
        }
        if matches!(facts.family, Family::Claude(_)) {
            claude_turn(turn, turn.index == last)?;
        }
        if facts.family == Family::Mistral {
            let ids = turn.all("toolUse").chain(turn.all("toolResult")).filter_map(|b| text(b, "/toolUseId"));
            for id in ids {
                if id.len() != 9 || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
                    return Err(AwsError::from_model(format!(
                        "Tool call id was {id} but must be a-z, A-Z, 0-9, with a length of 9 (^[a-zA-Z0-9]{{9}}$)."
                    )));
                }
            }
        }
    }
    Ok(())
}

fn claude_turn(turn: &Turn<'_>, last: bool) -> Result<(), AwsError> {
    let at = turn.index;
    for (i, block) in turn.blocks.iter().enumerate() {
        let Some(thought) = block.pointer("/reasoningContent/reasoningText") else { continue };
        let given = text(thought, "/signature").unwrap_or_default();
        if given.is_empty() {
            return Err(AwsError::from_model(format!(
                "messages.{at}.content.{i}.thinking.signature: Field required"
            )));
        }
        // Signatures of elsewhere cannot be checked; ours can.
        if given.starts_with(SIGNATURE_PREFIX)
            && given != signature(text(thought, "/text").unwrap_or_default())
        {
            return Err(AwsError::from_model(format!(
                "messages.{at}.content.{i}: Invalid `signature` in `thinking` block"
            )));
        }
    }
    let after_thought = turn
        .blocks
        .windows(2)
        .any(|w| matches!(w, [a, b] if a.get("reasoningContent").is_some() && b.get("cachePoint").is_some()));
    if after_thought {
        return Err(AwsError::from_model(format!(
            "messages.{at}: `cache_control` cannot be set on `thinking` blocks"
        )));
    }
    let results_late = turn
        .blocks
        .windows(2)
        .any(|w| matches!(w, [a, b] if a.get("toolResult").is_none() && a.get("cachePoint").is_none() && b.get("toolResult").is_some()));
    if results_late {
        return Err(AwsError::from_model(format!(
            "messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after: tool results \
             must come first in the content"
        )));
    }
    let trailing =
        turn.blocks.last().and_then(|b| text(b, "/text")).is_some_and(|t| t.ends_with(char::is_whitespace));
    if last && turn.role == "assistant" && trailing {
        return Err(AwsError::from_model(format!(
            "messages: final assistant content cannot end with trailing whitespace (messages.{at})"
        )));
    }
    Ok(())
}
