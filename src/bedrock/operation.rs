//! Bedrock's operations on a model.

/// What is asked of a model (service model of bedrock-runtime).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `Converse`.
    Converse,
    /// `ConverseStream`.
    ConverseStream,
    /// `InvokeModel`.
    Invoke,
    /// `InvokeModelWithResponseStream`.
    InvokeStream,
    /// `CountTokens`.
    CountTokens,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Converse, Self::ConverseStream, Self::Invoke, Self::InvokeStream, Self::CountTokens];

    /// The last segment of its path.
    pub fn segment(self) -> &'static str {
        match self {
            Self::Converse => "converse",
            Self::ConverseStream => "converse-stream",
            Self::Invoke => "invoke",
            Self::InvokeStream => "invoke-with-response-stream",
            Self::CountTokens => "count-tokens",
        }
    }

    /// True where its answer is an event stream.
    pub fn streams(self) -> bool {
        matches!(self, Self::ConverseStream | Self::InvokeStream)
    }

    /// True where its body is the model's own, and headers say what is Bedrock's.
    pub fn invokes(self) -> bool {
        matches!(self, Self::Invoke | Self::InvokeStream)
    }
}
