//! Declared tools, whatever API they are declared by.

use std::fmt::Display;

use crate::openai::Error;
use crate::translate::conversation::{Schema, Tool};
use crate::translate::notes::Notes;
use crate::translate::numbered::Numbered;
use crate::wire::{Raw, Str};

/// The argument of a custom tool, whose input is one text.
pub(in crate::translate) const CUSTOM_INPUT: &str = "input";
/// The schema of such a tool.
const CUSTOM_SCHEMA: &str =
    r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#;

/// What is declared.
#[derive(Debug, Default)]
pub(in crate::translate) struct Declared<'a> {
    /// The tools.
    pub(in crate::translate) tools: Vec<Tool<'a>>,
    /// Their names.
    pub(in crate::translate) names: Numbered<'a>,
    /// The names of those that take free text.
    pub(in crate::translate) custom: Vec<String>,
}

/// Refuses more entries than the limit on tools.
pub(in crate::translate) fn check_length(count: usize, param: &str, notes: &Notes<'_>) -> Result<(), Error> {
    let limit = notes.limits().tools;
    if count <= limit {
        return Ok(());
    }
    Err(Error::invalid(format!("'{param}' has {count} entries; the limit is {limit}.")).param(param))
}

impl<'a> Declared<'a> {
    /// Adds the tool that is declared at `place`.
    pub(in crate::translate) fn add(&mut self, tool: Tool<'a>, place: &str) -> Result<(), Error> {
        if !self.names.add(tool.name.clone().into_cow()) {
            return Err(Error::invalid(format!("'{place}' has the name of an earlier tool.")).param(place));
        }
        self.tools.push(tool);
        Ok(())
    }
}

/// A function by its name, what it does and the schema of its arguments, which stands at `param`.
pub(in crate::translate) fn function<'a>(
    (name, description): (Str<'a>, Option<Str<'a>>),
    parameters: Option<Raw<'a>>,
    strict: Option<bool>,
    param: &dyn Display,
    notes: &Notes<'_>,
) -> Result<Tool<'a>, Error> {
    if let Some(schema) = parameters {
        notes.check_schema_depth(schema, || param.to_string())?;
    }
    Ok(Tool {
        name,
        description: description.filter(|text| !text.is_blank()),
        schema: parameters.map(Schema::Given),
        strict,
        cache_point: None,
    })
}

/// A tool of free text is one with a single text argument; a grammar, which stands at `param`, goes into its description.
pub(in crate::translate) fn custom<'a>(
    (name, description): (Str<'a>, Option<Str<'a>>),
    format: Option<Raw<'a>>,
    param: &dyn Display,
    notes: &Notes<'_>,
) -> Result<Tool<'a>, Error> {
    let mut description = description.filter(|text| !text.is_blank());
    if let Some(format) = format.filter(|format| format.get().contains("grammar")) {
        notes.check_depth(format, || param.to_string())?;
        let text = description.as_deref().unwrap_or_default();
        description = Some(
            format!("{text}\nThe input must follow this grammar: {}", format.get())
                .trim_start()
                .to_owned()
                .into(),
        );
    }
    Ok(Tool { name, description, schema: Some(Schema::Own(CUSTOM_SCHEMA)), strict: None, cache_point: None })
}

/// The name of what is declared or called at `place`.
pub(in crate::translate) fn named<'a>(name: Option<Str<'a>>, place: &dyn Display) -> Result<Str<'a>, Error> {
    name.filter(|name| !name.is_empty()).ok_or_else(|| Error::missing(&format!("{place}.name")))
}
