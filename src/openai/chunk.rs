//! The response of `POST chat/completions` with `stream: true`, in chunks.

use super::completion::{Annotation, FinishReason, ThinkingBlock};
use super::sse;
use super::text_completion::Choice;
use serde::Serialize;

use crate::wire::{self, Str};

/// The addition of one chunk to the message. Members without a value are left out.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Delta<'a> {
    /// `assistant`, in the first chunk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    /// Text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Str<'a>>,
    /// A sentence where the model refused to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<&'static str>,
    /// Reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<Str<'a>>,
    /// The same reasoning as a block, with the signature needed to send it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thinking_blocks: Option<[Indexed<ThinkingBlock<'a>>; 1]>,
    /// A tool call, or a part of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<[ToolCall<'a>; 1]>,
    /// A function call in the older form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_call: Option<Function<'a>>,
    /// Citations of the text so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annotations: Option<[Indexed<Annotation<'a>>; 1]>,
}

/// A part of a list's entry; OpenAI's SDKs join the parts of one index.
#[derive(Clone, Debug, Serialize)]
pub struct Indexed<T> {
    /// Index in the list.
    pub index: u32,
    /// The part of the entry.
    #[serde(flatten)]
    pub piece: T,
}

/// A part of a tool call.
#[derive(Clone, Debug, Serialize)]
pub struct ToolCall<'a> {
    /// Index of the call in the message.
    pub index: u32,
    /// Its id, in its first chunk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    /// `function` or `custom`, in its first chunk.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// Of a function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<Function<'a>>,
    /// Of a custom tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom: Option<Custom<'a>>,
}

/// A part of a function call.
#[derive(Clone, Debug, Serialize)]
pub struct Function<'a> {
    /// Its name, in its first chunk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// The next part of the JSON text.
    pub arguments: Str<'a>,
}

/// A part of a call of a custom tool.
#[derive(Clone, Debug, Serialize)]
pub struct Custom<'a> {
    /// Its name, in its first chunk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// The next part of the input.
    pub input: &'a str,
}

/// One choice in a chunk.
#[derive(Clone, Debug, Serialize)]
pub struct Part<D, L, R> {
    /// Index of the choice.
    pub index: u64,
    /// The addition to the message.
    pub delta: D,
    /// Null for Bedrock, which has no log probabilities; set where a whole answer that has them is sent as a stream.
    pub logprobs: L,
    /// Why the model stopped; null until then.
    pub finish_reason: R,
}

/// Writes the chunks of one stream; their common beginning is formatted once.
#[derive(Debug)]
pub struct Writer {
    /// The common beginning: `data: {"id":…,"object":…,"created":…,"model":…,`
    head: Vec<u8>,
    include_usage: bool,
    form: Form,
}

/// The kind of a stream's chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Chunks of a chat.
    Chat,
    /// Chunks of `POST completions`: text only.
    Text,
}

impl Writer {
    /// For the stream `id` (`chatcmpl-…`, `cmpl-…`), begun at `created` (seconds since 1970); `model` is the client's name for
    /// it.
    pub fn new(id: &str, created: u64, model: &str, include_usage: bool, form: Form) -> Self {
        #[derive(Serialize)]
        struct Head<'a> {
            id: &'a str,
            object: &'static str,
            created: u64,
            model: &'a str,
        }
        let mut head = b"data: ".to_vec();
        let object = match form {
            Form::Chat => "chat.completion.chunk",
            Form::Text => "text_completion",
        };
        wire::append(&mut head, &Head { id, object, created, model });
        // The chunk's other members follow the head's last one.
        head.pop();
        head.push(b',');
        Self { head, include_usage, form }
    }

    /// With the service tier in every chunk, where it is known from the beginning.
    #[must_use]
    pub fn with_service_tier(mut self, tier: Option<&str>) -> Self {
        if let Some(tier) = tier {
            self.head.extend_from_slice(br#""service_tier":"#);
            wire::append(&mut self.head, &tier);
            self.head.push(b',');
        }
        self
    }

    /// A chunk with one choice of any kind.
    pub fn part(&self, out: &mut Vec<u8>, part: &impl Serialize) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(br#""choices":["#);
        wire::append(out, part);
        out.push(b']');
        self.end(out);
    }

    /// A chunk with one choice of a chat.
    pub fn choice(&self, out: &mut Vec<u8>, delta: &Delta<'_>, finish_reason: Option<FinishReason>) {
        match self.form {
            Form::Chat => {
                self.part(out, &Part { index: 0, delta, logprobs: (), finish_reason });
            }
            Form::Text => {
                let text = delta.content.clone().unwrap_or_default();
                if text.is_empty() && finish_reason.is_none() {
                    return;
                }
                self.part(out, &Choice { text, index: 0, logprobs: (), finish_reason });
            }
        }
    }

    /// A chunk with only text, as most are.
    pub fn text(&self, out: &mut Vec<u8>, text: &Str<'_>) {
        if self.form == Form::Text {
            return self.choice(out, &Delta { content: Some(text.clone()), ..Delta::default() }, None);
        }
        out.extend_from_slice(&self.head);
        out.extend_from_slice(br#""choices":[{"index":0,"delta":{"content":"#);
        wire::append(out, text);
        out.extend_from_slice(br#"},"logprobs":null,"finish_reason":null}]"#);
        self.end(out);
    }

    // With include_usage OpenAI's chunks all have the member `usage`, null in all but the last.
    fn end(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.include_usage { b",\"usage\":null}\n\n" } else { b"}\n\n" });
    }

    /// The last chunk, where it was requested: the usage, without a choice.
    pub fn usage(&self, out: &mut Vec<u8>, usage: &impl Serialize, service_tier: Option<&str>) {
        if !self.include_usage {
            return;
        }
        out.extend_from_slice(&self.head);
        out.extend_from_slice(br#""choices":[],"usage":"#);
        wire::append(out, usage);
        if let Some(tier) = service_tier {
            out.extend_from_slice(br#","service_tier":"#);
            wire::append(out, &tier);
        }
        out.extend_from_slice(b"}\n\n");
    }

    /// `[DONE]`, the end of a complete answer.
    pub fn done(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(sse::DONE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openai::completion::Usage;

    #[test]
    fn every_chunk_has_the_same_head() {
        let writer = Writer::new("chatcmpl-1", 7, "gpt-\"4o\"", true, Form::Chat);
        let mut out = Vec::new();
        writer.choice(&mut out, &Delta { content: Some("a\n".into()), ..Delta::default() }, None);
        let usage = Usage { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, ..Usage::default() };
        writer.usage(&mut out, &usage, None);
        writer.done(&mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"gpt-\"4o\"","#,
                r#""choices":[{"index":0,"delta":{"content":"a\n"},"logprobs":null,"finish_reason":null}],"usage":null}"#,
                "\n\n",
                r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"gpt-\"4o\"","#,
                r#""choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#,
                "\n\ndata: [DONE]\n\n"
            )
        );
    }
}
