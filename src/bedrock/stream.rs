//! The events of ConverseStream. The kind of an event is in its frame's headers, not in these payloads.

use crate::json::{Str, answer};

use super::reply::{Citation, ServiceTier, Usage};

answer! {
    /// Payload of `contentBlockStart`.
    pub struct BlockStart<'a> {
        /// Which block; events of one block may come between those of another.
        index = "contentBlockIndex": u32,
        /// What begins.
        start: Start<'a>,
    }
}

answer! {
    /// What begins: a call, or nothing that we know.
    pub struct Start<'a> {
        /// A call.
        tool_use = "toolUse": ToolUseStart<'a>,
    }
}

answer! {
    /// A call begins.
    pub struct ToolUseStart<'a> {
        /// Pairs call and result.
        tool_use_id = "toolUseId": Str<'a>,
        /// The tool.
        name: Str<'a>,
    }
}

answer! {
    /// Payload of `contentBlockDelta`.
    pub struct BlockDelta<'a> {
        /// Which block.
        index = "contentBlockIndex": u32,
        /// What is added.
        delta: Delta<'a>,
    }
}

answer! {
    /// What is added: exactly one member, or one that we do not know.
    pub struct Delta<'a> {
        /// Text.
        text: Str<'a>,
        /// A piece of a call's arguments.
        tool_use = "toolUse": ToolUseDelta<'a>,
        /// A piece of reasoning.
        reasoning_content = "reasoningContent": ReasoningDelta<'a>,
        /// A source.
        citation: Citation<'a>,
    }
}

answer! {
    /// A piece of a call's arguments.
    pub struct ToolUseDelta<'a> {
        /// A piece of JSON, cut anywhere.
        input: Str<'a>,
    }
}

answer! {
    /// A piece of reasoning: one of the three.
    pub struct ReasoningDelta<'a> {
        /// Readable.
        text: Str<'a>,
        /// What proves to the model that it is its own.
        signature: Str<'a>,
        /// Redacted, base64.
        redacted_content = "redactedContent": Str<'a>,
    }
}

answer! {
    /// Payload of `contentBlockStop`.
    pub struct BlockStop {
        /// Which block.
        index = "contentBlockIndex": u32,
    }
}

answer! {
    /// Payload of `messageStop`.
    pub struct MessageStop<'a> {
        /// Why it ended.
        stop_reason = "stopReason": Str<'a>,
    }
}

answer! {
    /// Payload of `metadata`.
    pub struct Metadata<'a> {
        /// Tokens.
        usage: Usage,
        /// The tier that served it.
        service_tier = "serviceTier": ServiceTier<'a>,
    }
}
