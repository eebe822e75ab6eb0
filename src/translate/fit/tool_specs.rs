//! Converts declared tools into tool specifications.

use std::borrow::Cow;

use crate::bedrock::converse::{self, Document, InputSchema, ToolSpec};
use crate::translate::conversation::{Schema, Tool};
use crate::wire::Str;

use super::constrained::Constrained;
use super::notes::Field;
use super::schema::{self, Changed};
use super::{Fitting, Refused, cache};

/// The specification of a tool of the gateway's own, or of the history.
pub(super) fn spec<'a>(
    name: Cow<'a, str>,
    description: Option<Str<'a>>,
    input_schema: InputSchema<'a>,
) -> converse::Tool<'a> {
    converse::Tool::ToolSpec(ToolSpec { name, description, input_schema, strict: None })
}

/// The specifications of all declared tools, with the cache points after them.
pub(super) fn specs<'a>(
    tools: Vec<Tool<'a>>,
    fitting: &mut Fitting<'a, '_>,
) -> Result<Vec<converse::Tool<'a>>, Refused> {
    let mut specs = Vec::with_capacity(tools.len());
    for (place, tool) in tools.into_iter().enumerate() {
        let Tool { name, description, schema, strict, cache_point } = tool;
        let mut json =
            input_schema(schema, strict, fitting).map_err(|reason| Refused::ToolSchema(place, reason))?;
        let strict = strict.filter(|strict| fitting.is_held_to(*strict, &mut json));
        specs.push(converse::Tool::ToolSpec(ToolSpec {
            name: fitting.names.legal(&name),
            description,
            input_schema: InputSchema { json },
            strict,
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
) -> Result<Document<'a>, String> {
    Ok(match schema {
        Some(Schema::Given(schema)) => {
            let mut changed = Changed { notes: &mut fitting.notes, field: Field::SchemaMember };
            schema::root(schema, fitting.capabilities.schemas, &fitting.following, &mut changed)?
        }
        Some(Schema::Own(schema)) => Document::constant(schema),
        // Claude requires closed schemas for strict tools.
        None if strict == Some(true) && fitting.capabilities.strict_tools => {
            Document::constant(r#"{"type":"object","properties":{},"additionalProperties":false}"#)
        }
        None => Document::constant(OPEN),
    })
}

impl Fitting<'_, '_> {
    /// Whether `strict` is sent; the schema is then rewritten for constrained decoding.
    fn is_held_to(&mut self, strict: bool, schema: &mut Document<'_>) -> bool {
        let is_taken = self.capabilities.strict_tools;
        if !strict {
            return is_taken;
        }
        let constrained =
            if is_taken { self.constraints.tool(schema.raw(), &self.following) } else { Constrained::Loose };
        match constrained {
            Constrained::AsItIs => true,
            Constrained::Mended { schema: mended, changed } => {
                *schema = Document::Mended(mended);
                for keyword in changed {
                    self.notes.dropped(Field::SchemaMember(keyword));
                }
                true
            }
            Constrained::Loose => {
                self.notes.dropped(Field::Strict);
                false
            }
        }
    }
}

/// The schema of any object.
const OPEN: &str = r#"{"type":"object","properties":{}}"#;

/// The schema of any object.
pub(super) fn open_schema<'a>() -> InputSchema<'a> {
    InputSchema { json: Document::constant(OPEN) }
}
