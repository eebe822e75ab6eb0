//! The reply of `POST chat/completions`, whole.

use serde::{Deserialize, Serialize};

use crate::wire::Str;

/// A chat completion.
#[derive(Clone, Debug, Serialize)]
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// The tier that served it, where Bedrock says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<&'a str>,
}

/// One answer.
#[derive(Clone, Debug, Serialize)]
pub struct Choice<'a> {
    /// 0.
    pub index: u32,
    /// What the model said.
    pub message: Message<'a>,
    /// Null: Bedrock gives none.
    pub logprobs: (),
    /// Why it ended.
    pub finish_reason: FinishReason,
}

/// The assistant's message.
#[derive(Clone, Debug, Serialize)]
pub struct Message<'a> {
    /// `assistant`.
    pub role: &'static str,
    /// Text, or null where there is none.
    pub content: Option<Str<'a>>,
    /// What tells that the model refused to answer, else null.
    pub refusal: Option<&'static str>,
    /// Reasoning as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<Str<'a>>,
    /// Reasoning with what is needed to send it back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub thinking_blocks: Vec<ThinkingBlock<'a>>,
    /// What it called.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall<'a>>,
    /// What it called, in the older form; only for requests that gave `functions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_call: Option<Function<'a>>,
    /// Sources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation<'a>>,
}

/// Reasoning as a client sends it back.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ThinkingBlock<'a> {
    /// Readable reasoning.
    Thinking {
        /// The reasoning.
        thinking: Str<'a>,
        /// What proves to the model that it is its own.
        #[serde(skip_serializing_if = "Option::is_none")]
        signature: Option<Str<'a>>,
    },
    /// Redacted reasoning.
    RedactedThinking {
        /// Base64.
        data: Str<'a>,
    },
}

/// A call of a tool.
#[derive(Clone, Debug, Serialize)]
pub struct ToolCall<'a> {
    /// Bedrock's id of it.
    pub id: Str<'a>,
    /// `function` or `custom`, with its name and arguments.
    #[serde(flatten)]
    pub call: Call<'a>,
}

/// What is called, by the kind of tool.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
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
#[derive(Clone, Debug, Serialize)]
pub struct Function<'a> {
    /// The name as the client gave it.
    pub name: Str<'a>,
    /// The exact JSON text.
    pub arguments: Str<'a>,
}

/// A custom tool's name and input.
#[derive(Clone, Debug, Serialize)]
pub struct Custom<'a> {
    /// The name as the client gave it.
    pub name: Str<'a>,
    /// Free text.
    pub input: Str<'a>,
}

/// A source of the text.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Annotation<'a> {
    /// A web page.
    UrlCitation {
        /// Where and what.
        url_citation: UrlCitation<'a>,
    },
    /// A document of the request (an extension, by the name that OpenAI's Responses API has for one).
    FileCitation {
        /// Where and what.
        file_citation: FileCitation<'a>,
    },
}

/// Where and what a source is.
#[derive(Clone, Debug, Serialize)]
pub struct UrlCitation<'a> {
    /// First character in the content that it covers.
    pub start_index: usize,
    /// One past the last.
    pub end_index: usize,
    /// Its title.
    pub title: Str<'a>,
    /// Its address.
    pub url: Str<'a>,
}

/// Where and what a document is.
#[derive(Clone, Debug, Serialize)]
pub struct FileCitation<'a> {
    /// First character in the content that it covers.
    pub start_index: usize,
    /// One past the last.
    pub end_index: usize,
    /// Its name as the client gave it.
    pub filename: Str<'a>,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<Str<'a>>,
    /// Where in it.
    pub location: FilePlace,
}

/// A place in a document.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct FilePlace {
    /// `char`, `page` or `chunk`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Which of the request's documents, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_index: Option<u64>,
    /// Its first character, page (from 1) or piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<u64>,
    /// One past the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<u64>,
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// All input, cached or not.
    pub prompt_tokens: u64,
    /// All output.
    pub completion_tokens: u64,
    /// Their sum.
    pub total_tokens: u64,
    /// Of the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_tokens_details: Option<PromptTokensDetails>,
    /// Of the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_tokens_details: Option<CompletionTokensDetails>,
}

/// Of the input tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PromptTokensDetails {
    /// Read from the cache.
    pub cached_tokens: u64,
    /// Written to the cache.
    pub cache_write_tokens: u64,
}

/// Of the output tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompletionTokensDetails {
    /// Of reasoning.
    pub reasoning_tokens: u64,
}
