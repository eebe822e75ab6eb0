//! Schemas that a model's output is held to while it is written: those of strict tools, and of answers of a given form.
//!
//! Such decoding takes a part of JSON Schema and refuses the rest with 400 (AWS documentation, "Get validated JSON results from
//! models"). A keyword that is refused and only narrows a value goes into the description, as Anthropic's own SDKs do; a schema
//! that needs what cannot be expressed is a loose one, which the model reads but is not held to.

use serde_json::value::RawValue;

use super::keywords::{Keyword, described, keyword};
use super::references::{Following, Unfollowed, is_recursive, may_refer};
use super::schema_object::{Object, value};
use crate::texts::cut;
use crate::wire::{self, List, Members, Raw};

/// Most strict tools of a request.
const TOOLS: usize = 20;
/// Most properties that may be left out, in all constrained schemas of a request together.
const OPTIONAL: usize = 24;
/// Most choices between types, in all constrained schemas of a request together.
const UNIONS: usize = 16;

/// A schema as constrained decoding takes it.
#[derive(Debug)]
pub(super) enum Constrained {
    /// As the client wrote it.
    AsItIs,
    /// Written anew, without the keywords that `changed` names.
    Mended {
        /// The schema.
        schema: Box<RawValue>,
        /// Names of keywords, each once.
        changed: Vec<String>,
    },
    /// None: the model cannot be held to it.
    Loose,
}

/// What a request's constrained schemas ask for together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Constraints {
    tools: usize,
    optional: usize,
    unions: usize,
}

impl Constraints {
    /// The schema of a strict tool. `Loose` too where there are as many strict tools as are taken.
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

    /// The schema of an answer.
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

    /// Counts a schema with these members.
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

/// Why a model cannot be held to a schema: not said, since nothing depends on the reason.
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

/// Writes a schema anew.
struct Writer<'n> {
    following: &'n Following,
    together: Constraints,
    out: Vec<u8>,
    /// Keywords that were changed.
    changed: Vec<String>,
}

impl Writer<'_> {
    fn schema(&mut self, schema: Raw<'_>) -> Result<(), Loose> {
        // The schemas within are read once more.
        self.following.spend(schema.get().len())?;
        // `true` is a schema too, for any value at all: no object, and so an error.
        let Members(members) = wire::from_str(schema.get())?;
        let members = self.without_single(members)?;
        if !SAYS_WHAT.iter().any(|name| value(&members, name).is_some()) {
            return Err(Loose);
        }
        self.together.count(&members);
        self.members(&members)
    }

    /// A list of one schema that all have to hold is that schema: so some generators write a reference with a description. References in
    /// such lists are refused.
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
            // Written below, with what it is to tell besides.
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
                    // A choice of which just one may hold is written as one of which any may.
                    if self::value(members, "anyOf").is_some() {
                        return Err(Loose);
                    }
                    self.change(name);
                }
                return self.list(value);
            }
            Keyword::Taken | Keyword::Told => {}
        }
        // Neither properties of any name, nor values that are lists or objects, nor what stands elsewhere.
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
        // A choice between nothing.
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

    /// Names a keyword that is changed.
    fn change(&mut self, name: &str) {
        if self.changed.len() < NAMED && !self.changed.iter().any(|other| other == name) {
            self.changed.push(cut(name).into_owned());
        }
    }
}

/// Members of which one has to be there: of a schema that says nothing of its value's kind nothing can be written.
const SAYS_WHAT: &[&str] = &["type", "anyOf", "oneOf", "allOf", "$ref", "enum", "const"];

/// Most keywords that are named.
const NAMED: usize = 32;

fn is_container(value: Raw<'_>) -> bool {
    value.get().starts_with(['[', '{'])
}

/// True for an object that has to be closed, and can be. One without `properties` may be any object.
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

    /// The schema and the keywords that were changed; nothing where the model cannot be held to it.
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
