//! What each family takes, read from `families.json`: the rows whose patterns fit a model's id, each over those before it.
//!
//! Each row names its sources and how good they are: `documented`, `reported` or `assumed`. They are not the filter's.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

const FAMILIES: &str = include_str!("families.json");

/// Whose API checks a request behind Converse, and so in whose words it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// Anthropic's messages.
    Anthropic,
    /// Amazon Nova's own.
    Nova,
    /// OpenAI's responses.
    OpenAi,
    /// Mistral AI's.
    Mistral,
    /// A model that makes vectors, not text.
    Embedding,
    /// None that is known: Converse itself refuses.
    Converse,
}

/// Which ids of tool calls are legal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolIds {
    /// `[a-zA-Z0-9_.:-]+`, as the service model has it.
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
    /// No, and `thinking.block_binding` is not known.
    No,
    /// `thinking.block_binding` is known, and nothing is looked at.
    Recorded,
    /// What stands before them has to be what it was.
    Checked,
}

/// What a model takes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools)]
pub struct Facts {
    /// Whose API is behind Converse.
    pub api: Api,
    /// Only through an inference profile.
    pub profile_only: bool,
    /// Listed as `LEGACY`.
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
    /// Text in a turn of the assistant that calls.
    pub text_beside_calls: bool,
    /// `toolConfig`
    pub tools: bool,
    /// `toolConfig` of a ConverseStream.
    pub stream_tools: bool,
    /// Members of `toolChoice`.
    pub choice: Vec<String>,
    /// Tool names with `-`.
    pub hyphens: bool,
    /// Tool schemas have no members at their root but `type`, `properties` and `required`.
    pub plain_schemas: bool,
    /// `toolSpec.strict`
    pub strict: bool,
    /// `outputConfig.textFormat`
    pub native_schema: bool,
    /// Which ids of tool calls are legal.
    pub tool_ids: ToolIds,
    /// `system`
    pub system: bool,
    /// Turns of the role `system`.
    pub system_turns: bool,
    /// A final turn of the assistant.
    pub prefill: bool,
    /// `reasoningContent`
    pub reasoning: bool,
    /// It reasons whatever is asked.
    pub always_reasons: bool,
    /// Types of Claude's `thinking`.
    pub thinking: Vec<String>,
    /// It thinks where the request has no `thinking`.
    pub thinks_unasked: bool,
    /// Its thoughts come with their text where the request has no `thinking.display`.
    pub shows_thinking: bool,
    /// Efforts above `high` are taken while thinking is disabled.
    pub top_effort_without_thinking: bool,
    /// A turn of the assistant may be nothing but reasoning.
    pub reasoning_alone: bool,
    /// Whether thoughts are bound to the conversation before them.
    pub bound_thoughts: Bound,
    /// `toolChoice` may force a call while it thinks adaptively.
    pub forced_while_thinking: bool,
    /// Members of `additionalModelRequestFields` that have levels, by JSON pointer.
    pub levels: BTreeMap<String, Vec<String>>,
    /// Without this `anthropic_beta` there are no levels.
    pub effort_beta: Option<String>,
    /// Members of `additionalModelRequestFields`; any where it is `None`.
    pub fields: Option<Vec<String>>,
    /// Sampling parameters: `temperature`, `topP`, `top_k`.
    pub sampling: Vec<String>,
    /// `temperature` and `topP` together.
    pub both_samplings: bool,
    /// How many `stopSequences`.
    pub stop_sequences: usize,
    /// Values of `cachePoint.ttl`; no cache points where there are none.
    pub cache: Vec<String>,
    /// `cachePoint` behind tools.
    pub cache_tools: bool,
    /// Names of `systemTool`s.
    pub system_tools: Vec<String>,
    /// The highest `maxTokens`.
    pub max_tokens: Option<u64>,
    /// The lowest `maxTokens`.
    pub min_tokens: u64,
    /// CountTokens
    pub counts_tokens: bool,
    /// How many tokens the model reads.
    pub context: Option<u64>,
    /// What is said to more than that; `{tokens}` and `{limit}` stand for numbers.
    pub too_long: String,
    /// What is said where the answer's `{output}` besides would be too many; `None`: it is let be.
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
    // The file is part of the program, and a test reads it.
    READ.get_or_init(|| serde_json::from_str(FAMILIES).unwrap_or_else(|e| panic!("families.json: {e}")))
}

/// Whether a value of `anthropic_beta` is known.
pub fn is_beta(flag: &str) -> bool {
    families().betas.taken.iter().any(|taken| taken == flag)
}

impl Facts {
    /// What the rows say about the model of this id.
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

/// Whether `id` is as the pattern has it, where `*` stands for anything.
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
