//! The served endpoints of OpenAI's API, and of Anthropic's except for its lists.

/// An endpoint that calls Bedrock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `POST chat/completions`.
    ChatCompletions,
    /// `POST completions`.
    Completions,
    /// `POST moderations`.
    Moderations,
    /// `POST embeddings`.
    Embeddings,
    /// `POST messages`, of Anthropic's API.
    Messages,
    /// `POST messages/count_tokens`, of the same.
    MessageTokens,
    /// `POST responses`.
    Responses,
    /// `POST responses/input_tokens`.
    InputTokens,
}

impl Endpoint {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ChatCompletions,
        Self::Completions,
        Self::Moderations,
        Self::Embeddings,
        Self::Responses,
        Self::InputTokens,
        Self::Messages,
        Self::MessageTokens,
    ];

    /// Whether its tokens are billed: not for counting tokens, nor for a guardrail, which is billed by text units.
    pub fn costs_tokens(self) -> bool {
        !matches!(self, Self::Moderations | Self::InputTokens | Self::MessageTokens)
    }

    /// Whether one request may have several inputs or choices, each answered on its own.
    pub fn takes_several(self) -> bool {
        matches!(self, Self::ChatCompletions | Self::Completions | Self::Moderations | Self::Embeddings)
    }
}
