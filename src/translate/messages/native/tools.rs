//! Tools of Claude's: those that the client runs itself, which Bedrock takes, and those that only Anthropic's servers run.

use serde::Deserialize;

use crate::openai::{Error, member};
use crate::translate::messages::members::is_server_tool;
use crate::translate::notes::Notes;
use crate::wire::{self, List, Raw, Str};

/// All that is read of a tool.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Tool<'a> {
    #[serde(rename = "type")]
    kind: Option<Str<'a>>,
}

/// The tools that are left where some are not; `None` where all go on as they are written.
///
/// # Errors
/// 400 where they are no list, or one of them runs on Anthropic's servers and nothing says that such are left out.
pub(super) fn tools<'a>(raw: Raw<'a>, notes: &mut Notes<'_>) -> Result<Option<Vec<Raw<'a>>>, Error> {
    const PARAM: &str = "tools";
    let Some(List(tools)) = member::<Option<List<Raw<'a>>>>(raw, PARAM)? else { return Ok(None) };
    let before = tools.len();
    let mut left = Vec::with_capacity(before);
    for (at, tool) in tools.into_iter().enumerate() {
        // What else is wrong with it is Bedrock's to say.
        let kind = wire::from_str::<Tool<'_>>(tool.get()).unwrap_or_default().kind;
        let kind = kind.as_deref().unwrap_or_default();
        if !is_server_tool(kind, at, notes)? {
            left.push(tool);
        }
    }
    Ok((left.len() < before).then_some(left))
}
