//! OpenAI's models.

use super::row::families;
use super::sources::*;
use super::{Efforts, Forced, MOST, Off, Reasoning};
use crate::translate::conversation::Effort;

families! {
    GPT: "GPT-5.6, GPT-6, and later" ["openai."] like MOST {
        min_tokens: 16 => LITELLM;
        max_tokens: Some(128_000) => LITELLM;
        temperature: false => PYDANTIC_AI, LITELLM;
        top_p: false => PYDANTIC_AI, LITELLM;
        stop: false => LIKE_RESPONSES;
        forced_tool: Forced::Named => LANGCHAIN_AWS;
        reasoning: Reasoning::OpenAi => GPT_REASONING, GPT_SUMMARY;
        efforts: Efforts::LOW_TO_MAX.and(Effort::None) => GPT_REASONING, LANGCHAIN_AWS;
    }

    GPT_5: "GPT-5.4 and 5.5" ["openai.gpt-5.4", "openai.gpt-5.5"] like GPT {
        efforts: Efforts::LOW_TO_XHIGH.and(Effort::None) => LANGCHAIN_AWS, LITELLM;
    }

    GPT_ALWAYS: "GPT-6 Astra and GPT-6.1 Sol" ["openai.gpt-6-astra", "openai.gpt-6.1-sol"] like GPT {
        efforts: Efforts::LOW_TO_MAX => GPT_REASONING, PYDANTIC_AI;
        off: Off::Never => GPT_REASONING, PYDANTIC_AI;
    }

    GPT_OSS: "gpt-oss" ["openai.gpt-oss"] like MOST {
        max_tokens: Some(16_384) => CARDS;
        stop: false => AI_SDK;
        strict_tools: true => CARDS, STRUCTURED;
        structured_output: true => CARDS, STRUCTURED;
        reasoning: Reasoning::Effort => PYDANTIC_AI, LANGCHAIN_AWS;
        efforts: Efforts::LOW_TO_HIGH => PYDANTIC_AI, LANGCHAIN_AWS;
        off: Off::Never => PYDANTIC_AI;
    }
}
