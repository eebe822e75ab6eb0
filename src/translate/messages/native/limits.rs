//! Checks the gateway's limits on a native request, which Bedrock does not know.

use std::fmt;

use serde::Deserialize;

use crate::openai::{Error, member};
use crate::translate::notes::Notes;
use crate::wire::{self, List, OneOrMany, Raw, Str};

/// Depth of content blocks in `messages`: in the list, a message, and its content.
const BLOCKS: usize = 3;
/// Deepest nesting of blocks in Anthropic's API: an image in a document in a tool result.
const NESTED: usize = 3;

/// The members read of a message.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Message<'a> {
    content: Option<Raw<'a>>,
}

/// The members read of a block.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Block<'a> {
    #[serde(rename = "type")]
    kind: Option<Str<'a>>,
    source: Option<Raw<'a>>,
    content: Option<Raw<'a>>,
}

/// The members read of a document's source.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Source<'a> {
    content: Option<Raw<'a>>,
}

/// Checks the number of messages and images, and the nesting of blocks.
///
/// # Errors
/// 400 with the path of what exceeds a limit or cannot be counted.
pub(super) fn messages(raw: Raw<'_>, notes: &mut Notes<'_>) -> Result<(), Error> {
    const PARAM: &str = "messages";
    let messages = member::<Option<List<Message<'_>>>>(raw, PARAM)?.unwrap_or_default();
    notes.check_messages(messages.0.len())?;
    notes.check_depth_below(raw, BLOCKS, || PARAM.to_owned())?;
    for (at, Message { content }) in messages.into_iter().enumerate() {
        let Some(content) = content else { continue };
        if let OneOrMany::Many(blocks) = member(content, &format!("{PARAM}[{at}].content"))? {
            images(blocks, &format_args!("{PARAM}[{at}].content"), NESTED, notes)?;
        }
    }
    Ok(())
}

/// Counts the images among blocks, and in the tool results and documents among them, `depth` levels deep.
fn images(
    blocks: Vec<Block<'_>>,
    place: &dyn fmt::Display,
    depth: usize,
    notes: &mut Notes<'_>,
) -> Result<(), Error> {
    let Some(deeper) = depth.checked_sub(1) else { return Ok(()) };
    for (at, Block { kind, source, content }) in blocks.into_iter().enumerate() {
        let place = format_args!("{place}[{at}]");
        let (inner, member) = match kind.as_deref() {
            Some("image") => {
                notes.count_image(&place)?;
                continue;
            }
            Some("tool_result") => (content, "content"),
            Some("document") => (of_document(source), "source.content"),
            _ => continue,
        };
        if let Some(inner) = inner.filter(|inner| inner.get().starts_with('[')) {
            let List(blocks) = self::member(inner, &format!("{place}.{member}"))?;
            images(blocks, &format_args!("{place}.{member}"), deeper, notes)?;
        }
    }
    Ok(())
}

/// The blocks of a document.
fn of_document(source: Option<Raw<'_>>) -> Option<Raw<'_>> {
    // Bedrock reports errors in a source.
    source.and_then(|raw| wire::from_str::<Source<'_>>(raw.get()).ok()).and_then(|source| source.content)
}
