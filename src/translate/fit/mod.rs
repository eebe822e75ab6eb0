//! Adapts a conversation to a model, whatever API the client speaks. Every rule about what models take is here or in the table
//! of [families](family).
//!
//! ```text
//! turns (tool ids and names, media, reasoning) ▶ tools (schemas, choice, form of the answer) ▶ sampling ▶ fields ▶ effort ▶ cache
//! ```

mod betas;
mod binding;
mod cache;
mod constrained;
mod containers;
mod distinct;
mod documents;
mod effort;
pub mod family;
mod fields;
mod guarded;
mod inlining;
mod json_object;
mod keywords;
mod limits;
mod media;
pub mod notes;
mod operation;
mod reasoning;
mod recall;
mod references;
mod root_union;
mod sampling;
mod schema;
mod schema_object;
mod structured;
mod tool_choice;
mod tool_config;
mod tool_ids;
mod tool_names;
mod tool_specs;
mod turn;
mod turns;
mod undo;
mod waiting;

use crate::bedrock::converse;

use super::conversation::{Answer, Conversation, Rest};
use super::thoughts::Recall;
use constrained::Constraints;
use family::{CallsInText, Capabilities};
use notes::{Note, Notes};
use references::Following;
use tool_names::ToolNames;

use super::terms::Tokens;

pub use betas::taken_by_invoke;
pub use json_object::JsonObject;
pub use undo::{Called, Undo, Written};

/// The model and caller that a conversation is adapted to.
#[derive(Clone, Copy, Debug)]
pub struct Target<'o> {
    /// The model's capabilities.
    pub capabilities: &'o Capabilities,
    /// Deepest nesting of schemas, also after inlining.
    pub schema_depth: usize,
    /// Beta features of Anthropic's that the configuration adds to those known to work at Bedrock; `*` at the end stands for
    /// any rest.
    pub betas: &'o [String],
    /// The caller's limits on tokens.
    pub tokens: Tokens,
    /// Where reasoning is kept for clients that do not send it back, and the id by which the tables know the model; `None`:
    /// reasoning is not kept.
    pub recall: Option<(&'o dyn Recall, &'o str)>,
}

/// An adapted conversation.
#[derive(Debug)]
pub struct Fitted<'a> {
    /// Converse's body.
    pub request: converse::Request<'a>,
    /// Whether the model can give the answer as a stream.
    pub streams: bool,
    /// Changes that the reply has to undo.
    pub undo: Undo,
    /// Changes to report to the client.
    pub notes: Vec<Note>,
}

/// Why a conversation cannot be sent to any model.
#[derive(Debug)]
pub enum Refused {
    /// It has no content.
    Empty,
    /// The schema of the tool at this index, and the reason.
    ToolSchema(usize, String),
    /// The schema of the answer, and the reason.
    AnswerSchema(String),
    /// Web search is required, and the model has none.
    Search,
}

/// State shared by all steps.
struct Fitting<'a, 'o> {
    capabilities: &'o Capabilities,
    /// The caller's limits on tokens.
    tokens: Tokens,
    /// The budget for following references.
    following: Following,
    /// The totals over constrained schemas.
    constraints: Constraints,
    names: ToolNames<'a>,
    /// Whether the answer may cite documents: structured outputs have no text for that, and Claude refuses the combination
    /// (Anthropic's documentation, "Structured outputs").
    cites: bool,
    /// Whether there is a guardrail.
    is_guarded: bool,
    notes: Notes,
}

/// Adapts a conversation to a model.
///
/// # Errors
/// The conversation cannot be sent to any model.
pub fn fit<'a>(conversation: Conversation<'a>, target: Target<'_>) -> Result<Fitted<'a>, Refused> {
    let Target { capabilities, schema_depth, betas: more_betas, tokens, recall } = target;
    let Conversation {
        mut messages,
        tools,
        choice,
        web_search,
        single_call,
        answer,
        mut sampling,
        effort,
        thinking,
        caching,
        mut betas,
        fields,
        output_config,
        rest,
    } = conversation;
    let Rest { guardrail, labels, performance, prompt_variables, response_paths, service_tier } = rest;
    let mut fitting = Fitting {
        capabilities,
        tokens,
        following: Following::new(schema_depth),
        constraints: Constraints::default(),
        // Tools come before turns, because turns use the tools' valid names.
        names: ToolNames::declare(
            tools.iter().map(|tool| tool.name.clone().into_cow()),
            capabilities.hyphens,
        ),
        cites: !matches!(answer, Answer::Schema { .. }),
        is_guarded: guardrail.is_some(),
        notes: Notes::default(),
    };

    sampling.max_tokens = limits::max_tokens(sampling.max_tokens, &mut fitting);
    let asked = effort::Asked { effort, thinking };
    let points_are_set = cache::are_set(&messages, &tools);
    let recall = recall.filter(|_| asked.thinks_on(&fields, capabilities));
    if let Some((recall, model)) = recall {
        recall::put_back(&mut messages, model, recall);
    }
    let prefill = capabilities.prefill && !asked.may_think(capabilities);
    let turns::Turns { messages, system, documents, called, is_called } =
        turns::turns(messages, prefill, &mut fitting)?;
    let effort = effort::plan(asked, sampling.max_tokens, &messages, &mut fitting);
    let mut body = converse::Request {
        messages,
        system,
        guardrail_config: guardrail,
        additional_model_response_field_paths: response_paths,
        prompt_variables,
        request_metadata: labels,
        performance_config: performance,
        service_tier,
        ..converse::Request::default()
    };
    let has_tools = !tools.is_empty();
    let form = structured::form(answer, &mut fitting);
    let asked = tool_config::Asked { tools, choice, web_search, single_call, form };
    let history = tool_config::History { called: &called, is_called: &is_called };
    let means = tool_config::set(&mut body, asked, history, effort.reasons(), &mut fitting)?;

    // First sampling parameters, then the client's native fields, then effort, which overrides some of them.
    sampling::set(&mut body, sampling, &mut fitting);
    fields::set(&mut body, fields, &mut fitting);
    structured::beside(&mut body, output_config, &mut fitting);
    effort::apply(&mut body, effort, &mut fitting);
    binding::set(&mut body, &mut betas, capabilities);
    betas::set(&mut body, betas, more_betas, &mut fitting);
    cache::apply(&mut body, caching, has_tools, points_are_set, &mut fitting);

    let streams = operation::streams(&mut body, capabilities);
    let Fitting { names, notes, .. } = fitting;
    let keeps_thoughts = recall.is_some() && body.tool_config.is_some();
    let written = Written {
        thoughts: capabilities.thoughts_in_text,
        calls: if body.tool_config.is_some() { capabilities.calls_in_text } else { CallsInText::No },
    };
    let undo = Undo::new(names.into_changed(), means, keeps_thoughts)
        .documents(documents)
        .searches(tool_config::searches(&body))
        .reads(written);
    Ok(Fitted { request: body, streams, undo, notes: notes.into_vec() })
}
