//! `tool_choice`, and `function_call` of the older form.

use crate::openai::Error;
use crate::openai::chat::{AllowedTools, NamedFunction, ToolChoice as Asked};
use crate::translate::conversation::Choice;
use crate::translate::front::choice::{self, by_name};
use crate::translate::front::tools::check_length;
use crate::translate::notes::Notes;
use crate::translate::numbered::Numbered;
use crate::wire::{NameOr, Str};

/// Reads the choice among the `declared` tools.
///
/// # Errors
/// 400 for a choice that cannot be met.
pub(super) fn read<'a>(
    tool_choice: Option<NameOr<'a, Asked<'a>>>,
    function_call: Option<NameOr<'a, NamedFunction<'a>>>,
    declared: &Numbered<'a>,
    notes: &mut Notes<'_>,
) -> Result<Choice<'a>, Error> {
    let choice = asked(tool_choice, function_call, notes)?;
    choice::check(&choice, declared)?;
    Ok(choice)
}

fn asked<'a>(
    tool_choice: Option<NameOr<'a, Asked<'a>>>,
    function_call: Option<NameOr<'a, NamedFunction<'a>>>,
    notes: &mut Notes<'_>,
) -> Result<Choice<'a>, Error> {
    match (tool_choice, function_call) {
        (Some(choice), function_call) => {
            notes.ignore_if(function_call.is_some(), "function_call");
            choice_of(choice, notes)
        }
        (None, Some(NameOr::Name(name))) => by_name(&name, "function_call"),
        (None, Some(NameOr::Object(NamedFunction { name, unknown }))) => {
            notes.unknown("function_call.", unknown)?;
            Ok(Choice::Named(name.ok_or_else(|| Error::missing("function_call.name"))?))
        }
        (None, None) => Ok(Choice::Auto),
    }
}

fn choice_of<'a>(choice: NameOr<'a, Asked<'a>>, notes: &mut Notes<'_>) -> Result<Choice<'a>, Error> {
    let Asked { kind: _, function, custom, allowed_tools, unknown } = match choice {
        NameOr::Name(name) => return by_name(&name, "tool_choice"),
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
