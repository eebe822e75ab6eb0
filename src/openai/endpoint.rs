//! The endpoints that are served here: those of OpenAI's API, and of Anthropic's what is not to do with lists.

/// An endpoint that Bedrock answers.
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

    /// Whether tokens are paid for: not to be counted, nor what a guardrail judges, which is paid for otherwise.
    pub fn costs_tokens(self) -> bool {
        !matches!(self, Self::Moderations | Self::InputTokens | Self::MessageTokens)
    }

    /// Whether one request may ask for several things, each with an answer of its own.
    pub fn takes_several(self) -> bool {
        matches!(self, Self::ChatCompletions | Self::Completions | Self::Moderations | Self::Embeddings)
    }
}
