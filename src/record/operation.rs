//! Names of operations in records and spans.

use crate::bedrock::operation::Operation;
use crate::gateway::route::Route;
use crate::openai::Endpoint;

/// The operation of a route, in records; `None`: it has no record.
pub fn of(route: &Route) -> Option<&'static str> {
    Some(match route {
        Route::Health => return None,
        Route::Models(_) | Route::Model(_) => "models",
        Route::Bedrock(endpoint) | Route::Deployment(endpoint, _) => match endpoint {
            Endpoint::ChatCompletions => "chat",
            Endpoint::Completions => "completions",
            Endpoint::Embeddings => "embeddings",
            Endpoint::Moderations => "moderations",
            Endpoint::Messages => "messages",
            Endpoint::Responses => "responses",
            Endpoint::InputTokens | Endpoint::MessageTokens => "count_tokens",
        },
        Route::Native(request) => match request.operation {
            Operation::Converse => "converse",
            Operation::ConverseStream => "converse_stream",
            Operation::Invoke => "invoke",
            Operation::InvokeStream => "invoke_stream",
            Operation::CountTokens => "count_tokens",
        },
    })
}

/// The operation's name in spans, by OpenTelemetry's conventions for generative AI where they have one.
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
        let native = |operation| Route::Native(native::Request { operation, model: "m".into() });
        for (route, in_record, in_span) in [
            (Route::Bedrock(Endpoint::ChatCompletions), "chat", "chat"),
            (Route::Bedrock(Endpoint::Responses), "responses", "chat"),
            (Route::Deployment(Endpoint::Embeddings, "m".into()), "embeddings", "embeddings"),
            (Route::Bedrock(Endpoint::MessageTokens), "count_tokens", "count_tokens"),
            (native(Operation::ConverseStream), "converse_stream", "chat"),
            (native(Operation::Invoke), "invoke", "generate_content"),
            (Route::Models(None), "models", "models"),
        ] {
            let name = of(&route).unwrap();
            assert_eq!((name, in_spans(name)), (in_record, in_span));
        }
    }
}
