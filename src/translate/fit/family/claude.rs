//! Anthropic's models.

use super::row::families;
use super::sources::*;
use super::{Cache, DocumentsInResults, Efforts, Forced, MOST, Off, Reasoning, ToolIds, TopK};
use crate::translate::conversation::Effort;

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
        citations: true => ANTHROPIC_CITATIONS;
    }

    CLAUDE_3_7: "Claude 3.7 Sonnet" ["anthropic.claude-3-7-"] like CLAUDE_3_5 {
        max_tokens: Some(131_072) => CLAUDE_THINKING;
        reasoning: Reasoning::Budget => CLAUDE_THINKING;
        forced_while_reasoning: false => CLAUDE_THINKING, LANGCHAIN_AWS;
    }

    CLAUDE_4: "Claude Sonnet 4" ["anthropic.claude-sonnet-4-2025"] like CLAUDE_3_7 {
        max_tokens: Some(64_000) => CARDS, LITELLM;
        temperature_with_top_p: false => CLAUDE_BOTH_SAMPLINGS;
    }

    CLAUDE_4_OPUS: "Claude Opus 4 and 4.1"
        ["anthropic.claude-opus-4-1", "anthropic.claude-opus-4-2025"] like CLAUDE_4 {
        max_tokens: Some(32_000) => CARDS, LITELLM;
    }

    CLAUDE_4_5: "Claude 4.5"
        ["anthropic.claude-haiku-4", "anthropic.claude-opus-4-5", "anthropic.claude-sonnet-4-5"] like CLAUDE_4 {
        max_tokens: Some(64_000) => CARDS, PYDANTIC_AI;
        temperature_with_top_p: false => CLAUDE_PARAMETERS;
        strict_tools: true => CLAUDE_STRUCTURED;
        structured_output: true => CLAUDE_STRUCTURED;
        cache: Cache::OneHour => CACHING;
    }

    CLAUDE_4_6: "Claude 4.6" ["anthropic.claude-opus-4-6", "anthropic.claude-sonnet-4"] like CLAUDE_4_5 {
        max_tokens: Some(128_000) => PYDANTIC_AI;
        reasoning: Reasoning::Adaptive => CLAUDE_ADAPTIVE, ANTHROPIC_EFFORT;
        efforts: Efforts::LOW_TO_MAX.without(Effort::XHigh) => ANTHROPIC_EFFORT, PYDANTIC_AI;
        prefill: false => LITELLM;
    }

    CLAUDE_4_7: "Claude Opus 4.7 and 4.8" ["anthropic.claude-opus-4"] like CLAUDE_4_6 {
        max_tokens: Some(128_000) => CARDS;
        temperature: false => PYDANTIC_AI, LITELLM;
        top_p: false => PYDANTIC_AI, LITELLM;
        top_k: TopK::None => PYDANTIC_AI, LITELLM;
        strict_tools: false => CARDS, AI_SDK, CLAUDE_4_7_NATIVE;
        structured_output: false => CARDS, AI_SDK, CLAUDE_4_7_NATIVE;
        reasoning: Reasoning::AdaptiveOnly => CARDS, CLAUDE_ADAPTIVE;
        efforts: Efforts::LOW_TO_MAX => ANTHROPIC_EFFORT, PYDANTIC_AI;
    }

    CLAUDE_5: "Claude Opus 5" ["anthropic.claude-opus-5"] like CLAUDE_4_7 {
        off: Off::Disabled => CARDS, PYDANTIC_AI;
        forced_while_reasoning: true => PYDANTIC_AI;
    }

    CLAUDE_HAIKU_5_5: "Claude Haiku 5.5" ["anthropic.claude-haiku-5"] like CLAUDE_5 {
        bound_thoughts: true => ANTHROPIC_BOUND;
    }

    // AWS's model card says that thinking cannot be turned off, pydantic-ai says that it can: the lowest effort works in both
    // cases.
    CLAUDE_SONNET_5: "Claude Sonnet 5" ["anthropic.claude-sonnet-5"] like CLAUDE_5 {
        off: Off::Never => CARDS;
    }

    CLAUDE_SONNET_5_5: "Claude Sonnet 5.5" ["anthropic.claude-sonnet-5-5"] like CLAUDE_5 {
        bound_thoughts: true => BOUND_THOUGHTS, ANTHROPIC_BOUND;
        off: Off::BetweenTools => PYDANTIC_AI;
        forced_tool: Forced::No => PYDANTIC_AI, LANGCHAIN_AWS, AI_SDK;
    }

    CLAUDE_OPUS_5_5: "Claude Opus 5.5" ["anthropic.claude-opus-5-5"] like CLAUDE_5 {
        bound_thoughts: true => BOUND_THOUGHTS, ANTHROPIC_BOUND;
        off: Off::Never => AI_SDK, PYDANTIC_AI;
        forced_tool: Forced::No => ANTHROPIC_FORCING, PYDANTIC_AI, LANGCHAIN_AWS, AI_SDK;
    }

    CLAUDE_FABLE_5: "Claude Fable 5 and Mythos 5" ["anthropic.claude-fable-5", "anthropic.claude-mythos-5"]
        like CLAUDE_5 {
        off: Off::Never => CLAUDE_ADAPTIVE, PYDANTIC_AI;
    }

    CLAUDE_MYTHOS_PREVIEW: "Claude Mythos Preview" ["anthropic.claude-mythos-preview"] like CLAUDE_FABLE_5 {
        forced_tool: Forced::No => ANTHROPIC_FORCING, PYDANTIC_AI;
    }

    CLAUDE_LATEST: "Claude Fable and Mythos 5.1 and 5.2, and what comes"
        ["anthropic.claude-", "anthropic.claude-fable-5-", "anthropic.claude-mythos-5-"]
        like CLAUDE_FABLE_5 {
        bound_thoughts: true => BOUND_THOUGHTS, ANTHROPIC_BOUND;
        forced_tool: Forced::No => ANTHROPIC_FORCING, PYDANTIC_AI;
    }
}
