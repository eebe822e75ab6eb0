//! Tools and tool choice.

use crate::anthropic::request::{Tool, ToolChoice};
use crate::openai::Error;
use crate::translate::chat::Parameter;
use crate::translate::conversation::Choice;
use crate::translate::front::cache;
use crate::translate::front::tools::{Declared, check_length, function, named};
use crate::translate::messages::members::{is_dropped, is_server_tool};
use crate::translate::notes::Notes;
use crate::wire::Str;

/// Reads the declared tools.
///
/// # Errors
/// 400 with the path of a wrong member, or of a tool that only Claude or Anthropic's servers have.
pub(super) fn read<'a>(
    tools: Vec<Tool<'a>>,
    cache: &mut cache::Names,
    notes: &mut Notes<'_>,
) -> Result<Declared<'a>, Error> {
    check_length(tools.len(), "tools", notes)?;
    let mut declared = Declared::default();
    for (place, tool) in tools.into_iter().enumerate() {
        let Tool { kind, name, description, input_schema, strict, cache_control, unknown } = tool;
        let kind = kind.as_deref().unwrap_or("custom");
        if is_server_tool(kind, place, notes)? {
            continue;
        }
        if kind != "custom" {
            let kind: String = kind.chars().take(64).collect();
            let message = "Only Claude knows this tool; give it as one with an 'input_schema'.";
            notes.unsupported(&format!("tools[{place}].{kind}"), message)?;
            continue;
        }
        notes.unknown("tools[].", unknown)?;
        let path = format!("tools[{place}]");
        let name = named(name, &path)?;
        let param = format!("{path}.input_schema");
        let mut tool = function((name, description), input_schema, strict, &param, notes)?;
        tool.cache_point = cache::point(cache_control, cache::CONTROL, cache, notes)?;
        declared.add(tool, &path)?;
    }
    Ok(declared)
}

/// Reads the tool choice, and whether the model may make at most one call at a time.
///
/// # Errors
/// 400 where it is invalid.
pub(super) fn choice<'a>(
    choice: ToolChoice<'a>,
    drop: &[Parameter],
    notes: &mut Notes<'_>,
) -> Result<(Choice<'a>, bool), Error> {
    let ToolChoice { kind, name, disable_parallel_tool_use, unknown } = choice;
    notes.unknown("tool_choice.", unknown)?;
    let choice = match kind.as_deref() {
        Some("auto") => Choice::Auto,
        Some("none") => Choice::None,
        Some("any") => Choice::Required,
        Some("tool") => {
            let name: Option<Str<'a>> = name.filter(|name| !name.is_empty());
            Choice::Named(name.ok_or_else(|| Error::missing("tool_choice.name"))?)
        }
        _ => {
            let message = "'tool_choice.type' must be 'auto', 'any', 'tool' or 'none'.";
            return Err(Error::invalid_param("tool_choice.type", message));
        }
    };
    let single_call = disable_parallel_tool_use
        .filter(|_| !is_dropped("tool_choice.disable_parallel_tool_use", drop, notes));
    Ok((choice, single_call.unwrap_or(false)))
}
