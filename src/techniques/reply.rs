//! Parses the reply to a call, a whole chat completion.

use serde::Deserialize;

use super::Reply;
use crate::openai::completion::Usage;
use crate::wire::{self, List, Raw, Str};

/// The members read of a chat completion.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Completion<'a> {
    id: Option<Str<'a>>,
    created: Option<u64>,
    model: Option<Str<'a>>,
    choices: Option<List<Raw<'a>>>,
    usage: Option<Raw<'a>>,
}

/// The result of parsing a chat completion.
#[derive(Debug)]
pub struct Read {
    /// Its first choice.
    pub reply: Reply,
    /// Its usage.
    pub usage: Usage,
    /// Its id.
    pub id: String,
    /// Its `created`, seconds since 1970.
    pub created: u64,
    /// The model as the client names it.
    pub model: String,
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
    /// Parses the body of a 200. `None`: it is not a chat completion.
    pub fn read(body: &[u8]) -> Option<Read> {
        let Completion { id, created, model, choices, usage } = wire::object_from_slice(body).ok()?;
        // An invalid usage does not make an answer that was billed useless.
        let usage = usage.and_then(|usage| wire::from_str::<Usage>(usage.get()).ok());
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
        Some(Read {
            reply,
            usage: usage.unwrap_or_default(),
            id: id.map(owned).unwrap_or_default(),
            created: created.unwrap_or(0),
            model: model.map(owned).unwrap_or_default(),
        })
    }

    /// Bytes held.
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
        let Read { reply, usage, .. } = Reply::read(body.as_bytes()).unwrap();
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
        let Read { reply, usage, .. } =
            read(r#"{"choices":[{"message":{"content":null,"tool_calls":[]},"finish_reason":"length"}]}"#)
                .unwrap();
        assert_eq!((&*reply.text, reply.tool_calls, &*reply.finish_reason), ("", None, "length"));
        assert_eq!(usage, Usage::default());
        for body in ["", "{}", r#"{"choices":[]}"#, r#"{"choices":[{}]}"#, r#"{"choices":[5]}"#, "[]"] {
            assert!(read(body).is_none(), "{body}");
        }
    }
}
