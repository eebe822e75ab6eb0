//! Schemas for constrained decoding: those of strict tools and of structured outputs.
//!
//! Constrained decoding takes a part of JSON Schema and refuses the rest with 400 (AWS documentation, "Get validated JSON
//! results from models"). A refused keyword that only narrows a value is moved into the description, as Anthropic's own SDKs
//! do. A schema that needs what cannot be expressed is loose: the model reads it, but is not constrained by it.

use serde_json::value::RawValue;

use super::keywords::{Keyword, described, keyword};
use super::references::{Following, Unfollowed, is_recursive, may_refer};
use super::schema_object::{Object, value};
use crate::texts::cut;
use crate::wire::{self, List, Members, Raw};

/// Most strict tools of a request.
const TOOLS: usize = 20;
/// Most optional properties, in all constrained schemas of a request together.
const OPTIONAL: usize = 24;
/// Most unions of types, in all constrained schemas of a request together.
const UNIONS: usize = 16;

/// The outcome for a schema.
#[derive(Debug)]
pub(super) enum Constrained {
    /// As the client wrote it.
    AsItIs,
    /// Rewritten, without the keywords in `changed`.
    Mended {
        /// The schema.
        schema: Box<RawValue>,
        /// Names of changed keywords, each once.
        changed: Vec<String>,
    },
    /// The model cannot be constrained by it.
    Loose,
}

/// The totals over a request's constrained schemas.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Constraints {
    tools: usize,
    optional: usize,
    unions: usize,
}

impl Constraints {
    /// Converts the schema of a strict tool. Also `Loose` beyond the maximum number of strict tools.
    pub(super) fn tool(&mut self, schema: Raw<'_>, following: &Following) -> Constrained {
        if self.tools >= TOOLS {
            return Constrained::Loose;
        }
        let constrained = self.answer(schema, following);
        if !matches!(constrained, Constrained::Loose) {
            self.tools = self.tools.saturating_add(1);
        }
        constrained
    }

    /// Converts the schema of an answer.
    pub(super) fn answer(&mut self, schema: Raw<'_>, following: &Following) -> Constrained {
        if is_recursive(schema, following) {
            return Constrained::Loose;
        }
        let mut writer = Writer { following, together: *self, out: Vec::new(), changed: Vec::new() };
        if writer.schema(schema).is_err() || writer.together.is_too_much() {
            return Constrained::Loose;
        }
        *self = writer.together;
        if writer.changed.is_empty() {
            return Constrained::AsItIs;
        }
        let schema = String::from_utf8(writer.out).ok().and_then(|text| RawValue::from_string(text).ok());
        schema.map_or(Constrained::Loose, |schema| Constrained::Mended { schema, changed: writer.changed })
    }

    fn is_too_much(&self) -> bool {
        self.optional > OPTIONAL || self.unions > UNIONS
    }

    /// Counts an object with these members.
    fn count(&mut self, members: &Object<'_>) {
        let is_union = ["anyOf", "oneOf"].iter().any(|name| value(members, name).is_some())
            || value(members, "type").is_some_and(|kind| kind.get().starts_with('['));
        self.unions = self.unions.saturating_add(usize::from(is_union));
        let properties = value(members, "properties").and_then(|all| wire::from_str(all.get()).ok());
        let required = value(members, "required").and_then(|all| wire::from_str(all.get()).ok());
        let properties = properties.map_or(0, |Members::<'_, Raw<'_>>(all)| all.len());
        let required = required.map_or(0, |List::<Raw<'_>>(all)| all.len());
        self.optional = self.optional.saturating_add(properties.saturating_sub(required));
    }
}

/// The schema cannot be constrained. The reason is not reported, since nothing depends on it.
struct Loose;

impl From<Unfollowed> for Loose {
    fn from(_: Unfollowed) -> Self {
        Self
    }
}

impl From<wire::Error> for Loose {
    fn from(_: wire::Error) -> Self {
        Self
    }
}

/// Rewrites a schema.
struct Writer<'n> {
    following: &'n Following,
    together: Constraints,
    out: Vec<u8>,
    /// Keywords that were changed.
    changed: Vec<String>,
}

impl Writer<'_> {
    fn schema(&mut self, schema: Raw<'_>) -> Result<(), Loose> {
        // Nested schemas are parsed once more.
        self.following.spend(schema.get().len())?;
        // `true` is a schema for any value, so it is not an object, and an error here.
        let Members(members) = wire::from_str(schema.get())?;
        let members = self.without_single(members)?;
        if !SAYS_WHAT.iter().any(|name| value(&members, name).is_some()) {
            return Err(Loose);
        }
        self.together.count(&members);
        self.members(&members)
    }

    /// Replaces an `allOf` of one schema by that schema: some generators write a reference with a description so, and
    /// references in `allOf` are refused.
    fn without_single<'s>(&mut self, mut members: Object<'s>) -> Result<Object<'s>, Loose> {
        let Some(at) = members.iter().position(|(name, _)| *name == "allOf") else {
            return Ok(members);
        };
        let Some((_, all)) = members.get(at) else { return Ok(members) };
        match &*wire::from_str::<List<Raw<'_>>>(all.get())?.0 {
            [one] => {
                let Members(within): Members<'_, Raw<'_>> = wire::from_str(one.get())?;
                if within.iter().any(|(name, _)| value(&members, name).is_some()) {
                    return Err(Loose);
                }
                self.change("allOf");
                members.splice(at..=at, within);
                Ok(members)
            }
            _ if may_refer(all) => Err(Loose),
            _ => Ok(members),
        }
    }

    fn members(&mut self, members: &Object<'_>) -> Result<(), Loose> {
        let is_told = |name: &str, value| keyword(name, value) == Keyword::Told;
        let told: Object<'_> = members.iter().filter(|(name, value)| is_told(name, value)).cloned().collect();
        let mut between = "{";
        for (name, value) in members {
            if is_told(name, value) {
                self.change(name);
                continue;
            }
            // Written below, together with the moved keywords.
            if *name == "description" && !told.is_empty() {
                continue;
            }
            self.name(&mut between, if *name == "oneOf" { "anyOf" } else { name });
            self.value(name, value, members)?;
        }
        if !told.is_empty() {
            self.name(&mut between, "description");
            wire::append(&mut self.out, &described(value(members, "description"), &told));
        }
        if is_open(members)? {
            self.change("additionalProperties");
            self.name(&mut between, "additionalProperties");
            self.text("false");
        }
        self.text("}");
        Ok(())
    }

    fn value(&mut self, name: &str, value: Raw<'_>, members: &Object<'_>) -> Result<(), Loose> {
        match keyword(name, value) {
            Keyword::Schema => return self.schema(value),
            Keyword::Named => return self.named(value),
            Keyword::Schemas => {
                if name == "oneOf" {
                    // `oneOf` is written as `anyOf`.
                    if self::value(members, "anyOf").is_some() {
                        return Err(Loose);
                    }
                    self.change(name);
                }
                return self.list(value);
            }
            Keyword::Taken | Keyword::Told => {}
        }
        // Refused: properties of any name, constants that are lists or objects, and unknown keywords.
        let is_refused = match name {
            "additionalProperties" => value.get() != "false",
            "enum" => wire::from_str::<List<Raw<'_>>>(value.get())?.0.iter().any(|item| is_container(item)),
            "const" => is_container(value),
            "$ref" => !value.get().starts_with("\"#"),
            _ => false,
        };
        if is_refused {
            return Err(Loose);
        }
        self.text(value.get());
        Ok(())
    }

    fn named(&mut self, schemas: Raw<'_>) -> Result<(), Loose> {
        let Members(schemas): Members<'_, Raw<'_>> = wire::from_str(schemas.get())?;
        let mut between = "{";
        for (name, schema) in &schemas {
            self.name(&mut between, name);
            self.schema(schema)?;
        }
        self.text(if schemas.is_empty() { "{}" } else { "}" });
        Ok(())
    }

    fn list(&mut self, schemas: Raw<'_>) -> Result<(), Loose> {
        let mut between = "[";
        for schema in wire::from_str::<List<Raw<'_>>>(schemas.get())? {
            self.text(between);
            between = ",";
            self.schema(schema)?;
        }
        // A union without alternatives.
        if between == "[" {
            return Err(Loose);
        }
        self.text("]");
        Ok(())
    }

    fn name(&mut self, between: &mut &'static str, name: &str) {
        self.text(between);
        *between = ",";
        wire::append(&mut self.out, name);
        self.text(":");
    }

    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Notes a changed keyword.
    fn change(&mut self, name: &str) {
        if self.changed.len() < NAMED && !self.changed.iter().any(|other| other == name) {
            self.changed.push(cut(name).into_owned());
        }
    }
}

/// Members of which one is required: without a type nothing can be generated.
const SAYS_WHAT: &[&str] = &["type", "anyOf", "oneOf", "allOf", "$ref", "enum", "const"];

/// Most changed keywords that are noted.
const NAMED: usize = 32;

fn is_container(value: Raw<'_>) -> bool {
    value.get().starts_with(['[', '{'])
}

/// Whether an object must get `additionalProperties: false`. An error where it has no `properties`, and so may be any object.
fn is_open(members: &Object<'_>) -> Result<bool, Loose> {
    let is_object = value(members, "type").is_some_and(|kind| kind.get().contains("\"object\""));
    match (value(members, "properties").is_some(), value(members, "additionalProperties").is_some()) {
        (_, true) => Ok(false),
        (true, false) => Ok(true),
        (false, false) if is_object => Err(Loose),
        (false, false) => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rewritten schema and the changed keywords; `None`: loose.
    fn constrain(schema: &str) -> Option<(String, Vec<String>)> {
        let following = Following::new(100);
        match Constraints::default().answer(wire::from_str(schema).unwrap(), &following) {
            Constrained::AsItIs => Some((schema.to_owned(), Vec::new())),
            Constrained::Mended { schema, changed } => Some((schema.get().to_owned(), changed)),
            Constrained::Loose => None,
        }
    }

    #[track_caller]
    fn check(schema: &str, expected: &str, changed: &[&str]) {
        let (schema, names) = constrain(schema).unwrap();
        assert_eq!(schema, expected);
        assert_eq!(names, changed);
    }

    #[test]
    fn a_schema_that_fits_stays_byte_for_byte() {
        let schema = r##"{ "$schema":"https://json-schema.org/draft/2020-12/schema","type":"object", "properties":
            {"maxItems":{"type":"array","items":{"$ref":"#/$defs/A"},"minItems":1},"b":{"type":["string","null"],"format":"date"},
             "c":{"anyOf":[{"enum":["a",1,null]},{"const":true}],"default":[1]}},
            "required":["maxItems","b","c"],"additionalProperties":false,"$defs":{"A":{"type":"integer","title":"A"}}}"##;
        check(schema, schema, &[]);
    }

    #[test]
    fn what_only_narrows_a_value_goes_into_the_description() {
        check(
            r#"{"type":"object","properties":{"tags":{"type":"array","items":{"type":"string","pattern":"^a\"$"},"maxItems":3,"description":"Tags."},
                "n":{"minimum":1,"type":"integer","maximum":9}},"required":["tags","n"],"additionalProperties":false}"#,
            r#"{"type":"object","properties":{"tags":{"type":"array","items":{"type":"string","description":"{pattern: \"^a\\\"$\"}"},"description":"Tags.\n\n{maxItems: 3}"},"n":{"type":"integer","description":"{minimum: 1, maximum: 9}"}},"required":["tags","n"],"additionalProperties":false}"#,
            &["pattern", "maxItems", "minimum", "maximum"],
        );
    }

    #[test]
    fn objects_are_closed_and_choices_are_of_any() {
        check(
            r#"{"type":"object","properties":{"a":{"oneOf":[{"type":"object","properties":{}},{"type":"null"}]}},"required":["a"]}"#,
            r#"{"type":"object","properties":{"a":{"anyOf":[{"type":"object","properties":{},"additionalProperties":false},{"type":"null"}]}},"required":["a"],"additionalProperties":false}"#,
            &["oneOf", "additionalProperties"],
        );
    }

    #[test]
    fn a_list_of_one_that_all_have_to_hold_is_that_one() {
        check(
            r##"{"type":"object","properties":{"a":{"description":"d","allOf":[{"$ref":"#/$defs/A"}]}},"required":["a"],"additionalProperties":false,"$defs":{"A":{"type":"string"}}}"##,
            r##"{"type":"object","properties":{"a":{"description":"d","$ref":"#/$defs/A"}},"required":["a"],"additionalProperties":false,"$defs":{"A":{"type":"string"}}}"##,
            &["allOf"],
        );
    }

    #[test]
    fn what_cannot_be_expressed_is_loose() {
        for property in [
            r#"{"type":"object"}"#,
            r#"{"type":"object","additionalProperties":{"type":"string"}}"#,
            r#"{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":true}"#,
            r#"{}"#,
            r#"true"#,
            r#"{"description":"anything"}"#,
            r#"{"enum":[{"a":1}]}"#,
            r#"{"const":[1]}"#,
            r#"{"anyOf":[]}"#,
            r#"{"type":"array","items":[{"type":"string"}]}"#,
            r##"{"$ref":"https://example.com/a.json"}"##,
            r##"{"$ref":"#"}"##,
            r##"{"allOf":[{"$ref":"#/$defs/A"},{"type":"string"}]}"##,
        ] {
            let schema = format!(
                r#"{{"type":"object","properties":{{"p":{property}}},"required":["p"],"additionalProperties":false,"$defs":{{"A":{{"type":"string"}}}}}}"#
            );
            assert!(constrain(&schema).is_none(), "{property}");
        }
    }

    #[test]
    fn limits_hold_over_all_schemas_of_a_request() {
        let following = Following::new(100);
        let of = |properties: String| {
            format!(r#"{{"type":"object","properties":{{{properties}}},"additionalProperties":false}}"#)
        };
        let optional = |count: usize| {
            of((0..count).map(|at| format!(r#""p{at}":{{"type":"string"}}"#)).collect::<Vec<_>>().join(","))
        };
        let choices = |count: usize| {
            let property = |at| format!(r#""p{at}":{{"type":["string","null"]}}"#);
            let names: Vec<_> = (0..count).map(|at| format!("\"p{at}\"")).collect();
            let properties = (0..count).map(property).collect::<Vec<_>>().join(",");
            let schema = of(properties);
            format!("{},\"required\":[{}]}}", &schema[..schema.len() - 1], names.join(","))
        };
        let fits = |together: &mut Constraints, schema: &str| {
            !matches!(together.tool(wire::from_str(schema).unwrap(), &following), Constrained::Loose)
        };
        let mut together = Constraints::default();
        assert!(fits(&mut together, &optional(OPTIONAL)));
        assert!(!fits(&mut together, &optional(1)));
        assert!(fits(&mut together, &choices(UNIONS)));
        assert!(!fits(&mut together, &choices(1)));
        assert!(!fits(&mut Constraints::default(), &choices(UNIONS + 1)));
        for at in 2..TOOLS + 2 {
            assert_eq!(fits(&mut together, &optional(0)), at < TOOLS, "{at}");
        }
    }

    #[test]
    fn schemas_that_are_deep_and_long_are_given_up_soon() {
        let long = "x".repeat(1 << 20);
        let deep = format!(
            r#"{}{{"type":"string","title":"{long}"}}{}"#,
            r#"{"type":"array","items":"#.repeat(100),
            "}".repeat(100)
        );
        assert!(constrain(&deep).is_none());
    }
}
