//! Models of other vendors, most with open weights.

use super::row::families;
use super::sources::*;
use super::{
    CallsInText, DocumentsInResults, Efforts, Forced, MOST, Off, Reasoning, ThoughtsInText, ToolIds, TopK,
};

families! {
    // Models with open weights as Bedrock serves them: the common part of their cards.
    OPEN: "open weights with structured outputs" [] like MOST {
        max_tokens: Some(8_192) => CARDS;
        strict_tools: true => CARDS, STRUCTURED;
        structured_output: true => CARDS, STRUCTURED;
    }

    JAMBA: "Jamba 1.5" ["ai21."] like MOST {
        max_tokens: Some(4_096) => JAMBA_PARAMETERS;
    }

    JAMBA_INSTRUCT: "Jamba-Instruct" ["ai21.jamba-instruct"] like JAMBA {
        tools: false => FEATURES;
    }

    COHERE: "Command R" ["cohere.command"] like MOST {
        max_tokens: Some(4_096) => COHERE_PARAMETERS;
        top_k: TopK::Field("k") => COHERE_PARAMETERS;
    }

    // `low` and `medium` are accepted, but have no effect.
    DEEPSEEK: "DeepSeek V3" ["deepseek."] like OPEN {
        thoughts_in_text: ThoughtsInText::Think => LIKE_WEIGHTS;
        max_tokens: None => NOT_AGREED;
        forced_tool: Forced::Any => LANGCHAIN_AWS;
        reasoning: Reasoning::Effort => PYDANTIC_AI, LITELLM;
        efforts: Efforts::HIGH => PYDANTIC_AI;
        forced_while_reasoning: false => LANGCHAIN_AWS;
    }

    DEEPSEEK_R1: "DeepSeek R1" ["deepseek.r1"] like MOST {
        thoughts_in_text: ThoughtsInText::Think => LIKE_WEIGHTS;
        max_tokens: Some(32_768) => CARDS;
        tools: false => FEATURES;
        reasoning: Reasoning::None => LITELLM;
    }

    GEMMA: "Gemma 3" ["google."] like MOST {
        max_tokens: Some(8_192) => CARDS, LITELLM;
    }

    GEMMA_LARGE: "Gemma 3 12B and 27B" ["google.gemma-3-12b", "google.gemma-3-27b"] like OPEN {
        strict_tools: true => CARDS, PYDANTIC_AI;
        structured_output: true => CARDS, PYDANTIC_AI;
    }

    LLAMA: "Llama" ["meta."] like MOST {
        tools_in_streams: false => FEATURES, LLAMA_STREAMS, LANGCHAIN_AWS_STREAMS;
        text_beside_calls: false => LLAMA_CALLS;
        max_tokens: Some(8_192) => LITELLM;
        text_beside_results: false => LLAMA_RESULTS, PYDANTIC_AI;
    }

    LLAMA_4: "Llama 4" ["meta.llama4"] like LLAMA {
        images_in_results: true => RESULT_MEDIA;
        documents_in_results: DocumentsInResults::Any => PYDANTIC_AI;
    }

    LLAMA_WITHOUT_TOOLS: "Llama 2, 3, and the small of 3.2"
        ["meta.llama2", "meta.llama3-2-1b", "meta.llama3-2-3b", "meta.llama3-70b", "meta.llama3-8b"] like LLAMA {
        tools: false => FEATURES;
    }

    MINIMAX: "MiniMax M2" ["minimax."] like OPEN {
        thoughts_in_text: ThoughtsInText::Think => LIKE_WEIGHTS;
        structured_output: true => CARDS, PYDANTIC_AI;
    }

    MISTRAL: "Mistral" ["mistral."] like MOST {
        tools_in_streams: false => LANGCHAIN_AWS_STREAMS;
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

    MISTRAL_OPEN: "Magistral, Ministral 3, Mistral Large 3 and Devstral"
        ["mistral.magistral", "mistral.ministral-3", "mistral.mistral-large-3", "mistral.devstral"]
        like MISTRAL {
        tools_in_streams: true => LANGCHAIN_AWS_STREAMS;
        strict_tools: true => CARDS, PYDANTIC_AI;
        structured_output: true => CARDS, PYDANTIC_AI;
    }

    VOXTRAL: "Voxtral" ["mistral.voxtral"] like MISTRAL_OPEN {
        tools: false => CARDS;
        max_tokens: Some(8_192) => VOXTRAL_CONTEXT;
        audio: true => CARDS, STRANDS_AUDIO;
    }

    MISTRAL_OLD: "Mistral 7B and Mixtral" ["mistral.mistral-7b", "mistral.mixtral-8x7b"] like MISTRAL {
        max_tokens: Some(8_192) => MISTRAL_PARAMETERS;
        tools: false => FEATURES;
        system: false => FEATURES;
        top_k: TopK::Field("top_k") => MISTRAL_PARAMETERS;
    }

    KIMI: "Kimi K2" ["moonshot.", "moonshotai."] like OPEN {
        calls_in_text: CallsInText::Kimi => KIMI_CALLS;
        max_tokens: Some(16_384) => CARDS;
        forced_tool: Forced::Named => PYDANTIC_AI;
    }

    KIMI_3: "Kimi K3" ["moonshotai.kimi-k3"] like KIMI {
        min_tokens: 16 => LITELLM;
        max_tokens: Some(131_072) => LITELLM;
    }

    NEMOTRON: "Nemotron" ["nvidia."] like OPEN {
        structured_output: true => CARDS, PYDANTIC_AI;
    }

    NEMOTRON_SUPER: "Nemotron 3 Super" ["nvidia.nemotron-super"] like NEMOTRON {
        max_tokens: Some(32_768) => LITELLM;
    }

    // `low` and `medium` are accepted, but have no effect.
    QWEN: "Qwen3" ["qwen."] like OPEN {
        thoughts_in_text: ThoughtsInText::Think => LIKE_WEIGHTS;
        reasoning: Reasoning::Qwen => PYDANTIC_AI;
        efforts: Efforts::HIGH => PYDANTIC_AI;
    }

    QWEN_VL: "Qwen3 VL" ["qwen.qwen3-vl"] like QWEN {
        strict_tools: false => CARDS;
        structured_output: false => CARDS;
    }

    QWEN_CODER: "Qwen3 Coder" ["qwen.qwen3-coder"] like QWEN {
        max_tokens: Some(16_384) => LITELLM;
        reasoning: Reasoning::None => PYDANTIC_AI;
    }

    WRITER: "Palmyra" ["writer."] like MOST {
        tools_in_streams: false => LANGCHAIN_AWS_STREAMS;
        max_tokens: Some(8_192) => LITELLM;
        text_beside_results: false => PYDANTIC_AI;
        result_status: false => PYDANTIC_AI;
    }

    GROK: "Grok" ["xai."] like MOST {
        min_tokens: 16 => LITELLM;
        temperature: false => PYDANTIC_AI;
        top_p: false => PYDANTIC_AI;
        forced_tool: Forced::Named => PYDANTIC_AI, LANGCHAIN_AWS;
        structured_output: false => CARDS;
        reasoning: Reasoning::Xai => PYDANTIC_AI;
        efforts: Efforts::LOW_TO_XHIGH => CARDS, PYDANTIC_AI;
        off: Off::Never => PYDANTIC_AI;
    }

    // `low` and `medium` are accepted, but have no effect.
    GLM: "GLM" ["zai."] like OPEN {
        max_tokens: None => NOT_AGREED;
        forced_tool: Forced::Any => LANGCHAIN_AWS, PYDANTIC_AI;
        reasoning: Reasoning::Effort => PYDANTIC_AI;
        efforts: Efforts::HIGH => PYDANTIC_AI;
    }

    GLM_5_3: "GLM 5.3" ["zai.glm-5.3"] like GLM {
        forced_tool: Forced::Named => LANGCHAIN_AWS;
        efforts: Efforts::LOW_TO_MAX => PYDANTIC_AI;
        off: Off::Never => PYDANTIC_AI;
    }
}
