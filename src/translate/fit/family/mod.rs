//! The capabilities of each family of models: one table, a file per vendor. A new model is a row, never an `if`.
//!
//! Each row is a [`Family`], and each fact in it has its [`Source`]; `docs/models.md` is generated from them.

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

/// All rows, by vendor. Requests use [`ROWS`]; names, facts and sources are not part of the module.
pub const FAMILIES: [&[Family]; 4] = [amazon::FAMILIES, claude::FAMILIES, openai::FAMILIES, others::FAMILIES];

/// The id prefixes and capabilities of all rows.
static ROWS: [&[(&[&str], Capabilities)]; 4] = [amazon::ROWS, claude::ROWS, openai::ROWS, others::ROWS];

/// The capabilities of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Smallest `maxTokens`.
    pub min_tokens: i64,
    /// Largest `maxTokens`; `None`: unknown.
    pub max_tokens: Option<i64>,
    /// `temperature`.
    pub temperature: bool,
    /// `topP`.
    pub top_p: bool,
    /// `temperature` and `topP` at once.
    pub temperature_with_top_p: bool,
    /// `stopSequences`.
    pub stop: bool,
    /// Most stop sequences; `None`: the service model's limit.
    pub max_stops: Option<usize>,
    /// Stop sequences of white space only.
    pub blank_stop: bool,
    /// The model's name for `top_k`.
    pub top_k: TopK,
    /// The system prompt.
    pub system: bool,
    /// Tools.
    pub tools: bool,
    /// Tools in streamed answers.
    pub tools_in_streams: bool,
    /// Forced tool calls.
    pub forced_tool: Forced,
    /// `strict` on a tool.
    pub strict_tools: bool,
    /// A parameter that allows only one call at a time.
    pub single_call: bool,
    /// Tool names with hyphens.
    pub hyphens: bool,
    /// Valid tool call ids.
    pub tool_ids: ToolIds,
    /// Text in a turn with tool calls.
    pub text_beside_calls: bool,
    /// Text and other content in a turn with tool results.
    pub text_beside_results: bool,
    /// Documents and videos in such a turn, where text is allowed.
    pub documents_beside_results: bool,
    /// Images in tool results.
    pub images_in_results: bool,
    /// Documents in tool results.
    pub documents_in_results: DocumentsInResults,
    /// `status` of tool results.
    pub result_status: bool,
    /// `outputConfig.textFormat`.
    pub structured_output: bool,
    /// A last turn of the assistant's, which the model continues.
    pub prefill: bool,
    /// The parameter for reasoning.
    pub reasoning: Reasoning,
    /// Whether thoughts are bound to the content before them: see `fit::binding`.
    pub bound_thoughts: bool,
    /// The effort levels.
    pub efforts: Efforts,
    /// How reasoning is turned off.
    pub off: Off,
    /// Forced tool calls while reasoning.
    pub forced_while_reasoning: bool,
    /// Cache points.
    pub cache: Cache,
    /// Cache points after tools.
    pub cache_tools: bool,
    /// Cache points right behind tool results, images, documents, videos and calls; where not, only behind text.
    pub cache_media: bool,
    /// The form of tool schemas.
    pub schemas: Schemas,
    /// `anthropic_beta` among the additional fields.
    pub anthropic_beta: bool,
    /// Anthropic's Messages API, through InvokeModel.
    pub messages: bool,
    /// Audio.
    pub audio: bool,
    /// `citations` and `context` of documents.
    pub citations: bool,
    /// Nova's own web search tool.
    pub web_search: bool,
    /// How the model marks thoughts in its text.
    pub thoughts_in_text: ThoughtsInText,
    /// How the model marks tool calls in its text, where Bedrock passes them through.
    pub calls_in_text: CallsInText,
}

/// How thoughts are marked in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThoughtsInText {
    /// They are not in the text.
    #[default]
    No,
    /// Between `<think>` and `</think>`.
    Think,
    /// Between `<thinking>` and `</thinking>`.
    Thinking,
    /// Ended by `</think>`; the model's template has the opening tag.
    Begun,
}

/// How tool calls are marked in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallsInText {
    /// They are not in the text.
    #[default]
    No,
    /// By Kimi's markup: `<|tool_calls_section_begin|>` and so on.
    Kimi,
}

/// Forced tool calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forced {
    /// Refused.
    No,
    /// Any tool.
    Any,
    /// Any tool, or one by name.
    Named,
}

/// The form of tool schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schemas {
    /// As the client wrote them.
    Any,
    /// With references inlined, and at the root only `type`, `properties` and `required` ("extraneous key [$defs] is not
    /// permitted").
    Plain,
}

/// The name of `top_k` among the additional fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopK {
    /// Not supported.
    None,
    /// A field of this name.
    Field(&'static str),
    /// `inferenceConfig.topK` of the additional fields.
    Nova,
}

/// Valid tool call ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolIds {
    /// 1–64 of `[a-zA-Z0-9_.:-]`, as in the service model.
    Usual,
    /// 1–64 of `[a-zA-Z0-9_-]`.
    Plain,
    /// Exactly nine of `[a-zA-Z0-9]`.
    Nine,
}

/// Documents in tool results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentsInResults {
    /// None: they are put after the results.
    No,
    /// Text formats: `csv`, `html`, `md` and `txt`.
    Texts,
    /// Any.
    Any,
}

/// The parameter for reasoning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reasoning {
    /// None: the model never or always reasons.
    None,
    /// `thinking: {type: enabled, budget_tokens}`.
    Budget,
    /// `thinking: {type: adaptive}` and `output_config.effort`; a budget is taken too.
    Adaptive,
    /// `thinking: {type: adaptive}`, whose text is returned only on request, and `output_config.effort`; a budget is refused.
    AdaptiveOnly,
    /// `reasoningConfig: {type: enabled, maxReasoningEffort}`.
    Nova,
    /// `reasoning_effort`.
    Effort,
    /// `reasoning: {effort, summary}`; its text is returned only on request.
    OpenAi,
    /// `reasoning: {effort}`.
    Xai,
    /// `reasoning_config`.
    Qwen,
}

/// How reasoning is turned off, where `none` is not an effort level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// By asking for none: the model reasons only on request.
    Unasked,
    /// `thinking: {type: disabled}`.
    Disabled,
    /// `thinking: {type: between_tools}`.
    BetweenTools,
    /// Not at all: the lowest level comes nearest.
    Never,
}

impl Reasoning {
    /// Whether redacted reasoning is sent back.
    pub fn takes_redacted(self) -> bool {
        self.is_thinking() || self == Self::OpenAi
    }

    /// Whether it is Claude's thinking: signed blocks that are sent back, and Anthropic's `thinking`.
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

/// The capabilities of most models.
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
    cache_media: true,
    schemas: Schemas::Any,
    anthropic_beta: false,
    messages: false,
    audio: false,
    citations: false,
    web_search: false,
    thoughts_in_text: ThoughtsInText::No,
    calls_in_text: CallsInText::No,
};

/// The capabilities of most models, as a row.
const MOST: Family = Family { name: "most models", ids: &[], like: None, takes: USUAL, facts: &[] };

/// For models that are not in the table, and profiles of unknown models: what every known model takes.
pub const CAREFUL: Capabilities = Capabilities {
    temperature_with_top_p: false,
    blank_stop: false,
    text_beside_calls: false,
    text_beside_results: false,
    result_status: false,
    schemas: Schemas::Plain,
    // There is no substitute for audio; AWS refuses it where it is not supported.
    audio: true,
    ..USUAL
};

/// A model's capabilities; [`CAREFUL`] where the table does not know it.
pub fn capabilities(id: &str) -> &'static Capabilities {
    known(id).unwrap_or(&CAREFUL)
}

/// A model's capabilities in the table, by the longest id prefix, behind a profile's prefix and in ARNs.
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
