//! The response of `POST chat/completions` without streaming.

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
    /// The model as the client names it.
    pub model: &'a str,
    /// One choice.
    pub choices: [Choice<'a>; 1],
    /// Token counts; absent where Bedrock did not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// The service tier, where Bedrock tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<&'a str>,
}

/// A choice.
#[derive(Clone, Debug, Serialize)]
pub struct Choice<'a> {
    /// 0.
    pub index: u32,
    /// The message.
    pub message: Message<'a>,
    /// Null: Bedrock gives none.
    pub logprobs: (),
    /// Why the model stopped.
    pub finish_reason: FinishReason,
}

/// The assistant's message.
#[derive(Clone, Debug, Serialize)]
pub struct Message<'a> {
    /// `assistant`.
    pub role: &'static str,
    /// Text, or null where there is none.
    pub content: Option<Str<'a>>,
    /// A sentence where the model refused to answer, else null.
    pub refusal: Option<&'static str>,
    /// Reasoning as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<Str<'a>>,
    /// The same reasoning as blocks, with the signatures needed to send it back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub thinking_blocks: Vec<ThinkingBlock<'a>>,
    /// Tool calls.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall<'a>>,
    /// The function call in the older form; only for requests with `functions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_call: Option<Function<'a>>,
    /// Citations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation<'a>>,
}

/// A reasoning block, as a client sends it back.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ThinkingBlock<'a> {
    /// Readable reasoning.
    Thinking {
        /// The reasoning.
        thinking: Str<'a>,
        /// The model's signature of its reasoning.
        #[serde(skip_serializing_if = "Option::is_none")]
        signature: Option<Str<'a>>,
    },
    /// Redacted reasoning.
    RedactedThinking {
        /// Base64.
        data: Str<'a>,
    },
}

/// A tool call.
#[derive(Clone, Debug, Serialize)]
pub struct ToolCall<'a> {
    /// Bedrock's id of it.
    pub id: Str<'a>,
    /// `function` or `custom`, with its name and arguments.
    #[serde(flatten)]
    pub call: Call<'a>,
}

/// The call, by the kind of tool.
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

/// A citation.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Annotation<'a> {
    /// A web page.
    UrlCitation {
        /// The cited range and source.
        url_citation: UrlCitation<'a>,
    },
    /// A document of the request (an extension, named as in OpenAI's Responses API).
    FileCitation {
        /// The cited range and source.
        file_citation: FileCitation<'a>,
    },
}

/// A citation of a web page.
#[derive(Clone, Debug, Serialize)]
pub struct UrlCitation<'a> {
    /// First character of the range in the content.
    pub start_index: usize,
    /// One past the last.
    pub end_index: usize,
    /// Its title.
    pub title: Str<'a>,
    /// Its URL.
    pub url: Str<'a>,
}

/// A citation of a document.
#[derive(Clone, Debug, Serialize)]
pub struct FileCitation<'a> {
    /// First character of the range in the content.
    pub start_index: usize,
    /// One past the last.
    pub end_index: usize,
    /// Its name as the client gave it.
    pub filename: Str<'a>,
    /// The cited text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<Str<'a>>,
    /// The place in the document.
    pub location: FilePlace,
}

/// A place in a document.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct FilePlace {
    /// `char`, `page` or `chunk`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Index of the document among the request's, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_index: Option<u64>,
    /// Its first character, page (from 1) or chunk.
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
    /// The model ended its turn, or met a stop sequence.
    Stop,
    /// The limit on tokens was reached.
    Length,
    /// It calls tools.
    ToolCalls,
    /// A content filter or a guardrail intervened.
    ContentFilter,
    /// It calls a function in the older form.
    FunctionCall,
}

/// Token counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// All input, cached or not.
    pub prompt_tokens: u64,
    /// All output.
    pub completion_tokens: u64,
    /// Their sum.
    pub total_tokens: u64,
    /// Details of the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_tokens_details: Option<PromptTokensDetails>,
    /// Details of the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion_tokens_details: Option<CompletionTokensDetails>,
}

/// Details of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PromptTokensDetails {
    /// Tokens read from the prompt cache.
    pub cached_tokens: u64,
    /// Tokens written to the prompt cache.
    pub cache_write_tokens: u64,
}

/// Details of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CompletionTokensDetails {
    /// Tokens of reasoning.
    pub reasoning_tokens: u64,
}
