//! Declared tools become tool specifications.

use std::borrow::Cow;

use crate::bedrock::converse::{self, Document, InputSchema, ToolSpec};
use crate::openai::Error;
use crate::openai::chat::{Custom, Function, Tool};
use crate::translate::family::Capabilities;
use crate::translate::notes::Notes;
use crate::wire::{List, Str};

use super::cache;
use super::numbered::Numbered;
use super::tool_names::ToolNames;
use super::{references, schema};

/// The argument of a custom tool, whose input is one text.
pub(super) const CUSTOM_INPUT: &str = "input";

/// A tool of ours, or of the history.
pub(super) fn spec<'a>(
    name: Cow<'a, str>,
    description: Option<Str<'a>>,
    input_schema: InputSchema<'a>,
) -> converse::Tool<'a> {
    converse::Tool::ToolSpec(ToolSpec { name, description, input_schema, strict: None })
}

/// All that the client declares.
pub(super) fn specs<'a>(
    tools: Option<List<Tool<'a>>>,
    functions: Option<List<Function<'a>>>,
    names: &mut ToolNames<'a>,
    capabilities: &Capabilities,
    notes: &mut Notes<'_>,
) -> Result<Vec<converse::Tool<'a>>, Error> {
    let mut specs = Specs::default();
    for (index, tool) in tools.into_iter().flatten().enumerate() {
        let place = format!("tools[{index}]");
        let Tool { kind, function, custom, cache_control, unknown } = tool;
        notes.unknown("tools[].", unknown)?;
        let control = match (kind.as_deref().unwrap_or("function"), function, custom) {
            ("function", Some(mut function), _) => {
                let control = function.cache_control.take();
                let spec =
                    function_spec(*function, &format!("{place}.function"), names, capabilities, notes)?;
                specs.add(spec, &place)?;
                control
            }
            ("custom", _, Some(custom)) => {
                let spec = custom_spec(*custom, &format!("{place}.custom"), names, notes)?;
                specs.add(spec, &place)?;
                None
            }
            (kind @ ("function" | "custom"), ..) => return Err(Error::missing(&format!("{place}.{kind}"))),
            (kind, ..) => {
                let kind: String = kind.chars().take(64).collect();
                let message =
                    format!("'{place}.type' is '{kind}'; only 'function' and 'custom' are available.");
                return Err(Error::invalid(message).param(format!("{place}.type")));
            }
        };
        let point = cache::tool_point(cache_control.or(control), capabilities, notes)?;
        specs.tools.extend(point.map(converse::Tool::CachePoint));
    }
    for (index, function) in functions.into_iter().flatten().enumerate() {
        let place = format!("functions[{index}]");
        notes.ignore_if(function.cache_control.is_some(), "functions[].cache_control");
        let spec = function_spec(function, &place, names, capabilities, notes)?;
        specs.add(spec, &place)?;
    }
    Ok(specs.tools)
}

/// The tools so far, and their names.
#[derive(Default)]
struct Specs<'a> {
    tools: Vec<converse::Tool<'a>>,
    names: Numbered<'a>,
}

impl<'a> Specs<'a> {
    fn add(&mut self, spec: ToolSpec<'a>, place: &str) -> Result<(), Error> {
        if !self.names.add(spec.name.clone()) {
            return Err(Error::invalid(format!("'{place}' has the name of an earlier tool.")).param(place));
        }
        self.tools.push(converse::Tool::ToolSpec(spec));
        Ok(())
    }
}

fn function_spec<'a>(
    function: Function<'a>,
    place: &str,
    names: &mut ToolNames<'a>,
    capabilities: &Capabilities,
    notes: &mut Notes<'_>,
) -> Result<ToolSpec<'a>, Error> {
    let Function { name, description, parameters, strict, cache_control: _, unknown } = function;
    notes.unknown("tools[].function.", unknown)?;
    let name =
        name.filter(|name| !name.is_empty()).ok_or_else(|| Error::missing(&format!("{place}.name")))?;
    let param = format!("{place}.parameters");
    let input_schema = match parameters {
        Some(schema) => {
            notes.check_schema_depth(schema, || param.clone())?;
            InputSchema { json: schema::root(schema, &param, capabilities.schemas, notes)? }
        }
        // Claude takes only closed schemas as strict.
        None if strict == Some(true) => InputSchema {
            json: Document::constant(r#"{"type":"object","properties":{},"additionalProperties":false}"#),
        },
        None => open_schema(),
    };
    let is_strict = capabilities.strict_tools
        && !parameters.is_some_and(|schema| references::is_recursive(schema, notes));
    notes.ignore_if(strict == Some(true) && !is_strict, "tools[].function.strict");
    Ok(ToolSpec {
        name: names.legal(&name),
        description: description.filter(|text| !text.is_blank()),
        input_schema,
        strict: strict.filter(|_| is_strict),
    })
}

/// A tool of free text is one with a single text argument; a grammar goes into its description.
fn custom_spec<'a>(
    custom: Custom<'a>,
    place: &str,
    names: &mut ToolNames<'a>,
    notes: &mut Notes<'_>,
) -> Result<ToolSpec<'a>, Error> {
    let Custom { name, description, format, unknown } = custom;
    notes.unknown("tools[].custom.", unknown)?;
    let name =
        name.filter(|name| !name.is_empty()).ok_or_else(|| Error::missing(&format!("{place}.name")))?;
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
    let schema = Document::constant(
        r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#,
    );
    Ok(ToolSpec {
        name: names.legal(&name),
        description,
        input_schema: InputSchema { json: schema },
        strict: None,
    })
}

/// Of any object.
pub(super) fn open_schema<'a>() -> InputSchema<'a> {
    InputSchema { json: Document::constant(r#"{"type":"object","properties":{}}"#) }
}
