//! `text`: the format of the answer.

use crate::openai::responses::request::{Format, Text};
use crate::openai::{Error, member};
use crate::translate::conversation::Answer;
use crate::translate::front::answer;
use crate::translate::notes::Notes;

/// Path of the answer's schema, in errors.
pub(super) const SCHEMA: &str = "text.format.schema";

/// Reads `text`.
///
/// # Errors
/// 400 with the path of the wrong member.
pub(super) fn read<'a>(text: &mut Text<'a>, notes: &mut Notes<'_>) -> Result<Answer<'a>, Error> {
    notes.unknown("text.", std::mem::take(&mut text.unknown))?;
    notes.ignore_if(
        text.verbosity.as_deref().is_some_and(|verbosity| verbosity != "medium"),
        "text.verbosity",
    );
    let Some(raw) = text.format else { return Ok(Answer::Text) };
    let Format { kind, name, description, schema, strict, unknown } = member(raw, "text.format")?;
    notes.unknown("text.format.", unknown)?;
    let kind = kind.ok_or_else(|| Error::missing("text.format.type"))?;
    match &*kind {
        "text" => Ok(Answer::Text),
        "json_object" => Ok(Answer::Object),
        "json_schema" => answer::by_schema(schema, (name, description), strict, SCHEMA, notes),
        _ => {
            let message = "'text.format.type' must be 'text', 'json_object' or 'json_schema'.";
            Err(Error::invalid_param("text.format.type", message))
        }
    }
}
