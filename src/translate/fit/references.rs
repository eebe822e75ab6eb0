//! References in a JSON schema: what they refer to, and whether they are recursive.

use std::cell::Cell;

use super::containers::{Container, Containers};
use super::schema_object::{Object, members, value};
use crate::translate::numbered::Numbered;
use crate::wire::{self, List, Members, Raw};

/// Largest cost of following the references of all schemas in a request, about the bytes that are read: some tenths of a
/// second.
const FOLLOWED: usize = 64 << 20;

/// The budget for following a request's references.
pub(super) struct Following {
    /// Deepest nesting of schemas, and longest chain of references.
    deepest: usize,
    cost: Cell<usize>,
}

impl Following {
    pub(super) fn new(deepest: usize) -> Self {
        Self { deepest, cost: Cell::new(0) }
    }

    /// Takes `cost` from the budget. Following references may read the same text many times.
    pub(super) fn spend(&self, cost: usize) -> Result<(), Unfollowed> {
        self.cost.set(self.cost.get().saturating_add(cost));
        if self.cost.get() <= FOLLOWED { Ok(()) } else { Err(Unfollowed::TooLarge) }
    }
}

/// A member that may be a reference.
const REF: &str = "\"$ref\"";

/// Members whose values are data, not schemas.
const DATA: &[&str] = &["enum", "const", "default", "examples", "required"];

/// Why references could not be followed.
pub(super) enum Unfollowed {
    /// A reference to something that the schema does not contain.
    Dangling(String),
    TooLarge,
    Unreadable,
}

impl From<wire::Error> for Unfollowed {
    fn from(_: wire::Error) -> Self {
        Self::Unreadable
    }
}

/// False for a schema that certainly has no reference.
pub(super) fn may_refer(schema: Raw<'_>) -> bool {
    schema.get().contains(REF)
}

/// Whether a member is data. A property may have such a name; its value is then an object.
pub(super) fn is_data(name: &str, value: Raw<'_>) -> bool {
    DATA.contains(&name) && !value.get().starts_with('{')
}

/// Whether a root's member only holds definitions.
pub(super) fn is_definitions(name: &str) -> bool {
    matches!(name, "$defs" | "definitions")
}

/// The reference of a schema.
pub(super) fn reference(members: &Object<'_>) -> Option<String> {
    // A property may be called `$ref`; its value is then not a string.
    wire::from_str(value(members, "$ref")?.get()).ok()
}

/// Whether a schema is recursive, which Bedrock's structured outputs and strict tools refuse (AWS documentation, "Structured
/// outputs"). Also true where it is too large to tell, or has a dangling reference.
pub(super) fn is_recursive(schema: Raw<'_>, following: &Following) -> bool {
    if !may_refer(schema) {
        return false;
    }
    let Ok(root) = members(schema) else {
        return false;
    };
    let references = References::new(&root, following);
    let mut walk =
        Walk { references: &references, open: Vec::new(), followed: Numbered::default(), depth: 0 };
    // A reference that cannot be followed might be recursive.
    walk.members(&root).unwrap_or(true)
}

/// Resolves the references of a schema.
pub(super) struct References<'s, 'f> {
    root: Container<'s>,
    read: Containers<'s>,
    following: &'f Following,
}

impl<'s, 'f> References<'s, 'f> {
    /// For the schema with the members `root`.
    pub(super) fn new(root: &Object<'s>, following: &'f Following) -> Self {
        Self { root: Container::of(root), read: Containers::default(), following }
    }

    /// Deepest nesting of schemas, and longest chain of references.
    pub(super) fn deepest(&self) -> usize {
        self.following.deepest
    }

    /// As [`Following::spend`].
    pub(super) fn spend(&self, cost: usize) -> Result<(), Unfollowed> {
        self.following.spend(cost)
    }

    /// Resolves a JSON pointer within the schema (RFC 6901).
    pub(super) fn find(&self, reference: &str) -> Result<Raw<'s>, Unfollowed> {
        self.pointed(reference)?.ok_or_else(|| Unfollowed::Dangling(reference.to_owned()))
    }

    fn pointed(&self, reference: &str) -> Result<Option<Raw<'s>>, Unfollowed> {
        // As a URI's fragment the pointer is percent-encoded.
        let Ok(pointer) = percent_encoding::percent_decode_str(reference).decode_utf8() else {
            return Ok(None);
        };
        let Some(pointer) = pointer.strip_prefix("#/") else { return Ok(None) };
        let mut steps = pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~"));
        let mut found = steps.next().and_then(|step| self.root.value(&step));
        for step in steps {
            let Some(within) = found else { return Ok(None) };
            found = self.read.read(within, |bytes| self.spend(bytes))?.value(&step);
        }
        Ok(found)
    }
}

/// Searches for recursion, following each reference once.
struct Walk<'s, 'r> {
    references: &'r References<'s, 'r>,
    /// References on the current path.
    open: Vec<String>,
    /// References that were followed completely.
    followed: Numbered<'static>,
    depth: usize,
}

impl<'s> Walk<'s, '_> {
    fn schema(&mut self, schema: Raw<'s>) -> Result<bool, Unfollowed> {
        let text = schema.get();
        self.references.spend(text.len())?;
        if !may_refer(schema) {
            return Ok(false);
        }
        if self.depth >= self.references.deepest() {
            return Err(Unfollowed::TooLarge);
        }
        self.depth = self.depth.saturating_add(1);
        let mut is_recursive = false;
        if text.starts_with('[') {
            for item in wire::from_str::<List<Raw<'_>>>(text)? {
                is_recursive = self.schema(item)?;
                if is_recursive {
                    break;
                }
            }
        } else if let Ok(Members(members)) = wire::from_str::<Members<'_, Raw<'_>>>(text) {
            is_recursive = self.below(&members)?;
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(is_recursive)
    }

    /// Searches a root; its definitions count only where they are referred to.
    fn members(&mut self, root: &Object<'s>) -> Result<bool, Unfollowed> {
        let members = root.iter().filter(|(name, _)| !is_definitions(name)).cloned().collect();
        self.below(&members)
    }

    fn below(&mut self, members: &Object<'s>) -> Result<bool, Unfollowed> {
        if let Some(reference) = reference(members)
            && self.leads_back(reference)?
        {
            return Ok(true);
        }
        for (name, value) in members {
            if !is_data(name, value) && self.schema(value)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn leads_back(&mut self, reference: String) -> Result<bool, Unfollowed> {
        if reference == "#" || self.open.contains(&reference) {
            return Ok(true);
        }
        if self.followed.contains(&reference) {
            return Ok(false);
        }
        let target = self.references.find(&reference)?;
        self.open.push(reference);
        let is_recursive = self.schema(target)?;
        if let Some(reference) = self.open.pop() {
            self.followed.add(reference.into());
        }
        Ok(is_recursive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recursive(text: &str) -> bool {
        is_recursive(wire::from_str(text).unwrap(), &Following::new(100))
    }

    #[test]
    fn a_schema_that_holds_itself_is_recursive() {
        for schema in [
            r##"{"properties":{"all":{"$ref":"#"}}}"##,
            r##"{"properties":{"root":{"$ref":"#/$defs/N"}},
                "$defs":{"N":{"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#/$defs/N"}}}}}}"##,
            // References only to each other.
            r##"{"properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"$ref":"#/$defs/B"},"B":{"$ref":"#/$defs/A"}}}"##,
            // Through a place that is not a definition, in another spelling.
            r##"{"properties":{"a":{"anyOf":[true,{"items":{"$ref":"#/properties/a/%61nyOf/1"}}]}}}"##,
            r##"{"properties":{"a":{"anyOf":[true,{"items":{"$ref":"#/properties/a/anyOf/1"}}]}}}"##,
            // Through members beside a reference: they add to the referenced schema.
            r##"{"properties":{"a":{"$ref":"#/$defs/A","properties":{"q":true}}},
                "$defs":{"A":{"properties":{"b":{"$ref":"#/$defs/A","properties":{}}}}}}"##,
        ] {
            assert!(recursive(schema), "{schema}");
        }
    }

    #[test]
    fn what_is_referred_to_twice_is_not() {
        for schema in [
            r##"{"properties":{"a":{"$ref":"#/$defs/N"},"b":{"$ref":"#/$defs/N"}},"$defs":{"N":{"type":"string"}}}"##,
            // The recursive definition is not referred to.
            r##"{"properties":{"$ref":{"type":"string"}},"$defs":{"N":{"items":{"$ref":"#/$defs/N"}}}}"##,
            r##"{"properties":{"a":{"enum":[{"$ref":"#"}]}}}"##,
        ] {
            assert!(!recursive(schema), "{schema}");
        }
    }

    #[test]
    fn references_that_double_and_double_are_each_followed_once() {
        let mut definitions = String::from(r#""D0":{"type":"string"}"#);
        for level in 1..30 {
            let below = level - 1;
            definitions += &format!(
                r##","D{level}":{{"properties":{{"a":{{"$ref":"#/$defs/D{below}"}},"b":{{"$ref":"#/$defs/D{below}"}}}}}}"##
            );
        }
        let schema =
            format!(r##"{{"properties":{{"a":{{"$ref":"#/$defs/D29"}}}},"$defs":{{{definitions}}}}}"##);
        assert!(!recursive(&schema));
    }

    #[test]
    fn what_cannot_be_followed_to_its_end_is_taken_for_recursive() {
        // After a dangling reference.
        assert!(recursive(
            r##"{"properties":{"a":{"$ref":"https://example.com/a.json"},"b":{"$ref":"#"}}}"##
        ));
        // A definition of a megabyte that is read a hundred thousand times.
        let spaces = " ".repeat(1 << 20);
        let many: String =
            (0..100_000).map(|at| format!(r##"{{"$ref":"#/$defs/A/properties/p{at}"}},"##)).collect();
        let schema = format!(r#"{{"anyOf":[{many}{{}}],"$defs":{{"A":{{"properties":{{}}{spaces}}}}}}}"#);
        assert!(recursive(&schema));
        // A chain of thousands of references.
        let chain: String =
            (0..5_000).map(|at| format!(r##""D{at}":{{"$ref":"#/$defs/D{}"}},"##, at + 1)).collect();
        assert!(recursive(&format!(r##"{{"$ref":"#/$defs/D0","$defs":{{{chain}"D5000":{{}}}}}}"##)));
    }
}
