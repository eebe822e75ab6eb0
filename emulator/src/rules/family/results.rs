//! Tool calls and results: ids, the content of results, and other content beside them.

use super::super::{Turn, items, text};
use crate::errors::AwsError;
use crate::models::{Facts, ToolIds};
use serde_json::Value;

pub(super) fn check(turns: &[Turn<'_>], facts: &Facts) -> Result<(), AwsError> {
    for turn in turns {
        ids(turn, facts.tool_ids)?;
        for result in turn.all("toolResult") {
            held(result, facts)?;
        }
        beside(turn, facts)?;
    }
    Ok(())
}

fn ids(turn: &Turn<'_>, legal: ToolIds) -> Result<(), AwsError> {
    for (i, block) in turn.blocks.iter().enumerate() {
        let Some((kind, id)) = [("toolUse", "tool_use.id"), ("toolResult", "tool_result.tool_use_id")]
            .into_iter()
            .find_map(|(member, kind)| Some((kind, text(block.get(member)?, "/toolUseId")?)))
        else {
            continue;
        };
        let plain = |b: u8| b.is_ascii_alphanumeric();
        if legal == ToolIds::Anthropic && !id.bytes().all(|b| plain(b) || b"_-".contains(&b)) {
            return Err(AwsError::from_model(format!(
                "messages.{}.content.{i}.{kind}: String should match pattern '^[a-zA-Z0-9_-]+$'",
                turn.index
            )));
        }
        if legal == ToolIds::Mistral && !(id.len() == 9 && id.bytes().all(plain)) {
            return Err(AwsError::from_model(format!(
                "Tool call id was {id} but must be a-z, A-Z, 0-9, with a length of 9."
            )));
        }
    }
    Ok(())
}

fn held(result: &Value, facts: &Facts) -> Result<(), AwsError> {
    let refused = |kind: &str| {
        Err(AwsError::validation(format!(
            "This model doesn't support the {kind} field for user messages. Remove {kind} and try again."
        )))
    };
    for part in items(result, "/content") {
        if part.get("image").is_some() && !facts.result_images {
            return refused("image");
        }
        if part.get("video").is_some() && !facts.video {
            return refused("video");
        }
        if let Some(document) = part.get("document") {
            if super::cites(document) {
                return Err(AwsError::validation("Citations are not supported in tool result documents."));
            }
            let format = text(document, "/format").unwrap_or_default();
            if !facts.result_documents.iter().any(|taken| taken == "*" || taken == format) {
                return refused("document");
            }
        }
    }
    if result.get("status").is_some_and(|s| !s.is_null()) && !facts.result_status {
        return Err(AwsError::unsupported("status"));
    }
    Ok(())
}

fn beside(turn: &Turn<'_>, facts: &Facts) -> Result<(), AwsError> {
    if !turn.has("toolResult") {
        return Ok(());
    }
    for kind in ["text", "image", "document", "video", "audio"] {
        if turn.has(kind) && !facts.beside_results.iter().any(|taken| taken == kind) {
            return Err(AwsError::validation(format!(
                "messages.{}.content: Conversation blocks and tool result blocks cannot be provided in the same turn.",
                turn.index
            )));
        }
    }
    let late = turn.blocks.windows(2).any(|w| {
        matches!(w, [a, b] if a.get("toolResult").is_none() && a.get("cachePoint").is_none() && b.get("toolResult").is_some())
    });
    if facts.claude() && late {
        return Err(AwsError::from_model(format!(
            "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately after: tool results must come \
             first in the content",
            turn.index
        )));
    }
    Ok(())
}
