//! What is the same of a request, whichever way it goes.

use crate::openai::{Error, member};
use crate::translate::chat::Parameter;
use crate::translate::notes::Notes;
use crate::wire::{Members, Raw, Str};

/// What only Anthropic's own servers know, and an answer is of use without. Bedrock refuses what it does not know ("Extra inputs are
/// not permitted").
const ANTHROPICS: &[&str] = &[
    "cache_control",
    "diagnostics",
    "inference_geo",
    "service_tier",
    "speed",
    "user_profile_id",
    "workspace_id",
];
/// The same where an answer would not be what was asked for.
const ANTHROPICS_OWN: &[&str] = &["container", "mcp_servers"];
/// Beginnings of the types of tools that run on Anthropic's servers (its documentation, "Server tools"): Bedrock has none of them.
const SERVER_TOOLS: &[&str] = &["web_search_", "web_fetch_", "code_execution_", "mcp_toolset", "advisor_"];

/// The model that a body names, if it does.
///
/// # Errors
/// 400 where it is no text.
pub fn model<'a>(Members(members): &Members<'a, Raw<'a>>) -> Result<Option<Str<'a>>, Error> {
    let named = members.iter().rfind(|(name, _)| *name == "model");
    let model: Option<Str<'a>> = named.map(|(_, raw)| member(raw, "model")).transpose()?.flatten();
    Ok(model.filter(|name| !name.is_blank()))
}

/// Whether a member is not sent: one that the configuration keeps from the model, or that only Anthropic's servers know. It is named.
///
/// # Errors
/// 400 where an answer without it would not be what was asked for, unless the configuration says to ignore.
pub(super) fn is_left_out(
    name: &str,
    raw: Raw<'_>,
    drop: &[Parameter],
    notes: &mut Notes<'_>,
) -> Result<bool, Error> {
    let as_chat = if name == "stop_sequences" { "stop" } else { name };
    if drop.iter().any(|parameter| parameter.name() == as_chat) {
        notes.ignore(name);
        return Ok(true);
    }
    if ANTHROPICS_OWN.contains(&name) {
        if raw.get() != "null" {
            notes.unsupported(name, "Only Anthropic's own servers have this; Bedrock does not.")?;
        }
        return Ok(true);
    }
    let is_anthropics = ANTHROPICS.contains(&name);
    notes.ignore_if(is_anthropics && asks(name, raw), name);
    Ok(is_anthropics)
}

/// Whether a member asks for anything but what there is anyway.
fn asks(name: &str, raw: Raw<'_>) -> bool {
    let usual = match name {
        "service_tier" => "\"auto\"",
        "speed" => "\"standard\"",
        _ => "null",
    };
    raw.get() != "null" && raw.get() != usual
}

/// Whether a tool of this type runs on Anthropic's servers, and is left out and named.
///
/// # Errors
/// 400 that names it, unless the configuration says to ignore.
pub(super) fn is_server_tool(kind: &str, place: usize, notes: &mut Notes<'_>) -> Result<bool, Error> {
    let is_servers = SERVER_TOOLS.iter().any(|beginning| kind.starts_with(beginning));
    if is_servers {
        let message = "This tool runs on Anthropic's own servers; Bedrock does not have it.";
        notes.unsupported(&format!("tools[{place}].{kind}"), message)?;
    }
    Ok(is_servers)
}
