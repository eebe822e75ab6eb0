//! `cache_control` and `prompt_cache_breakpoint`: cache points of the client's.

use crate::bedrock::converse::{CachePoint, CachePointType, CacheTtl};
use crate::openai::Error;
use crate::openai::chat::CacheControl;
use crate::translate::notes::Notes;

/// Anthropic's name.
pub(in crate::translate) const CONTROL: &str = "cache_control";
/// OpenAI's name.
pub(in crate::translate) const BREAKPOINT: &str = "prompt_cache_breakpoint";

/// The names by which a client has set cache points, for notes.
#[derive(Debug, Default)]
pub(in crate::translate) struct Names {
    /// Names of all cache points.
    pub(in crate::translate) points: Vec<&'static str>,
    /// Names of those with a lifetime of an hour.
    pub(in crate::translate) hours: Vec<&'static str>,
}

/// Reads the cache point in member `name`.
pub(in crate::translate) fn point(
    control: Option<Box<CacheControl<'_>>>,
    name: &'static str,
    names: &mut Names,
    notes: &mut Notes<'_>,
) -> Result<Option<CachePoint>, Error> {
    let Some(point) = read(control, name, notes)? else { return Ok(None) };
    add(&mut names.points, name);
    if point.ttl.is_some() {
        add(&mut names.hours, name);
    }
    Ok(Some(point))
}

fn add(names: &mut Vec<&'static str>, name: &'static str) {
    if !names.contains(&name) {
        names.push(name);
    }
}

fn read(
    control: Option<Box<CacheControl<'_>>>,
    name: &str,
    notes: &mut Notes<'_>,
) -> Result<Option<CachePoint>, Error> {
    let Some(CacheControl { kind: _, mode: _, ttl, unknown }) = control.map(|control| *control) else {
        return Ok(None);
    };
    notes.unknown(&format!("{name}."), unknown)?;
    let ttl = match ttl.as_deref() {
        None | Some("5m") => None,
        // OpenAI's shortest lifetime is 30 minutes: the hour is the nearest that is long enough.
        Some("1h" | "30m" | "12h" | "24h") => Some(CacheTtl::OneHour),
        Some(_) => {
            notes.ignore(&format!("{name}.ttl"));
            None
        }
    };
    Ok(Some(CachePoint { kind: CachePointType::Default, ttl }))
}
