//! Cache points: position, number and lifetime.

use super::super::{Turn, items, text};
use crate::errors::AwsError;
use crate::models::Facts;
use serde_json::Value;

pub(super) fn check(turns: &[Turn<'_>], body: &Value, facts: &Facts) -> Result<(), AwsError> {
    let in_tools = items(body, "/toolConfig/tools").iter().filter_map(|b| b.get("cachePoint"));
    let in_system = items(body, "/system").iter().filter_map(|b| b.get("cachePoint"));
    let in_turns = turns.iter().flat_map(|t| t.all("cachePoint"));
    let points: Vec<&Value> = in_tools.clone().chain(in_system).chain(in_turns).collect();
    if points.is_empty() {
        return Ok(());
    }
    if facts.cache.is_empty() || !facts.cache_tools && in_tools.count() > 0 {
        return Err(AwsError::new(
            "AccessDeniedException",
            "You invoked an unsupported model or your request did not allow prompt caching. See the documentation for \
             more information.",
        ));
    }
    if points.len() > 4 {
        return Err(AwsError::from_model(format!(
            "A maximum of 4 blocks with cache_control may be provided. Found {}.",
            points.len()
        )));
    }
    let ttls: Vec<&str> = points.iter().map(|point| text(point, "/ttl").unwrap_or("5m")).collect();
    if ttls.iter().any(|ttl| !facts.cache.iter().any(|taken| taken == ttl)) {
        return Err(AwsError::unsupported("cachePoint.ttl"));
    }
    if ttls.windows(2).any(|pair| pair == ["5m", "1h"]) {
        return Err(AwsError::from_model(
            "cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. Note \
             that blocks are processed in the following order: `tools`, `system`, `messages`.",
        ));
    }
    turns.iter().try_for_each(|turn| behind(turn, facts))
}

/// What stands before a point: AWS makes the point a member of that block of the model's own request. (Reported: zeroclaw #8720 and #8943 of
/// Nova, Strands' harness-sdk #1966 of Claude.)
fn behind(turn: &Turn<'_>, facts: &Facts) -> Result<(), AwsError> {
    let mut before: Option<&Value> = None;
    let mut blocks = 0_usize;
    for block in turn.blocks {
        if block.get("cachePoint").is_none() {
            blocks += 1;
            before = Some(block);
            continue;
        }
        let (Some(before), Some(at)) = (before, blocks.checked_sub(1)) else { continue };
        let is_media =
            ["toolResult", "image", "document", "video"].iter().any(|kind| before.get(kind).is_some());
        if is_media && !facts.cache_media {
            return Err(AwsError::from_model(format!(
                "Malformed input request: #/messages/{}/content/{at}: extraneous key [cachePoint] is not permitted, please \
                 reformat your input and try again.",
                turn.index
            )));
        }
        let format = before.get("document").map(|document| text(document, "/format").unwrap_or_default());
        if facts.claude() && format.is_some_and(|format| format != "pdf") {
            return Err(AwsError::from_model(format!(
                "messages.{}.content.{at}.type: Field required",
                turn.index
            )));
        }
    }
    Ok(())
}
