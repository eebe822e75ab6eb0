//! What a call came to, read from a whole chat completion.

use serde::{Deserialize, Serialize};

use super::Reply;
use crate::wire::{self, List, Raw, Str};

/// Tokens of some calls together, in OpenAI's terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// All input, cached or not.
    pub prompt_tokens: u64,
    /// All output.
    pub completion_tokens: u64,
    /// Their sum.
    pub total_tokens: u64,
    /// Of the input, where any call said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_tokens_details: Option<Input>,
    /// Of the output, where any call said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_tokens_details: Option<Output>,
}

/// Of the input tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Input {
    /// Read from the cache.
    pub cached_tokens: u64,
    /// Written to the cache.
    pub cache_write_tokens: u64,
}

/// Of the output tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Output {
    /// Of reasoning.
    pub reasoning_tokens: u64,
}

impl Usage {
    /// Counts another call.
    pub fn add(&mut self, other: &Self) {
        let Self { prompt_tokens, completion_tokens, total_tokens, .. } = self;
        for (sum, more) in [
            (prompt_tokens, other.prompt_tokens),
            (completion_tokens, other.completion_tokens),
            (total_tokens, other.total_tokens),
        ] {
            *sum = sum.saturating_add(more);
        }
        if let Some(more) = other.prompt_tokens_details {
            let sum = self.prompt_tokens_details.get_or_insert_default();
            sum.cached_tokens = sum.cached_tokens.saturating_add(more.cached_tokens);
            sum.cache_write_tokens = sum.cache_write_tokens.saturating_add(more.cache_write_tokens);
        }
        if let Some(more) = other.completion_tokens_details {
            let sum = self.completion_tokens_details.get_or_insert_default();
            sum.reasoning_tokens = sum.reasoning_tokens.saturating_add(more.reasoning_tokens);
        }
    }
}

/// All that is read of a chat completion.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Completion<'a> {
    choices: Option<List<Raw<'a>>>,
    usage: Option<Usage>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Choice<'a> {
    message: Option<Message<'a>>,
    finish_reason: Option<Str<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Message<'a> {
    content: Option<Str<'a>>,
    reasoning_content: Option<Str<'a>>,
    tool_calls: Option<Raw<'a>>,
}

impl Reply {
    /// Reads the body of a 200: its first choice, and what it cost. `None`: it is no chat completion.
    pub fn read(body: &[u8]) -> Option<(Self, Usage)> {
        let Completion { choices, usage } = wire::object_from_slice(body).ok()?;
        let raw = choices?.0.into_iter().next()?;
        let Choice { message, finish_reason } = wire::object_from_slice(raw.get().as_bytes()).ok()?;
        let Message { content, reasoning_content, tool_calls } = message?;
        let owned = |text: Str<'_>| text.into_cow().into_owned();
        let calls = tool_calls.map(|calls| calls.get().to_owned());
        let reply = Self {
            text: content.map(owned).unwrap_or_default(),
            tool_calls: calls.filter(|calls| calls.starts_with('[') && calls != "[]"),
            reasoning: reasoning_content.map(owned),
            finish_reason: finish_reason.map(owned).unwrap_or_default(),
            choice: Some(raw.get().to_owned()),
        };
        Some((reply, usage.unwrap_or_default()))
    }

    /// What is held, bytes.
    pub fn held(&self) -> usize {
        let Self { text, tool_calls, reasoning, finish_reason, choice } = self;
        let more = [tool_calls, reasoning, choice].into_iter().flatten();
        let all = [text, finish_reason].into_iter().chain(more);
        all.map(String::capacity).fold(size_of::<Self>(), usize::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_what_the_first_choice_says() {
        let choice = r#"{"index":0,"message":{"role":"assistant","content":"a\n","reasoning_content":"r","tool_calls":[{"id":"1"}]},"finish_reason":"tool_calls"}"#;
        let body = format!(
            r#"{{"choices":[{choice}],"usage":{{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"prompt_tokens_details":{{"cached_tokens":1}}}}}}"#
        );
        let (reply, usage) = Reply::read(body.as_bytes()).unwrap();
        let expected = Reply {
            text: "a\n".into(),
            tool_calls: Some(r#"[{"id":"1"}]"#.into()),
            reasoning: Some("r".into()),
            finish_reason: "tool_calls".into(),
            choice: Some(choice.into()),
        };
        assert_eq!(reply, expected);
        assert_eq!((usage.total_tokens, usage.prompt_tokens_details.unwrap().cached_tokens), (3, 1));
    }

    #[test]
    fn a_reply_may_say_nothing() {
        let read = |body: &str| Reply::read(body.as_bytes());
        let (reply, usage) =
            read(r#"{"choices":[{"message":{"content":null,"tool_calls":[]},"finish_reason":"length"}]}"#)
                .unwrap();
        assert_eq!((&*reply.text, reply.tool_calls, &*reply.finish_reason), ("", None, "length"));
        assert_eq!(usage, Usage::default());
        for body in ["", "{}", r#"{"choices":[]}"#, r#"{"choices":[{}]}"#, r#"{"choices":[5]}"#, "[]"] {
            assert!(read(body).is_none(), "{body}");
        }
    }

    #[test]
    fn tokens_are_summed_with_their_details_where_any_call_says_them() {
        let mut sum = Usage::default();
        let one = Usage { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, ..Usage::default() };
        let other = Usage {
            prompt_tokens_details: Some(Input { cached_tokens: 4, cache_write_tokens: 5 }),
            completion_tokens_details: Some(Output { reasoning_tokens: 6 }),
            ..one
        };
        for more in [&one, &other, &other] {
            sum.add(more);
        }
        assert_eq!((sum.prompt_tokens, sum.completion_tokens, sum.total_tokens), (3, 6, 9));
        assert_eq!(sum.prompt_tokens_details, Some(Input { cached_tokens: 8, cache_write_tokens: 10 }));
        assert_eq!(sum.completion_tokens_details, Some(Output { reasoning_tokens: 12 }));
    }
}
