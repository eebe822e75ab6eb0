//! `tool_choice`, and `function_call` of the older form.

use crate::openai::Error;
use crate::openai::chat::{AllowedTools, NamedFunction, ToolChoice as Asked};
use crate::texts::cut;
use crate::translate::conversation::Choice;
use crate::translate::notes::Notes;
use crate::translate::numbered::Numbered;
use crate::wire::{NameOr, Str};

use super::tools::check_length;

/// Reads what the client chose among the `declared` tools.
///
/// # Errors
/// 400 naming a choice that cannot be met.
pub(super) fn read<'a>(
    tool_choice: Option<NameOr<'a, Asked<'a>>>,
    function_call: Option<NameOr<'a, NamedFunction<'a>>>,
    declared: &Numbered<'a>,
    notes: &mut Notes<'_>,
) -> Result<Choice<'a>, Error> {
    let choice = choice(tool_choice, function_call, notes)?;
    match &choice {
        Choice::Required if declared.is_empty() => {
            let message = "'tool_choice' is 'required', but there are no tools.";
            return Err(Error::invalid_param("tool_choice", message));
        }
        Choice::Named(name) if !declared.contains(name) => {
            let message = format!("'tool_choice' names '{}', which is not among the tools.", cut(name));
            return Err(Error::invalid(message).param("tool_choice"));
        }
        Choice::Allowed { names, .. } if !names.iter().all(|name| declared.contains(name)) => {
            let message = "'tool_choice.allowed_tools' names a tool that is not among the tools.";
            return Err(Error::invalid_param("tool_choice.allowed_tools.tools", message));
        }
        _ => {}
    }
    Ok(choice)
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
            Ok(Choice::Named(name.ok_or_else(|| Error::missing("function_call.name"))?))
        }
        (None, None) => Ok(Choice::Auto),
    }
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
    named(function.or(custom), "tool_choice.function", notes).map(Choice::Named)
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
