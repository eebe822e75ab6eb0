//! Models of other vendors, most with open weights.

use super::row::families;
use super::sources::*;
use super::{DocumentsInResults, Forced, MOST, Reasoning, ToolIds, TopK};

families! {
    JAMBA: "Jamba" ["ai21."] like MOST {}

    COHERE: "Command R" ["cohere.command"] like MOST {
        top_k: TopK::Field("k") => COHERE_PARAMETERS;
    }

    DEEPSEEK: "DeepSeek V3" ["deepseek."] like MOST {
        reasoning: Reasoning::Effort => PYDANTIC_AI;
    }

    DEEPSEEK_R1: "DeepSeek R1" ["deepseek.r1"] like MOST {
        tools: false => FEATURES;
    }

    LLAMA: "Llama" ["meta."] like MOST {
        text_beside_calls: false => LLAMA_CALLS;
        text_beside_results: false => LLAMA_RESULTS, PYDANTIC_AI;
    }

    LLAMA_4: "Llama 4" ["meta.llama4"] like LLAMA {
        images_in_results: true => RESULT_MEDIA;
        documents_in_results: DocumentsInResults::Any => PYDANTIC_AI;
    }

    LLAMA_WITHOUT_TOOLS: "Llama 2, 3, and the small of 3.2"
        ["meta.llama2", "meta.llama3-2-1b", "meta.llama3-2-3b", "meta.llama3-70b", "meta.llama3-8b"] like MOST {
        tools: false => FEATURES;
    }

    MISTRAL: "Mistral" ["mistral."] like MOST {
        top_k: TopK::Field("top_k") => MISTRAL_PARAMETERS;
        forced_tool: Forced::Any => LANGCHAIN_AWS;
        tool_ids: ToolIds::Nine => MISTRAL_IDS;
        text_beside_calls: false => MISTRAL_CALLS;
        text_beside_results: false => PYDANTIC_AI;
        documents_in_results: DocumentsInResults::Any => PYDANTIC_AI;
    }

    MISTRAL_LARGE: "Mistral Large of 2024 and Pixtral Large"
        ["mistral.mistral-large-24", "mistral.mistral-small-24", "mistral.pixtral-large"] like MISTRAL {
        max_tokens: Some(8_192) => MISTRAL_PARAMETERS;
    }

    MISTRAL_OLD: "Mistral 7B and Mixtral" ["mistral.mistral-7b", "mistral.mixtral-8x7b"] like MOST {
        tools: false => FEATURES;
        system: false => FEATURES;
    }

    QWEN: "Qwen" ["qwen."] like MOST {}
}
