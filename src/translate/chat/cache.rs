//! Cache points: where a prefix ends that later requests share.

use crate::bedrock::converse::{self, Block, CachePoint, CachePointType, CacheTtl, SystemBlock, Tool};
use crate::openai::Error;
use crate::openai::chat::CacheControl;
use crate::translate::family::{Cache, Capabilities};
use crate::translate::notes::Notes;

use super::parameters::CacheSwitches;

/// Anthropic's name for it.
pub(super) const CONTROL: &str = "cache_control";
/// OpenAI's name for it.
pub(super) const BREAKPOINT: &str = "prompt_cache_breakpoint";

/// No request may have more (AWS documentation, "Prompt caching").
const POINTS: usize = 4;

/// The cache point that `name`, a `cache_control` or a `prompt_cache_breakpoint`, asks for; none on families that do not
/// cache.
pub(super) fn point(
    control: Option<Box<CacheControl<'_>>>,
    name: &str,
    capabilities: &Capabilities,
    notes: &mut Notes<'_>,
) -> Result<Option<CachePoint>, Error> {
    let Some(CacheControl { kind: _, mode: _, ttl, unknown }) = control.map(|control| *control) else {
        return Ok(None);
    };
    notes.unknown(&format!("{name}."), unknown)?;
    if capabilities.cache == Cache::No {
        notes.ignore(name);
        return Ok(None);
    }
    // OpenAI's shortest is 30 minutes: the hour is the nearest that keeps the promise.
    let long = ttl.as_deref().is_some_and(|ttl| matches!(ttl, "1h" | "30m" | "12h" | "24h"));
    let known = long || ttl.as_deref().is_none_or(|ttl| ttl == "5m");
    notes.ignore_if(!known || (long && capabilities.cache != Cache::OneHour), &format!("{name}.ttl"));
    Ok(Some(new(long && capabilities.cache == Cache::OneHour)))
}

/// The same behind a tool, which not every family that caches takes.
pub(super) fn tool_point(
    control: Option<Box<CacheControl<'_>>>,
    capabilities: &Capabilities,
    notes: &mut Notes<'_>,
) -> Result<Option<CachePoint>, Error> {
    if capabilities.cache_tools {
        return point(control, CONTROL, capabilities, notes);
    }
    notes.ignore_if(control.is_some(), CONTROL);
    Ok(None)
}

fn new(hour: bool) -> CachePoint {
    CachePoint { kind: CachePointType::Default, ttl: hour.then_some(CacheTtl::OneHour) }
}

/// Adds the points that the client's switches ask for, or the configuration where the client marks nothing itself;
/// and keeps the last four of all.
pub(super) fn apply(
    body: &mut converse::Request<'_>,
    switches: CacheSwitches,
    automatic: bool,
    capabilities: &Capabilities,
    notes: &mut Notes<'_>,
) {
    let asked = switches.system || switches.messages;
    if capabilities.cache == Cache::No {
        notes.ignore_if(asked, "extra_body.prompt_caching");
        return;
    }
    let automatic = automatic && !asked && count(body) == 0;
    if automatic
        && capabilities.cache_tools
        && let Some(config) = &mut body.tool_config
    {
        config.tools.push(Tool::CachePoint(new(false)));
    }
    if (automatic || switches.system)
        && !matches!(body.system.last(), None | Some(SystemBlock::CachePoint(_)))
    {
        body.system.push(SystemBlock::CachePoint(new(false)));
    }
    let last_user = body.messages.iter_mut().rev().find(|message| message.role == converse::Role::User);
    if let Some(message) = last_user.filter(|_| automatic || switches.messages)
        && !matches!(message.content.last(), None | Some(Block::CachePoint(_)))
    {
        message.content.push(Block::CachePoint(new(false)));
    }
    // In the order of the prompt: tools, system, messages.
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
