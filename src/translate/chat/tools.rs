//! Tools and the choice among them.

use serde::Serialize;

use crate::bedrock::converse::{self, Document, InputSchema, SystemBlock, ToolChoice, ToolConfig, ToolSpec};
use crate::openai::Error;
use crate::openai::chat::{AllowedTools, Function, NamedFunction, Tool, ToolChoice as Asked};
use crate::texts::cut;
use crate::translate::family::{Capabilities, Forced};
use crate::translate::notes::Notes;
use crate::wire::{List, NameOr, Str};

use super::numbered::Numbered;
use super::schema;
use super::structured::Plan;
use super::tool_names::ToolNames;
use super::tool_specs::{open_schema, spec, specs};

/// What the client says about tools.
#[derive(Debug)]
pub(super) struct Given<'a> {
    pub(super) tools: Option<List<Tool<'a>>>,
    pub(super) functions: Option<List<Function<'a>>>,
    pub(super) tool_choice: Option<NameOr<'a, Asked<'a>>>,
    pub(super) function_call: Option<NameOr<'a, NamedFunction<'a>>>,
    pub(super) parallel_tool_calls: Option<bool>,
}

/// The tool whose input is the answer.
const ANSWER: &str = "json_answer";

/// What the client chose.
enum Choice<'a> {
    Auto,
    None,
    Required,
    Named(String),
    Allowed { required: bool, names: Vec<Str<'a>> },
}

/// Refuses more tools than the limit.
pub(super) fn check_count(given: &Given<'_>, notes: &Notes<'_>) -> Result<(), Error> {
    let tools = given.tools.as_ref().map_or(0, |tools| tools.0.len());
    let functions = given.functions.as_ref().map_or(0, |functions| functions.0.len());
    let param = if tools > 0 { "tools" } else { "functions" };
    check_length(tools.saturating_add(functions), param, notes)
}

fn check_length(count: usize, param: &str, notes: &Notes<'_>) -> Result<(), Error> {
    let limit = notes.limits().tools;
    if count <= limit {
        return Ok(());
    }
    Err(Error::invalid(format!("'{param}' has {count} entries; the limit is {limit}.")).param(param))
}

/// Takes up the names of all declared tools.
pub(super) fn names<'a>(given: &Given<'a>) -> ToolNames<'a> {
    let tools = given.tools.iter().flatten().filter_map(|tool| match (&tool.function, &tool.custom) {
        (Some(function), _) => Some((function.name.as_ref()?.clone(), false)),
        (None, Some(custom)) => Some((custom.name.as_ref()?.clone(), true)),
        (None, None) => None,
    });
    let functions = given
        .functions
        .iter()
        .flatten()
        .filter_map(|function| Some((function.name.as_ref()?.clone(), false)));
    ToolNames::declare(tools.chain(functions).map(|(name, custom)| (name.into_cow(), custom)))
}

/// What else decides about tools.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances<'r> {
    /// The legal names of the tools that the history calls, in their order.
    pub(super) called: &'r [String],
    /// The same, to look them up.
    pub(super) is_called: &'r Numbered<'static>,
    /// Whether the model will think, and so cannot be told to call.
    pub(super) thinks: bool,
    pub(super) capabilities: &'r Capabilities,
}

/// Sets `toolConfig`. Gives back the tool whose input is the answer, where there is one.
pub(super) fn tool_config<'a>(
    body: &mut converse::Request<'a>,
    given: Given<'a>,
    plan: Plan<'a>,
    names: &mut ToolNames<'a>,
    circumstances: Circumstances<'_>,
    notes: &mut Notes<'_>,
) -> Result<Option<String>, Error> {
    let Circumstances { called, is_called, thinks, capabilities } = circumstances;
    let Given { tools, functions, tool_choice, function_call, parallel_tool_calls } = given;
    let mut choice = choice(tool_choice, function_call, notes)?;
    let mut specs = specs(tools, functions, names, capabilities, notes)?;
    if !specs.is_empty() && !capabilities.tools {
        notes.unsupported("tools", "This model does not take tools.")?;
        specs.clear();
        choice = Choice::None;
    }
    let mut tool_choice = chosen(&choice, &mut specs, is_called, names)?;
    if matches!(choice, Choice::None) && called.is_empty() {
        specs.clear();
    }
    let alone = specs.is_empty() || matches!(choice, Choice::None);
    // Bedrock wants the tools that the history speaks of.
    if capabilities.tools && specs.is_empty() {
        specs.extend(called.iter().map(|name| spec(name.clone().into(), None, open_schema())));
    }
    let forced = if thinks { Forced::No } else { capabilities.forced_tool };
    if forced == Forced::No && tool_choice.is_some() {
        notes.ignore("tool_choice");
        tool_choice = None;
    }
    let mut answer_tool = None;
    match plan {
        Plan::Text => {}
        Plan::Native(config) => body.output_config = Some(config),
        Plan::Tool { schema, description } => {
            let name = names.own(ANSWER);
            let input_schema = match schema {
                Some(schema) => {
                    let param = "response_format.json_schema.schema";
                    InputSchema { json: schema::root(schema, param, capabilities.schemas, notes)? }
                }
                None => open_schema(),
            };
            let description = description.unwrap_or_else(|| "Gives the final answer.".into());
            specs.push(spec(name.clone(), Some(description), input_schema));
            answer_tool = Some(name.clone().into_owned());
            if forced == Forced::No {
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
    if specs.is_empty() {
        return Ok(None);
    }
    if forced == Forced::Any
        && let Some(ToolChoice::Tool { name }) = &tool_choice
    {
        // Any of one is that one.
        retain(&mut specs, |spec| spec.name == *name || is_called.contains(&spec.name));
        tool_choice = Some(ToolChoice::Any {});
    }
    if parallel_tool_calls == Some(false) {
        if capabilities.single_call {
            // Bedrock refuses a `toolChoice` beside this, so the choice goes along.
            let choice = single_call(tool_choice.take());
            body.additional_model_request_fields.set("tool_choice", choice);
        } else {
            notes.ignore("parallel_tool_calls");
        }
    }
    body.tool_config = Some(ToolConfig { tools: specs, tool_choice });
    Ok(answer_tool)
}

/// Keeps these tools, and the cache points behind them.
fn retain<'a>(specs: &mut Vec<converse::Tool<'a>>, mut keep: impl FnMut(&ToolSpec<'a>) -> bool) {
    let mut kept = false;
    specs.retain(|tool| {
        if let converse::Tool::ToolSpec(spec) = tool {
            kept = keep(spec);
        }
        kept
    });
}

fn choice<'a>(
    tool_choice: Option<NameOr<'a, Asked<'a>>>,
    function_call: Option<NameOr<'a, NamedFunction<'a>>>,
    notes: &mut Notes<'_>,
) -> Result<Choice<'a>, Error> {
    match (tool_choice, function_call) {
        (Some(choice), function_call) => {
            notes.ignore_if(function_call.is_some(), "function_call");
            choice_of(choice, notes)
        }
        (None, Some(NameOr::Name(name))) => choice_by_name(&name, "function_call"),
        (None, Some(NameOr::Object(NamedFunction { name, unknown }))) => {
            notes.unknown("function_call.", unknown)?;
            Ok(Choice::Named(
                name.ok_or_else(|| Error::missing("function_call.name"))?.into_cow().into_owned(),
            ))
        }
        (None, None) => Ok(Choice::Auto),
    }
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

fn single_call<'a>(choice: Option<ToolChoice<'_>>) -> Document<'a> {
    let (kind, name) = match choice {
        None => ("auto", None),
        Some(ToolChoice::Any {}) => ("any", None),
        Some(ToolChoice::Tool { name }) => ("tool", Some(name.into_owned())),
    };
    Document::ours(&SingleCall { kind, name, disable_parallel_tool_use: true })
}

fn choice_by_name<'a>(name: &str, param: &str) -> Result<Choice<'a>, Error> {
    match name {
        "auto" => Ok(Choice::Auto),
        "none" => Ok(Choice::None),
        "required" => Ok(Choice::Required),
        _ => {
            let message = format!("'{param}' must be 'none', 'auto' or 'required', or name a tool.");
            Err(Error::invalid(message).param(param))
        }
    }
}

fn choice_of<'a>(choice: NameOr<'a, Asked<'a>>, notes: &mut Notes<'_>) -> Result<Choice<'a>, Error> {
    let Asked { kind: _, function, custom, allowed_tools, unknown } = match choice {
        NameOr::Name(name) => return choice_by_name(&name, "tool_choice"),
        NameOr::Object(choice) => choice,
    };
    notes.unknown("tool_choice.", unknown)?;
    if let Some(allowed) = allowed_tools {
        let AllowedTools { mode, tools, unknown } = *allowed;
        notes.unknown("tool_choice.allowed_tools.", unknown)?;
        let required = match mode.as_deref() {
            None | Some("auto") => false,
            Some("required") => true,
            Some(_) => {
                let param = "tool_choice.allowed_tools.mode";
                return Err(Error::invalid_param(param, "The mode must be 'auto' or 'required'."));
            }
        };
        let param = "tool_choice.allowed_tools.tools";
        let tools = tools.ok_or_else(|| Error::missing(param))?;
        check_length(tools.0.len(), param, notes)?;
        let mut names = Vec::with_capacity(tools.0.len());
        for (index, tool) in tools.into_iter().enumerate() {
            names.push(named(tool.function.or(tool.custom), &format!("{param}[{index}].function"), notes)?);
        }
        return Ok(Choice::Allowed { required, names });
    }
    let name = named(function.or(custom), "tool_choice.function", notes)?;
    Ok(Choice::Named(name.into_cow().into_owned()))
}

/// The name in a choice.
fn named<'a>(
    tool: Option<Box<NamedFunction<'a>>>,
    param: &str,
    notes: &mut Notes<'_>,
) -> Result<Str<'a>, Error> {
    let NamedFunction { name, unknown } = *tool.ok_or_else(|| Error::missing(param))?;
    notes.unknown("tool_choice.function.", unknown)?;
    name.ok_or_else(|| Error::missing(&format!("{param}.name")))
}

/// What the choice means for Bedrock; tools that are not allowed go.
fn chosen<'a>(
    choice: &Choice<'a>,
    specs: &mut Vec<converse::Tool<'a>>,
    is_called: &Numbered<'static>,
    names: &mut ToolNames<'a>,
) -> Result<Option<ToolChoice<'a>>, Error> {
    let mut declared = Numbered::default();
    for tool in specs.iter() {
        if let converse::Tool::ToolSpec(spec) = tool {
            declared.add(spec.name.clone());
        }
    }
    Ok(match choice {
        Choice::Auto | Choice::None => None,
        Choice::Required if specs.is_empty() => {
            return Err(Error::invalid_param(
                "tool_choice",
                "'tool_choice' is 'required', but there are no tools.",
            ));
        }
        Choice::Required => Some(ToolChoice::Any {}),
        Choice::Named(name) => {
            let legal = names.legal(name);
            if !declared.contains(&legal) {
                let message = format!("'tool_choice' names '{}', which is not among the tools.", cut(name));
                return Err(Error::invalid(message).param("tool_choice"));
            }
            Some(ToolChoice::Tool { name: legal })
        }
        Choice::Allowed { required, names: allowed } => {
            let mut legal = Numbered::default();
            for name in allowed {
                let name = names.legal(name);
                if !declared.contains(&name) {
                    let message = "'tool_choice.allowed_tools' names a tool that is not among the tools.";
                    return Err(Error::invalid_param("tool_choice.allowed_tools.tools", message));
                }
                legal.add(name);
            }
            retain(specs, |spec| legal.contains(&spec.name) || is_called.contains(&spec.name));
            (*required && !specs.is_empty()).then_some(ToolChoice::Any {})
        }
    })
}
