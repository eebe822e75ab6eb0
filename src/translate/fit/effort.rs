//! How hard to think: by the family's own means, and always so that Bedrock takes the rest.

use std::borrow::Cow;

use serde::Serialize;

use crate::bedrock::converse::{self, Block, Document, Message, Role};
use crate::translate::conversation::{Effort, Thinking};
use crate::wire::Raw;

use super::Fitting;
use super::family::{Capabilities, Reasoning};
use super::notes::Field;
use super::sampling::is_said;

/// The least budget that Claude takes (Anthropic documentation, "Extended thinking").
const LEAST_BUDGET: i64 = 1_024;

/// Claude's `thinking` within a budget.
#[derive(Serialize)]
struct Budget {
    #[serde(rename = "type")]
    kind: &'static str,
    budget_tokens: i64,
}

/// Claude's `output_config`, and `reasoning` of OpenAI's models.
#[derive(Serialize)]
struct ByEffort<'a> {
    effort: &'a str,
}

/// Nova's `reasoningConfig`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NovaConfig<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    max_reasoning_effort: &'a str,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) effort: Option<Effort>,
    pub(super) thinking: Option<Thinking<'a>>,
}

/// What will be done about it.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    fields: Vec<(&'static str, Document<'a>)>,
    effect: Effect,
}

/// What else of the request has to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    None,
    /// Claude thinks, within a budget or as it sees fit: no sampling, no forced call, no prefill.
    Thinking {
        budget: Option<i64>,
    },
    /// Nova 2 at its highest effort: no limit, no sampling.
    NovaHighest,
}

impl Asked<'_> {
    /// Whether a model of this family may come to think, and so takes no prefill.
    pub(super) fn may_think(self, capabilities: &Capabilities) -> bool {
        let by_effort = self.effort.is_some_and(|effort| effort != Effort::None);
        match (capabilities.reasoning, self.thinking) {
            (Reasoning::None, _) => false,
            (means, Some(thinking)) if means.is_thinking() => !matches!(thinking, Thinking::Disabled),
            _ => by_effort,
        }
    }

    /// Whether a model of this family goes on with the thoughts of earlier answers: where the request has it think, in whatever
    /// words, or it does so by itself.
    pub(super) fn thinks_on(self, fields: &[(Cow<'_, str>, Raw<'_>)], capabilities: &Capabilities) -> bool {
        if !capabilities.reasoning.is_thinking() {
            return false;
        }
        match (self.thinking, self.effort) {
            (Some(Thinking::Disabled), _) | (None, Some(Effort::None)) => false,
            (Some(_), _) | (None, Some(_)) => true,
            (None, None) => {
                capabilities.reasoning == Reasoning::AdaptiveOnly
                    || fields.iter().any(|(name, _)| name == "thinking")
            }
        }
    }
}

impl Plan<'_> {
    /// Whether the model will think, and so cannot be told to call a tool.
    pub(super) fn thinks(&self) -> bool {
        matches!(self.effect, Effect::Thinking { .. })
    }
}

/// Decides by the family's means, the client's limit and the history. Of both ways to ask, `thinking` wins: it is the
/// more exact.
pub(super) fn plan<'a>(
    asked: Asked<'a>,
    max_tokens: Option<i64>,
    messages: &[Message<'_>],
    fitting: &mut Fitting<'a, '_>,
) -> Plan<'a> {
    let Asked { effort, thinking } = asked;
    let means = fitting.capabilities.reasoning;
    let nothing = Plan { fields: Vec::new(), effect: Effect::None };
    if let Some(thinking) = thinking {
        if means.is_thinking() {
            return match thinking {
                Thinking::Disabled => nothing,
                Thinking::Budget(budget) if means == Reasoning::AdaptiveOnly => {
                    fitting.notes.dropped(Field::ThinkingBudget);
                    adaptive(effort_of(budget).name())
                }
                Thinking::Budget(budget) => {
                    with_budget(budget, Field::Thinking, max_tokens, messages, fitting)
                }
                Thinking::Other(raw) => Plan {
                    fields: vec![("thinking", Document::Raw(raw))],
                    effect: Effect::Thinking { budget: None },
                },
            };
        }
        fitting.notes.dropped(Field::Thinking);
    }
    let Some(effort) = effort else { return nothing };
    let low_to_high = match effort {
        Effort::None | Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High | Effort::XHigh | Effort::Max => "high",
    };
    let simple = |name, value| Plan { fields: vec![(name, value)], effect: Effect::None };
    match (means, effort) {
        (Reasoning::OpenAi, effort) => {
            simple("reasoning", Document::ours(&ByEffort { effort: effort.name() }))
        }
        (_, Effort::None) => nothing,
        (Reasoning::None, _) => {
            fitting.notes.dropped(Field::Effort);
            nothing
        }
        (Reasoning::Effort, _) => simple("reasoning_effort", Document::ours(low_to_high)),
        (Reasoning::Nova, _) => {
            let config = Document::ours(&NovaConfig { kind: "enabled", max_reasoning_effort: low_to_high });
            let effect = if low_to_high == "high" { Effect::NovaHighest } else { Effect::None };
            Plan { effect, ..simple("reasoningConfig", config) }
        }
        (Reasoning::Adaptive(highest), effort) => {
            let effort = if effort > Effort::High { highest } else { low_to_high };
            let fields = vec![
                ("thinking", Document::constant(r#"{"type":"adaptive"}"#)),
                ("output_config", Document::ours(&ByEffort { effort })),
            ];
            Plan { fields, effect: Effect::Thinking { budget: None } }
        }
        (Reasoning::AdaptiveOnly, Effort::XHigh | Effort::Max) => adaptive(effort.name()),
        (Reasoning::AdaptiveOnly, _) => adaptive(low_to_high),
        (Reasoning::Budget, effort) => {
            let budget = match effort {
                Effort::None | Effort::Minimal | Effort::Low => LEAST_BUDGET,
                Effort::Medium => 2_048,
                Effort::High => 4_096,
                Effort::XHigh => 8_192,
                Effort::Max => 16_384,
            };
            with_budget(budget, Field::Effort, max_tokens, messages, fitting)
        }
    }
}

/// Thinking as the model sees fit, its text given out: from Opus 4.7 on it is not by itself (Anthropic documentation, "Adaptive
/// thinking").
fn adaptive<'a>(effort: &str) -> Plan<'a> {
    let fields = vec![
        ("thinking", Document::constant(r#"{"type":"adaptive","display":"summarized"}"#)),
        ("output_config", Document::ours(&ByEffort { effort })),
    ];
    Plan { fields, effect: Effect::Thinking { budget: None } }
}

/// The effort that would have got about this budget.
fn effort_of(budget: i64) -> Effort {
    match budget {
        ..2_048 => Effort::Low,
        2_048..4_096 => Effort::Medium,
        4_096..8_192 => Effort::High,
        8_192..16_384 => Effort::XHigh,
        _ => Effort::Max,
    }
}

/// Thinking within a budget, where one fits under the client's limit and the history allows it.
fn with_budget<'a>(
    budget: i64,
    asked_by: Field,
    max_tokens: Option<i64>,
    messages: &[Message<'_>],
    fitting: &mut Fitting<'a, '_>,
) -> Plan<'a> {
    let budget = max_tokens.map_or(budget, |limit| budget.min(limit.saturating_sub(1)));
    if budget < LEAST_BUDGET || answers_unthought_calls(messages) {
        fitting.notes.dropped(asked_by);
        return Plan { fields: Vec::new(), effect: Effect::None };
    }
    let thinking = Document::ours(&Budget { kind: "enabled", budget_tokens: budget });
    Plan { fields: vec![("thinking", thinking)], effect: Effect::Thinking { budget: Some(budget) } }
}

/// With thinking on, Claude refuses results of calls whose turn does not begin with its reasoning.
fn answers_unthought_calls(messages: &[Message<'_>]) -> bool {
    let last = messages.iter().rev().find(|message| message.role == Role::Assistant);
    last.is_some_and(|message| {
        message.content.iter().any(|block| matches!(block, Block::ToolUse(_)))
            && !matches!(message.content.first(), Some(Block::ReasoningContent(_)))
    })
}

/// Sets what was planned, and takes back what does not go with it.
pub(super) fn apply<'a>(body: &mut converse::Request<'a>, plan: Plan<'a>, fitting: &mut Fitting<'a, '_>) {
    /// What an answer gets beside its budget, where the client gave no limit.
    const ANSWER: i64 = 4_096;
    let Plan { fields, effect } = plan;
    let notes = &mut fitting.notes;
    for (name, value) in fields {
        // What the client says in the model's own words holds.
        if body.additional_model_request_fields.value(name).is_some() {
            notes.dropped(Field::Effort);
        } else {
            body.additional_model_request_fields.set(name, value);
        }
    }
    if effect == Effect::None {
        return;
    }
    let config = &mut body.inference_config;
    notes.dropped_if(is_said(config.temperature.take()), Field::Temperature);
    notes.dropped_if(is_said(config.top_p.take()), Field::TopP);
    match effect {
        Effect::NovaHighest => {
            notes.dropped_if(config.max_tokens.take().is_some(), Field::MaxTokens);
            // Ours has no member but `topK`; the client's own stays.
            let fields = &mut body.additional_model_request_fields;
            if matches!(fields.value("inferenceConfig"), Some(Document::Ours(_))) {
                fields.remove("inferenceConfig");
                notes.dropped(Field::TopK);
            }
        }
        Effect::Thinking { budget } => {
            if let Some(budget) = budget
                && config.max_tokens.is_none()
            {
                config.max_tokens = Some(budget.saturating_add(ANSWER));
            }
            let top_k = body.additional_model_request_fields.remove("top_k");
            notes.dropped_if(top_k, Field::TopK);
        }
        Effect::None => {}
    }
}
