//! The order of turns, and the matching of tool calls and results.

use super::{Turn, text};
use crate::errors::AwsError;
use std::collections::HashSet;

pub(super) fn check(turns: &[Turn<'_>]) -> Result<(), AwsError> {
    let mut last = "";
    for turn in turns.iter().filter(|t| t.role != "system") {
        if last.is_empty() && turn.role != "user" {
            break;
        }
        if turn.role == last {
            return Err(AwsError::validation(
                "A conversation must alternate between user and assistant roles. Make sure the conversation alternates \
                 between user and assistant roles and try again.",
            ));
        }
        last = turn.role;
    }
    if last.is_empty() {
        return Err(AwsError::validation(
            "A conversation must start with a user message. Try again with a conversation that starts with a user \
             message.",
        ));
    }
    if let Some(turn) = turns.iter().find(|t| t.blocks.is_empty()) {
        return Err(AwsError::validation(format!(
            "The content field in the Message object at messages.{} is empty. Add a ContentBlock object to the \
             content field and try again.",
            turn.index
        )));
    }
    calls_and_results(turns)
}

fn calls_and_results(turns: &[Turn<'_>]) -> Result<(), AwsError> {
    let mut seen = HashSet::new();
    let mut open: Vec<&str> = Vec::new();
    for turn in turns.iter().filter(|t| t.role != "system") {
        let at = turn.index;
        let calls: Vec<&str> = turn.all("toolUse").filter_map(|c| text(c, "/toolUseId")).collect();
        let results: Vec<&str> = turn.all("toolResult").filter_map(|r| text(r, "/toolUseId")).collect();
        if turn.role == "user" && !calls.is_empty() {
            return Err(AwsError::validation(format!(
                "User messages cannot contain tool uses. (messages.{at}.content)"
            )));
        }
        if turn.role == "assistant" && !results.is_empty() {
            return Err(AwsError::validation(format!(
                "Assistant messages cannot contain tool results. (messages.{at}.content)"
            )));
        }
        if results.len() > open.len() {
            return Err(AwsError::validation(format!(
                "The number of toolResult blocks at messages.{at}.content exceeds the number of toolUse blocks of \
                 previous turn."
            )));
        }
        let missing: Vec<&str> = open.iter().filter(|id| !results.contains(id)).copied().collect();
        if !missing.is_empty() {
            return Err(AwsError::validation(format!(
                "Expected toolResult blocks at messages.{at}.content for the following Ids: {}",
                missing.join(", ")
            )));
        }
        for id in &calls {
            if !seen.insert(*id) {
                return Err(AwsError::from_model(format!(
                    "messages.{at}.content: `tool_use` ids must be unique ({id})"
                )));
            }
        }
        open = calls;
    }
    if open.is_empty() {
        return Ok(());
    }
    Err(AwsError::validation(format!(
        "Expected toolResult blocks at messages.{}.content for the following Ids: {}",
        turns.len(),
        open.join(", ")
    )))
}
