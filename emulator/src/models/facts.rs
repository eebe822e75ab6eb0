//! The capabilities of each family, read from `families.json`: the rows whose patterns match a model's id, later ones
//! overriding earlier ones.
//!
//! Each row names its sources and their grade: `documented`, `reported` or `assumed`. They are independent of the filter's.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

const FAMILIES: &str = include_str!("families.json");

/// The API behind Converse that validates requests, and words its errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// Anthropic's messages.
    Anthropic,
    /// Amazon Nova's own.
    Nova,
    /// OpenAI's Responses.
    OpenAi,
    /// Mistral AI's.
    Mistral,
    /// An embedding model.
    Embedding,
    /// Unknown: Converse itself validates.
    Converse,
}

/// Valid tool call ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolIds {
    /// `[a-zA-Z0-9_.:-]+`, as in the service model.
    Converse,
    /// `[a-zA-Z0-9_-]+`
    Anthropic,
    /// Nine of `[a-zA-Z0-9]`.
    Mistral,
}

/// Whether thoughts are bound to the conversation before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// No, and `thinking.block_binding` is unknown.
    No,
    /// `thinking.block_binding` is known, and nothing is checked.
    Recorded,
    /// The conversation before them must be unchanged.
    Checked,
}

/// The capabilities of a model.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools)]
pub struct Facts {
    /// The API behind Converse.
    pub api: Api,
    /// Whether it can be called only through an inference profile.
    pub profile_only: bool,
    /// Whether it is listed as `LEGACY`.
    pub legacy: bool,
    /// `image` blocks.
    pub images: bool,
    /// `document` blocks.
    pub documents: bool,
    /// `video` blocks.
    pub video: bool,
    /// `audio` blocks.
    pub audio: bool,
    /// `image` blocks in tool results.
    pub result_images: bool,
    /// Formats of documents in tool results; `*` is any.
    pub result_documents: Vec<String>,
    /// `toolResult.status`
    pub result_status: bool,
    /// Kinds of blocks that may stand in a turn with tool results.
    pub beside_results: Vec<String>,
    /// `citations` of documents.
    pub citations: bool,
    /// Text in a turn of the assistant with tool calls.
    pub text_beside_calls: bool,
    /// `toolConfig`
    pub tools: bool,
    /// `toolConfig` in ConverseStream.
    pub stream_tools: bool,
    /// Members of `toolChoice`.
    pub choice: Vec<String>,
    /// Tool names with `-`.
    pub hyphens: bool,
    /// Whether tool schemas must have no members at their root but `type`, `properties` and `required`.
    pub plain_schemas: bool,
    /// `toolSpec.strict`
    pub strict: bool,
    /// `outputConfig.textFormat`
    pub native_schema: bool,
    /// Valid tool call ids.
    pub tool_ids: ToolIds,
    /// `system`
    pub system: bool,
    /// Turns of the role `system`.
    pub system_turns: bool,
    /// A final turn of the assistant.
    pub prefill: bool,
    /// `reasoningContent`
    pub reasoning: bool,
    /// Whether it always reasons.
    pub always_reasons: bool,
    /// Types of Claude's `thinking`.
    pub thinking: Vec<String>,
    /// Whether it thinks by default.
    pub thinks_unasked: bool,
    /// Whether its thoughts have their text by default, without `thinking.display`.
    pub shows_thinking: bool,
    /// Whether efforts above `high` are accepted while thinking is disabled.
    pub top_effort_without_thinking: bool,
    /// Whether a turn of the assistant may have only reasoning.
    pub reasoning_alone: bool,
    /// Whether thoughts are bound to the conversation before them.
    pub bound_thoughts: Bound,
    /// Whether `toolChoice` may force a call during adaptive thinking.
    pub forced_while_thinking: bool,
    /// Members of `additionalModelRequestFields` with effort levels, by JSON pointer.
    pub levels: BTreeMap<String, Vec<String>>,
    /// The `anthropic_beta` that effort levels require.
    pub effort_beta: Option<String>,
    /// Allowed members of `additionalModelRequestFields`; `None`: any.
    pub fields: Option<Vec<String>>,
    /// Sampling parameters: `temperature`, `topP`, `top_k`.
    pub sampling: Vec<String>,
    /// `temperature` and `topP` together.
    pub both_samplings: bool,
    /// Most `stopSequences`.
    pub stop_sequences: usize,
    /// Values of `cachePoint.ttl`; empty: no cache points.
    pub cache: Vec<String>,
    /// `cachePoint` after tools.
    pub cache_tools: bool,
    /// `cachePoint` right behind a tool result, an image, a document or a video.
    pub cache_media: bool,
    /// How many tokens have to stand before a `cachePoint` for it to count.
    pub cache_least: u64,
    /// Names of `systemTool`s.
    pub system_tools: Vec<String>,
    /// Largest `maxTokens`.
    pub max_tokens: Option<u64>,
    /// Smallest `maxTokens`.
    pub min_tokens: u64,
    /// CountTokens
    pub counts_tokens: bool,
    /// Size of the context window, tokens.
    pub context: Option<u64>,
    /// The error where the input exceeds it; `{tokens}` and `{limit}` stand for numbers.
    pub too_long: String,
    /// The error where input and `{output}` together exceed it; `None`: allowed.
    pub too_long_with_output: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Families {
    betas: Betas,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Betas {
    taken: Vec<String>,
    #[allow(dead_code)]
    sources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    ids: Vec<String>,
    #[allow(dead_code)]
    sources: Vec<String>,
    facts: Map<String, Value>,
}

#[allow(clippy::panic)]
fn families() -> &'static Families {
    static READ: OnceLock<Families> = OnceLock::new();
    // The file is compiled in, and a test parses it.
    READ.get_or_init(|| serde_json::from_str(FAMILIES).unwrap_or_else(|e| panic!("families.json: {e}")))
}

/// Whether a value of `anthropic_beta` is known.
pub fn is_beta(flag: &str) -> bool {
    families().betas.taken.iter().any(|taken| taken == flag)
}

impl Facts {
    /// The capabilities of the model with this id.
    #[allow(clippy::panic)]
    pub fn of(id: &str) -> Arc<Self> {
        let mut facts = Map::new();
        for row in families().rows.iter().filter(|row| row.ids.iter().any(|pattern| fits(pattern, id))) {
            facts.extend(row.facts.clone());
        }
        let facts = serde_json::from_value(Value::Object(facts));
        Arc::new(facts.unwrap_or_else(|e| panic!("families.json, {id}: {e}")))
    }

    /// Whether the model behind Converse is Claude.
    pub fn claude(&self) -> bool {
        self.api == Api::Anthropic
    }
}

/// Whether an id matches a pattern, in which `*` stands for any text.
fn fits(pattern: &str, id: &str) -> bool {
    let Some((first, more)) = pattern.split_once('*') else { return pattern == id };
    let Some(rest) = id.strip_prefix(first) else { return false };
    (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|end| fits(more, end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_holds_the_whole_id() {
        assert!(fits("a.b-*", "a.b-c") && fits("*em*", "x.embed") && fits("a*c", "abcbc") && fits("a", "a"));
        assert!(!fits("a.b-*", "a.b") && !fits("a*c", "abcd") && !fits("a", "ab") && !fits("b*", "ab"));
    }

    #[test]
    fn the_rows_name_their_sources_and_make_facts() {
        for row in &families().rows {
            assert!(!row.sources.is_empty(), "{:?}", row.ids);
            for source in row.sources.iter().chain(&families().betas.sources) {
                let grade = source.split(':').next().unwrap_or_default();
                assert!(["documented", "reported", "assumed"].contains(&grade), "{source}");
            }
            for pattern in &row.ids {
                let _ = Facts::of(&pattern.replace('*', "x"));
            }
        }
    }

    #[test]
    fn a_later_row_holds_over_an_earlier() {
        let of = Facts::of;
        assert_eq!(of("anthropic.claude-3-5-sonnet-20241022-v2:0").thinking.len(), 0);
        assert_eq!(of("anthropic.claude-sonnet-4-5-20250929-v1:0").thinking, ["enabled", "disabled"]);
        assert_eq!(of("anthropic.claude-opus-4-7").thinking, ["adaptive", "disabled"]);
        assert_eq!(of("anthropic.claude-opus-5-5").thinking, ["adaptive"]);
        let native = |id: &str| of(id).native_schema;
        assert!(native("anthropic.claude-opus-4-6-v1") && !native("anthropic.claude-sonnet-4-20250514-v1:0"));
        assert!(of("anthropic.claude-3-haiku-20240307-v1:0").legacy);
        assert!(!of("anthropic.claude-3-7-sonnet-20250219-v1:0").legacy);
        assert_eq!(of("cohere.embed-v4:0").api, Api::Embedding);
        assert_eq!(of("amazon.nova-2-multimodal-embeddings-v1:0").api, Api::Embedding);
        assert!(of("acme.brain-1").native_schema);
    }
}
