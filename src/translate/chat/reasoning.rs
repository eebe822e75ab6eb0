//! `reasoning_effort` and `thinking`: by the family's own means, and always so that Bedrock takes the rest.

use serde_json::json;
use serde_json::value::RawValue;

use crate::bedrock::converse::{self, Block, Document, Role, ToolChoice};
use crate::json::{Str, object};
use crate::openai::Error;
use crate::translate::family::{Capabilities, Reasoning};
use crate::translate::notes::Notes;

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

/// True where the request asks for reasoning, which forbids a prefill.
pub(super) fn is_asked_for(effort: Option<&Str<'_>>, thinking: Option<&RawValue>) -> bool {
    effort.is_some_and(|effort| &**effort != "none") || thinking.is_some()
}

/// Sets what the family needs. Of both, `thinking` wins: it is the more exact.
pub(super) fn apply<'a>(
    body: &mut converse::Request<'a>,
    effort: Option<Str<'a>>,
    thinking: Option<&'a RawValue>,
    capabilities: &Capabilities,
    notes: &mut Notes<'_>,
) -> Result<(), Error> {
    if let Some(effort) = &effort
        && !EFFORTS.contains(&&**effort)
    {
        let message = format!("'reasoning_effort' must be one of: {}.", EFFORTS.join(", "));
        return Err(Error::invalid(message).param("reasoning_effort"));
    }
    let claude = matches!(capabilities.reasoning, Reasoning::Budget | Reasoning::Adaptive(_));
    if let Some(raw) = thinking {
        if claude {
            return by_hand(body, raw, notes);
        }
        notes.ignore("thinking");
    }
    let Some(effort) = effort.as_deref() else {
        return Ok(());
    };
    let low_to_high = match effort {
        "minimal" | "low" => "low",
        "medium" => "medium",
        _ => "high",
    };
    let fields = &mut body.additional_model_request_fields;
    match (capabilities.reasoning, effort) {
        (Reasoning::OpenAi, effort) => fields.set("reasoning", Document::Value(json!({ "effort": effort }))),
        (_, "none") => {}
        (Reasoning::None, _) => notes.ignore("reasoning_effort"),
        (Reasoning::Effort, _) => fields.set("reasoning_effort", Document::Value(low_to_high.into())),
        (Reasoning::Nova, _) => {
            let config = json!({ "type": "enabled", "maxReasoningEffort": low_to_high });
            fields.set("reasoningConfig", Document::Value(config));
            if low_to_high == "high" {
                // Nova 2 refuses limits and sampling at high effort.
                let sampling = std::mem::take(&mut body.inference_config);
                notes.ignore_if(sampling.max_tokens.is_some(), "max_tokens");
                notes.ignore_if(sampling.temperature.is_some(), "temperature");
                notes.ignore_if(sampling.top_p.is_some(), "top_p");
                body.inference_config.stop_sequences = sampling.stop_sequences;
            }
        }
        (Reasoning::Adaptive(highest), effort) => {
            let effort = if matches!(effort, "xhigh" | "max") { highest } else { low_to_high };
            fields.set("thinking", Document::Value(json!({ "type": "adaptive" })));
            fields.set("output_config", Document::Value(json!({ "effort": effort })));
            leave_room(body, None, notes);
        }
        (Reasoning::Budget, effort) => {
            let budget = match effort {
                "minimal" | "low" => LEAST_BUDGET,
                "medium" => 2_048,
                "high" => 4_096,
                "xhigh" => 8_192,
                _ => 16_384,
            };
            with_budget(body, budget, notes);
        }
    }
    Ok(())
}

/// `thinking` as the client gave it, the rest of the request made to fit.
fn by_hand<'a>(
    body: &mut converse::Request<'a>,
    raw: &'a RawValue,
    notes: &mut Notes<'_>,
) -> Result<(), Error> {
    notes.check_depth(raw, || "thinking".to_owned())?;
    let Thinking { kind, budget_tokens, unknown: _ } = serde_json::from_str(raw.get()).map_err(|error| {
        Error::invalid(format!("Invalid value for 'thinking': {error}.")).param("thinking")
    })?;
    match (kind.as_deref(), budget_tokens) {
        (Some("enabled"), Some(budget)) => with_budget(body, budget, notes),
        (Some("enabled"), None) => {
            let param = "thinking.budget_tokens";
            return Err(Error::invalid(format!("Missing required parameter: '{param}'.")).param(param));
        }
        (Some("disabled"), _) => {}
        _ => {
            body.additional_model_request_fields.set("thinking", Document::Raw(raw));
            leave_room(body, None, notes);
        }
    }
    Ok(())
}

/// Thinking within a budget, where one fits under the client's limit and the history allows it.
fn with_budget(body: &mut converse::Request<'_>, budget: i64, notes: &mut Notes<'_>) {
    let limit = body.inference_config.max_tokens;
    let budget = limit.map_or(budget, |limit| budget.min(limit.saturating_sub(1)));
    if budget < LEAST_BUDGET || answers_unthought_calls(body) {
        notes.ignore("reasoning_effort");
        return;
    }
    let thinking = json!({ "type": "enabled", "budget_tokens": budget });
    body.additional_model_request_fields.set("thinking", Document::Value(thinking));
    leave_room(body, Some(budget), notes);
}

/// With thinking on, Claude refuses results of calls whose turn does not begin with its reasoning.
fn answers_unthought_calls(body: &converse::Request<'_>) -> bool {
    let last = body.messages.iter().rev().find(|message| message.role == Role::Assistant);
    last.is_some_and(|message| {
        message.content.iter().any(|block| matches!(block, Block::ToolUse(_)))
            && !matches!(message.content.first(), Some(Block::ReasoningContent(_)))
    })
}

/// While Claude thinks it takes no sampling and no forced call; without the client's limit, the budget comes on top
/// of what an answer usually gets.
fn leave_room(body: &mut converse::Request<'_>, budget: Option<i64>, notes: &mut Notes<'_>) {
    /// What an answer gets beside its budget.
    const ANSWER: i64 = 4_096;
    let config = &mut body.inference_config;
    notes.ignore_if(config.temperature.take().is_some(), "temperature");
    notes.ignore_if(config.top_p.take().is_some(), "top_p");
    if let Some(budget) = budget
        && config.max_tokens.is_none()
    {
        config.max_tokens = Some(budget.saturating_add(ANSWER));
    }
    if body.additional_model_request_fields.remove("top_k") {
        notes.ignore("top_k");
    }
    if let Some(choice) = body.tool_config.as_mut().and_then(|config| config.tool_choice.as_mut())
        && !matches!(choice, ToolChoice::Auto {})
    {
        *choice = ToolChoice::Auto {};
        notes.ignore("tool_choice");
    }
    if body.additional_model_request_fields.value("tool_choice").is_some() {
        let choice = json!({ "type": "auto", "disable_parallel_tool_use": true });
        body.additional_model_request_fields.set("tool_choice", Document::Value(choice));
    }
}
