//! A message of the model's: whole, and as the events of a stream.

use serde::{Serialize, Serializer};

use crate::wire::{self, Raw, Str};

/// The whole of it; in the event that begins a stream there is nothing in it yet.
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
    /// What is said.
    pub content: Vec<Block<'a>>,
    /// Why it ended, once it has.
    pub stop_reason: Option<&'static str>,
    /// Which of the client's sequences ended it.
    pub stop_sequence: Option<&'a str>,
    /// What it cost.
    pub usage: Usage,
}

/// A block.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block<'a> {
    /// Text.
    Text {
        /// The text.
        text: Str<'a>,
        /// What it cites.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        citations: Vec<Citation<'a>>,
    },
    /// Reasoning that can be read.
    Thinking {
        /// The reasoning.
        thinking: Str<'a>,
        /// What proves to the model that it is its own; empty where the model gives none.
        signature: Str<'a>,
    },
    /// Reasoning that cannot.
    RedactedThinking {
        /// Base64.
        data: Str<'a>,
    },
    /// A call.
    ToolUse {
        /// Pairs call and result.
        id: Str<'a>,
        /// The tool.
        name: Str<'a>,
        /// Arguments.
        input: Input<'a>,
    },
}

/// Arguments, which are JSON in a text.
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

/// A source of text: a page of the web.
#[derive(Clone, Debug, Serialize)]
pub struct Citation<'a> {
    /// Always `web_search_result_location`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What of it was cited; Bedrock does not say.
    pub cited_text: &'static str,
    /// Anthropic's own; empty.
    pub encrypted_index: &'static str,
    /// The page's title.
    pub title: Option<Str<'a>>,
    /// Its address.
    pub url: Str<'a>,
}

/// Tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Input that was neither read from nor written to the cache.
    pub input_tokens: u64,
    /// Written to the cache.
    pub cache_creation_input_tokens: u64,
    /// Read from the cache.
    pub cache_read_input_tokens: u64,
    /// Output.
    pub output_tokens: u64,
    /// What was written to the cache, by how long it is kept; none where Bedrock does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_creation: Option<CacheCreation>,
}

/// What was written to the cache.
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
    /// The answer is under way.
    MessageStart {
        /// With nothing in it.
        message: Message<'a>,
    },
    /// A sign of life.
    Ping,
    /// A block begins.
    ContentBlockStart {
        /// Which one.
        index: u32,
        /// With nothing in it.
        content_block: Block<'a>,
    },
    /// More of a block.
    ContentBlockDelta {
        /// Of which one.
        index: u32,
        /// What is added.
        delta: Delta<'a>,
    },
    /// A block is whole.
    ContentBlockStop {
        /// Which one.
        index: u32,
    },
    /// Why it ended, and what it cost.
    MessageDelta {
        /// Why.
        delta: Ending<'a>,
        /// Of the whole message.
        usage: Usage,
    },
    /// All has been said.
    MessageStop,
}

/// What is added to a block.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Delta<'a> {
    /// Text.
    TextDelta {
        /// The piece.
        text: Str<'a>,
    },
    /// A source of the text.
    CitationsDelta {
        /// The source.
        citation: Citation<'a>,
    },
    /// Reasoning.
    ThinkingDelta {
        /// The piece.
        thinking: Str<'a>,
    },
    /// What proves it.
    SignatureDelta {
        /// All of it.
        signature: Str<'a>,
    },
    /// Arguments of a call.
    InputJsonDelta {
        /// A piece of JSON, cut anywhere.
        partial_json: Str<'a>,
    },
}

/// Why a message ended.
#[derive(Clone, Debug, Serialize)]
pub struct Ending<'a> {
    /// The reason.
    pub stop_reason: Option<&'static str>,
    /// Which of the client's sequences ended it.
    pub stop_sequence: Option<&'a str>,
}

impl Event<'_> {
    /// What it is called.
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

    /// Writes it as a server-sent event.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(self.name().as_bytes());
        out.extend_from_slice(b"\ndata: ");
        wire::append(out, self);
        out.extend_from_slice(b"\n\n");
    }
}
