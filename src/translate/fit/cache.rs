//! Cache points: the ends of prefixes that later requests share.

use crate::bedrock::converse::{self, Block, CachePoint, CachePointType, Message, SystemBlock, Tool};
use crate::translate::conversation::{self, Caching, Content};

use super::Fitting;
use super::family::{Cache, Capabilities};
use super::notes::{Field, Notes};

/// Most cache points of a request (AWS documentation, "Prompt caching").
const POINTS: usize = 4;

/// A cache point in the model's form; `None` for families that do not cache.
pub(super) fn point(point: CachePoint, capabilities: &Capabilities, notes: &mut Notes) -> Option<CachePoint> {
    match capabilities.cache {
        Cache::No => {
            notes.dropped(Field::CachePoint);
            None
        }
        Cache::FiveMinutes => {
            notes.dropped_if(point.ttl.is_some(), Field::CacheHour);
            Some(CachePoint { ttl: None, ..point })
        }
        Cache::OneHour => Some(point),
    }
}

/// A cache point after a tool, which not every caching family takes.
pub(super) fn tool_point(
    asked: CachePoint,
    capabilities: &Capabilities,
    notes: &mut Notes,
) -> Option<CachePoint> {
    if capabilities.cache != Cache::No && capabilities.cache_tools {
        return point(asked, capabilities, notes);
    }
    notes.dropped(Field::ToolCachePoint);
    None
}

/// Whether the client sets cache points itself, whatever becomes of them.
pub(super) fn are_set(messages: &[conversation::Message<'_>], tools: &[conversation::Tool<'_>]) -> bool {
    let mut contents = messages.iter().flat_map(|message| &message.content);
    tools.iter().any(|tool| tool.cache_point.is_some())
        || contents.any(|content| matches!(content, Content::CachePoint(_)))
}

/// Whether a cache point may stand right behind a block. Of Nova only texts are known to take one. For Claude Bedrock makes it a
/// member of the block before, and a document other than a PDF becomes a block that must not have it.
fn takes_point(block: &Block<'_>, capabilities: &Capabilities) -> bool {
    match block {
        Block::Text(_) => true,
        Block::ReasoningContent(_) | Block::CachePoint(_) => false,
        Block::Document(document) => capabilities.cache_media && document.format == "pdf",
        _ => capabilities.cache_media,
    }
}

/// The last place of a turn where a cache point may stand.
fn place(content: &[Block<'_>], capabilities: &Capabilities) -> Option<usize> {
    content.iter().rposition(|block| takes_point(block, capabilities)).map(|at| at.saturating_add(1))
}

/// Moves the client's cache points from behind documents to before them, and drops those that the family does not take where
/// they stand.
fn settle(content: &mut Vec<Block<'_>>, capabilities: &Capabilities, notes: &mut Notes) {
    if !content.iter().any(is_point) {
        return;
    }
    let mut at = None;
    for block in std::mem::take(content) {
        if !is_point(&block) {
            let takes_point = takes_point(&block, capabilities);
            content.push(block);
            at = if takes_point { Some(content.len()) } else { at };
            continue;
        }
        match at {
            _ if content.last().is_some_and(is_point) => {}
            Some(at) if capabilities.cache_media || at == content.len() => {
                if !content.get(at).is_some_and(is_point) {
                    content.insert(at, block);
                }
            }
            _ => notes.dropped(Field::CachePoint),
        }
    }
}

/// A cache point with the default lifetime of five minutes.
const NEW: CachePoint = CachePoint { kind: CachePointType::Default, ttl: None };

/// Adds the cache points that the client's switches ask for, or automatic ones where the client sets none; then keeps the last
/// four of all. By default a client with tools gets automatic ones: an agent, which sends the whole conversation again with each
/// result. `are_set` says whether the client has set points itself, also such as the model does not take.
pub(super) fn apply(
    body: &mut converse::Request<'_>,
    caching: Caching,
    has_tools: bool,
    are_set: bool,
    fitting: &mut Fitting<'_, '_>,
) {
    let Caching { system, messages, last, automatic } = caching;
    let capabilities = fitting.capabilities;
    let switched = system || messages;
    // This also notes that the family does not cache.
    let last = last.and_then(|last| point(last, capabilities, &mut fitting.notes));
    if capabilities.cache == Cache::No {
        fitting.notes.dropped_if(switched, Field::Caching);
        return;
    }
    for message in &mut body.messages {
        settle(&mut message.content, capabilities, &mut fitting.notes);
    }
    // Where tools are withheld (`tool_choice: none`) the prompt begins otherwise than those of the requests around it.
    let automatic = automatic.unwrap_or(has_tools && body.tool_config.is_some());
    let automatic = automatic && !switched && last.is_none() && !are_set;
    if automatic
        && capabilities.cache_tools
        && let Some(config) = &mut body.tool_config
    {
        config.tools.push(Tool::CachePoint(NEW));
    }
    if (automatic || system) && !matches!(body.system.last(), None | Some(SystemBlock::CachePoint(_))) {
        body.system.push(SystemBlock::CachePoint(NEW));
    }
    if let Some(point) = last.or((automatic || messages).then_some(NEW)) {
        // What the previous request has written ends with the last user turn but one.
        let turns = if automatic { 2 } else { 1 };
        let users = body.messages.iter_mut().rev().filter(|message| message.role == converse::Role::User);
        let places =
            users.filter_map(|Message { content, .. }| Some((place(content, capabilities)?, content)));
        let mut is_placed = automatic;
        for (at, content) in places.take(turns) {
            is_placed = true;
            if !content.get(at).is_some_and(is_point) {
                content.insert(at, Block::CachePoint(point));
            }
        }
        let asked = if last.is_some() { Field::CachePoint } else { Field::Caching };
        fitting.notes.dropped_if(!is_placed, asked);
    }
    // In the prompt's order: tools, system, messages.
    let mut surplus = count(body).saturating_sub(POINTS);
    let mut keep = |is_point: bool| {
        let drop = is_point && surplus > 0;
        surplus = surplus.saturating_sub(drop.into());
        !drop
    };
    if let Some(config) = &mut body.tool_config {
        config.tools.retain(|tool| keep(is_tool_point(tool)));
    }
    body.system.retain(|block| keep(is_system_point(block)));
    for message in &mut body.messages {
        message.content.retain(|block| keep(is_point(block)));
    }
    hours_first(body, &mut fitting.notes);
}

/// Shortens an hour's cache point after one of five minutes to five minutes: the order must be the other way round (Anthropic
/// documentation, "Prompt caching", mixing lifetimes).
fn hours_first(body: &mut converse::Request<'_>, notes: &mut Notes) {
    let tools =
        body.tool_config.iter_mut().flat_map(|config| &mut config.tools).filter_map(|tool| match tool {
            Tool::CachePoint(point) => Some(point),
            _ => None,
        });
    let system = body.system.iter_mut().filter_map(|block| match block {
        SystemBlock::CachePoint(point) => Some(point),
        _ => None,
    });
    let messages =
        body.messages.iter_mut().flat_map(|message| &mut message.content).filter_map(|block| match block {
            Block::CachePoint(point) => Some(point),
            _ => None,
        });
    let mut is_short = false;
    for point in tools.chain(system).chain(messages) {
        if is_short {
            notes.dropped_if(point.ttl.take().is_some(), Field::CacheHour);
        }
        is_short = point.ttl.is_none();
    }
}

fn count(body: &converse::Request<'_>) -> usize {
    let in_tools = body.tool_config.iter().flat_map(|config| &config.tools);
    let in_system = body.system.iter().filter(|block| is_system_point(block)).count();
    let in_messages = body.messages.iter().flat_map(|message| &message.content);
    let in_messages = in_messages.filter(|block| is_point(block)).count();
    in_tools.filter(|tool| is_tool_point(tool)).count().saturating_add(in_system).saturating_add(in_messages)
}

fn is_tool_point(tool: &Tool<'_>) -> bool {
    matches!(tool, Tool::CachePoint(_))
}

fn is_system_point(block: &SystemBlock<'_>) -> bool {
    matches!(block, SystemBlock::CachePoint(_))
}

fn is_point(block: &Block<'_>) -> bool {
    matches!(block, Block::CachePoint(_))
}
