//! Texts of errors by AWS and the models' vendors, for errors whose kind only the text tells.

use crate::bedrock::error::Error as Bedrock;

/// Errors for a request longer than the model's context: a text matches a row if it contains all of the row's phrases, in lower
/// case. Where nothing else is said, the phrases are from public issues of users. They are long, because errors about other
/// limits (`max_tokens`, names, images, the rate) have similar words.
const TOO_LONG: &[&[&str]] = &[
    // AWS, for every family ("Input is too long for requested model.").
    &["input is too long"],
    // Claude ("prompt is too long: 210000 tokens > 200000 maximum"), and Jamba.
    &["prompt is too long"],
    &["prompt has too many tokens"],
    // Claude: with `max_tokens` ("input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"), and bytes.
    &["exceed", "context limit"],
    &["too many total text bytes"],
    // Nova ("Input Tokens Exceeded: Number of input tokens exceeds maximum length."), and OpenAI's models ("Input tokens exceed the
    // configured limit of 272000 tokens.").
    &["input tokens exceed"],
    // Titan Embeddings ("Too many input tokens. Max input tokens: 8192, request input token count: 9000").
    &["too many input tokens"],
    // Llama, Mistral, DeepSeek, Qwen and others that vLLM serves ("This model's maximum context length is 131072 tokens.").
    &["maximum context length"],
    &["maximum model length"],
    // Grok ("This model's maximum prompt length is 256000 but the request contains 332986 tokens.").
    &["maximum prompt length"],
    // Command ("too many tokens: total number of tokens in the prompt cannot exceed 128000"). The error about the rate has a
    // comma instead.
    &["too many tokens:"],
    // OpenAI's models ("Your input exceeds the context window of this model."), MiniMax, and others with a context of their own words.
    &["exceed", "context window"],
    &["exceed", "context length"],
    &["exceed", "context size"],
    &["longer than", "context length"],
    // Kimi ("Your request exceeded model token limit: 262144").
    &["exceeded model token limit"],
    // The end of many such errors.
    &["reduce the length of the prompt"],
    &["reduce the length of the messages"],
    &["reduce the length of the input"],
];

/// Titan and Cohere Embed count characters: `#/texts/0: expected maxLength: 2048, actual: 2500`. Other members have such
/// limits, too.
const TOO_MANY_CHARACTERS: &str = "expected maxlength";
const TEXTS: &[&str] = &["#/inputtext:", "#/prompt:", "#/texts/"];

/// Whether a text says that the request is longer than the model's context.
pub(super) fn is_too_long(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    if text.contains(TOO_MANY_CHARACTERS) {
        return TEXTS.iter().any(|member| text.contains(member)) || !text.contains("#/");
    }
    TOO_LONG.iter().any(|row| row.iter().all(|words| text.contains(words)))
}

/// Whether the account, or the identity that signs, has no access to the model, which is not an authentication failure: because
/// of the agreement with the model's vendor ("You don't have access to the model with the specified model ID."), or by IAM for
/// this model (AWS's documentation, "Troubleshooting Amazon Bedrock API Error Codes" and "Troubleshoot access denied error
/// messages").
pub(super) fn denies_model(error: &Bedrock) -> bool {
    if !(error.name == "AccessDeniedException" || (error.name.is_empty() && error.status == 403)) {
        return false;
    }
    let text = error.message.to_ascii_lowercase();
    match text.split_once("not authorized to perform: ") {
        Some((_, action)) if action.starts_with("bedrock:invokemodel") => {
            RESOURCES.iter().any(|resource| action.contains(resource))
        }
        Some((_, action)) => action.starts_with("aws-marketplace:"),
        None => {
            text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| matches!(word, "model" | "models"))
        }
    }
}

/// Resources of InvokeModel permissions (AWS's service authorization reference, "Resource types defined by Amazon Bedrock").
const RESOURCES: &[&str] = &["-model/", "-model-deployment/", "-profile/", "-router/"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_that_is_too_long_is_known_in_the_words_of_each_family() {
        for text in [
            "Input is too long for requested model.",
            "The model returned the following errors: Input is too long for requested model.",
            "prompt is too long: 210000 tokens > 200000 maximum",
            "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or \
             `max_tokens` and try again",
            "messages: too many total text bytes: 10000000 > 9000000",
            "Input Tokens Exceeded: Number of input tokens exceeds maximum length. Please update the input to try again.",
            "Input tokens exceeded the configured limit",
            "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens.",
            "400 Bad Request: Too many input tokens. Max input tokens: 8192, request input token count: 9000",
            "This model's maximum context length is 131072 tokens. Please reduce the length of the prompt",
            "Prompt contains 170397 tokens and 0 draft tokens, too large for model with 131072 maximum context length",
            "The decoder prompt (length 9000) is longer than the maximum model length of 8192.",
            "This model's maximum prompt length is 256000 but the request contains 332986 tokens.",
            "too many tokens: total number of tokens in the prompt cannot exceed 128000 - received 130000.",
            "Your input exceeds the context window of this model. Please adjust your input and try again.",
            "invalid params, context window exceeds limit (2013)",
            "Your request exceeded model token limit: 262144 (requested: 291351)",
            "The input (9000 tokens) is longer than the model's context length (8192 tokens).",
            "Malformed input request: expected maxLength: 50000, actual: 60000, please reformat your input and try again.",
            "Malformed input request: #/texts/0: expected maxLength: 2048, actual: 2500, please reformat your input.",
        ] {
            assert!(is_too_long(text), "{text}");
        }
    }

    #[test]
    fn what_only_sounds_like_a_context_too_long_is_none() {
        for text in [
            "max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens for claude",
            "The maximum tokens you requested exceeds the model limit of 4096. Try again with a maximum tokens value that is \
             lower than 4096.",
            "Too many tokens, please wait before trying again.",
            "Too many tokens per day, please wait before trying again.",
            "`max_tokens` must be greater than `thinking.budget_tokens`.",
            "messages.0.content.1.image.source.base64: image exceeds 5 MB maximum: 6291456 bytes > 5242880 bytes",
            "too many images and documents: 101 > 100",
            "tools.0.custom.name: String should have at most 64 characters",
            "Value at 'toolConfig.tools.1.member.toolSpec.name' failed to satisfy constraint: Member must have length less \
             than or equal to 64",
            "Malformed input request: #/stop_sequences/0: expected maxLength: 100, actual: 200, please reformat your input.",
            "A maximum of 4 blocks with cache_control may be provided. Found 5.",
            "The document name is too long.",
            "Please reduce the length of the tool's name.",
            "Input tokens are counted by CountTokens.",
        ] {
            assert!(!is_too_long(text), "{text}");
        }
    }

    fn denied(message: &str) -> bool {
        denies_model(&Bedrock { status: 403, name: "AccessDeniedException".into(), message: message.into() })
    }

    #[test]
    fn a_model_is_denied_by_its_agreement_or_by_iam_and_not_by_authentication() {
        let user =
            "User: arn:aws:sts::123456789012:assumed-role/model-gateway/x is not authorized to perform: ";
        for text in [
            "You don't have access to the model with the specified model ID.",
            "Model access is denied due to IAM user or service role is not authorized to perform the required AWS Marketplace \
             actions (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe) to enable access to this model.",
            "Access denied. This Model is marked by provider as Legacy.",
            "Access to Anthropic models is not allowed from unsupported countries, regions, or territories.",
            "Your account does not have an agreement to this model.",
            &format!(
                "{user}bedrock:InvokeModel on resource: arn:aws:bedrock:us-east-1::foundation-model/a.b because no \
                 identity-based policy allows the bedrock:InvokeModel action"
            ),
            &format!(
                "{user}bedrock:InvokeModelWithResponseStream on resource: \
                 arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.a.b with an explicit deny in a service control policy"
            ),
            &format!("Model access is denied due to {user}aws-marketplace:ViewSubscriptions on resource: *"),
        ] {
            assert!(denied(text), "{text}");
        }
        for text in [
            "",
            "Authentication failed: Please make sure your API Key is valid.",
            "The security token included in the request is expired",
            "Bearer Token has expired",
            "Your account is not authorized to invoke this API operation.",
            &format!("{user}bedrock:CallWithBearerToken on resource: *"),
            &format!("{user}bedrock:InvokeModel"),
            &format!(
                "{user}bedrock:ApplyGuardrail on resource: arn:aws:bedrock:us-east-1:123456789012:guardrail/g"
            ),
            &format!("{user}sts:AssumeRole on resource: arn:aws:iam::123456789012:role/model"),
        ] {
            assert!(!denied(text), "{text}");
        }
        let signature = Bedrock {
            status: 403,
            name: "InvalidSignatureException".into(),
            message: "You don't have access to the model with the specified model ID.".into(),
        };
        assert!(!denies_model(&signature));
    }
}
