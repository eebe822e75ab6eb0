//! Refusals that depend on the conversation: its length, documents, and thoughts.

use super::*;

#[test]
fn more_than_the_model_reads_is_refused_in_its_own_words() {
    let words = |n: usize| json!({"messages": [{"role": "user", "content": [{"text": "a ".repeat(n)}]}]});
    let with_output = |n: usize, max: u64| {
        let mut body = words(n);
        body["inferenceConfig"] = json!({"maxTokens": max});
        body
    };
    taken(SONNET, &words(200_000));
    refused(SONNET, &words(200_001), "Input is too long for requested model.");
    refused(
        SONNET,
        &with_output(190_000, 20_000),
        "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or `max_tokens` and \
         try again",
    );
    taken(OPUS_4_6, &words(200_001));
    refused(OPUS_4_7, &words(1_000_001), "prompt is too long: 1000001 tokens > 1000000 maximum");
    refused(NOVA, &words(300_001), "Input Tokens Exceeded: Number of input tokens exceeds maximum length.");
    refused(
        "meta.llama3-3-70b-instruct-v1:0",
        &words(131_073),
        "This model's maximum context length is 131072 tokens. Please reduce the length of the prompt",
    );
    refused(
        "zai.glm-4.7",
        &with_output(137_217, 65_536),
        "However, you requested 65536 output tokens and your prompt contains at least 137217 input tokens, for a total of at \
         least 202753 tokens.",
    );
    refused(
        "openai.gpt-5.5",
        &words(272_001),
        "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 272001 tokens.",
    );
    refused("cohere.command-r-v1:0", &words(128_001), "cannot exceed 128000 - received 128001.");
}

#[test]
fn citations_are_claudes() {
    let mut cited = document("txt");
    cited["document"]["citations"] = json!({"enabled": true});
    let body =
        |document: &Value| json!({"messages": [{"role": "user", "content": [{"text": "a"}, document]}]});
    taken(SONNET, &body(&cited));
    for model in [NOVA, LLAMA_4, "cohere.command-r-v1:0"] {
        refused(model, &body(&cited), "This model doesn't support citations.");
        taken(model, &body(&document("txt")));
    }
    let result = answered("a", json!([cited]), json!([]));
    refused(SONNET, &result, "Citations are not supported in tool result documents.");
}

#[test]
fn a_thought_of_the_newest_stays_behind_what_it_was_thought_about() {
    use crate::thoughts::Before;
    const BOUND: &str = "anthropic.claude-opus-5-5";
    let first = question(json!({"system": [{"text": "s"}]}));
    let signature = Before::answer(&first).sign("t");
    let with = |system: &str, thought: &str, fields: Value| {
        let thought =
            json!({"reasoningContent": {"reasoningText": {"text": thought, "signature": signature}}});
        json!({"system": [{"text": system}], "additionalModelRequestFields": fields, "messages": [first["messages"][0],
            {"role": "assistant", "content": [thought, {"text": "b"}]}, {"role": "user", "content": [{"text": "c"}]}]})
    };
    taken(BOUND, &with("s", "t", json!({})));
    let bound = "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation. \
                 Remove the block, or set `thinking.block_binding.prefix_mismatch_behavior` to \"drop_block\".";
    refused(BOUND, &with("other", "t", json!({})), bound);
    taken(OPUS_5, &with("other", "t", json!({})));
    refused(
        OPUS_5,
        &with("s", "changed", json!({})),
        "messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified.",
    );
    let binding = json!({"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "drop_block"}});
    let beta = "thinking-binding-controls-2026-08-01";
    taken(BOUND, &with("other", "t", json!({"thinking": binding, "anthropic_beta": [beta]})));
    let unknown = "thinking.adaptive.block_binding: Extra inputs are not permitted";
    refused(BOUND, &with("s", "t", json!({"thinking": binding})), unknown);
    refused(OPUS_5, &with("s", "t", json!({"thinking": binding, "anthropic_beta": [beta]})), unknown);
}
