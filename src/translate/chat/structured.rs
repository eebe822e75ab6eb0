//! `response_format`: JSON by Bedrock's own means, or as the input of a tool that the model is made to call.

use std::borrow::Cow;

use crate::bedrock::converse::{OutputConfig, Structure, TextFormat};
use crate::openai::Error;
use crate::openai::chat::{JsonSchema, ResponseFormat};
use crate::translate::family::Capabilities;
use crate::translate::notes::Notes;
use crate::wire::{Raw, Str};

use super::references;

/// How the answer gets its form.
#[derive(Debug)]
pub(super) enum Plan<'a> {
    /// It is text.
    Text,
    /// By `outputConfig`.
    Native(OutputConfig<'a>),
    /// By a tool whose input is the answer.
    Tool {
        /// Of the answer; `None`: any object.
        schema: Option<Raw<'a>>,
        /// What the client says of it.
        description: Option<Str<'a>>,
    },
}

/// What `response_format` asks for, by the means that the family has.
pub(super) fn plan<'a>(
    format: Option<ResponseFormat<'a>>,
    capabilities: &Capabilities,
    notes: &mut Notes<'_>,
) -> Result<Plan<'a>, Error> {
    let Some(ResponseFormat { kind, json_schema, unknown }) = format else {
        return Ok(Plan::Text);
    };
    notes.unknown("response_format.", unknown)?;
    let kind = kind.ok_or_else(|| Error::missing("response_format.type"))?;
    let plan = match &*kind {
        "text" => return Ok(Plan::Text),
        "json_object" => Plan::Tool { schema: None, description: None },
        "json_schema" => schema_plan(json_schema, capabilities, notes)?,
        _ => {
            let message = "'response_format.type' must be 'text', 'json_object' or 'json_schema'.";
            return Err(Error::invalid_param("response_format.type", message));
        }
    };
    if matches!(plan, Plan::Tool { .. }) && !capabilities.tools {
        notes.unsupported("response_format", "This model has no way to promise JSON.")?;
        return Ok(Plan::Text);
    }
    Ok(plan)
}

fn schema_plan<'a>(
    json_schema: Option<JsonSchema<'a>>,
    capabilities: &Capabilities,
    notes: &mut Notes<'_>,
) -> Result<Plan<'a>, Error> {
    let param = "response_format.json_schema";
    let JsonSchema { name, description, schema, strict, unknown } =
        json_schema.ok_or_else(|| Error::missing(param))?;
    notes.unknown("response_format.json_schema.", unknown)?;
    let description = description.filter(|text| !text.is_blank());
    let Some(schema) = schema else {
        return Ok(Plan::Tool { schema: None, description });
    };
    let param = "response_format.json_schema.schema";
    if !schema.get().starts_with('{') {
        return Err(Error::invalid_param(param, format!("Invalid value for '{param}': expected an object.")));
    }
    notes.check_schema_depth(schema, || param.to_owned())?;
    // Bedrock takes only closed schemas natively, which is what OpenAI's `strict` demands as well, and none that holds
    // itself.
    if !capabilities.structured_output || strict != Some(true) || references::is_recursive(schema, notes) {
        return Ok(Plan::Tool { schema: Some(schema), description });
    }
    let structure = Structure::JsonSchema {
        schema: Cow::Borrowed(schema.get()),
        name: name.filter(|name| !name.is_blank()),
        description,
    };
    Ok(Plan::Native(OutputConfig::TextFormat { text_format: TextFormat::JsonSchema { structure } }))
}
