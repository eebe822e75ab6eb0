//! Declared tools: `tools`, and `functions` of the older form.

use crate::openai::Error;
use crate::openai::chat::{Custom, Function, Tool};
use crate::translate::conversation::{self, Schema};
use crate::translate::notes::Notes;
use crate::translate::numbered::Numbered;
use crate::wire::{List, Str};

use super::cache;

/// The argument of a custom tool, whose input is one text.
pub(super) const CUSTOM_INPUT: &str = "input";
/// The schema of such a tool.
const CUSTOM_SCHEMA: &str =
    r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#;

/// What is declared.
#[derive(Debug, Default)]
pub(super) struct Declared<'a> {
    /// The tools, those of `tools` first.
    pub(super) tools: Vec<conversation::Tool<'a>>,
    /// Their names.
    pub(super) names: Numbered<'a>,
    /// The names of those that take free text.
    pub(super) custom: Vec<String>,
    /// How many are of `tools`.
    pub(super) of_tools: usize,
}

/// Reads all that the client declares.
///
/// # Errors
/// 400 naming what is wrong by its path.
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
    let mut declared = Declared { of_tools, ..Declared::default() };
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

/// Refuses more entries than the limit on tools.
pub(super) fn check_length(count: usize, param: &str, notes: &Notes<'_>) -> Result<(), Error> {
    let limit = notes.limits().tools;
    if count <= limit {
        return Ok(());
    }
    Err(Error::invalid(format!("'{param}' has {count} entries; the limit is {limit}.")).param(param))
}

impl<'a> Declared<'a> {
    fn add(&mut self, tool: conversation::Tool<'a>, place: &str) -> Result<(), Error> {
        if !self.names.add(tool.name.clone().into_cow()) {
            return Err(Error::invalid(format!("'{place}' has the name of an earlier tool.")).param(place));
        }
        self.tools.push(tool);
        Ok(())
    }
}

fn function<'a>(
    function: Function<'a>,
    place: &str,
    notes: &mut Notes<'_>,
) -> Result<conversation::Tool<'a>, Error> {
    let Function { name, description, parameters, strict, cache_control: _, unknown } = function;
    notes.unknown("tools[].function.", unknown)?;
    if let Some(schema) = parameters {
        notes.check_schema_depth(schema, || format!("{place}.parameters"))?;
    }
    Ok(conversation::Tool {
        name: named(name, place)?,
        description: description.filter(|text| !text.is_blank()),
        schema: parameters.map(Schema::Given),
        strict,
        cache_point: None,
    })
}

/// A tool of free text is one with a single text argument; a grammar goes into its description.
fn custom<'a>(
    custom: Custom<'a>,
    place: &str,
    notes: &mut Notes<'_>,
) -> Result<conversation::Tool<'a>, Error> {
    let Custom { name, description, format, unknown } = custom;
    notes.unknown("tools[].custom.", unknown)?;
    let mut description = description.filter(|text| !text.is_blank());
    if let Some(format) = format.filter(|format| format.get().contains("grammar")) {
        notes.check_depth(format, || format!("{place}.format"))?;
        let text = description.as_deref().unwrap_or_default();
        description = Some(
            format!("{text}\nThe input must follow this grammar: {}", format.get())
                .trim_start()
                .to_owned()
                .into(),
        );
    }
    Ok(conversation::Tool {
        name: named(name, place)?,
        description,
        schema: Some(Schema::Own(CUSTOM_SCHEMA)),
        strict: None,
        cache_point: None,
    })
}

fn named<'a>(name: Option<Str<'a>>, place: &str) -> Result<Str<'a>, Error> {
    name.filter(|name| !name.is_empty()).ok_or_else(|| Error::missing(&format!("{place}.name")))
}
