//! Tools, and what the model must call of them: as the client asks, as the history needs it, as the form of the answer does.

use serde::Serialize;

use crate::bedrock::converse::{
    self, Document, InputSchema, SystemBlock, SystemTool, ToolChoice, ToolConfig,
};
use crate::translate::conversation::{Choice, Tool};
use crate::translate::numbered::Numbered;

use super::family::Forced;
use super::notes::Field;
use super::schema::{Changed, root};
use super::structured::Form;
use super::tool_choice::{chosen, retain};
use super::tool_specs::{open_schema, spec, specs};
use super::undo::Means;
use super::{Fitting, Refused, json_object};

/// The tool whose input is the answer.
const ANSWER: &str = "json_answer";

/// Nova's tool that looks up the web (AWS documentation, "Grounding responses with real-time search results").
pub(super) const SEARCH: SystemTool = SystemTool { name: "nova_grounding" };

/// Whether the model may look up the web by its own tool.
pub(super) fn searches(body: &converse::Request<'_>) -> bool {
    let mut tools = body.tool_config.iter().flat_map(|config| &config.tools);
    tools.any(|tool| matches!(tool, converse::Tool::SystemTool(_)))
}

/// What is asked for.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) tools: Vec<Tool<'a>>,
    pub(super) choice: Choice<'a>,
    pub(super) web_search: bool,
    pub(super) single_call: bool,
    pub(super) form: Form<'a>,
}

/// The tools that the history calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct History<'r> {
    /// Their legal names, in their order.
    pub(super) called: &'r [String],
    /// The same, to look them up.
    pub(super) is_called: &'r Numbered<'static>,
}

/// Sets `toolConfig`, or `outputConfig` for the form of the answer. `reasons` says whether the model will reason: some
/// cannot be told to call then. Gives back the means of the answer's form.
pub(super) fn set<'a>(
    body: &mut converse::Request<'a>,
    asked: Asked<'a>,
    history: History<'_>,
    reasons: bool,
    fitting: &mut Fitting<'a, '_>,
) -> Result<Means, Refused> {
    let Asked { tools, mut choice, mut web_search, single_call, form } = asked;
    let History { called, is_called } = history;
    let capabilities = fitting.capabilities;
    let mut specs = specs(tools, fitting)?;
    if !specs.is_empty() && !capabilities.tools {
        fitting.notes.unsupported(Field::Tools);
        specs.clear();
        choice = Choice::None;
    }
    let (is_withheld, must_search) = (matches!(choice, Choice::None), matches!(choice, Choice::Search));
    let mut tool_choice = chosen(choice, &mut specs, is_called, &mut fitting.names);
    if is_withheld && called.is_empty() {
        specs.clear();
    }
    if must_search {
        if !capabilities.web_search {
            return Err(Refused::Search);
        }
        // No `toolChoice` is documented to name a system tool.
        fitting.notes.dropped(Field::ToolChoice);
    }
    if web_search && !capabilities.web_search {
        fitting.notes.dropped(Field::WebSearch);
        web_search = false;
    }
    // A model that is made to answer looks nothing up.
    let alone = (specs.is_empty() || is_withheld) && !web_search;
    // Bedrock wants the tools that the history speaks of.
    if capabilities.tools && specs.is_empty() {
        specs.extend(called.iter().map(|name| spec(name.clone().into(), None, open_schema())));
    }
    let forced =
        if reasons && !capabilities.forced_while_reasoning { Forced::No } else { capabilities.forced_tool };
    if forced == Forced::No && tool_choice.is_some() {
        fitting.notes.dropped(Field::ToolChoice);
        tool_choice = None;
    }
    let mut means = Means::Text;
    match form {
        Form::Text => {}
        Form::Native(config) => body.output_config = Some(config),
        Form::Words { schema } => {
            let is_alone = specs.is_empty() && !web_search && !reasons;
            let is_begun = json_object::ask(body, schema, is_alone, capabilities);
            means = Means::Words { is_begun };
        }
        Form::Tool { schema, description } => {
            let name = fitting.names.own(ANSWER);
            let mut changed = Changed { notes: &mut fitting.notes, field: Field::AnswerMember };
            let json = root(schema, capabilities.schemas, &fitting.following, &mut changed)
                .map_err(Refused::AnswerSchema)?;
            let description = description.unwrap_or_else(|| "Gives the final answer.".into());
            specs.push(spec(name.clone(), Some(description), InputSchema { json }));
            means = Means::Tool(name.clone().into_owned());
            // Where Claude takes a forced call while thinking, it makes it without a thought; and no model looks anything up that must call.
            if forced == Forced::No || web_search || reasons && capabilities.reasoning.is_thinking() {
                let order =
                    format!("Give your final answer by calling the tool `{name}`, and in no other way.");
                body.system.push(SystemBlock::Text(order.into()));
            } else if alone {
                tool_choice = Some(ToolChoice::Tool { name });
            } else {
                // One tool by its name is what the client wants first; any other choice now is among these and ours.
                tool_choice = tool_choice.filter(|choice| matches!(choice, ToolChoice::Tool { .. }));
                tool_choice = tool_choice.or(Some(ToolChoice::Any {}));
            }
        }
    }
    if specs.is_empty() && !web_search {
        return Ok(means);
    }
    if forced == Forced::Any
        && let Some(ToolChoice::Tool { name }) = &tool_choice
    {
        // Any of one is that one.
        retain(&mut specs, |spec| spec.name == *name || is_called.contains(&spec.name));
        tool_choice = Some(ToolChoice::Any {});
    }
    if single_call {
        if capabilities.single_call {
            // Bedrock refuses a `toolChoice` beside this, so the choice goes along.
            let choice = only_one(tool_choice.take());
            body.additional_model_request_fields.set("tool_choice", choice);
        } else {
            fitting.notes.dropped(Field::SingleCall);
        }
    }
    if web_search {
        specs.push(converse::Tool::SystemTool(SEARCH));
    }
    body.tool_config = Some(ToolConfig { tools: specs, tool_choice });
    Ok(means)
}

/// Claude's own `tool_choice`.
#[derive(Serialize)]
struct SingleCall {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    disable_parallel_tool_use: bool,
}

fn only_one<'a>(choice: Option<ToolChoice<'_>>) -> Document<'a> {
    let (kind, name) = match choice {
        None => ("auto", None),
        Some(ToolChoice::Any {}) => ("any", None),
        Some(ToolChoice::Tool { name }) => ("tool", Some(name.into_owned())),
    };
    Document::ours(&SingleCall { kind, name, disable_parallel_tool_use: true })
}
