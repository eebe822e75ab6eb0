//! Ensures that restored reasoning never makes a request too large.

use std::cell::Cell;
use std::ops::Deref;

use super::thoughts::Recall;
use super::{Client, Options, Outgoing, Reply, request};
use crate::openai::{Endpoint, Error};

/// Translates a request as [`request`] does, and again without restored reasoning if the body exceeds `limit` bytes with it.
///
/// # Errors
/// The error for the client, where the request is wrong or `resolve` finds no model. The caller still has to check the body
/// against the limit.
pub fn request_within<'a, M>(
    limit: usize,
    endpoint: Endpoint,
    body: &'a [u8],
    client: &Client<'_>,
    options: &Options,
    resolve: impl Fn(Option<&str>) -> Result<M, Error>,
) -> Result<(M, Outgoing<'a, Reply>), Error>
where
    M: Deref<Target = str>,
{
    let Some(recall) = client.recall else {
        return request(endpoint, body, client, options, resolve);
    };
    let watched = Watched { recall, found: Cell::new(false), off: Cell::new(false) };
    let client = Client { recall: Some(&watched), ..client.clone() };
    let first = request(endpoint, body, &client, options, &resolve)?;
    if first.1.body.len() <= limit || !watched.found.get() {
        return Ok(first);
    }
    // Only one of the bodies is in memory at a time.
    drop(first);
    watched.off.set(true);
    request(endpoint, body, &client, options, &resolve)
}

/// Tells whether any reasoning was restored, and can be turned off. While off it is still present, so that the answer's
/// reasoning is kept.
#[derive(Debug)]
struct Watched<'r> {
    recall: &'r dyn Recall,
    found: Cell<bool>,
    off: Cell<bool>,
}

impl Recall for Watched<'_> {
    fn recall(&self, model: &str, calls: &[&str]) -> Vec<Option<Vec<u8>>> {
        if self.off.get() {
            return vec![None; calls.len()];
        }
        let found = self.recall.recall(model, calls);
        self.found.set(self.found.get() || found.iter().any(Option::is_some));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    const BODY: &[u8] = br#"{"model":"m","reasoning_effort":"low","messages":[{"role":"user","content":"Hi"},
        {"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"c","content":"1"}],
        "tools":[{"type":"function","function":{"name":"f"}}]}"#;

    #[derive(Debug, Default)]
    struct Kept {
        knows: bool,
        asked: Cell<usize>,
    }

    impl Recall for Kept {
        fn recall(&self, _: &str, calls: &[&str]) -> Vec<Option<Vec<u8>>> {
            self.asked.set(self.asked.get() + 1);
            let reasoning = br#"[{"reasoningText":{"text":"I think","signature":"signed"}}]"#;
            calls.iter().map(|_| self.knows.then(|| reasoning.to_vec())).collect()
        }
    }

    /// The body, whether the answer's reasoning is kept, and the number of lookups.
    fn run(limit: usize, knows: bool) -> (String, bool, usize) {
        let kept = Kept { knows, ..Kept::default() };
        let client = Client { recall: Some(&kept), ..Client::default() };
        let (_, outgoing) =
            request_within(limit, Endpoint::ChatCompletions, BODY, &client, &Options::default(), |_| {
                Ok(CLAUDE.to_owned())
            })
            .unwrap();
        let body: Vec<&[u8]> = outgoing.body.iter().collect();
        (String::from_utf8(body.concat()).unwrap(), outgoing.reply.keeps_thoughts(), kept.asked.get())
    }

    #[test]
    fn reasoning_is_put_back_only_where_there_is_room() {
        let (with, keeps, asked) = run(usize::MAX, true);
        assert!(with.contains("I think") && keeps && asked == 1, "{with}");
        let (same, _, asked) = run(with.len(), true);
        assert_eq!((same, asked), (with.clone(), 1));
        let (without, keeps, asked) = run(with.len() - 1, true);
        assert!(!without.contains("I think") && without.len() < with.len(), "{without}");
        assert!(keeps && asked == 1);
    }

    #[test]
    fn a_request_that_is_too_large_of_itself_is_translated_once() {
        let (body, _, asked) = run(1, false);
        assert!(body.len() > 1 && asked == 1);
    }
}
