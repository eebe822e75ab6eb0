//! What is in a request, as far as it is translated.

use crate::openai::chat::CacheControl;
use crate::wire::{OneOrMany, Raw, Str, object};

object! {
    /// One message.
    pub struct Message<'a> {
        /// `user` or `assistant`.
        role: Str<'a>,
        /// What is said.
        content: OneOrMany<'a, Block<'a>>,
    }
}

object! {
    /// A block of a message, of the instructions, or of what a tool gave; which members count says its type.
    pub struct Block<'a> {
        /// `text`, `image`, `tool_use`, …
        kind = "type": Str<'a>,
        /// Of `text`.
        text: Str<'a>,
        /// Of `image` and `document`, an object; of `search_result`, a text.
        source: Raw<'a>,
        /// Of `document` and `search_result`.
        title: Str<'a>,
        /// Of `document`: what to know of it.
        context: Str<'a>,
        /// Of `document`, whether to cite it; of `text`, what it cites.
        citations: Raw<'a>,
        /// Of `tool_use`.
        id: Str<'a>,
        /// Of `tool_use`: the tool.
        name: Str<'a>,
        /// Of `tool_use`: its arguments.
        input: Raw<'a>,
        /// Of `tool_use`: who calls it.
        caller: Raw<'a>,
        /// Of `tool_result`: the call.
        tool_use_id: Str<'a>,
        /// Of `tool_result` and `search_result`: a text, or blocks.
        content: Raw<'a>,
        /// Of `tool_result`: the tool failed.
        is_error: bool,
        /// Of `thinking`.
        thinking: Str<'a>,
        /// Of `thinking`: what proves that it is the model's own.
        signature: Str<'a>,
        /// Of `redacted_thinking`: base64.
        data: Str<'a>,
        /// Cached up to here.
        cache_control: Box<CacheControl<'a>>,
    }
}

object! {
    /// A block of a document's text, or of what a search has found.
    pub struct TextBlock<'a> {
        /// `text`.
        kind = "type": Str<'a>,
        /// The text.
        text: Str<'a>,
    }
}

object! {
    /// `citations` of a document or of what a search has found.
    pub struct Citations<'a> {
        /// Whether to cite it.
        enabled: bool,
    }
}

object! {
    /// Where an image or a document is.
    pub struct Source<'a> {
        /// `base64`, `url`, `text`, `content` or `file`.
        kind = "type": Str<'a>,
        /// What it is.
        media_type: Str<'a>,
        /// Base64, or of `text` the text itself.
        data: Str<'a>,
        /// An address.
        url: Str<'a>,
        /// A file that Anthropic keeps.
        file_id: Str<'a>,
        /// Of `content`: a text, or blocks.
        content: Raw<'a>,
    }
}

object! {
    /// A tool.
    pub struct Tool<'a> {
        /// `custom`, or none; else one of Anthropic's own.
        kind = "type": Str<'a>,
        /// Its name.
        name: Str<'a>,
        /// What it does.
        description: Str<'a>,
        /// Of its arguments.
        input_schema: Raw<'a>,
        /// Whether arguments must follow the schema exactly.
        strict: bool,
        /// Cached up to here.
        cache_control: Box<CacheControl<'a>>,
    }
}

object! {
    /// Whether and what the model must call.
    pub struct ToolChoice<'a> {
        /// `auto`, `any`, `tool` or `none`.
        kind = "type": Str<'a>,
        /// Of `tool`.
        name: Str<'a>,
        /// One call at a time.
        disable_parallel_tool_use: bool,
    }
}

object! {
    /// `output_config`.
    pub struct OutputConfig<'a> {
        /// How hard to think.
        effort: Str<'a>,
        /// The form of the answer.
        format: Raw<'a>,
    }
}

object! {
    /// The form of the answer.
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
        /// Who asks.
        user_id: Str<'a>,
    }
}
