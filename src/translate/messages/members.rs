//! Members of a request that are handled the same natively and through Converse.

use crate::openai::{Error, member};
use crate::translate::chat::Parameter;
use crate::translate::notes::Notes;
use crate::wire::{self, Members, Raw, Str};

/// Members that only Anthropic's servers know, and without which the answer is still useful. Bedrock refuses unknown members
/// ("Extra inputs are not permitted").
const ANTHROPICS: &[&str] = &[
    "cache_control",
    "diagnostics",
    "fallback_credit_token",
    "fallbacks",
    "inference_geo",
    "service_tier",
    "speed",
    "user_profile_id",
    "workspace_id",
];
/// Members that only Anthropic's servers know, and without which the answer would not be the requested one.
const ANTHROPICS_OWN: &[&str] = &["billing_policy", "container", "mcp_servers", "thread"];
/// Objects with members that the configuration may drop.
const WITH_PARAMETERS: &[&str] = &["output_config", "tool_choice"];
/// Prefixes of the types of tools that run on Anthropic's servers (its documentation, "Server tools"); Bedrock has none of
/// them.
const SERVER_TOOLS: &[&str] = &["web_search_", "web_fetch_", "code_execution_", "mcp_toolset", "advisor_"];

/// The model that a body names, if any.
///
/// # Errors
/// 400 where it is not a string.
pub fn model<'a>(Members(members): &Members<'a, Raw<'a>>) -> Result<Option<Str<'a>>, Error> {
    let named = members.iter().rfind(|(name, _)| *name == "model");
    let model: Option<Str<'a>> = named.map(|(_, raw)| member(raw, "model")).transpose()?.flatten();
    Ok(model.filter(|name| !name.is_blank()))
}

/// Whether a member is left out, with a note: because the configuration drops it, or because only Anthropic's servers know it.
///
/// # Errors
/// 400 where the answer would not be the requested one without it, unless the configuration says to ignore.
pub(super) fn is_left_out(
    name: &str,
    raw: Raw<'_>,
    drop: &[Parameter],
    notes: &mut Notes<'_>,
) -> Result<bool, Error> {
    if is_dropped(name, drop, notes) {
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

/// Whether the configuration drops the member at this path; it is then noted.
pub(super) fn is_dropped(path: &str, drop: &[Parameter], notes: &mut Notes<'_>) -> bool {
    let is_dropped = drop.iter().any(|parameter| match path {
        "stop_sequences" => *parameter == Parameter::Stop,
        "output_config.effort" => *parameter == Parameter::ReasoningEffort,
        "output_config.format" | "output_format" => *parameter == Parameter::ResponseFormat,
        "tool_choice.disable_parallel_tool_use" => *parameter == Parameter::ParallelToolCalls,
        path => parameter.name() == path,
    });
    notes.ignore_if(is_dropped, path);
    is_dropped
}

/// The remaining members of an object of which the configuration drops some; `None` where it is unchanged.
pub(super) fn without_dropped<'a>(
    name: &str,
    raw: Raw<'a>,
    drop: &[Parameter],
    notes: &mut Notes<'_>,
) -> Option<Members<'a, Raw<'a>>> {
    if drop.is_empty() || !WITH_PARAMETERS.contains(&name) {
        return None;
    }
    // Bedrock refuses other types than objects.
    let Members(mut members) = wire::from_str::<Members<'a, Raw<'a>>>(raw.get()).ok()?;
    let before = members.len();
    members.retain(|(inner, _)| !is_dropped(&format!("{name}.{}", &**inner), drop, notes));
    (members.len() < before).then_some(Members(members))
}

/// Whether a member asks for anything other than the default.
fn asks(name: &str, raw: Raw<'_>) -> bool {
    let usual = match name {
        "service_tier" => "\"auto\"",
        "speed" => "\"standard\"",
        _ => "null",
    };
    raw.get() != "null" && raw.get() != usual
}

/// Whether a tool of this type runs on Anthropic's servers; it is then left out and noted.
///
/// # Errors
/// 400 with its path, unless the configuration says to ignore.
pub(super) fn is_server_tool(kind: &str, place: usize, notes: &mut Notes<'_>) -> Result<bool, Error> {
    let is_servers = SERVER_TOOLS.iter().any(|beginning| kind.starts_with(beginning));
    if is_servers {
        let message = "This tool runs on Anthropic's own servers; Bedrock does not have it.";
        notes.unsupported(&format!("tools[{place}].{kind}"), message)?;
    }
    Ok(is_servers)
}
