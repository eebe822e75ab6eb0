//! The JSON Schema keywords that constrained decoding takes (AWS documentation, "Get validated JSON results from models";
//! Anthropic documentation, "Structured outputs"), and how refused ones are put into the description.

use crate::wire::{self, Raw};

use super::schema_object::Object;

/// String formats that are taken.
const FORMATS: &[&str] =
    &["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"];

/// How a member of a schema is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    /// Taken; contains no schemas.
    Taken,
    /// A schema.
    Schema,
    /// A list of schemas.
    Schemas,
    /// Schemas by property names.
    Named,
    /// Refused; it only narrows or annotates a value, so the description can state it instead.
    Told,
}

/// How the member `name` with this value is handled.
pub(super) fn keyword(name: &str, value: Raw<'_>) -> Keyword {
    match name {
        "type"
        | "enum"
        | "const"
        | "default"
        | "required"
        | "additionalProperties"
        | "title"
        | "description"
        | "$ref"
        | "$schema"
        | "$id" => Keyword::Taken,
        "items" => Keyword::Schema,
        "anyOf" | "oneOf" | "allOf" => Keyword::Schemas,
        "properties" | "$defs" | "definitions" => Keyword::Named,
        "minItems" if matches!(value.get(), "0" | "1") => Keyword::Taken,
        "format" if FORMATS.iter().any(|format| is_text(value, format)) => Keyword::Taken,
        _ => Keyword::Told,
    }
}

/// Whether a value is the JSON string `text`, which must not need escapes.
pub(super) fn is_text(value: Raw<'_>, text: &str) -> bool {
    value.get().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) == Some(text)
}

/// The description with the moved keywords, in the form of Anthropic's own SDKs: `Tags.
///
/// {maxItems: 3}`.
pub(super) fn described(description: Option<Raw<'_>>, told: &Object<'_>) -> String {
    let mut text: String = description.and_then(|text| wire::from_str(text.get()).ok()).unwrap_or_default();
    text.push_str(if text.is_empty() { "{" } else { "\n\n{" });
    for (index, (name, value)) in told.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { ", " });
        text.push_str(name);
        text.push_str(": ");
        text.push_str(value.get());
    }
    text.push('}');
    text
}
