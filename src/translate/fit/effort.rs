//! The effort of reasoning, by the family's own parameters, with changes to other parameters that Bedrock would otherwise
//! refuse.

use std::borrow::Cow;

use serde::Serialize;

use crate::bedrock::converse::{self, Block, Document, Message, Role};
use crate::translate::conversation::{Effort, Thinking};
use crate::wire::Raw;

use super::Fitting;
use super::family::{Capabilities, Off, Reasoning};
use super::notes::Field;
use super::sampling::is_said;

/// The smallest budget that Claude takes, tokens (Anthropic documentation, "Extended thinking").
const LEAST_BUDGET: i64 = 1_024;

/// Claude's `thinking` within a budget.
#[derive(Serialize)]
struct Budget {
    #[serde(rename = "type")]
    kind: &'static str,
    budget_tokens: i64,
}

/// Claude's `output_config`, and `reasoning` of OpenAI's models and Grok.
#[derive(Serialize)]
struct ByEffort<'a> {
    effort: &'a str,
    /// Without it OpenAI's models return no text of their reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'static str>,
}

/// Nova's `reasoningConfig`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NovaConfig<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    max_reasoning_effort: &'a str,
}

/// The effort that the client asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) effort: Option<Effort>,
    pub(super) thinking: Option<Thinking<'a>>,
}

/// How to satisfy it.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    fields: Vec<(&'static str, Document<'a>)>,
    effect: Effect,
    /// Whether the model is asked to reason.
    reasons: bool,
}

/// Further changes to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    None,
    /// Claude thinks, with a budget or adaptively: no sampling parameters, no forced tool, no prefill.
    Thinking {
        budget: Option<i64>,
    },
    /// Nova 2 at its highest effort: no limit on tokens, no sampling parameters.
    NovaHighest,
}

impl Asked<'_> {
    /// The effort; derived from the budget where there is none.
    fn effort(self) -> Option<Effort> {
        self.effort.or(match self.thinking {
            Some(Thinking::Budget(budget)) => Some(effort_of(budget)),
            _ => None,
        })
    }

    /// Whether a model of this family may think, and so takes no prefill.
    pub(super) fn may_think(self, capabilities: &Capabilities) -> bool {
        let by_effort = self.effort().is_some_and(|effort| effort != Effort::None);
        match (capabilities.reasoning, self.thinking) {
            (Reasoning::None, _) => false,
            (means, Some(thinking)) if means.is_thinking() => !matches!(thinking, Thinking::Disabled),
            _ => by_effort,
        }
    }

    /// Whether a model of this family continues from the thoughts of earlier answers: it thinks by default, or the request asks
    /// for it in any form.
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

impl<'a> Plan<'a> {
    const NOTHING: Self = Self { fields: Vec::new(), effect: Effect::None, reasons: false };

    fn reasoning(fields: Vec<(&'static str, Document<'a>)>, effect: Effect) -> Self {
        Self { fields, effect, reasons: true }
    }

    /// Whether the model will reason, as far as the request determines it.
    pub(super) fn reasons(&self) -> bool {
        self.reasons
    }
}

/// Plans by the family's parameters, the client's limit and the history. `thinking` takes precedence over an effort, because it
/// is more precise.
pub(super) fn plan<'a>(
    asked: Asked<'a>,
    max_tokens: Option<i64>,
    messages: &[Message<'_>],
    fitting: &mut Fitting<'a, '_>,
) -> Plan<'a> {
    let Asked { effort, thinking } = asked;
    let means = fitting.capabilities.reasoning;
    let Some(thinking) = thinking else {
        return effort
            .map_or(Plan::NOTHING, |effort| by_effort(effort, Field::Effort, max_tokens, messages, fitting));
    };
    match thinking {
        _ if !means.is_thinking() => {
            fitting.notes.dropped(Field::Thinking);
            let asked_by = if effort.is_some() { Field::Effort } else { Field::Thinking };
            asked
                .effort()
                .map_or(Plan::NOTHING, |effort| by_effort(effort, asked_by, max_tokens, messages, fitting))
        }
        Thinking::Disabled => by_effort(Effort::None, Field::Thinking, max_tokens, messages, fitting),
        Thinking::Budget(budget) if means == Reasoning::AdaptiveOnly => {
            fitting.notes.dropped(Field::ThinkingBudget);
            adaptive(effort_of(budget), fitting.capabilities)
        }
        Thinking::Budget(budget) => with_budget(budget, Field::Thinking, max_tokens, messages, fitting),
        Thinking::Other(raw) => {
            Plan::reasoning(vec![("thinking", Document::Raw(raw))], Effect::Thinking { budget: None })
        }
    }
}

/// Reasoning of this effort, set by the parameter `asked_by`.
fn by_effort<'a>(
    asked: Effort,
    asked_by: Field,
    max_tokens: Option<i64>,
    messages: &[Message<'_>],
    fitting: &mut Fitting<'a, '_>,
) -> Plan<'a> {
    let capabilities = fitting.capabilities;
    let means = capabilities.reasoning;
    if means == Reasoning::None {
        fitting.notes.dropped_if(asked != Effort::None, asked_by);
        return Plan::NOTHING;
    }
    if asked == Effort::None && !capabilities.efforts.has(Effort::None) {
        match capabilities.off {
            Off::Unasked => return Plan::NOTHING,
            Off::Disabled => return unthinking(r#"{"type":"disabled"}"#),
            Off::BetweenTools => return unthinking(r#"{"type":"between_tools"}"#),
            Off::Never => fitting.notes.dropped(asked_by.clone()),
        }
    }
    if means == Reasoning::Budget {
        return with_budget(budget_of(asked), asked_by, max_tokens, messages, fitting);
    }
    let Some(level) = capabilities.efforts.nearest(asked) else {
        fitting.notes.dropped(asked_by);
        return Plan::NOTHING;
    };
    let effort = level.name();
    let simple = |name, value| Plan {
        reasons: level != Effort::None,
        ..Plan::reasoning(vec![(name, value)], Effect::None)
    };
    match means {
        Reasoning::None | Reasoning::Budget => Plan::NOTHING,
        Reasoning::Adaptive | Reasoning::AdaptiveOnly => adaptive(level, capabilities),
        Reasoning::Nova => {
            let (level, effort) = if level >= Effort::High && fitting.tokens.most.is_some() {
                // The highest effort takes no limit on tokens, but this caller must have one.
                fitting.notes.dropped(asked_by);
                let below = capabilities.efforts.nearest(Effort::Medium).unwrap_or(Effort::Medium);
                (below, below.name())
            } else {
                (level, effort)
            };
            let config = Document::ours(&NovaConfig { kind: "enabled", max_reasoning_effort: effort });
            let effect = if level >= Effort::High { Effect::NovaHighest } else { Effect::None };
            Plan { effect, ..simple("reasoningConfig", config) }
        }
        Reasoning::Effort => simple("reasoning_effort", Document::ours(effort)),
        Reasoning::Qwen => simple("reasoning_config", Document::ours(effort)),
        Reasoning::Xai => simple("reasoning", Document::ours(&ByEffort { effort, summary: None })),
        Reasoning::OpenAi => {
            let summary = (level != Effort::None).then_some("auto");
            simple("reasoning", Document::ours(&ByEffort { effort, summary }))
        }
    }
}

/// Turns off the thinking of a Claude that thinks by default.
fn unthinking<'a>(thinking: &'static str) -> Plan<'a> {
    Plan { fields: vec![("thinking", Document::constant(thinking))], ..Plan::NOTHING }
}

/// Adaptive thinking. Where a model takes no other kind, its text is returned only on request (Anthropic documentation,
/// "Adaptive thinking").
fn adaptive<'a>(asked: Effort, capabilities: &Capabilities) -> Plan<'a> {
    let thinking = if capabilities.reasoning == Reasoning::AdaptiveOnly {
        r#"{"type":"adaptive","display":"summarized"}"#
    } else {
        r#"{"type":"adaptive"}"#
    };
    let mut fields = vec![("thinking", Document::constant(thinking))];
    if let Some(level) = capabilities.efforts.nearest(asked) {
        let config = ByEffort { effort: level.name(), summary: None };
        fields.push(("output_config", Document::ours(&config)));
    }
    Plan::reasoning(fields, Effect::Thinking { budget: None })
}

/// Claude's budget for an effort, where it takes no effort level.
fn budget_of(effort: Effort) -> i64 {
    match effort {
        Effort::None | Effort::Minimal | Effort::Low => LEAST_BUDGET,
        Effort::Medium => 2_048,
        Effort::High => 4_096,
        Effort::XHigh => 8_192,
        Effort::Max => 16_384,
    }
}

/// The effort whose budget is nearest.
fn effort_of(budget: i64) -> Effort {
    match budget {
        ..2_048 => Effort::Low,
        2_048..4_096 => Effort::Medium,
        4_096..8_192 => Effort::High,
        8_192..16_384 => Effort::XHigh,
        _ => Effort::Max,
    }
}

/// Thinking with a budget, where one fits under the client's limit and the history allows it.
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
        return Plan::NOTHING;
    }
    let thinking = Document::ours(&Budget { kind: "enabled", budget_tokens: budget });
    Plan::reasoning(vec![("thinking", thinking)], Effect::Thinking { budget: Some(budget) })
}

/// Whether tool results answer calls without reasoning before them: with thinking on, Claude refuses these.
fn answers_unthought_calls(messages: &[Message<'_>]) -> bool {
    let last = messages.iter().rev().find(|message| message.role == Role::Assistant);
    last.is_some_and(|message| {
        message.content.iter().any(|block| matches!(block, Block::ToolUse(_)))
            && !matches!(message.content.first(), Some(Block::ReasoningContent(_)))
    })
}

/// Applies a plan, and removes what does not go with it.
pub(super) fn apply<'a>(body: &mut converse::Request<'a>, plan: Plan<'a>, fitting: &mut Fitting<'a, '_>) {
    /// Tokens for the answer beside the budget, where the client sets no limit.
    const ANSWER: i64 = 4_096;
    let Plan { fields, effect, reasons: _ } = plan;
    let notes = &mut fitting.notes;
    for (name, value) in fields {
        // The client's own field takes precedence.
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
            // Removed if the gateway has set it, for `topK` alone; a client's own field stays.
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
