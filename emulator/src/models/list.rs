//! The models and application profiles at the start.

const US_EU_APAC: &[&str] = &["us", "eu", "apac"];
/// Prefixes of profiles in every region.
pub(super) const EVERYWHERE: &[&str] = &["us", "eu", "apac", "global"];
const US: &[&str] = &["us"];
const US_GLOBAL: &[&str] = &["us", "eu", "global"];

/// Id, name, prefixes of its profiles.
pub(super) const KNOWN: &[(&str, &str, &[&str])] = &[
    ("anthropic.claude-3-haiku-20240307-v1:0", "Claude 3 Haiku", US_EU_APAC),
    ("anthropic.claude-3-opus-20240229-v1:0", "Claude 3 Opus", US),
    ("anthropic.claude-3-5-sonnet-20241022-v2:0", "Claude 3.5 Sonnet v2", US_EU_APAC),
    ("anthropic.claude-3-5-haiku-20241022-v1:0", "Claude 3.5 Haiku", US),
    ("anthropic.claude-3-7-sonnet-20250219-v1:0", "Claude 3.7 Sonnet", US_EU_APAC),
    ("anthropic.claude-sonnet-4-20250514-v1:0", "Claude Sonnet 4", EVERYWHERE),
    ("anthropic.claude-opus-4-1-20250805-v1:0", "Claude Opus 4.1", US),
    ("anthropic.claude-sonnet-4-5-20250929-v1:0", "Claude Sonnet 4.5", EVERYWHERE),
    ("anthropic.claude-haiku-4-5-20251001-v1:0", "Claude Haiku 4.5", EVERYWHERE),
    ("anthropic.claude-opus-4-5-20251101-v1:0", "Claude Opus 4.5", EVERYWHERE),
    ("anthropic.claude-opus-4-6-v1", "Claude Opus 4.6", EVERYWHERE),
    ("anthropic.claude-sonnet-4-6", "Claude Sonnet 4.6", EVERYWHERE),
    ("anthropic.claude-opus-4-7", "Claude Opus 4.7", EVERYWHERE),
    ("anthropic.claude-opus-4-8", "Claude Opus 4.8", EVERYWHERE),
    ("anthropic.claude-sonnet-5", "Claude Sonnet 5", EVERYWHERE),
    ("anthropic.claude-opus-5", "Claude Opus 5", EVERYWHERE),
    ("anthropic.claude-opus-5-5", "Claude Opus 5.5", EVERYWHERE),
    ("anthropic.claude-sonnet-5-5", "Claude Sonnet 5.5", EVERYWHERE),
    ("anthropic.claude-haiku-5-5", "Claude Haiku 5.5", EVERYWHERE),
    ("anthropic.claude-fable-5", "Claude Fable 5", EVERYWHERE),
    ("amazon.nova-micro-v1:0", "Nova Micro", US_EU_APAC),
    ("amazon.nova-lite-v1:0", "Nova Lite", US_EU_APAC),
    ("amazon.nova-pro-v1:0", "Nova Pro", US_EU_APAC),
    ("amazon.nova-premier-v1:0", "Nova Premier", US),
    ("amazon.nova-2-lite-v1:0", "Nova 2 Lite", US_GLOBAL),
    ("meta.llama3-1-70b-instruct-v1:0", "Llama 3.1 70B", US),
    ("meta.llama3-3-70b-instruct-v1:0", "Llama 3.3 70B", US),
    ("meta.llama4-maverick-17b-instruct-v1:0", "Llama 4 Maverick 17B", US),
    ("meta.llama4-scout-17b-instruct-v1:0", "Llama 4 Scout 17B", US),
    ("mistral.mistral-large-2407-v1:0", "Mistral Large 2", &[]),
    ("mistral.pixtral-large-2502-v1:0", "Pixtral Large", &["us", "eu"]),
    ("mistral.mistral-large-3-675b-instruct", "Mistral Large 3", &[]),
    ("mistral.magistral-small-2509", "Magistral Small", &[]),
    ("mistral.voxtral-small-24b-2507", "Voxtral Small", &[]),
    ("deepseek.r1-v1:0", "DeepSeek-R1", US),
    ("deepseek.v3-v1:0", "DeepSeek-V3.1", &[]),
    ("qwen.qwen3-32b-v1:0", "Qwen3 32B", &[]),
    ("qwen.qwen3-coder-480b-a35b-v1:0", "Qwen3 Coder 480B", &[]),
    ("qwen.qwen3-vl-235b-a22b", "Qwen3 VL 235B", &[]),
    ("openai.gpt-oss-120b-1:0", "gpt-oss-120b", &[]),
    ("openai.gpt-oss-20b-1:0", "gpt-oss-20b", &[]),
    ("openai.gpt-5.5", "GPT-5.5", &["us", "global"]),
    ("openai.gpt-5.6-sol", "GPT-5.6 Sol", &["us", "global"]),
    ("openai.gpt-6-astra", "GPT-6 Astra", &["us", "global"]),
    ("xai.grok-4.6", "Grok 4.6", &["us", "global"]),
    ("moonshotai.kimi-k2.5", "Kimi K2.5", &[]),
    ("zai.glm-4.7", "GLM 4.7", &[]),
    ("minimax.minimax-m2.5", "MiniMax M2.5", &[]),
    ("google.gemma-3-27b-it", "Gemma 3 27B", &[]),
    ("nvidia.nemotron-nano-3-30b", "Nemotron Nano 3 30B", &[]),
    ("writer.palmyra-x5-v1:0", "Palmyra X5", US),
    ("cohere.command-r-plus-v1:0", "Command R+", &[]),
    ("cohere.command-r-v1:0", "Command R", &[]),
    ("ai21.jamba-1-5-large-v1:0", "Jamba 1.5 Large", &[]),
    ("ai21.jamba-1-5-mini-v1:0", "Jamba 1.5 Mini", &[]),
    ("amazon.titan-embed-text-v1", "Titan Embeddings", &[]),
    ("amazon.titan-embed-text-v2:0", "Titan Embeddings V2", &[]),
    ("amazon.titan-embed-image-v1", "Titan Multimodal", &[]),
    ("amazon.nova-2-multimodal-embeddings-v1:0", "Nova Multimodal Emb", &[]),
    ("cohere.embed-english-v3", "Embed English", &[]),
    ("cohere.embed-multilingual-v3", "Embed Multilingual", &[]),
    ("cohere.embed-v4:0", "Embed v4", &["us", "eu", "global"]),
];

/// Application profiles of account 123456789012: the id, and the model behind it.
pub(super) const APPLICATION_PROFILES: &[(&str, &str)] = &[
    ("emuapp000001", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ("emuapp000002", "amazon.nova-lite-v1:0"),
];
