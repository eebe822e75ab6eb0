//! The reply of Converse. Members that mean nothing to an OpenAI client are not here and are skipped.

use crate::json::{List, Raw, Str, answer};

answer! {
    /// The body.
    pub struct Reply<'a> {
        /// What the model said; a reply without it is no reply.
        output: Output<'a>,
        /// Why it ended.
        stop_reason = "stopReason": Str<'a>,
        /// Tokens.
        usage: Usage,
        /// The tier that served it.
        service_tier = "serviceTier": ServiceTier<'a>,
    }
}

answer! {
    /// What the model said.
    pub struct Output<'a> {
        /// Its turn.
        message: Message<'a>,
    }
}

answer! {
    /// A turn of the model.
    pub struct Message<'a> {
        /// Its blocks.
        content: List<Block<'a>>,
    }
}

answer! {
    /// One block: exactly one member is there, or one that we do not know.
    pub struct Block<'a> {
        /// Text.
        text: Str<'a>,
        /// A call.
        tool_use = "toolUse": ToolUse<'a>,
        /// Reasoning.
        reasoning_content = "reasoningContent": Reasoning<'a>,
        /// Text with its sources.
        citations_content = "citationsContent": Citations<'a>,
    }
}

answer! {
    /// A call.
    pub struct ToolUse<'a> {
        /// Pairs call and result.
        tool_use_id = "toolUseId": Str<'a>,
        /// The tool.
        name: Str<'a>,
        /// Arguments.
        input: Raw<'a>,
    }
}

answer! {
    /// Reasoning: readable or redacted.
    pub struct Reasoning<'a> {
        /// Readable.
        reasoning_text = "reasoningText": ReasoningText<'a>,
        /// Redacted, base64.
        redacted_content = "redactedContent": Str<'a>,
    }
}

answer! {
    /// Readable reasoning.
    pub struct ReasoningText<'a> {
        /// The reasoning.
        text: Str<'a>,
        /// What proves to the model that it is its own.
        signature: Str<'a>,
    }
}

answer! {
    /// Text with its sources.
    pub struct Citations<'a> {
        /// The text.
        content: List<CitedText<'a>>,
        /// The sources.
        citations: List<Citation<'a>>,
    }
}

answer! {
    /// A piece of cited text.
    pub struct CitedText<'a> {
        /// The text.
        text: Str<'a>,
    }
}

answer! {
    /// A source.
    pub struct Citation<'a> {
        /// Its title.
        title: Str<'a>,
        /// What it is.
        source: Str<'a>,
        /// Where in it.
        location: Location<'a>,
    }
}

answer! {
    /// Where in a source.
    pub struct Location<'a> {
        /// A web page; documents have no address.
        web: Web<'a>,
    }
}

answer! {
    /// A web page.
    pub struct Web<'a> {
        /// Its address.
        url: Str<'a>,
    }
}

answer! {
    /// A tier.
    pub struct ServiceTier<'a> {
        /// Its name.
        kind = "type": Str<'a>,
    }
}

answer! {
    /// Tokens.
    #[derive(Copy, PartialEq, Eq)]
    pub struct Usage {
        /// Input that was neither read from nor written to the cache.
        input_tokens = "inputTokens": u64,
        /// Output.
        output_tokens = "outputTokens": u64,
        /// Read from the cache.
        cache_read_input_tokens = "cacheReadInputTokens": u64,
        /// Written to the cache.
        cache_write_input_tokens = "cacheWriteInputTokens": u64,
    }
}
