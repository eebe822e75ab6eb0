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
    Ok(())
}
