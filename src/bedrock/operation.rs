//! Bedrock's operations on a model.

/// An operation (service model of bedrock-runtime).
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

    /// The last segment of the operation's path.
    pub fn segment(self) -> &'static str {
        match self {
            Self::Converse => "converse",
            Self::ConverseStream => "converse-stream",
            Self::Invoke => "invoke",
            Self::InvokeStream => "invoke-with-response-stream",
            Self::CountTokens => "count-tokens",
        }
    }

    /// Whether its response is an event stream.
    pub fn streams(self) -> bool {
        matches!(self, Self::ConverseStream | Self::InvokeStream)
    }

    /// Whether its body is the model's native one, with Bedrock's own parameters in headers.
    pub fn invokes(self) -> bool {
        matches!(self, Self::Invoke | Self::InvokeStream)
    }
}
