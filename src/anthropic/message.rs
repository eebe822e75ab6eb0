//! A message of the model's, whole or as the events of a stream.

use serde::{Serialize, Serializer};

use crate::wire::{self, Raw, Str};

/// A whole message. In `message_start` it has no content yet.
#[derive(Clone, Debug, Serialize)]
pub struct Message<'a> {
    /// Its id.
    pub id: &'a str,
    /// Always `message`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Always `assistant`.
    pub role: &'static str,
    /// The model.
    pub model: &'a str,
    /// The content blocks.
    pub content: Vec<Block<'a>>,
    /// Why the model stopped, once it has.
    pub stop_reason: Option<&'static str>,
    /// The client's stop sequence at which it stopped.
    pub stop_sequence: Option<&'a str>,
    /// Token counts.
    pub usage: Usage,
}

/// A content block.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block<'a> {
    /// Text.
    Text {
        /// The text.
        text: Str<'a>,
        /// Citations.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        citations: Vec<Citation<'a>>,
    },
    /// Readable reasoning.
    Thinking {
        /// The reasoning.
        thinking: Str<'a>,
        /// The model's signature of its reasoning; empty where the model gives none.
        signature: Str<'a>,
    },
    /// Redacted reasoning.
    RedactedThinking {
        /// Base64.
        data: Str<'a>,
    },
    /// A tool call.
    ToolUse {
        /// Id that the tool result repeats.
        id: Str<'a>,
        /// The tool's name.
        name: Str<'a>,
        /// The arguments.
        input: Input<'a>,
    },
}

/// Arguments as JSON text.
#[derive(Clone, Debug, Default)]
pub struct Input<'a>(pub Str<'a>);

impl Serialize for Input<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match wire::from_str::<Raw<'_>>(&self.0) {
            Ok(raw) => raw.serialize(serializer),
            Err(_) => serializer.collect_map([(); 0].map(|()| ("", ""))),
        }
    }
}

/// A citation of a web page.
#[derive(Clone, Debug, Serialize)]
pub struct Citation<'a> {
    /// Always `web_search_result_location`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The cited text, which Bedrock does not tell.
    pub cited_text: &'static str,
    /// Anthropic's own reference; empty.
    pub encrypted_index: &'static str,
    /// The page's title.
    pub title: Option<Str<'a>>,
    /// Its URL.
    pub url: Str<'a>,
}

/// Token counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Input that was neither read from nor written to the prompt cache.
    pub input_tokens: u64,
    /// Input written to the prompt cache.
    pub cache_creation_input_tokens: u64,
    /// Input read from the prompt cache.
    pub cache_read_input_tokens: u64,
    /// Output.
    pub output_tokens: u64,
    /// The tokens written to the prompt cache, by lifetime; absent where Bedrock does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_creation: Option<CacheCreation>,
}

/// Tokens written to the prompt cache, by lifetime.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CacheCreation {
    /// Tokens for an hour.
    pub ephemeral_1h_input_tokens: u64,
    /// Tokens for five minutes.
    pub ephemeral_5m_input_tokens: u64,
}

/// An event of a stream.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event<'a> {
    /// The answer begins.
    MessageStart {
        /// The message, without content.
        message: Message<'a>,
    },
    /// Keeps the connection alive.
    Ping,
    /// A block begins.
    ContentBlockStart {
        /// Index of the block.
        index: u32,
        /// The block, still empty.
        content_block: Block<'a>,
    },
    /// An addition to a block.
    ContentBlockDelta {
        /// Index of the block.
        index: u32,
        /// The addition.
        delta: Delta<'a>,
    },
    /// A block is whole.
    ContentBlockStop {
        /// Index of the block.
        index: u32,
    },
    /// Stop reason and token counts.
    MessageDelta {
        /// The stop reason.
        delta: Ending<'a>,
        /// Token counts of the whole message.
        usage: Usage,
    },
    /// The message is complete.
    MessageStop,
}

/// An addition to a block.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Delta<'a> {
    /// Text.
    TextDelta {
        /// The piece.
        text: Str<'a>,
    },
    /// A citation.
    CitationsDelta {
        /// The citation.
        citation: Citation<'a>,
    },
    /// Reasoning.
    ThinkingDelta {
        /// The piece.
        thinking: Str<'a>,
    },
    /// The signature of the reasoning.
    SignatureDelta {
        /// The whole signature.
        signature: Str<'a>,
    },
    /// A part of a tool call's arguments.
    InputJsonDelta {
        /// JSON text, cut at any byte.
        partial_json: Str<'a>,
    },
}

/// Why a message ended.
#[derive(Clone, Debug, Serialize)]
pub struct Ending<'a> {
    /// The reason.
    pub stop_reason: Option<&'static str>,
    /// The client's stop sequence at which it stopped.
    pub stop_sequence: Option<&'a str>,
}

impl Event<'_> {
    /// The event's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::MessageStart { .. } => "message_start",
            Self::Ping => "ping",
            Self::ContentBlockStart { .. } => "content_block_start",
            Self::ContentBlockDelta { .. } => "content_block_delta",
            Self::ContentBlockStop { .. } => "content_block_stop",
            Self::MessageDelta { .. } => "message_delta",
            Self::MessageStop => "message_stop",
        }
    }

    /// Writes the event as a server-sent event.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(self.name().as_bytes());
        out.extend_from_slice(b"\ndata: ");
        wire::append(out, self);
        out.extend_from_slice(b"\n\n");
    }
}
