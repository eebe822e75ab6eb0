//! The sources of the table's facts.

use super::{Grade, Source};

const fn documented(said: &'static str) -> Source {
    Source { grade: Grade::Documented, said, read: "2026-11" }
}

const fn reported(said: &'static str) -> Source {
    Source { grade: Grade::Reported, said, read: "2026-11" }
}

const fn assumed(said: &'static str) -> Source {
    Source { grade: Grade::Assumed, said, read: "2026-11" }
}

// AWS.
pub(super) const FEATURES: Source =
    documented("AWS, Bedrock User Guide, Supported models and model features");
pub(super) const CARDS: Source = documented("AWS, Bedrock User Guide, model cards");
pub(super) const TOOL_CHOICE: Source = documented("AWS, Bedrock API Reference, ToolChoice");
pub(super) const BOUND_THOUGHTS: Source = documented("AWS, Bedrock User Guide, Preserved thinking");
pub(super) const RESULT_IMAGES: Source = documented("AWS, Bedrock API Reference, ToolResultContentBlock");
pub(super) const CACHING: Source = documented("AWS, Bedrock User Guide, Prompt caching");
pub(super) const CLAUDE_PARAMETERS: Source =
    documented("AWS, Bedrock User Guide, Anthropic Claude Messages API");
pub(super) const CLAUDE_THINKING: Source = documented("AWS, Bedrock User Guide, Extended thinking");
pub(super) const CLAUDE_ADAPTIVE: Source = documented("AWS, Bedrock User Guide, Adaptive thinking");
pub(super) const CLAUDE_STRUCTURED: Source =
    documented("AWS, Bedrock User Guide, Structured outputs: Claude 4.5, and Opus 4.6");
pub(super) const STRUCTURED: Source = documented("AWS, Bedrock User Guide, Structured outputs");
pub(super) const NOVA_SCHEMA: Source = documented("AWS, Amazon Nova User Guide, Complete request schema");
pub(super) const NOVA_TOOLS: Source = documented("AWS, Amazon Nova User Guide, Tool use");
pub(super) const NOVA_GROUNDING: Source = documented(
    "AWS, Amazon Nova User Guide, Grounding responses with real-time search results: Nova Premier, in the United States",
);
pub(super) const NOVA_2_GROUNDING: Source =
    documented("AWS, Amazon Nova 2 User Guide, Web Grounding: in the United States");
pub(super) const NOVA_2_OMNI_SPEECH: Source = documented("AWS, Amazon Nova 2 User Guide, Nova 2 Omni");
pub(super) const NOVA_2_THINKING: Source = documented("AWS, Amazon Nova 2 User Guide, Extended thinking");
pub(super) const MISTRAL_PARAMETERS: Source =
    documented("AWS, Bedrock User Guide, Mistral AI chat completion");
pub(super) const COHERE_PARAMETERS: Source =
    documented("AWS, Bedrock User Guide, Cohere Command R and Command R+ models");

pub(super) const TITAN_PARAMETERS: Source = documented("AWS, Bedrock User Guide, Amazon Titan Text models");
pub(super) const JAMBA_PARAMETERS: Source = documented("AWS, Bedrock User Guide, AI21 Labs Jamba models");

// Anthropic.
pub(super) const ANTHROPIC_EFFORT: Source = documented("Anthropic, Effort");
pub(super) const ANTHROPIC_BOUND: Source =
    documented("Anthropic, Fix a thinking block bound to a different conversation: the models");
pub(super) const ANTHROPIC_IDS: Source = documented("Anthropic, Messages API: ids are of [a-zA-Z0-9_-]");
pub(super) const ANTHROPIC_CITATIONS: Source =
    documented("Anthropic, Citations: all active models but Claude 3 Haiku");
pub(super) const ANTHROPIC_FORCING: Source = documented("Anthropic, Define tools: Forcing tool use");

// Users and other projects.
pub(super) const LITELLM: Source = reported("LiteLLM 1.110, its table of models");
pub(super) const PYDANTIC_AI: Source =
    reported("pydantic-ai 2.68, its profiles of Bedrock's models, tried live");
pub(super) const LANGCHAIN_AWS: Source =
    reported("langchain-aws 1.9: which toolChoice and which efforts are taken");
pub(super) const AI_SDK: Source = reported("AI SDK's Bedrock provider 5.0.101");
pub(super) const CLAUDE_BLANK_STOP: Source =
    reported("Claude's refusal: stop_sequences: each stop sequence must contain non-whitespace");
pub(super) const CLAUDE_BOTH_SAMPLINGS: Source =
    reported("many, 2025: temperature and top_p cannot both be specified for this model");
pub(super) const CLAUDE_3_OPUS_RESULTS: Source = reported("LiteLLM #6053, 2024: text beside a tool result");
pub(super) const CLAUDE_4_7_NATIVE: Source = reported(
    "anthropic-sdk-python #1759, 2026: output_config.format and strict are refused; pydantic-ai disagrees",
);
pub(super) const NOVA_THOUGHTS: Source = reported(
    "langchain-aws #783 and #1111, llama_index #20489, 2025 and 2026: <thinking> in the text of Nova Micro, Lite and Pro",
);
pub(super) const NOVA_HYPHENS: Source =
    reported("Semoss #2892, 2026-08: invalid sequence as part of ToolUse where a tool's name has a hyphen");
pub(super) const NOVA_RESULTS: Source =
    reported("several, 2025: text beside a tool result is refused; pydantic-ai disagrees");
pub(super) const NOVA_POINTS: Source = reported(
    "zeroclaw #8720, #8943, generative-ai-use-cases #1077, bedrock-engineer: extraneous key [cachePoint] is not permitted",
);
pub(super) const NOVA_ROOT: Source =
    reported("mcp-agent #126, 2025: extraneous key [$defs] is not permitted");
pub(super) const STRANDS_AUDIO: Source = reported("Strands #3862, #3865, 2026-08: Voxtral, tried live");
pub(super) const LLAMA_STREAMS: Source = reported(
    "pi #3739, n8n #14206, 2026: This model doesn't support tool use in streaming mode; Llama 3.3, 4",
);
pub(super) const LANGCHAIN_AWS_STREAMS: Source =
    reported("langchain-aws 1.9, which models stream without tools only");
pub(super) const LLAMA_RESULTS: Source = reported("Strands #1223, 2025-11: a tool result stands alone");
pub(super) const RESULT_MEDIA: Source =
    reported("opencode #49443, tried live, 2026-09: who takes images in a tool result");
pub(super) const LLAMA_CALLS: Source = reported(
    "quarkus-langchain4j #1983, 2025-11, and users of Llama 4: conversation blocks and tool use blocks in one turn are refused",
);
pub(super) const VOXTRAL_CONTEXT: Source =
    reported("gsd-2 #5409, 2026-05: 32,768 tokens, what is answered among them");
pub(super) const MISTRAL_CALLS: Source =
    reported("langchain-aws, its tests with Mistral, tried live: the same of Mistral");
pub(super) const MISTRAL_IDS: Source =
    reported("ironclaw #1241, 2026-03: tool ids are nine letters and digits");
pub(super) const KIMI_CALLS: Source = reported(
    "AI SDK #11409, opencode #14221, Bike4Mind #1119, 2025 and 2026, live: calls by Kimi's markup in text and in reasoning",
);
pub(super) const GPT_REASONING: Source =
    reported("suna #6893, opencode #48195, 2026: reasoning.effort and its levels, tried live");
pub(super) const GPT_SUMMARY: Source = reported("opencode #46501, 2026-09: reasoning.summary for a text");

// Assumptions.
pub(super) const LIKE_RESPONSES: Source = assumed("as OpenAI's Responses API has it");
pub(super) const NOT_AGREED: Source = assumed(
    "sources are far apart (GLM 4.7: AWS's card has 4K, LiteLLM 128,000; DeepSeek V3.2: LiteLLM has 8,000 and 163,840): AWS is left to refuse",
);
pub(super) const LIKE_VENDORS: Source = assumed("as the vendor's own API has it");
pub(super) const LIKE_WEIGHTS: Source = assumed("as the weights' own chat template has the model write it");
