//! `reasoning_effort` and `thinking`: by the family's own means, and always so that Bedrock takes the rest.

use serde::Serialize;

use crate::bedrock::converse::{self, Block, Document, Message, Role};
use crate::openai::{Error, member};
use crate::translate::family::{Capabilities, Reasoning};
use crate::translate::notes::Notes;
use crate::wire::{Number, Raw, Str, object};

/// The least budget that Claude takes (Anthropic documentation, "Extended thinking").
const LEAST_BUDGET: i64 = 1_024;

/// OpenAI's words for effort.
const EFFORTS: &[&str] = &["none", "minimal", "low", "medium", "high", "xhigh", "max"];

object! {
    /// `thinking`, as Anthropic has it.
    struct Thinking<'a> {
        kind = "type": Str<'a>,
        budget_tokens: i64,
    }
}

/// Claude's `thinking` within a budget.
#[derive(Serialize)]
struct Budget {
    #[serde(rename = "type")]
    kind: &'static str,
    budget_tokens: i64,
}

/// Claude's `output_config`, and `reasoning` of OpenAI's models.
#[derive(Serialize)]
struct Effort<'a> {
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

/// What the client asks for.
#[derive(Clone, Debug)]
pub(super) struct Asked<'a> {
    pub(super) effort: Option<Str<'a>>,
    pub(super) thinking: Option<Raw<'a>>,
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
    pub(super) fn may_think(&self, capabilities: &Capabilities) -> bool {
        let by_hand = self.thinking.is_some_and(|thinking| !thinking.get().contains("\"disabled\""));
        let by_effort = self.effort.as_ref().is_some_and(|effort| &**effort != "none");
        match capabilities.reasoning {
            Reasoning::None => false,
            Reasoning::Budget | Reasoning::Adaptive(_) if self.thinking.is_some() => by_hand,
            _ => by_effort,
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
    capabilities: &Capabilities,
    notes: &mut Notes<'_>,
) -> Result<Plan<'a>, Error> {
    let Asked { effort, thinking } = asked;
    if let Some(effort) = &effort
        && !EFFORTS.contains(&&**effort)
    {
        let message = format!("'reasoning_effort' must be one of: {}.", EFFORTS.join(", "));
        return Err(Error::invalid(message).param("reasoning_effort"));
    }
    let nothing = Plan { fields: Vec::new(), effect: Effect::None };
    let claude = matches!(capabilities.reasoning, Reasoning::Budget | Reasoning::Adaptive(_));
    if let Some(raw) = thinking {
        if claude {
            return by_hand(raw, max_tokens, messages, notes);
        }
        notes.ignore("thinking");
    }
    let Some(effort) = effort.as_deref() else {
        return Ok(nothing);
    };
    let low_to_high = match effort {
        "minimal" | "low" => "low",
        "medium" => "medium",
        _ => "high",
    };
    let simple = |name, value| Plan { fields: vec![(name, value)], effect: Effect::None };
    Ok(match (capabilities.reasoning, effort) {
        (Reasoning::OpenAi, effort) => simple("reasoning", Document::ours(&Effort { effort })),
        (_, "none") => nothing,
        (Reasoning::None, _) => {
            notes.ignore("reasoning_effort");
            nothing
        }
        (Reasoning::Effort, _) => simple("reasoning_effort", Document::ours(low_to_high)),
        (Reasoning::Nova, _) => {
            let config = Document::ours(&NovaConfig { kind: "enabled", max_reasoning_effort: low_to_high });
            let effect = if low_to_high == "high" { Effect::NovaHighest } else { Effect::None };
            Plan { effect, ..simple("reasoningConfig", config) }
        }
        (Reasoning::Adaptive(highest), effort) => {
            let effort = if matches!(effort, "xhigh" | "max") { highest } else { low_to_high };
            let fields = vec![
                ("thinking", Document::constant(r#"{"type":"adaptive"}"#)),
                ("output_config", Document::ours(&Effort { effort })),
            ];
            Plan { fields, effect: Effect::Thinking { budget: None } }
        }
        (Reasoning::Budget, effort) => {
            let budget = match effort {
                "minimal" | "low" => LEAST_BUDGET,
                "medium" => 2_048,
                "high" => 4_096,
                "xhigh" => 8_192,
                _ => 16_384,
            };
            with_budget(budget, "reasoning_effort", max_tokens, messages, notes)
        }
    })
}

/// `thinking` as the client gave it.
fn by_hand<'a>(
    raw: Raw<'a>,
    max_tokens: Option<i64>,
    messages: &[Message<'_>],
    notes: &mut Notes<'_>,
) -> Result<Plan<'a>, Error> {
    notes.check_depth(raw, || "thinking".to_owned())?;
    let Thinking { kind, budget_tokens, unknown } = member(raw, "thinking")?;
    if matches!(kind.as_deref(), Some("enabled" | "disabled")) {
        notes.unknown("thinking.", unknown)?;
    }
    match (kind.as_deref(), budget_tokens) {
        (Some("enabled"), Some(budget)) => Ok(with_budget(budget, "thinking", max_tokens, messages, notes)),
        (Some("enabled"), None) => Err(Error::missing("thinking.budget_tokens")),
        (Some("disabled"), _) => Ok(Plan { fields: Vec::new(), effect: Effect::None }),
        _ => Ok(Plan {
            fields: vec![("thinking", Document::Raw(raw))],
            effect: Effect::Thinking { budget: None },
        }),
    }
}

/// Thinking within a budget, where one fits under the client's limit and the history allows it.
fn with_budget<'a>(
    budget: i64,
    asked_by: &'static str,
    max_tokens: Option<i64>,
    messages: &[Message<'_>],
    notes: &mut Notes<'_>,
) -> Plan<'a> {
    let budget = max_tokens.map_or(budget, |limit| budget.min(limit.saturating_sub(1)));
    if budget < LEAST_BUDGET || answers_unthought_calls(messages) {
        notes.ignore(asked_by);
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

/// Sets what was planned, and takes back what does not go with it. `max_tokens_name` is what the client called its
/// limit.
pub(super) fn apply<'a>(
    body: &mut converse::Request<'a>,
    plan: Plan<'a>,
    max_tokens_name: &str,
    notes: &mut Notes<'_>,
) {
    /// What an answer gets beside its budget, where the client gave no limit.
    const ANSWER: i64 = 4_096;
    let Plan { fields, effect } = plan;
    for (name, value) in fields {
        // What the client says in the model's own words holds.
        if body.additional_model_request_fields.value(name).is_some() {
            notes.ignore("reasoning_effort");
        } else {
            body.additional_model_request_fields.set(name, value);
        }
    }
    if effect == Effect::None {
        return;
    }
    let config = &mut body.inference_config;
    let is_said = |sampling: Option<Number<'_>>| sampling.is_some_and(|number| number.value != 1.0);
    notes.ignore_if(is_said(config.temperature.take()), "temperature");
    notes.ignore_if(is_said(config.top_p.take()), "top_p");
    match effect {
        Effect::NovaHighest => {
            notes.ignore_if(config.max_tokens.take().is_some(), max_tokens_name);
            // Ours has no member but `topK`; the client's own stays.
            let fields = &mut body.additional_model_request_fields;
            if matches!(fields.value("inferenceConfig"), Some(Document::Ours(_))) {
                fields.remove("inferenceConfig");
                notes.ignore("top_k");
            }
        }
        Effect::Thinking { budget } => {
            if let Some(budget) = budget
                && config.max_tokens.is_none()
            {
                config.max_tokens = Some(budget.saturating_add(ANSWER));
            }
            let top_k = body.additional_model_request_fields.remove("top_k");
            notes.ignore_if(top_k, "top_k");
        }
        Effect::None => {}
    }
}
