//! What each family takes, read off a model's id.

/// Who made a model, as far as the rules differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Anthropic; the version times ten, so that 45 is Claude 4.5.
    Claude(u32),
    /// Amazon Nova, first generation.
    Nova,
    /// Amazon Nova 2, which reasons.
    Nova2,
    /// Meta.
    Llama,
    /// Mistral AI.
    Mistral,
    /// DeepSeek R1: reasons, has no tools.
    DeepSeekR1,
    /// DeepSeek V3.
    DeepSeek,
    /// Qwen.
    Qwen,
    /// OpenAI's open weights.
    GptOss,
    /// OpenAI's GPT-5 and later.
    Gpt5,
    /// Cohere Command.
    Command,
    /// AI21 Jamba.
    Jamba,
    /// A model that makes vectors, not text.
    Embedding,
    /// Not known: everything is let through.
    Other,
}

/// What a model takes; read off its id.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools)]
pub struct Facts {
    /// Its family.
    pub family: Family,
    /// Only through an inference profile.
    pub profile_only: bool,
    /// `image` blocks.
    pub images: bool,
    /// `document` blocks.
    pub documents: bool,
    /// `toolConfig`.
    pub tools: bool,
    /// `toolChoice.any`
    pub choice_any: bool,
    /// `toolChoice.tool`
    pub choice_tool: bool,
    /// `reasoningContent` and a way to ask for it.
    pub reasoning: bool,
    /// `outputConfig.textFormat` and `toolSpec.strict`.
    pub structured: bool,
    /// `outputConfig.effort`
    pub effort: bool,
    /// `cachePoint`
    pub caching: bool,
    /// `temperature` is taken.
    pub temperature: bool,
    /// `topP` is taken.
    pub top_p: bool,
    /// `stopSequences` are taken.
    pub stop: bool,
    /// A final assistant turn is taken.
    pub prefill: bool,
    /// Text may stand beside a tool result.
    pub text_beside_result: bool,
}

/// The first two numbers of a Claude's name, times ten and added: `claude-3-5-sonnet` is 35, `claude-opus-5` 50.
fn claude_version(id: &str) -> u32 {
    let numbers: Vec<u32> = id
        .split(['-', ':'])
        .filter(|w| w.len() <= 2)
        .map_while(|w| if w.starts_with('v') { None } else { Some(w) })
        .filter_map(|w| w.parse().ok())
        .collect();
    numbers.first().unwrap_or(&0) * 10 + numbers.get(1).copied().unwrap_or(0)
}

impl Facts {
    /// What the id says about the model.
    pub fn of(id: &str) -> Self {
        let family = family(id);
        let claude = if let Family::Claude(v) = family { v } else { 0 };
        let opus = id.contains("opus");
        let (nova, nova2) = (family == Family::Nova, family == Family::Nova2);
        let open = matches!(family, Family::DeepSeek | Family::Qwen | Family::GptOss | Family::Gpt5);
        let other = family == Family::Other;
        let micro = id.contains("nova-micro");
        let llama4 = id.contains("llama4");
        Self {
            family,
            profile_only: claude >= 40
                || family == Family::DeepSeekR1
                || llama4
                || id.contains("llama3-3")
                || id.contains("nova-premier"),
            images: claude > 0
                || nova && !micro
                || nova2
                || llama4
                || id.contains("pixtral")
                || family == Family::Gpt5
                || other,
            documents: !micro && family != Family::Embedding,
            tools: !matches!(family, Family::DeepSeekR1 | Family::Embedding),
            choice_any: claude > 0 && !(opus && claude >= 55)
                || nova
                || nova2
                || family == Family::Mistral
                || open
                || other,
            choice_tool: claude > 0 && !(opus && claude >= 55) || nova || nova2 || open || other,
            reasoning: claude >= 37 || nova2 || open || family == Family::DeepSeekR1 || other,
            structured: claude >= 45 || open || other,
            effort: claude >= 45 || other,
            caching: claude >= 35 || nova || nova2 || other,
            temperature: !(opus && claude >= 50) && family != Family::Gpt5,
            top_p: !(opus && claude >= 50) && family != Family::Gpt5,
            stop: !matches!(family, Family::GptOss | Family::Gpt5),
            prefill: !(opus && claude >= 48),
            text_beside_result: !(llama4 || nova || id.contains("claude-3-opus")),
        }
    }
}

fn family(id: &str) -> Family {
    let (provider, name) = id.split_once('.').unwrap_or(("", id));
    if name.contains("embed") {
        return Family::Embedding;
    }
    match provider {
        "anthropic" => Family::Claude(claude_version(name)),
        "amazon" if name.starts_with("nova-2") => Family::Nova2,
        "amazon" if name.starts_with("nova") => Family::Nova,
        "meta" => Family::Llama,
        "mistral" => Family::Mistral,
        "deepseek" if name.starts_with("r1") => Family::DeepSeekR1,
        "deepseek" => Family::DeepSeek,
        "qwen" => Family::Qwen,
        "openai" if name.starts_with("gpt-oss") => Family::GptOss,
        "openai" => Family::Gpt5,
        "cohere" => Family::Command,
        "ai21" => Family::Jamba,
        _ => Family::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_off_the_id() {
        for (id, version) in [
            ("claude-3-haiku-20240307-v1:0", 30),
            ("claude-3-5-sonnet-20241022-v2:0", 35),
            ("claude-sonnet-4-20250514-v1:0", 40),
            ("claude-sonnet-4-5-20250929-v1:0", 45),
            ("claude-opus-4-6-v1", 46),
            ("claude-opus-5", 50),
        ] {
            assert_eq!(claude_version(id), version, "{id}");
        }
    }
}
