//! `tools`, and `functions` of the older form.

use crate::openai::Error;
use crate::openai::chat::{Custom, Function, Tool};
use crate::translate::conversation;
use crate::translate::front::cache;
use crate::translate::front::tools::{self, Declared, check_length, named};
use crate::translate::notes::Notes;
use crate::wire::List;

/// Reads the declared tools.
///
/// # Errors
/// 400 with the path of the wrong member.
pub(super) fn read<'a>(
    tools: Option<List<Tool<'a>>>,
    functions: Option<List<Function<'a>>>,
    cache: &mut cache::Names,
    notes: &mut Notes<'_>,
) -> Result<Declared<'a>, Error> {
    let of_tools = tools.as_ref().map_or(0, |tools| tools.0.len());
    let of_functions = functions.as_ref().map_or(0, |functions| functions.0.len());
    let param = if of_tools > 0 { "tools" } else { "functions" };
    check_length(of_tools.saturating_add(of_functions), param, notes)?;
    let mut declared = Declared::default();
    for (index, tool) in tools.into_iter().flatten().enumerate() {
        let place = format!("tools[{index}]");
        let Tool { kind, function, custom, cache_control, unknown } = tool;
        notes.unknown("tools[].", unknown)?;
        match (kind.as_deref().unwrap_or("function"), function, custom) {
            ("function", Some(mut function), _) => {
                let control = cache_control.or(function.cache_control.take());
                let cache_point = cache::point(control, cache::CONTROL, cache, notes)?;
                let tool = self::function(*function, &format!("{place}.function"), notes)?;
                declared.add(conversation::Tool { cache_point, ..tool }, &place)?;
            }
            ("custom", _, Some(custom)) => {
                let cache_point = cache::point(cache_control, cache::CONTROL, cache, notes)?;
                let tool = self::custom(*custom, &format!("{place}.custom"), notes)?;
                declared.custom.push((*tool.name).to_owned());
                declared.add(conversation::Tool { cache_point, ..tool }, &place)?;
            }
            (kind @ ("function" | "custom"), ..) => return Err(Error::missing(&format!("{place}.{kind}"))),
            (kind, ..) => {
                let kind: String = kind.chars().take(64).collect();
                let message =
                    format!("'{place}.type' is '{kind}'; only 'function' and 'custom' are available.");
                return Err(Error::invalid(message).param(format!("{place}.type")));
            }
        }
    }
    for (index, function) in functions.into_iter().flatten().enumerate() {
        let place = format!("functions[{index}]");
        notes.ignore_if(function.cache_control.is_some(), "functions[].cache_control");
        let tool = self::function(function, &place, notes)?;
        declared.add(tool, &place)?;
    }
    Ok(declared)
}

fn function<'a>(
    function: Function<'a>,
    place: &str,
    notes: &mut Notes<'_>,
) -> Result<conversation::Tool<'a>, Error> {
    let Function { name, description, parameters, strict, cache_control: _, unknown } = function;
    notes.unknown("tools[].function.", unknown)?;
    let named = (named(name, &place)?, description);
    tools::function(named, parameters, strict, &format_args!("{place}.parameters"), notes)
}

fn custom<'a>(
    custom: Custom<'a>,
    place: &str,
    notes: &mut Notes<'_>,
) -> Result<conversation::Tool<'a>, Error> {
    let Custom { name, description, format, unknown } = custom;
    notes.unknown("tools[].custom.", unknown)?;
    tools::custom((named(name, &place)?, description), format, &format_args!("{place}.format"), notes)
}
