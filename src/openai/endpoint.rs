//! The endpoints of OpenAI's API that are served here.

use serde::{Deserialize, Serialize};

/// An endpoint that Bedrock answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
