//! The reply of `POST chat/completions`, whole.

use crate::json::{Null, Object, Str, Write, Writer};

/// A chat completion.
#[derive(Clone, Debug)]
pub struct Completion<'a> {
    /// `chatcmpl-` and Bedrock's request id.
    pub id: &'a str,
    /// `chat.completion`.
    pub object: &'static str,
    /// Seconds since 1970.
    pub created: u64,
    /// The name that the client asked for.
    pub model: &'a str,
    /// One choice.
    pub choices: [Choice<'a>; 1],
    /// What it cost; absent where Bedrock did not say.
    pub usage: Option<Usage>,
    /// The tier that served it, where Bedrock says.
    pub service_tier: Option<&'a str>,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Choice<'a> {
    /// 0.
    pub index: u32,
    /// What the model said.
    pub message: Message<'a>,
    /// Why it ended.
    pub finish_reason: FinishReason,
}

/// The assistant's message.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// `assistant`.
    pub role: &'static str,
    /// Text, or null where there is none.
    pub content: Option<Str<'a>>,
    /// Reasoning as text.
    pub reasoning_content: Option<Str<'a>>,
    /// Reasoning with what is needed to send it back.
    pub thinking_blocks: Vec<ThinkingBlock<'a>>,
    /// What it called.
    pub tool_calls: Vec<ToolCall<'a>>,
    /// What it called, in the older form; only for requests that gave `functions`.
    pub function_call: Option<Function<'a>>,
    /// Sources.
    pub annotations: Vec<Annotation<'a>>,
}

/// Reasoning as a client sends it back.
#[derive(Clone, Debug)]
pub enum ThinkingBlock<'a> {
    /// Readable reasoning.
    Thinking {
        /// The reasoning.
        thinking: Str<'a>,
        /// What proves to the model that it is its own.
        signature: Option<Str<'a>>,
    },
    /// Redacted reasoning.
    RedactedThinking {
        /// Base64.
        data: Str<'a>,
    },
}

/// A call of a tool.
#[derive(Clone, Debug)]
pub struct ToolCall<'a> {
    /// Bedrock's id of it.
    pub id: Str<'a>,
    /// `function` or `custom`, with its name and arguments.
    pub call: Call<'a>,
}

/// What is called, by the kind of tool.
#[derive(Clone, Debug)]
pub enum Call<'a> {
    /// A function.
    Function {
        /// Name and arguments.
        function: Function<'a>,
    },
    /// A custom tool.
    Custom {
        /// Name and input.
        custom: Custom<'a>,
    },
}

/// A function's name and arguments.
#[derive(Clone, Debug)]
pub struct Function<'a> {
    /// The name as the client gave it.
    pub name: Str<'a>,
    /// The exact JSON text.
    pub arguments: &'a str,
}

/// A custom tool's name and input.
#[derive(Clone, Debug)]
pub struct Custom<'a> {
    /// The name as the client gave it.
    pub name: Str<'a>,
    /// Free text.
    pub input: Str<'a>,
}

/// A source of the text.
#[derive(Clone, Debug)]
pub enum Annotation<'a> {
    /// A web page or a document.
    UrlCitation {
        /// Where and what.
        url_citation: UrlCitation<'a>,
    },
}

/// Where and what a source is.
#[derive(Clone, Debug)]
pub struct UrlCitation<'a> {
    /// First character in the content that it covers.
    pub start_index: usize,
    /// One past the last.
    pub end_index: usize,
    /// Its title.
    pub title: Str<'a>,
    /// Its address; empty for documents.
    pub url: Str<'a>,
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// It was done, or met a stop sequence.
    Stop,
    /// No tokens left.
    Length,
    /// It calls tools.
    ToolCalls,
    /// A filter or a guardrail stepped in.
    ContentFilter,
    /// It calls a function by the older form.
    FunctionCall,
}

/// Tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// All input, cached or not.
    pub prompt_tokens: u64,
    /// All output.
    pub completion_tokens: u64,
    /// Their sum.
    pub total_tokens: u64,
    /// Of the input.
    pub prompt_tokens_details: Option<PromptTokensDetails>,
}

/// Of the input tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PromptTokensDetails {
    /// Read from the cache.
    pub cached_tokens: u64,
    /// Written to the cache.
    pub cache_write_tokens: u64,
}

impl<'a> Write<'a> for Completion<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { id, object, created, model, choices, usage, service_tier } = self;
        out.object()
            .member("id", id)
            .member("object", object)
            .member("created", created)
            .member("model", model)
            .member("choices", choices)
            .maybe("usage", usage)
            .maybe("service_tier", service_tier)
            .end();
    }
}

impl<'a> Write<'a> for Choice<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { index, message, finish_reason } = self;
        out.object()
            .member("index", index)
            .member("message", message)
            .member("logprobs", &Null)
            .member("finish_reason", finish_reason)
            .end();
    }
}

impl<'a> Write<'a> for Message<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self {
            role,
            content,
            reasoning_content,
            thinking_blocks,
            tool_calls,
            function_call,
            annotations,
        } = self;
        out.object()
            .member("role", role)
            .member("content", content)
            .member("refusal", &Null)
            .maybe("reasoning_content", reasoning_content)
            .maybe("thinking_blocks", thinking_blocks)
            .maybe("tool_calls", tool_calls)
            .maybe("function_call", function_call)
            .maybe("annotations", annotations)
            .end();
    }
}

impl<'a> ThinkingBlock<'a> {
    /// Adds its members to an object.
    pub(super) fn write_into(&self, object: &mut Object<'_, 'a>) {
        match self {
            Self::Thinking { thinking, signature } => {
                object.add("type", &"thinking");
                object.add("thinking", thinking);
                if let Some(signature) = signature {
                    object.add("signature", signature);
                }
            }
            Self::RedactedThinking { data } => {
                object.add("type", &"redacted_thinking");
                object.add("data", data);
            }
        }
    }
}

impl<'a> Write<'a> for ThinkingBlock<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let mut object = out.object();
        self.write_into(&mut object);
        object.end();
    }
}

impl<'a> Write<'a> for ToolCall<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { id, call } = self;
        let object = out.object().member("id", id);
        match call {
            Call::Function { function } => object.member("type", &"function").member("function", function),
            Call::Custom { custom } => object.member("type", &"custom").member("custom", custom),
        }
        .end();
    }
}

impl<'a> Write<'a> for Function<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { name, arguments } = self;
        out.object().member("name", name).member("arguments", arguments).end();
    }
}

impl<'a> Write<'a> for Custom<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { name, input } = self;
        out.object().member("name", name).member("input", input).end();
    }
}

impl<'a> Annotation<'a> {
    /// Adds its members to an object.
    pub(super) fn write_into(&self, object: &mut Object<'_, 'a>) {
        let Self::UrlCitation { url_citation: UrlCitation { start_index, end_index, title, url } } = self;
        object.add("type", &"url_citation");
        object
            .begin("url_citation")
            .object()
            .member("start_index", start_index)
            .member("end_index", end_index)
            .member("title", title)
            .member("url", url)
            .end();
    }
}

impl<'a> Write<'a> for Annotation<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let mut object = out.object();
        self.write_into(&mut object);
        object.end();
    }
}

impl<'a> Write<'a> for FinishReason {
    fn write(&self, out: &mut Writer<'a>) {
        out.raw(match self {
            Self::Stop => "\"stop\"",
            Self::Length => "\"length\"",
            Self::ToolCalls => "\"tool_calls\"",
            Self::ContentFilter => "\"content_filter\"",
            Self::FunctionCall => "\"function_call\"",
        });
    }
}

impl<'a> Write<'a> for Usage {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { prompt_tokens, completion_tokens, total_tokens, prompt_tokens_details } = self;
        out.object()
            .member("prompt_tokens", prompt_tokens)
            .member("completion_tokens", completion_tokens)
            .member("total_tokens", total_tokens)
            .maybe("prompt_tokens_details", prompt_tokens_details)
            .end();
    }
}

impl<'a> Write<'a> for PromptTokensDetails {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { cached_tokens, cache_write_tokens } = self;
        out.object()
            .member("cached_tokens", cached_tokens)
            .member("cache_write_tokens", cache_write_tokens)
            .end();
    }
}
