//! What each family of models takes: one table, a file per vendor. A new model is a row, never an `if`.
//!
//! Each row is a [`Family`], and each fact in it has its [`Source`]; `docs/models.md` is made from them.

mod amazon;
mod claude;
mod configured;
mod efforts;
mod openai;
mod others;
mod row;
mod sources;

pub use configured::{Configured, Pattern, find};
pub use efforts::Efforts;
pub use row::{Fact, Family, Grade, Source};

use crate::bedrock::model_id::base_model;

/// Every row of the table, by vendor. Requests need [`ROWS`] of it; names, facts and sources stay out of the module.
pub const FAMILIES: [&[Family]; 4] = [amazon::FAMILIES, claude::FAMILIES, openai::FAMILIES, others::FAMILIES];

/// The same as requests need it: how ids begin, and what these models take.
static ROWS: [&[(&[&str], Capabilities)]; 4] = [amazon::ROWS, claude::ROWS, openai::ROWS, others::ROWS];

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
    /// The most of them; `None`: as many as the service model has.
    pub max_stops: Option<usize>,
    /// Stop sequences of nothing but white space.
    pub blank_stop: bool,
    /// How `top_k` is called.
    pub top_k: TopK,
    /// System instructions.
    pub system: bool,
    /// Tools.
    pub tools: bool,
    /// Tools where the answer comes as a stream.
    pub tools_in_streams: bool,
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
    /// Text in a turn that calls.
    pub text_beside_calls: bool,
    /// Text in the turn that answers calls, and anything else.
    pub text_beside_results: bool,
    /// Documents and films in that turn, where text may be.
    pub documents_beside_results: bool,
    /// Images in what a tool gives.
    pub images_in_results: bool,
    /// Documents in it.
    pub documents_in_results: DocumentsInResults,
    /// `status` of a call's result.
    pub result_status: bool,
    /// `outputConfig.textFormat`.
    pub structured_output: bool,
    /// A last turn of the assistant, which the model goes on from.
    pub prefill: bool,
    /// How reasoning is asked for.
    pub reasoning: Reasoning,
    /// Thoughts are bound to what stood before them: see `fit::binding`.
    pub bound_thoughts: bool,
    /// The levels of it.
    pub efforts: Efforts,
    /// What it takes not to reason.
    pub off: Off,
    /// Being told to call a tool while reasoning.
    pub forced_while_reasoning: bool,
    /// Cache points.
    pub cache: Cache,
    /// Cache points behind tools.
    pub cache_tools: bool,
    /// How schemas of tools have to look.
    pub schemas: Schemas,
    /// `anthropic_beta` among the additional fields.
    pub anthropic_beta: bool,
    /// Anthropic's Messages API, by InvokeModel.
    pub messages: bool,
    /// Sound.
    pub audio: bool,
    /// `citations` and `context` of documents.
    pub citations: bool,
    /// Nova's tool that looks up the web.
    pub web_search: bool,
    /// Thoughts that the model writes into its text.
    pub thoughts_in_text: ThoughtsInText,
    /// Calls that the model writes into its text, where Bedrock passes them through.
    pub calls_in_text: CallsInText,
}

/// How thoughts stand in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThoughtsInText {
    /// Not at all.
    #[default]
    No,
    /// Between `<think>` and `</think>`.
    Think,
    /// Between `<thinking>` and `</thinking>`.
    Thinking,
    /// Up to `</think>`: the model's template begins them.
    Begun,
}

/// How calls stand in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallsInText {
    /// Not at all.
    #[default]
    No,
    /// By Kimi's markup: `<|tool_calls_section_begin|>` and so on.
    Kimi,
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
    /// 1–64 of `[a-zA-Z0-9_-]`.
    Plain,
    /// Exactly nine of `[a-zA-Z0-9]`.
    Nine,
}

/// Which documents may be in what a tool gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentsInResults {
    /// None: they stand behind it.
    No,
    /// Those of text: `csv`, `html`, `md` and `txt`.
    Texts,
    /// Any.
    Any,
}

/// How reasoning is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reasoning {
    /// Not at all, or always on.
    None,
    /// `thinking: {type: enabled, budget_tokens}`.
    Budget,
    /// `thinking: {type: adaptive}` and `output_config.effort`; a budget is taken too.
    Adaptive,
    /// `thinking: {type: adaptive}`, whose text comes only if asked for, and `output_config.effort`; a budget is refused.
    AdaptiveOnly,
    /// `reasoningConfig: {type: enabled, maxReasoningEffort}`.
    Nova,
    /// `reasoning_effort`.
    Effort,
    /// `reasoning: {effort, summary}`: its text comes only if asked for.
    OpenAi,
    /// `reasoning: {effort}`.
    Xai,
    /// `reasoning_config`.
    Qwen,
}

/// What it takes not to reason, where `none` is no level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// Nothing: the model reasons only if asked to.
    Unasked,
    /// `thinking: {type: disabled}`.
    Disabled,
    /// `thinking: {type: between_tools}`.
    BetweenTools,
    /// It always reasons; the least level comes nearest.
    Never,
}

impl Reasoning {
    /// Whether reasoning that is encrypted goes back, as nobody but the model can read it.
    pub fn takes_redacted(self) -> bool {
        self.is_thinking() || self == Self::OpenAi
    }

    /// Whether it is Claude's thinking: blocks with signatures, which go back, and `thinking` in Anthropic's words.
    pub fn is_thinking(self) -> bool {
        matches!(self, Self::Budget | Self::Adaptive | Self::AdaptiveOnly)
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
pub const USUAL: Capabilities = Capabilities {
    min_tokens: 1,
    max_tokens: None,
    temperature: true,
    top_p: true,
    temperature_with_top_p: true,
    stop: true,
    max_stops: None,
    blank_stop: true,
    top_k: TopK::None,
    system: true,
    tools: true,
    tools_in_streams: true,
    forced_tool: Forced::No,
    strict_tools: false,
    single_call: false,
    hyphens: true,
    tool_ids: ToolIds::Usual,
    text_beside_calls: true,
    text_beside_results: true,
    documents_beside_results: true,
    images_in_results: false,
    documents_in_results: DocumentsInResults::No,
    result_status: true,
    structured_output: false,
    prefill: false,
    reasoning: Reasoning::None,
    bound_thoughts: false,
    efforts: Efforts::LOW_TO_HIGH,
    off: Off::Unasked,
    forced_while_reasoning: true,
    cache: Cache::No,
    cache_tools: true,
    schemas: Schemas::Any,
    anthropic_beta: false,
    messages: false,
    audio: false,
    citations: false,
    web_search: false,
    thoughts_in_text: ThoughtsInText::No,
    calls_in_text: CallsInText::No,
};

/// What most models take, as a row.
const MOST: Family = Family { name: "most models", ids: &[], like: None, takes: USUAL, facts: &[] };

/// What is refused by none that we know: for models that the table does not know, and profiles that do not tell theirs.
pub const CAREFUL: Capabilities = Capabilities {
    temperature_with_top_p: false,
    blank_stop: false,
    text_beside_calls: false,
    text_beside_results: false,
    result_status: false,
    schemas: Schemas::Plain,
    // Nothing is of use instead: AWS says where it is not taken.
    audio: true,
    ..USUAL
};

/// What the model takes; what hardly any refuses where the table does not know it.
pub fn capabilities(id: &str) -> &'static Capabilities {
    known(id).unwrap_or(&CAREFUL)
}

/// What the model takes, where the table knows it: by the longest beginning of its id, behind a profile's prefix and in ARNs.
pub fn known(id: &str) -> Option<&'static Capabilities> {
    let model = base_model(id);
    let fitting = |(ids, capabilities): &'static (&[&str], Capabilities)| {
        let longest = ids.iter().filter(|id| model.starts_with(**id)).map(|id| id.len()).max()?;
        Some((longest, capabilities))
    };
    let rows = ROWS.iter().copied().flatten();
    rows.filter_map(fitting).max_by_key(|(longest, _)| *longest).map(|(_, capabilities)| capabilities)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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
            assert_eq!(*capabilities(id), claude::CLAUDE_3_7.takes, "{id}");
        }
    }

    #[test]
    fn the_longest_row_holds() {
        for (id, family) in [
            ("us.anthropic.claude-sonnet-4-20250514-v1:0", claude::CLAUDE_4),
            ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", claude::CLAUDE_4_5),
            ("us.anthropic.claude-opus-4-6-v1", claude::CLAUDE_4_6),
            ("us.anthropic.claude-opus-4-7", claude::CLAUDE_4_7),
            ("global.anthropic.claude-opus-4-8-v1:0", claude::CLAUDE_4_7),
            ("openai.gpt-oss-120b-1:0", openai::GPT_OSS),
        ] {
            assert_eq!(*capabilities(id), family.takes, "{id}");
        }
        assert_eq!(*capabilities("newco.model-1"), CAREFUL);
    }

    #[test]
    fn what_a_row_changes_has_a_source_and_what_it_says_is_said_once() {
        let mut ids = BTreeSet::new();
        for family in FAMILIES.into_iter().flatten() {
            let Family { name, facts, .. } = family;
            assert!(family.ids.iter().all(|id| ids.insert(*id)), "{name}: another row has one of its ids");
            let mut said = BTreeSet::new();
            for Fact { capability, sources } in *facts {
                assert!(said.insert(capability), "{name}: {capability} is said twice");
                assert!(!sources.is_empty(), "{name}: nobody says {capability}");
            }
        }
        assert!(ids.len() > 30, "{}", ids.len());
    }
}
