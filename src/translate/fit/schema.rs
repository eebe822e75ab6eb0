//! JSON schemas of tools and answers, in the form that a family takes. They stay the client's text where possible: the order of
//! properties is part of what a model reads.

use serde_json::value::RawValue;

use super::family::Schemas;
use super::inlining::Inliner;
use super::notes::{Field, Notes};
use super::references::{Following, Unfollowed, may_refer};
use super::root_union::{is_union, merged};
use super::schema_object::{Object, members, value};
use crate::bedrock::converse::Document;
use crate::wire::{self, Members, Raw};

/// The error for a schema that is not JSON, which cannot occur here.
const UNREADABLE: &str = "it cannot be read.";

/// Members of a root without an effect once references are inlined.
const SILENT: &[&str] = &["$schema", "$id", "$defs", "definitions", "title", "$comment"];

/// A root schema in Bedrock's form: `type` is `object`, and references are inlined for families that need it.
///
/// # Errors
/// The reason, in words that continue "Invalid schema:".
pub(super) fn root<'a>(
    schema: Raw<'a>,
    schemas: Schemas,
    following: &Following,
    notes: &mut Changed<'_>,
) -> Result<Document<'a>, String> {
    let members = members(schema)?;
    check_type(&members)?;
    let unions: Vec<_> = members.iter().filter(|(name, _)| is_union(name)).collect();
    if unions.is_empty() {
        return fitting(schema, members, schemas, following, notes);
    }
    for (name, _) in unions {
        notes.dropped(name);
    }
    let merged = merged(&members, following).map_err(unfollowed)?;
    let document = fitting(&merged, self::members(&merged)?, schemas, following, notes)?;
    Ok(Document::Mended(document.raw().to_owned()))
}

fn fitting<'a>(
    schema: Raw<'a>,
    members: Object<'a>,
    schemas: Schemas,
    following: &Following,
    notes: &mut Changed<'_>,
) -> Result<Document<'a>, String> {
    match schemas {
        Schemas::Any => with_type(schema, members),
        Schemas::Plain => plain(schema, following, notes),
    }
}

/// Collects notes about changes to a schema.
pub(super) struct Changed<'n> {
    /// The request's notes.
    pub(super) notes: &'n mut Notes,
    /// Makes the note's field of a keyword's name.
    pub(super) field: fn(String) -> Field,
}

impl Changed<'_> {
    /// Notes a keyword that was dropped or moved into the description.
    pub(super) fn dropped(&mut self, keyword: &str) {
        self.notes.dropped((self.field)(keyword.to_owned()));
    }
}

fn check_type(members: &Object<'_>) -> Result<(), String> {
    match value(members, "type").map(RawValue::get) {
        None | Some("null" | "\"object\"") => Ok(()),
        Some(kind) if kind.starts_with('[') && kind.contains("\"object\"") => Ok(()),
        Some(_) => Err("its type must be 'object'.".to_owned()),
    }
}

/// Whether a member is one that Bedrock refuses as `null`.
fn is_null_member(name: &str, value: Raw<'_>) -> bool {
    matches!(name, "properties" | "required") && value.get() == "null"
}

/// Adds `type: object` at the root, which Bedrock requires; the rest stays.
fn with_type<'a>(schema: Raw<'a>, members: Object<'a>) -> Result<Document<'a>, String> {
    let has_type = value(&members, "type").is_some_and(|kind| kind.get() == "\"object\"");
    if has_type && !members.iter().any(|(name, value)| is_null_member(name, value)) {
        return Ok(Document::Raw(schema));
    }
    let object = object_type()?;
    let mut mended: Object<'_> = vec![("type".into(), object)];
    mended.extend(
        members.into_iter().filter(|(name, value)| name.as_ref() != "type" && !is_null_member(name, value)),
    );
    Ok(Document::Mended(wire::raw_of(&Members(mended))))
}

/// Keeps only `type`, `properties` and `required` at the root, and inlines references.
fn plain<'a>(
    schema: Raw<'a>,
    following: &Following,
    notes: &mut Changed<'_>,
) -> Result<Document<'a>, String> {
    let inlined = if may_refer(schema) { Some(inlined(schema, following)?) } else { None };
    let root = match &inlined {
        Some(inlined) => members(wire::from_str(inlined).map_err(|_| UNREADABLE.to_owned())?)?,
        None => members(schema)?,
    };
    // A root that refers to its own definition has its type only now.
    check_type(&root)?;
    let mut kept: Object<'_> = Vec::with_capacity(3);
    let mut is_changed = inlined.is_some();
    for (name, value) in &root {
        match name.as_ref() {
            "properties" | "required" if !is_null_member(name, value) => kept.push((name.clone(), *value)),
            "type" if value.get() == "\"object\"" => kept.push((name.clone(), *value)),
            name => {
                is_changed = true;
                let asks = !SILENT.contains(&name) && !matches!(name, "type" | "properties" | "required");
                if asks {
                    notes.dropped(name);
                }
            }
        }
    }
    if !is_changed && value(&kept, "type").is_some() {
        return Ok(Document::Raw(schema));
    }
    if value(&kept, "type").is_none() {
        kept.insert(0, ("type".into(), object_type()?));
    }
    Ok(Document::Mended(wire::raw_of(&Members(kept))))
}

/// The type that Bedrock requires at the root.
fn object_type() -> Result<Raw<'static>, String> {
    wire::from_str("\"object\"").map_err(|_| UNREADABLE.to_owned())
}

fn inlined(schema: Raw<'_>, following: &Following) -> Result<String, String> {
    let root = members(schema)?;
    Inliner::new(&root, following).run().map_err(unfollowed)
}

fn unfollowed(reason: Unfollowed) -> String {
    match reason {
        Unfollowed::Dangling(reference) => {
            let reference: String = reference.chars().take(128).collect();
            format!("its $ref '{reference}' leads nowhere.")
        }
        Unfollowed::TooLarge => "with its references replaced it is too large or nests too deep.".to_owned(),
        Unfollowed::Unreadable => UNREADABLE.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::fit::notes::Note;

    fn raw(text: &str) -> Raw<'_> {
        wire::from_str(text).unwrap()
    }

    fn plain(text: &str) -> (Result<String, String>, Vec<Note>) {
        let mut notes = Notes::default();
        let mut changed = Changed { notes: &mut notes, field: Field::SchemaMember };
        let document = root(raw(text), Schemas::Plain, &Following::new(100), &mut changed);
        (document.map(|document| wire::to_string(&document)), notes.into_vec())
    }

    #[test]
    fn references_are_replaced_and_the_order_of_properties_stays() {
        let (schema, ignored) = plain(
            r##"{"$defs":{"A":{"title":"A","type":"object","properties":{"z":{"$ref":"#/$defs/B"},"a":{"type":"string"}}},
                "B":{"type":"integer"}},"properties":{"y":{"$ref":"#/$defs/A","description":"why"},"$ref":{"type":"string"}},
                "required":["y"],"additionalProperties":false,"title":"T"}"##,
        );
        assert_eq!(
            schema.unwrap(),
            r#"{"type":"object","properties":{"y":{"title":"A","type":"object","properties":{"z":{"type":"integer"},"a":{"type":"string"}},"description":"why"},"$ref":{"type":"string"}},"required":["y"]}"#
        );
        assert_eq!(ignored, [Note::Dropped(Field::SchemaMember("additionalProperties".to_owned()))]);
    }

    #[test]
    fn a_root_that_is_a_reference_is_what_it_refers_to() {
        let (schema, _) = plain(
            r##"{"$ref":"#/definitions/R","definitions":{"R":{"type":"object","properties":{"a":{"type":"string"}}}}}"##,
        );
        assert_eq!(schema.unwrap(), r#"{"type":"object","properties":{"a":{"type":"string"}}}"#);
        let (schema, _) = plain(r##"{"$ref":"#/definitions/R","definitions":{"R":{"type":"string"}}}"##);
        assert_eq!(schema.unwrap_err(), "its type must be 'object'.");
    }

    #[test]
    fn a_schema_inside_itself_ends_as_any_object() {
        let tree = r##"{"type":"object","properties":{"root":{"$ref":"#/$defs/N"},"all":{"$ref":"#"}},
            "$defs":{"N":{"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#/$defs/N"}}}}}}"##;
        assert_eq!(
            plain(tree).0.unwrap(),
            r#"{"type":"object","properties":{"root":{"type":"object","properties":{"children":{"type":"array","items":{"type":"object"}}}},"all":{"type":"object"}}}"#
        );
    }

    #[test]
    fn a_reference_that_leads_nowhere_is_refused() {
        for reference in ["#/$defs/None", "https://example.com/a.json", "#x", "#/properties/0/1"] {
            let (schema, _) = plain(&format!(r#"{{"properties":{{"a":{{"$ref":"{reference}"}}}}}}"#));
            assert_eq!(schema.unwrap_err(), format!("its $ref '{reference}' leads nowhere."));
        }
    }

    #[test]
    fn references_that_look_at_much_and_write_little_take_no_longer_than_others() {
        // Definitions of a megabyte, mostly white space, with a hundred thousand lookups.
        let spaces = " ".repeat(1 << 20);
        let many = r##"{"$ref":"#/$defs/A"},"##.repeat(100_000);
        let looked_up = format!(r#"{{"anyOf":[{many}{{}}],"$defs":{{"A":{{}}{spaces}}}}}"#);
        // Thousands of members beside a reference to as many.
        let members: String = (0..20_000).map(|at| format!(r#""m{at}":1,"#)).collect();
        let beside = format!(
            r##"{{"properties":{{"a":{{{members}"$ref":"#/$defs/A"}}}},"$defs":{{"A":{{{members}"z":1}}}}}}"##
        );
        for schema in [looked_up, beside] {
            let begun = std::time::Instant::now();
            assert!(plain(&schema).0.unwrap().starts_with('{'));
            assert!(begun.elapsed().as_secs() < 20);
        }
    }

    #[test]
    fn references_that_double_and_double_are_refused_soon() {
        let mut definitions = String::from(r#""D0":{"type":"string"}"#);
        for level in 1..60 {
            let below = level - 1;
            definitions += &format!(
                r##","D{level}":{{"properties":{{"a":{{"$ref":"#/$defs/D{below}"}},"b":{{"$ref":"#/$defs/D{below}"}}}}}}"##
            );
        }
        let (schema, _) = plain(&format!(
            r##"{{"properties":{{"a":{{"$ref":"#/$defs/D59"}}}},"$defs":{{{definitions}}}}}"##
        ));
        assert!(schema.unwrap_err().contains("too large"));
    }
}
