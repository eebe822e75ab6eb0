//! Which blocks a family takes, and in which turns.

use super::super::{Turn, items, text};
use crate::errors::AwsError;
use crate::models::Facts;
use serde_json::Value;

pub(super) fn check(turns: &[Turn<'_>], body: &Value, facts: &Facts) -> Result<(), AwsError> {
    if !facts.system && !items(body, "/system").is_empty() {
        return Err(AwsError::validation(
            "This model doesn't support system messages. Try again without a system message or use a model that supports \
             system messages.",
        ));
    }
    let last = turns.len().saturating_sub(1);
    for turn in turns {
        for (kind, taken) in [
            ("image", facts.images),
            ("document", facts.documents),
            ("video", facts.video),
            ("audio", facts.audio),
            ("reasoningContent", facts.reasoning),
        ] {
            if !taken && turn.has(kind) {
                return Err(AwsError::validation(format!(
                    "This model doesn't support the {kind} content block that you provided. Choose a content block that the \
                     model supports and try again."
                )));
            }
        }
        for document in turn.all("document").filter(|document| super::cites(document)) {
            cited(document, body, facts)?;
        }
        if turn.has("text") && turn.has("toolUse") && !facts.text_beside_calls {
            return Err(AwsError::validation(format!(
                "messages.{}.content: Conversation blocks and tool use blocks cannot be provided in the same turn.",
                turn.index
            )));
        }
        if turn.role == "system" && !facts.system_turns {
            return Err(AwsError::validation("This model doesn't support messages of role system."));
        }
        if facts.claude() {
            claude_turn(turn, turn.index == last)?;
        }
    }
    Ok(())
}

/// A document to be cited; those in tool results must not be (see `results`).
fn cited(document: &Value, body: &Value, facts: &Facts) -> Result<(), AwsError> {
    if !facts.citations {
        return Err(AwsError::validation("This model doesn't support citations."));
    }
    if body.pointer("/outputConfig/textFormat").is_some_and(|format| !format.is_null()) {
        return Err(AwsError::validation(
            "Citations are not supported with outputConfig.textFormat. [documented of Claude; AWS's words are not known]",
        ));
    }
    match text(document, "/format") {
        None | Some("pdf" | "txt") => Ok(()),
        Some(_) => Err(AwsError::validation(
            "Unsupported document format. Only txt and pdf formats are supported when citations are enabled",
        )),
    }
}

fn claude_turn(turn: &Turn<'_>, last: bool) -> Result<(), AwsError> {
    let at = turn.index;
    let after_thought = turn
        .blocks
        .windows(2)
        .any(|w| matches!(w, [a, b] if a.get("reasoningContent").is_some() && b.get("cachePoint").is_some()));
    if after_thought {
        return Err(AwsError::from_model(format!(
            "messages.{at}: `cache_control` cannot be set on `thinking` blocks"
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
