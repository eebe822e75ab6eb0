//! OpenAI's models.

use super::row::families;
use super::sources::*;
use super::{Forced, MOST, Reasoning};

families! {
    GPT: "GPT-5 and later" ["openai."] like MOST {
        min_tokens: 16 => LITELLM;
        temperature: false => PYDANTIC_AI;
        top_p: false => PYDANTIC_AI;
        stop: false => LIKE_RESPONSES;
        forced_tool: Forced::Named => LANGCHAIN_AWS;
        reasoning: Reasoning::OpenAi => GPT_REASONING;
    }

    GPT_OSS: "gpt-oss" ["openai.gpt-oss"] like MOST {
        stop: false => AI_SDK;
        reasoning: Reasoning::Effort => PYDANTIC_AI;
    }
}
