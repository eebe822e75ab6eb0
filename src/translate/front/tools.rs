//! Declared tools, in any API.

use std::fmt::Display;

use crate::openai::Error;
use crate::translate::conversation::{Schema, Tool};
use crate::translate::notes::Notes;
use crate::translate::numbered::Numbered;
use crate::wire::{Raw, Str};

/// The argument of a custom tool, whose input is one text.
pub(in crate::translate) const CUSTOM_INPUT: &str = "input";
/// The schema of a custom tool.
const CUSTOM_SCHEMA: &str =
    r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#;

/// The declared tools.
#[derive(Debug, Default)]
pub(in crate::translate) struct Declared<'a> {
    /// The tools.
    pub(in crate::translate) tools: Vec<Tool<'a>>,
    /// Their names.
    pub(in crate::translate) names: Numbered<'a>,
    /// Names of the custom tools, which take free text.
    pub(in crate::translate) custom: Vec<String>,
}

/// Checks the number of entries against the limit on tools.
pub(in crate::translate) fn check_length(count: usize, param: &str, notes: &Notes<'_>) -> Result<(), Error> {
    let limit = notes.limits().tools;
    if count <= limit {
        return Ok(());
    }
    Err(Error::invalid(format!("'{param}' has {count} entries; the limit is {limit}.")).param(param))
}

impl<'a> Declared<'a> {
    /// Adds the tool declared at `place`.
    pub(in crate::translate) fn add(&mut self, tool: Tool<'a>, place: &str) -> Result<(), Error> {
        if !self.names.add(tool.name.clone().into_cow()) {
            return Err(Error::invalid(format!("'{place}' has the name of an earlier tool.")).param(place));
        }
        self.tools.push(tool);
        Ok(())
    }
}

/// A function: name, description, and the schema of its arguments, which is at `param`.
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

/// A custom tool, as a function with a single string argument. A grammar, which is at `param`, goes into its description.
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

/// The name of the tool that is declared or called at `place`.
pub(in crate::translate) fn named<'a>(name: Option<Str<'a>>, place: &dyn Display) -> Result<Str<'a>, Error> {
    name.filter(|name| !name.is_empty()).ok_or_else(|| Error::missing(&format!("{place}.name")))
}
