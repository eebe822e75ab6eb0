//! The format of the answer.

use crate::openai::Error;
use crate::translate::conversation::Answer;
use crate::translate::notes::Notes;
use crate::wire::{Raw, Str};

/// JSON that follows the schema at `param`; without one, any object.
///
/// # Errors
/// 400 where the schema is not an object, or nests too deep.
pub(in crate::translate) fn by_schema<'a>(
    schema: Option<Raw<'a>>,
    (name, description): (Option<Str<'a>>, Option<Str<'a>>),
    strict: Option<bool>,
    param: &'static str,
    notes: &Notes<'_>,
) -> Result<Answer<'a>, Error> {
    let description = description.filter(|text| !text.is_blank());
    let Some(schema) = schema else {
        return Ok(Answer::Object);
    };
    if !schema.get().starts_with('{') {
        let message = format!("Invalid value for '{param}': expected an object.");
        return Err(Error::invalid_param(param, message));
    }
    notes.check_schema_depth(schema, || param.to_owned())?;
    let name = name.filter(|name| !name.is_blank());
    Ok(Answer::Schema { schema, name, description, strict: strict == Some(true) })
}
