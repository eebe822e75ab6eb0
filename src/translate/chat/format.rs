//! `response_format`: the format of the answer.

use crate::openai::Error;
use crate::openai::chat::{JsonSchema, ResponseFormat};
use crate::translate::conversation::Answer;
use crate::translate::front::answer;
use crate::translate::notes::Notes;

/// Path of the answer's schema, in errors.
pub(super) const SCHEMA: &str = "response_format.json_schema.schema";

/// Reads `response_format`.
///
/// # Errors
/// 400 with the path of the wrong member.
pub(super) fn read<'a>(
    format: Option<ResponseFormat<'a>>,
    notes: &mut Notes<'_>,
) -> Result<Answer<'a>, Error> {
    let Some(ResponseFormat { kind, json_schema, unknown }) = format else {
        return Ok(Answer::Text);
    };
    notes.unknown("response_format.", unknown)?;
    let kind = kind.ok_or_else(|| Error::missing("response_format.type"))?;
    match &*kind {
        "text" => Ok(Answer::Text),
        "json_object" => Ok(Answer::Object),
        "json_schema" => by_schema(json_schema, notes),
        _ => {
            let message = "'response_format.type' must be 'text', 'json_object' or 'json_schema'.";
            Err(Error::invalid_param("response_format.type", message))
        }
    }
}

fn by_schema<'a>(json_schema: Option<JsonSchema<'a>>, notes: &mut Notes<'_>) -> Result<Answer<'a>, Error> {
    let JsonSchema { name, description, schema, strict, unknown } =
        json_schema.ok_or_else(|| Error::missing("response_format.json_schema"))?;
    notes.unknown("response_format.json_schema.", unknown)?;
    answer::by_schema(schema, (name, description), strict, SCHEMA, notes)
}
