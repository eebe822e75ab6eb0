//! Anthropic's models.

use super::row::families;
use super::sources::*;
use super::{Cache, DocumentsInResults, Forced, MOST, Reasoning, ToolIds, TopK};

families! {
    CLAUDE_3: "Claude 3, and 3.5 without caching" ["anthropic.claude-3-"] like MOST {
        max_tokens: Some(4_096) => CARDS, LITELLM;
        blank_stop: false => CLAUDE_BLANK_STOP;
        top_k: TopK::Field("top_k") => CLAUDE_PARAMETERS;
        forced_tool: Forced::Named => TOOL_CHOICE;
        single_call: true => CLAUDE_PARAMETERS;
        prefill: true => CLAUDE_PARAMETERS;
        anthropic_beta: true => CLAUDE_PARAMETERS;
        messages: true => CLAUDE_PARAMETERS;
        tool_ids: ToolIds::Plain => ANTHROPIC_IDS;
        documents_beside_results: false => PYDANTIC_AI;
        images_in_results: true => RESULT_IMAGES;
        documents_in_results: DocumentsInResults::Any => PYDANTIC_AI;
    }

    CLAUDE_2: "Claude 2 and Instant" ["anthropic.claude-v2", "anthropic.claude-instant"] like CLAUDE_3 {
        tools: false => FEATURES;
    }

    CLAUDE_3_OPUS: "Claude 3 Opus" ["anthropic.claude-3-opus"] like CLAUDE_3 {
        text_beside_results: false => CLAUDE_3_OPUS_RESULTS;
    }

    CLAUDE_3_5: "Claude 3.5 Haiku and Sonnet v2"
        ["anthropic.claude-3-5-haiku", "anthropic.claude-3-5-sonnet-20241022"] like CLAUDE_3 {
        max_tokens: Some(8_192) => CARDS, LITELLM;
        cache: Cache::FiveMinutes => CACHING;
    }

    CLAUDE_3_7: "Claude 3.7 Sonnet" ["anthropic.claude-3-7-"] like CLAUDE_3_5 {
        max_tokens: None => CLAUDE_THINKING;
        reasoning: Reasoning::Budget => CLAUDE_THINKING;
    }

    CLAUDE_4: "Claude 4, and Opus 4.1"
        ["anthropic.claude-opus-4-1", "anthropic.claude-opus-4-2025", "anthropic.claude-sonnet-4-2025"]
        like CLAUDE_3_7 {
        temperature_with_top_p: false => CLAUDE_BOTH_SAMPLINGS;
    }

    CLAUDE_4_5: "Claude 4.5"
        ["anthropic.claude-haiku-4", "anthropic.claude-opus-4-5", "anthropic.claude-sonnet-4-5"] like CLAUDE_4 {
        strict_tools: true => STRUCTURED;
        structured_output: true => STRUCTURED;
        cache: Cache::OneHour => CACHING;
    }

    CLAUDE_4_6: "Claude 4.6" ["anthropic.claude-opus-4-6", "anthropic.claude-sonnet-4"] like CLAUDE_4_5 {
        reasoning: Reasoning::Adaptive("max") => CLAUDE_ADAPTIVE, ANTHROPIC_EFFORT;
        prefill: false => LITELLM;
    }

    // Reports of native schemas and strict tools from it on disagree, so neither is sent.
    CLAUDE_4_7: "Claude Opus 4.7 and 4.8" ["anthropic.claude-opus-4"] like CLAUDE_4_6 {
        temperature: false => CARDS, PYDANTIC_AI, LITELLM;
        top_p: false => CARDS, PYDANTIC_AI, LITELLM;
        top_k: TopK::None => CARDS, PYDANTIC_AI, LITELLM;
        strict_tools: false => CLAUDE_4_7_NATIVE;
        structured_output: false => CLAUDE_4_7_NATIVE, AI_SDK;
        reasoning: Reasoning::AdaptiveOnly => CARDS, ANTHROPIC_EFFORT;
    }

    CLAUDE_5: "Claude 5 and later" ["anthropic.claude-"] like CLAUDE_4_7 {
        forced_tool: Forced::No => ANTHROPIC_FORCING, LANGCHAIN_AWS;
    }
}
