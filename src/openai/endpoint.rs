//! The endpoints of OpenAI's API that are served here.

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
}

impl Endpoint {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::ChatCompletions, Self::Completions, Self::Moderations, Self::Embeddings];
}
