//! What is asked, as records and spans call it.

use crate::bedrock::operation::Operation;
use crate::gateway::handoff::Purpose;
use crate::openai::Endpoint;

/// `GET models`, and one of them.
pub const MODELS: &str = "models";

/// What a record calls what a request is for.
pub fn name(purpose: &Purpose<'_>) -> &'static str {
    match purpose {
        Purpose::OpenAi(endpoint) => match endpoint {
            Endpoint::ChatCompletions => "chat",
            Endpoint::Completions => "completions",
            Endpoint::Embeddings => "embeddings",
            Endpoint::Moderations => "moderations",
            Endpoint::Messages => "messages",
            Endpoint::Responses => "responses",
            Endpoint::InputTokens | Endpoint::MessageTokens => "count_tokens",
        },
        Purpose::Native(request) => match request.operation {
            Operation::Converse => "converse",
            Operation::ConverseStream => "converse_stream",
            Operation::Invoke => "invoke",
            Operation::InvokeStream => "invoke_stream",
            Operation::CountTokens => "count_tokens",
        },
    }
}

/// What a span calls an operation, by OpenTelemetry's conventions for generative AI as far as they have a word for it.
pub fn in_spans(operation: &'static str) -> &'static str {
    match operation {
        "completions" => "text_completion",
        "responses" | "messages" | "converse" | "converse_stream" => "chat",
        "invoke" | "invoke_stream" => "generate_content",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::native;

    #[test]
    fn spans_have_the_words_of_the_conventions() {
        let native = |operation| Purpose::Native(native::Request { operation, model: "m".into() });
        for (purpose, in_record, in_span) in [
            (Purpose::OpenAi(Endpoint::ChatCompletions), "chat", "chat"),
            (Purpose::OpenAi(Endpoint::Responses), "responses", "chat"),
            (Purpose::OpenAi(Endpoint::Embeddings), "embeddings", "embeddings"),
            (Purpose::OpenAi(Endpoint::MessageTokens), "count_tokens", "count_tokens"),
            (native(Operation::ConverseStream), "converse_stream", "chat"),
            (native(Operation::Invoke), "invoke", "generate_content"),
        ] {
            assert_eq!((name(&purpose), in_spans(name(&purpose))), (in_record, in_span));
        }
    }
}
