//! The members of a request that are translated.

use crate::openai::chat::CacheControl;
use crate::wire::{OneOrMany, Raw, Str, object};

object! {
    /// One message.
    pub struct Message<'a> {
        /// `user` or `assistant`.
        role: Str<'a>,
        /// The content.
        content: OneOrMany<'a, Block<'a>>,
    }
}

object! {
    /// A block of a message, of the system prompt, or of a tool result; its type says which members matter.
    pub struct Block<'a> {
        /// `text`, `image`, `tool_use`, …
        kind = "type": Str<'a>,
        /// Of `text`.
        text: Str<'a>,
        /// Of `image` and `document`, an object; of `search_result`, a text.
        source: Raw<'a>,
        /// Of `document` and `search_result`.
        title: Str<'a>,
        /// Of `document`: context for the model.
        context: Str<'a>,
        /// Of `document`, whether to cite it; of `text`, its citations.
        citations: Raw<'a>,
        /// Of `tool_use`.
        id: Str<'a>,
        /// Of `tool_use`: the tool.
        name: Str<'a>,
        /// Of `tool_use`: its arguments.
        input: Raw<'a>,
        /// Of `tool_use`: who made the call.
        caller: Raw<'a>,
        /// Of `tool_result`: the id of the call.
        tool_use_id: Str<'a>,
        /// Of `tool_result` and `search_result`: a text, or blocks.
        content: Raw<'a>,
        /// Of `tool_result`: whether the tool failed.
        is_error: bool,
        /// Of `thinking`.
        thinking: Str<'a>,
        /// Of `thinking`: the model's signature of its reasoning.
        signature: Str<'a>,
        /// Of `redacted_thinking`: base64.
        data: Str<'a>,
        /// A cache point after this block.
        cache_control: Box<CacheControl<'a>>,
    }
}

object! {
    /// A block of a document's text, or of a search result.
    pub struct TextBlock<'a> {
        /// `text`.
        kind = "type": Str<'a>,
        /// The text.
        text: Str<'a>,
    }
}

object! {
    /// `citations` of a document or a search result.
    pub struct Citations<'a> {
        /// Whether to cite it.
        enabled: bool,
    }
}

object! {
    /// The source of an image or a document.
    pub struct Source<'a> {
        /// `base64`, `url`, `text`, `content` or `file`.
        kind = "type": Str<'a>,
        /// The media type.
        media_type: Str<'a>,
        /// Base64, or of `text` the text itself.
        data: Str<'a>,
        /// A URL.
        url: Str<'a>,
        /// A file stored by Anthropic.
        file_id: Str<'a>,
        /// Of `content`: a text, or blocks.
        content: Raw<'a>,
    }
}

object! {
    /// A tool.
    pub struct Tool<'a> {
        /// `custom`, or absent; any other type is a tool of Anthropic's.
        kind = "type": Str<'a>,
        /// Its name.
        name: Str<'a>,
        /// What it does.
        description: Str<'a>,
        /// The schema of its arguments.
        input_schema: Raw<'a>,
        /// Whether arguments must follow the schema exactly.
        strict: bool,
        /// A cache point after this tool.
        cache_control: Box<CacheControl<'a>>,
    }
}

object! {
    /// Whether the model must call a tool, and which.
    pub struct ToolChoice<'a> {
        /// `auto`, `any`, `tool` or `none`.
        kind = "type": Str<'a>,
        /// Of `tool`.
        name: Str<'a>,
        /// Whether at most one call is allowed at a time.
        disable_parallel_tool_use: bool,
    }
}

object! {
    /// `output_config`.
    pub struct OutputConfig<'a> {
        /// The effort level of reasoning.
        effort: Str<'a>,
        /// The format of the answer.
        format: Raw<'a>,
    }
}

object! {
    /// The format of the answer.
    pub struct OutputFormat<'a> {
        /// `json_schema`.
        kind = "type": Str<'a>,
        /// The schema.
        schema: Raw<'a>,
    }
}

object! {
    /// `metadata`.
    pub struct Metadata<'a> {
        /// The end user.
        user_id: Str<'a>,
    }
}
