//! Whether the model must call a tool, and which.

use crate::openai::Error;
use crate::texts::cut;
use crate::translate::conversation::Choice;
use crate::translate::numbered::Numbered;

/// Checks a choice against the `declared` tools.
///
/// # Errors
/// 400 for a choice that cannot be met.
pub(in crate::translate) fn check(choice: &Choice<'_>, declared: &Numbered<'_>) -> Result<(), Error> {
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
    Ok(())
}

/// Parses a choice of one word.
///
/// # Errors
/// 400 for another word.
pub(in crate::translate) fn by_name<'a>(name: &str, param: &str) -> Result<Choice<'a>, Error> {
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
