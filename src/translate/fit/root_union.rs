//! Unions at the root of a schema. Claude refuses them ("input_schema does not support oneOf, allOf, or anyOf at the top
//! level"), and families that take only `type`, `properties` and `required` there would see nothing of such a schema.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::references::{Following, References, Unfollowed, reference};
use super::schema_object::{Object, value};
use crate::translate::numbered::Numbered;
use crate::wire::{self, List, Members, Name, Raw};

/// Longest text about alternatives in the description, bytes.
const TOLD: usize = 1_000;

/// Whether a keyword combines schemas.
pub(super) fn is_union(name: &str) -> bool {
    matches!(name, "anyOf" | "oneOf" | "allOf")
}

/// A schema without unions at its root: with the properties of all alternatives, required where every alternative requires
/// them. The description states what else the alternatives require.
///
/// # Errors
/// A reference is dangling, or following references costs too much.
pub(super) fn merged(root: &Object<'_>, following: &Following) -> Result<Box<RawValue>, Unfollowed> {
    let references = References::new(root, following);
    let mut merger = Merger {
        references: &references,
        names: Numbered::default(),
        schemas: Vec::new(),
        known: Numbered::default(),
        depth: 0,
    };
    let asked = merger.schema(root)?;
    Ok(merger.write(root, &asked))
}

/// The requirements of a schema, with its unions resolved.
#[derive(Default)]
struct Asked<'s> {
    /// Required properties.
    required: Vec<Cow<'s, str>>,
    /// Unions, by alternative: the properties that this one requires, and not all of them do.
    choices: Vec<Vec<Vec<Cow<'s, str>>>>,
}

impl<'s> Asked<'s> {
    /// Adds the requirements of `other`.
    fn all_of(&mut self, other: Self) {
        self.required.extend(other.required);
        self.choices.extend(other.choices);
    }

    /// The requirements of a union: those common to all alternatives.
    fn any_of(&mut self, alternatives: Vec<Self>) {
        let mut names = Numbered::default();
        // By name: how many alternatives require it, and the last of these.
        let mut counts: Vec<(usize, usize)> = Vec::new();
        for (at, alternative) in alternatives.iter().enumerate() {
            for name in &alternative.required {
                let (number, is_new) = names.number(Cow::clone(name));
                if is_new {
                    counts.push((1, at));
                } else if let Some((count, last)) = counts.get_mut(number).filter(|(_, last)| *last != at) {
                    (*count, *last) = (count.saturating_add(1), at);
                }
            }
        }
        let all = alternatives.len();
        let is_common = |name: &Cow<'_, str>| {
            names.get(name).and_then(|number| counts.get(number)).is_some_and(|(count, _)| *count == all)
        };
        let mut choice = Vec::new();
        for (at, alternative) in alternatives.into_iter().enumerate() {
            let (common, own): (Vec<_>, Vec<_>) = alternative.required.into_iter().partition(is_common);
            if at == 0 {
                self.required.extend(common);
            }
            self.choices.extend(alternative.choices);
            choice.push(own);
        }
        if choice.iter().any(|names| !names.is_empty()) {
            self.choices.push(choice);
        }
    }

    /// The description's text about alternatives, if there are any.
    fn told(&self) -> String {
        let mut told = String::new();
        for choice in &self.choices {
            let sets: Vec<_> = choice.iter().map(|names| format!("({})", names.join(", "))).collect();
            let text = format!("Of these sets of properties one is required: {}.", sets.join(", "));
            if told.len().saturating_add(text.len()) > TOLD {
                break;
            }
            told.push_str(if told.is_empty() { "" } else { "\n" });
            told.push_str(&text);
        }
        told
    }
}

/// Collects the properties of a schema and of its alternatives.
struct Merger<'s, 'r> {
    references: &'r References<'s, 'r>,
    /// Names of properties.
    names: Numbered<'s>,
    /// The schemas of each property, without duplicates.
    schemas: Vec<(Cow<'s, str>, Vec<Raw<'s>>)>,
    known: Numbered<'static>,
    depth: usize,
}

impl<'s> Merger<'s, '_> {
    /// Collects a schema's members, and those that it refers to.
    fn schema(&mut self, members: &Object<'s>) -> Result<Asked<'s>, Unfollowed> {
        if self.depth >= self.references.deepest() {
            return Err(Unfollowed::TooLarge);
        }
        self.depth = self.depth.saturating_add(1);
        let mut asked = Asked::default();
        if let Some(reference) = reference(members).filter(|reference| reference != "#") {
            let target = self.references.find(&reference)?;
            self.references.spend(target.get().len())?;
            asked.all_of(self.alternative(target)?);
        }
        if let Some(properties) = value(members, "properties") {
            self.properties(properties)?;
        }
        if let Some(required) = value(members, "required").filter(|list| list.get() != "null") {
            let List(names) = wire::from_str::<List<Name<'_>>>(required.get())?;
            asked.required.extend(names.into_iter().map(|Name(name)| name));
        }
        for (name, value) in members.iter().filter(|(name, _)| is_union(name)) {
            self.references.spend(value.get().len())?;
            let mut alternatives = Vec::new();
            for alternative in wire::from_str::<List<Raw<'_>>>(value.get())? {
                alternatives.push(self.alternative(alternative)?);
            }
            if *name == "allOf" {
                alternatives.into_iter().for_each(|alternative| asked.all_of(alternative));
            } else {
                asked.any_of(alternatives);
            }
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(asked)
    }

    /// Other types than objects require nothing.
    fn alternative(&mut self, schema: Raw<'s>) -> Result<Asked<'s>, Unfollowed> {
        match wire::from_str::<Members<'_, Raw<'_>>>(schema.get()) {
            Ok(Members(members)) => self.schema(&members),
            Err(_) => Ok(Asked::default()),
        }
    }

    fn properties(&mut self, properties: Raw<'s>) -> Result<(), Unfollowed> {
        let Ok(Members(properties)) = wire::from_str::<Members<'_, Raw<'_>>>(properties.get()) else {
            return Ok(());
        };
        for (name, schema) in properties {
            let (number, is_new) = self.names.number(Cow::clone(&name));
            if is_new {
                self.schemas.push((name, Vec::new()));
            }
            // The same text need not be added again.
            if self.known.add(format!("{number} {}", schema.get()).into())
                && let Some((_, schemas)) = self.schemas.get_mut(number)
            {
                schemas.push(schema);
            }
        }
        Ok(())
    }

    /// Writes the schema with the collected properties.
    fn write(self, root: &Object<'s>, asked: &Asked<'s>) -> Box<RawValue> {
        let is_merged =
            |name: &str| is_union(name) || matches!(name, "type" | "properties" | "required" | "$ref");
        let told = asked.told();
        let mut members: Vec<(&str, Box<RawValue>)> = vec![("type", wire::raw_of("object"))];
        for (name, value) in root.iter().filter(|(name, _)| !is_merged(name)) {
            if *name != "description" || told.is_empty() {
                members.push((name, (*value).to_owned()));
            }
        }
        if !told.is_empty() {
            let description =
                value(root, "description").and_then(|text| wire::from_str::<String>(text.get()).ok());
            let text = description.map_or_else(|| told.clone(), |text| format!("{text}\n\n{told}"));
            members.push(("description", wire::raw_of(&text)));
        }
        let properties: Vec<_> =
            self.schemas.into_iter().map(|(name, schemas)| (name, Either(schemas))).collect();
        members.push(("properties", wire::raw_of(&Members(properties))));
        let mut known = Numbered::default();
        let required: Vec<_> = asked.required.iter().filter(|name| known.add(Cow::clone(name))).collect();
        if !required.is_empty() {
            members.push(("required", wire::raw_of(&required)));
        }
        wire::raw_of(&Members(
            members.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect(),
        ))
    }
}

/// The schemas of one property: one, or a union.
struct Either<'s>(Vec<Raw<'s>>);

impl Serialize for Either<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &*self.0 {
            [one] => one.serialize(serializer),
            several => serializer.collect_map([("anyOf", several)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merge(schema: &str) -> Result<String, Unfollowed> {
        let Members(root): Members<'_, Raw<'_>> = wire::from_str(schema).unwrap();
        merged(&root, &Following::new(100)).map(|schema| schema.get().to_owned())
    }

    #[track_caller]
    fn check(schema: &str, expected: &str) {
        assert_eq!(merge(schema).ok().as_deref(), Some(expected));
    }

    #[test]
    fn alternatives_become_one_object_of_which_is_required_what_all_require() {
        check(
            r#"{"anyOf":[{"type":"object","properties":{"kind":{"const":"a"},"x":{"type":"string"}},"required":["kind","x"]},
                {"properties":{"kind":{"const":"b"},"x":{"type":"string"}},"required":["kind"]}],"title":"T"}"#,
            r#"{"type":"object","title":"T","description":"Of these sets of properties one is required: (x), ().","properties":{"kind":{"anyOf":[{"const":"a"},{"const":"b"}]},"x":{"type":"string"}},"required":["kind"]}"#,
        );
    }

    #[test]
    fn what_all_have_to_hold_is_all_required() {
        check(
            r##"{"description":"d","properties":{"z":true},"allOf":[{"$ref":"#/$defs/A"},{"required":["b"]}],
                "$defs":{"A":{"properties":{"a":{}},"required":["a"]}}}"##,
            r##"{"type":"object","description":"d","$defs":{"A":{"properties":{"a":{}},"required":["a"]}},"properties":{"z":true,"a":{}},"required":["a","b"]}"##,
        );
    }

    #[test]
    fn the_description_tells_which_of_several_properties_are_wanted() {
        check(
            r#"{"type":"object","description":"d","properties":{"a":{},"b":{}},"required":["a"],"oneOf":[{"required":["a"]},{"required":["b"]}]}"#,
            r#"{"type":"object","description":"d\n\nOf these sets of properties one is required: (a), (b).","properties":{"a":{},"b":{}},"required":["a"]}"#,
        );
    }

    #[test]
    fn alternatives_that_are_no_objects_ask_for_nothing() {
        check(r#"{"anyOf":[true,{"type":"string"},[],null]}"#, r#"{"type":"object","properties":{}}"#);
    }

    #[test]
    fn unions_that_double_and_double_are_refused_soon() {
        let mut definitions = String::from(r#""D0":{"properties":{"a":{}}}"#);
        for level in 1..60 {
            let below = level - 1;
            definitions += &format!(
                r##","D{level}":{{"anyOf":[{{"$ref":"#/$defs/D{below}"}},{{"$ref":"#/$defs/D{below}"}}]}}"##
            );
        }
        assert!(
            merge(&format!(r##"{{"anyOf":[{{"$ref":"#/$defs/D59"}}],"$defs":{{{definitions}}}}}"##)).is_err()
        );
        assert!(merge(r##"{"anyOf":[{"$ref":"#/$defs/A"}],"$defs":{"A":{"$ref":"#/$defs/A"}}}"##).is_err());
    }
}
