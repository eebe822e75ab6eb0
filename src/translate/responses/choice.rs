//! `tool_choice`.

use crate::openai::responses::request::ToolChoice;
use crate::openai::{Error, member};
use crate::translate::conversation::Choice;
use crate::translate::front::choice::{by_name, check};
use crate::translate::front::tools::check_length;
use crate::translate::notes::Notes;
use crate::wire::{NameOr, Raw, Str};

use super::tools::{Declared, full_name};
use super::{own, search};

const PARAM: &str = "tool_choice";

/// Reads the choice among the `declared` tools, and whether web search is allowed.
///
/// # Errors
/// 400 for a choice that cannot be met.
pub(super) fn read<'a>(
    choice: Option<Raw<'a>>,
    declared: &Declared<'a>,
    notes: &mut Notes<'_>,
) -> Result<(Choice<'a>, bool), Error> {
    let mut searches = declared.search.is_some();
    let Some(raw) = choice else { return Ok((Choice::Auto, searches)) };
    let choice = match member::<NameOr<'a, ToolChoice<'a>>>(raw, PARAM)? {
        NameOr::Name(name) => match by_name(&name, PARAM)? {
            Choice::Required if searches && declared.all.names.is_empty() => Choice::Search,
            Choice::None => {
                searches = false;
                Choice::None
            }
            choice => choice,
        },
        NameOr::Object(choice) if choice.kind.as_deref() == Some("allowed_tools") => {
            allowed(choice, declared, &mut searches, notes)?
        }
        NameOr::Object(choice) if searches && is_search(&choice) => Choice::Search,
        NameOr::Object(choice) => Choice::Named(named(choice, PARAM, "tool_choice.", notes)?),
    };
    check(&choice, &declared.all.names)?;
    Ok((choice, searches))
}

fn is_search(choice: &ToolChoice<'_>) -> bool {
    choice.kind.as_deref().and_then(search::of_tool).is_some()
}

fn allowed<'a>(
    choice: ToolChoice<'a>,
    declared: &Declared<'a>,
    searches: &mut bool,
    notes: &mut Notes<'_>,
) -> Result<Choice<'a>, Error> {
    const TOOLS: &str = "tool_choice.tools";
    notes.unknown("tool_choice.", choice.unknown)?;
    let required = match choice.mode.as_deref() {
        None | Some("auto") => false,
        Some("required") => true,
        Some(_) => {
            let message = "The mode must be 'auto' or 'required'.";
            return Err(Error::invalid_param("tool_choice.mode", message));
        }
    };
    let tools = choice.tools.ok_or_else(|| Error::missing(TOOLS))?;
    check_length(tools.0.len(), TOOLS, notes)?;
    let mut names = Vec::with_capacity(tools.0.len());
    let may_search = std::mem::take(searches);
    for (index, tool) in tools.into_iter().enumerate() {
        if may_search && is_search(&tool) {
            *searches = true;
            continue;
        }
        let kind = tool.kind.as_deref().unwrap_or("function");
        if !matches!(kind, "function" | "custom") && own::of_tool(kind).is_none() {
            // Ignored like the tool itself.
            notes.ignore(&format!("{TOOLS}[].{kind}"));
            continue;
        }
        names.push(named(tool, &format!("{TOOLS}[{index}]"), "tool_choice.tools[].", notes)?);
    }
    if names.is_empty() {
        if *searches && required {
            return Ok(Choice::Search);
        }
        if !*searches && (required || declared.all.names.is_empty()) {
            return Err(Error::invalid_param(TOOLS, "None of these tools is available here."));
        }
        return Ok(Choice::None);
    }
    Ok(Choice::Allowed { required, names })
}

/// The name in a choice at `param`. Other members are noted under `place`.
fn named<'a>(
    choice: ToolChoice<'a>,
    param: &str,
    place: &str,
    notes: &mut Notes<'_>,
) -> Result<Str<'a>, Error> {
    let ToolChoice { kind, name, namespace, mode, tools, function, unknown } = choice;
    let kind = kind.unwrap_or_else(|| "function".into());
    let own = own::of_tool(&kind);
    if own.is_none() && !matches!(&*kind, "function" | "custom") {
        let kind: String = kind.chars().take(64).collect();
        let message =
            format!("'{param}' is of the type '{kind}', a tool that OpenAI runs: it is not available here.");
        return Err(Error::invalid(message).param(format!("{param}.type")).code("unsupported_parameter"));
    }
    notes.unknown(place, unknown)?;
    notes.ignore_if(mode.is_some(), &format!("{place}mode"));
    notes.ignore_if(tools.is_some(), &format!("{place}tools"));
    let name = match (own, name, function) {
        (Some(own), name, function) => {
            notes.ignore_if(name.is_some(), &format!("{place}name"));
            notes.ignore_if(function.is_some(), &format!("{place}function"));
            return Ok(own.tool.into());
        }
        (None, Some(name), function) => {
            notes.ignore_if(function.is_some(), &format!("{place}function"));
            Some(name)
        }
        (None, None, Some(function)) => {
            notes.unknown(&format!("{place}function."), function.unknown)?;
            function.name
        }
        (None, None, None) => None,
    };
    let name = name.ok_or_else(|| Error::missing(&format!("{param}.name")))?;
    Ok(full_name(namespace.as_deref(), name))
}
