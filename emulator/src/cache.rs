//! Emulates prompt caching: which prefixes have been seen, and the resulting token counts.

use crate::answer::Usage;
use crate::{encoding, tokens};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Mutex;

/// Most prefixes that are remembered.
const KEPT: usize = 100_000;

/// The prefixes that have been written.
#[derive(Default)]
pub struct Cache {
    seen: Mutex<HashSet<u64>>,
}

impl Cache {
    /// Counts the input of a Converse body: tools, then system, then messages, cut at each cachePoint. One that has not the `least` tokens
    /// before it that the model caches is passed over without a word (AWS documentation, "Prompt caching").
    pub fn count(&self, model: &str, least: u64, body: &Value) -> Usage {
        let mut walk = Walk {
            hash: encoding::hash(model.as_bytes()),
            tokens: 0,
            points: Vec::new(),
            ttl: "5m".to_owned(),
        };
        for pointer in ["/toolConfig/tools", "/system"] {
            walk.blocks(body.pointer(pointer));
        }
        for message in body.get("messages").and_then(Value::as_array).into_iter().flatten() {
            walk.blocks(message.get("content"));
        }
        if walk.points.is_empty() {
            return Usage { input: walk.tokens, ..Usage::default() };
        }
        walk.points.retain(|(_, tokens)| *tokens >= least);
        let last = walk.points.last().map_or(0, |(_, tokens)| *tokens);
        let mut read = 0;
        if let Ok(mut seen) = self.seen.lock() {
            if seen.len() > KEPT {
                seen.clear();
            }
            for (hash, tokens) in &walk.points {
                if !seen.insert(*hash) {
                    read = *tokens;
                }
            }
        }
        Usage { input: walk.tokens - last, output: 0, cache: Some((read, last - read)), ttl: walk.ttl }
    }
}

struct Walk {
    hash: u64,
    tokens: u64,
    points: Vec<(u64, u64)>,
    ttl: String,
}

impl Walk {
    fn blocks(&mut self, blocks: Option<&Value>) {
        for block in blocks.and_then(Value::as_array).into_iter().flatten() {
            if let Some(point) = block.get("cachePoint") {
                self.points.push((self.hash, self.tokens));
                if let Some(ttl) = point.get("ttl").and_then(Value::as_str) {
                    ttl.clone_into(&mut self.ttl);
                }
            } else {
                self.hash = encoding::scramble(self.hash ^ encoding::hash(block.to_string().as_bytes()));
                self.tokens += tokens::of_value(block);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_prefix_is_written_first_and_read_then() {
        let cache = Cache::default();
        let body = json!({"system": [{"text": "be kind"}, {"cachePoint": {"type": "default"}}],
            "messages": [{"role": "user", "content": [{"text": "hi"}]}]});
        assert_eq!(cache.count("m", 2, &body).cache, Some((0, 2)));
        let again = cache.count("m", 2, &body);
        assert_eq!((again.cache, again.input), (Some((2, 0)), 1));
        assert_eq!(cache.count("other", 2, &body).cache, Some((0, 2)));
    }

    #[test]
    fn a_point_behind_too_little_is_passed_over() {
        let cache = Cache::default();
        let point = json!({"cachePoint": {"type": "default"}});
        let body = json!({"system": [{"text": "be kind"}, point],
            "messages": [{"role": "user", "content": [{"text": "hi there"}, point]}]});
        for _ in 0..2 {
            let short = cache.count("m", 6, &body);
            assert_eq!((short.cache, short.input), (Some((0, 0)), 5));
        }
        assert_eq!(cache.count("m", 3, &body).cache, Some((0, 5)));
        assert_eq!(cache.count("m", 3, &body).cache, Some((5, 0)));
    }

    #[test]
    fn without_points_nothing_is_said_of_a_cache() {
        let body = json!({"messages": [{"role": "user", "content": [{"text": "hi there"}]}]});
        assert_eq!(Cache::default().count("m", 0, &body), Usage { input: 3, ..Usage::default() });
    }
}
