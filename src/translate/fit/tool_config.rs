//! `toolConfig`: the client's tools and choice, the tools that the history needs, and the answer's format.

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

/// The tool whose arguments are the answer.
const ANSWER: &str = "json_answer";

/// Nova's web search tool (AWS documentation, "Grounding responses with real-time search results").
pub(super) const SEARCH: SystemTool = SystemTool { name: "nova_grounding" };

/// Whether the model may search the web with its own tool.
pub(super) fn searches(body: &converse::Request<'_>) -> bool {
    let mut tools = body.tool_config.iter().flat_map(|config| &config.tools);
    tools.any(|tool| matches!(tool, converse::Tool::SystemTool(_)))
}

/// The client's tools, choice and answer format.
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
    /// Their valid names, in order.
    pub(super) called: &'r [String],
    /// The same names, for lookups.
    pub(super) is_called: &'r Numbered<'static>,
}

/// Sets `toolConfig`, or `outputConfig` for the answer's format. `reasons` says whether the model will reason, in which case
/// some cannot be forced to call a tool. Returns how the answer gets its format.
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
        // A `toolChoice` that names a system tool is not documented.
        fitting.notes.dropped(Field::ToolChoice);
    }
    if web_search && !capabilities.web_search {
        fitting.notes.dropped(Field::WebSearch);
        web_search = false;
    }
    // A model that is forced to call the answer tool searches nothing.
    let alone = (specs.is_empty() || is_withheld) && !web_search;
    // Bedrock requires declarations of the tools in the history.
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
            // Where Claude accepts a forced call while thinking, it calls without a thought; and a model that is forced to call
            // searches nothing.
            if forced == Forced::No || web_search || reasons && capabilities.reasoning.is_thinking() {
                let order =
                    format!("Give your final answer by calling the tool `{name}`, and in no other way.");
                body.system.push(SystemBlock::Text(order.into()));
            } else if alone {
                tool_choice = Some(ToolChoice::Tool { name });
            } else {
                // A forced tool comes before the answer; any other choice is now among the client's tools and the answer tool.
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
        // Forcing any tool with only one left forces that one.
        retain(&mut specs, |spec| spec.name == *name || is_called.contains(&spec.name));
        tool_choice = Some(ToolChoice::Any {});
    }
    if single_call {
        if capabilities.single_call {
            // Bedrock refuses a `toolChoice` beside this field, so the choice goes into it.
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
