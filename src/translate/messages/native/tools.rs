//! Claude's tools: those that the client runs, which Bedrock takes, and those that run on Anthropic's servers.

use crate::openai::{Error, member};
use crate::translate::front::tools::check_length;
use crate::translate::messages::members::is_server_tool;
use crate::translate::notes::Notes;
use crate::wire::{self, List, Members, Raw, Str};

/// The remaining tools where some are left out; `None` where all are passed on unchanged.
///
/// # Errors
/// 400 where they are not a list of objects, are too many or nest too deep; and where one runs on Anthropic's servers, unless
/// the configuration says to ignore.
pub(super) fn tools<'a>(raw: Raw<'a>, notes: &mut Notes<'_>) -> Result<Option<Vec<Raw<'a>>>, Error> {
    const PARAM: &str = "tools";
    let Some(List(tools)) = member::<Option<List<Raw<'a>>>>(raw, PARAM)? else { return Ok(None) };
    let before = tools.len();
    check_length(before, PARAM, notes)?;
    let mut left = Vec::with_capacity(before);
    for (at, tool) in tools.into_iter().enumerate() {
        let Members(members) = member::<Members<'_, Raw<'_>>>(tool, &format!("{PARAM}[{at}]"))?;
        let mut kind = None;
        for (name, raw) in members {
            let param = || format!("{PARAM}[{at}].{name}");
            match &*name {
                // Bedrock reports other errors in it.
                "type" => kind = wire::from_str::<Str<'_>>(raw.get()).ok(),
                "input_schema" => notes.check_schema_depth(raw, param)?,
                _ => notes.check_depth(raw, param)?,
            }
        }
        if !is_server_tool(kind.as_deref().unwrap_or_default(), at, notes)? {
            left.push(tool);
        }
    }
    Ok((left.len() < before).then_some(left))
}
