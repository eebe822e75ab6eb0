//! What each family of models takes: one table. A new model is a row, never an `if`.
//!
//! Sources: AWS documentation, "Supported models and model features" of Converse and the model parameters pages; the
//! service's own refusals. What only AWS could confirm is listed in the README.

use crate::bedrock::model_id::base_model;

/// What a model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The least `maxTokens`.
    pub min_tokens: i64,
    /// The most `maxTokens`; `None`: not known.
    pub max_tokens: Option<i64>,
    /// `temperature`.
    pub temperature: bool,
    /// `topP`.
    pub top_p: bool,
    /// Both at once.
    pub temperature_with_top_p: bool,
    /// `stopSequences`.
    pub stop: bool,
    /// Stop sequences of nothing but white space.
    pub blank_stop: bool,
    /// How `top_k` is called.
    pub top_k: TopK,
    /// System instructions.
    pub system: bool,
    /// Tools.
    pub tools: bool,
    /// Being told to call a tool.
    pub forced_tool: Forced,
    /// `strict` on a tool.
    pub strict_tools: bool,
    /// A switch against several calls at once.
    pub single_call: bool,
    /// Tool names with hyphens.
    pub hyphens: bool,
    /// Which tool ids are legal.
    pub tool_ids: ToolIds,
    /// Text in the turn that answers calls.
    pub text_beside_results: bool,
    /// `outputConfig.textFormat`.
    pub structured_output: bool,
    /// A last turn of the assistant, which the model goes on from.
    pub prefill: bool,
    /// How reasoning is asked for.
    pub reasoning: Reasoning,
    /// Cache points.
    pub cache: Cache,
    /// Cache points behind tools.
    pub cache_tools: bool,
    /// How schemas of tools have to look.
    pub schemas: Schemas,
    /// `anthropic_beta` among the additional fields.
    pub anthropic_beta: bool,
}

/// Being told to call a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forced {
    /// Refused.
    No,
    /// Any, but one.
    Any,
    /// Any, or one by its name.
    Named,
}

/// How schemas of tools have to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schemas {
    /// As the client wrote them.
    Any,
    /// References replaced by what they refer to, and at the root no members but `type`, `properties` and `required`
    /// ("extraneous key [$defs] is not permitted").
    Plain,
}

/// How `top_k` is called among the additional fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopK {
    /// There is none.
    None,
    /// A field of this name.
    Field(&'static str),
    /// `inferenceConfig.topK` of the additional fields.
    Nova,
}

/// Which tool ids are legal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolIds {
    /// 1–64 of `[a-zA-Z0-9_.:-]`, as the service model says.
    Usual,
    /// Exactly nine of `[a-zA-Z0-9]`.
    Nine,
}

/// How reasoning is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reasoning {
    /// Not at all, or always on.
    None,
    /// `thinking: {type: enabled, budget_tokens}`.
    Budget,
    /// `thinking: {type: adaptive}` and `output_config.effort` up to this one; a budget is taken too.
    Adaptive(&'static str),
    /// `thinking: {type: adaptive}`, whose text comes only if asked for, and `output_config.effort` up to `max` with `xhigh`
    /// below it; a budget is refused.
    AdaptiveOnly,
    /// `reasoningConfig: {type: enabled, maxReasoningEffort}`.
    Nova,
    /// `reasoning_effort`, to `high`.
    Effort,
    /// `reasoning: {effort}`, as OpenAI names it.
    OpenAi,
}

impl Reasoning {
    /// Whether it is Claude's thinking: blocks with signatures, which go back, and `thinking` in Anthropic's words.
    pub fn is_thinking(self) -> bool {
        matches!(self, Self::Budget | Self::Adaptive(_) | Self::AdaptiveOnly)
    }
}

/// Cache points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// Refused.
    No,
    /// Five minutes.
    FiveMinutes,
    /// Five minutes or an hour.
    OneHour,
}

/// What most models take.
const USUAL: Capabilities = Capabilities {
    min_tokens: 1,
    max_tokens: None,
    temperature: true,
    top_p: true,
    temperature_with_top_p: true,
    stop: true,
    blank_stop: true,
    top_k: TopK::None,
    system: true,
    tools: true,
    forced_tool: Forced::No,
    strict_tools: false,
    single_call: false,
    hyphens: true,
    tool_ids: ToolIds::Usual,
    text_beside_results: true,
    structured_output: false,
    prefill: false,
    reasoning: Reasoning::None,
    cache: Cache::No,
    cache_tools: true,
    schemas: Schemas::Any,
    anthropic_beta: false,
};

/// What is refused by none that we know: for models that the table does not know, and profiles that do not tell theirs.
const CAREFUL: Capabilities = Capabilities {
    temperature_with_top_p: false,
    blank_stop: false,
    text_beside_results: false,
    schemas: Schemas::Plain,
    ..USUAL
};

const CLAUDE_3: Capabilities = Capabilities {
    max_tokens: Some(4_096),
    blank_stop: false,
    top_k: TopK::Field("top_k"),
    forced_tool: Forced::Named,
    single_call: true,
    prefill: true,
    anthropic_beta: true,
    ..USUAL
};
const CLAUDE_3_5_V2: Capabilities =
    Capabilities { max_tokens: Some(8_192), cache: Cache::FiveMinutes, ..CLAUDE_3 };
const CLAUDE_3_7: Capabilities =
    Capabilities { max_tokens: None, reasoning: Reasoning::Budget, ..CLAUDE_3_5_V2 };
const CLAUDE_4: Capabilities = Capabilities { temperature_with_top_p: false, ..CLAUDE_3_7 };
const CLAUDE_4_5: Capabilities =
    Capabilities { strict_tools: true, structured_output: true, cache: Cache::OneHour, ..CLAUDE_4 };
const CLAUDE_4_6: Capabilities =
    Capabilities { reasoning: Reasoning::Adaptive("max"), prefill: false, ..CLAUDE_4_5 };
/// Anthropic's and AWS's pages of Opus 4.7 refuse sampling and budgets. Reports of native schemas and strict tools from it on disagree,
/// so neither is sent.
const CLAUDE_4_7: Capabilities = Capabilities {
    temperature: false,
    top_p: false,
    top_k: TopK::None,
    strict_tools: false,
    structured_output: false,
    reasoning: Reasoning::AdaptiveOnly,
    ..CLAUDE_4_6
};
/// Some of them refuse to be forced to a call.
const CLAUDE_5: Capabilities = Capabilities { forced_tool: Forced::No, ..CLAUDE_4_7 };

/// Hyphens in tool names are reported to fail in the model, as "invalid sequence as part of ToolUse".
const NOVA: Capabilities = Capabilities {
    max_tokens: Some(10_000),
    hyphens: false,
    top_k: TopK::Nova,
    forced_tool: Forced::Named,
    text_beside_results: false,
    prefill: true,
    cache: Cache::FiveMinutes,
    cache_tools: false,
    schemas: Schemas::Plain,
    ..USUAL
};
const NOVA_2: Capabilities =
    Capabilities { max_tokens: None, reasoning: Reasoning::Nova, prefill: false, ..NOVA };
const LLAMA: Capabilities = Capabilities { text_beside_results: false, ..USUAL };
const MISTRAL: Capabilities =
    Capabilities { top_k: TopK::Field("top_k"), forced_tool: Forced::Any, tool_ids: ToolIds::Nine, ..USUAL };
const NO_TOOLS: Capabilities = Capabilities { tools: false, ..USUAL };
const NO_SYSTEM: Capabilities = Capabilities { system: false, ..NO_TOOLS };
const EFFORT: Capabilities = Capabilities { reasoning: Reasoning::Effort, ..USUAL };
const GPT_OSS: Capabilities = Capabilities { stop: false, ..EFFORT };
const GPT_5: Capabilities = Capabilities {
    min_tokens: 16,
    temperature: false,
    top_p: false,
    stop: false,
    forced_tool: Forced::Named,
    reasoning: Reasoning::OpenAi,
    ..USUAL
};

/// Beginnings of model ids, without a profile's prefix. The longest that fits holds.
const FAMILIES: &[(&str, Capabilities)] = &[
    ("ai21.", USUAL),
    ("amazon.nova-", NOVA),
    ("amazon.nova-2", NOVA_2),
    ("amazon.nova-premier", NOVA),
    ("amazon.titan-text", NO_SYSTEM),
    ("anthropic.claude-", CLAUDE_5),
    ("anthropic.claude-3-", CLAUDE_3),
    // Reported in 2024 to refuse text beside results.
    ("anthropic.claude-3-opus", Capabilities { text_beside_results: false, ..CLAUDE_3 }),
    ("anthropic.claude-3-5-haiku", CLAUDE_3_5_V2),
    ("anthropic.claude-3-5-sonnet-20241022", CLAUDE_3_5_V2),
    ("anthropic.claude-3-7-", CLAUDE_3_7),
    ("anthropic.claude-haiku-4", CLAUDE_4_5),
    ("anthropic.claude-opus-4", CLAUDE_4_7),
    ("anthropic.claude-opus-4-1", CLAUDE_4),
    ("anthropic.claude-opus-4-2025", CLAUDE_4),
    ("anthropic.claude-opus-4-5", CLAUDE_4_5),
    ("anthropic.claude-opus-4-6", CLAUDE_4_6),
    ("anthropic.claude-sonnet-4", CLAUDE_4_6),
    ("anthropic.claude-sonnet-4-2025", CLAUDE_4),
    ("anthropic.claude-sonnet-4-5", CLAUDE_4_5),
    ("anthropic.claude-v2", Capabilities { tools: false, ..CLAUDE_3 }),
    ("anthropic.claude-instant", Capabilities { tools: false, ..CLAUDE_3 }),
    ("cohere.command", Capabilities { top_k: TopK::Field("k"), ..USUAL }),
    ("deepseek.", EFFORT),
    ("deepseek.r1", NO_TOOLS),
    ("meta.", LLAMA),
    ("meta.llama2", NO_TOOLS),
    ("meta.llama3-2-1b", NO_TOOLS),
    ("meta.llama3-2-3b", NO_TOOLS),
    ("meta.llama3-70b", NO_TOOLS),
    ("meta.llama3-8b", NO_TOOLS),
    ("mistral.", MISTRAL),
    ("mistral.mistral-7b", NO_SYSTEM),
    ("mistral.mixtral-8x7b", NO_SYSTEM),
    ("openai.", GPT_5),
    ("openai.gpt-oss", GPT_OSS),
    ("qwen.", USUAL),
];

/// What the model takes; what hardly any refuses where the table does not know it.
pub fn capabilities(id: &str) -> &'static Capabilities {
    known(id).unwrap_or(&CAREFUL)
}

/// What the model takes, where the table knows it.
pub fn known(id: &str) -> Option<&'static Capabilities> {
    let model = base_model(id);
    FAMILIES
        .iter()
        .filter(|(beginning, _)| model.starts_with(beginning))
        .max_by_key(|(beginning, _)| beginning.len())
        .map(|(_, capabilities)| capabilities)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_family_is_found_behind_prefixes_and_in_arns() {
        for id in [
            "anthropic.claude-3-7-sonnet-20250219-v1:0",
            "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
            "us-gov.anthropic.claude-3-7-sonnet-20250219-v1:0",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-3-7-sonnet-20250219-v1:0",
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-7-sonnet-20250219-v1:0",
        ] {
            assert_eq!(*capabilities(id), CLAUDE_3_7, "{id}");
        }
    }

    #[test]
    fn the_longest_row_holds() {
        assert_eq!(*capabilities("us.anthropic.claude-sonnet-4-20250514-v1:0"), CLAUDE_4);
        assert_eq!(*capabilities("global.anthropic.claude-sonnet-4-5-20250929-v1:0"), CLAUDE_4_5);
        assert_eq!(*capabilities("us.anthropic.claude-opus-4-6-v1"), CLAUDE_4_6);
        assert_eq!(*capabilities("us.anthropic.claude-opus-4-7"), CLAUDE_4_7);
        assert_eq!(*capabilities("global.anthropic.claude-opus-4-8-v1:0"), CLAUDE_4_7);
        assert_eq!(*capabilities("openai.gpt-oss-120b-1:0"), GPT_OSS);
        assert_eq!(*capabilities("newco.model-1"), CAREFUL);
    }
}
