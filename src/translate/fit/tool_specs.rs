//! Declared tools become tool specifications.

use std::borrow::Cow;

use crate::bedrock::converse::{self, Document, InputSchema, ToolSpec};
use crate::translate::conversation::{Schema, Tool};
use crate::wire::Str;

use super::notes::Field;
use super::{Fitting, Refused, cache, references, schema};

/// A tool of ours, or of the history.
pub(super) fn spec<'a>(
    name: Cow<'a, str>,
    description: Option<Str<'a>>,
    input_schema: InputSchema<'a>,
) -> converse::Tool<'a> {
    converse::Tool::ToolSpec(ToolSpec { name, description, input_schema, strict: None })
}

/// All that is declared, and the cache points behind them.
pub(super) fn specs<'a>(
    tools: Vec<Tool<'a>>,
    fitting: &mut Fitting<'a, '_>,
) -> Result<Vec<converse::Tool<'a>>, Refused> {
    let mut specs = Vec::with_capacity(tools.len());
    for (place, tool) in tools.into_iter().enumerate() {
        let Tool { name, description, schema, strict, cache_point } = tool;
        let given = match schema {
            Some(Schema::Given(schema)) => Some(schema),
            Some(Schema::Own(_)) | None => None,
        };
        let input_schema =
            input_schema(schema, strict, fitting).map_err(|reason| Refused::ToolSchema(place, reason))?;
        let is_strict = strict.is_some()
            && fitting.capabilities.strict_tools
            && !given.is_some_and(|schema| references::is_recursive(schema, &fitting.following));
        fitting.notes.dropped_if(strict == Some(true) && !is_strict, Field::Strict);
        specs.push(converse::Tool::ToolSpec(ToolSpec {
            name: fitting.names.legal(&name),
            description,
            input_schema,
            strict: strict.filter(|_| is_strict),
        }));
        let point =
            cache_point.and_then(|point| cache::tool_point(point, fitting.capabilities, &mut fitting.notes));
        specs.extend(point.map(converse::Tool::CachePoint));
    }
    Ok(specs)
}

fn input_schema<'a>(
    schema: Option<Schema<'a>>,
    strict: Option<bool>,
    fitting: &mut Fitting<'a, '_>,
) -> Result<InputSchema<'a>, String> {
    let json = match schema {
        Some(Schema::Given(schema)) => {
            schema::root(schema, fitting.capabilities.schemas, &fitting.following, &mut fitting.notes)?
        }
        Some(Schema::Own(schema)) => Document::constant(schema),
        // Claude takes only closed schemas as strict.
        None if strict == Some(true) => {
            Document::constant(r#"{"type":"object","properties":{},"additionalProperties":false}"#)
        }
        None => return Ok(open_schema()),
    };
    Ok(InputSchema { json })
}

/// Of any object.
pub(super) fn open_schema<'a>() -> InputSchema<'a> {
    InputSchema { json: Document::constant(r#"{"type":"object","properties":{}}"#) }
}
