//! Inlines the references of a schema.

use std::borrow::Cow;

use super::references::{Following, References, Unfollowed, is_data, is_definitions, may_refer, reference};
use super::schema_object::Object;
use crate::translate::numbered::Numbered;
use crate::wire::{self, List, Members, Raw};

/// Largest schema after inlining, bytes: each reference may double it.
const LARGEST: usize = 1 << 20;

/// Replaces a schema within itself.
const ANY: &str = r#"{"type":"object"}"#;

/// Writes a schema with its references inlined.
pub(super) struct Inliner<'s, 'f> {
    references: References<'s, 'f>,
    root: &'s Object<'s>,
    /// The references on the current path.
    path: Vec<String>,
    /// The current depth.
    depth: usize,
    out: String,
}

impl<'s, 'f> Inliner<'s, 'f> {
    pub(super) fn new(root: &'s Object<'s>, following: &'f Following) -> Self {
        Self {
            references: References::new(root, following),
            root,
            path: Vec::new(),
            depth: 0,
            out: String::new(),
        }
    }

    /// Writes the root without its definitions and references.
    pub(super) fn run(mut self) -> Result<String, Unfollowed> {
        let root = self.root.iter();
        self.members(root.filter(|(name, _)| !is_definitions(name)).cloned().collect())?;
        Ok(self.out)
    }

    fn write(&mut self, text: &str) -> Result<(), Unfollowed> {
        if self.out.len().saturating_add(text.len()) > LARGEST {
            return Err(Unfollowed::TooLarge);
        }
        self.out.push_str(text);
        Ok(())
    }

    fn schema(&mut self, schema: Raw<'s>) -> Result<(), Unfollowed> {
        let text = schema.get();
        self.references.spend(text.len())?;
        if !may_refer(schema) {
            return self.write(text);
        }
        if self.depth >= self.references.deepest() {
            return Err(Unfollowed::TooLarge);
        }
        self.depth = self.depth.saturating_add(1);
        if text.starts_with('[') {
            let List(items): List<Raw<'_>> = wire::from_str(text)?;
            self.write("[")?;
            for (index, item) in items.into_iter().enumerate() {
                self.write(if index == 0 { "" } else { "," })?;
                self.schema(item)?;
            }
            self.write("]")?;
        } else if let Ok(Members(members)) = wire::from_str::<Members<'_, Raw<'_>>>(text) {
            self.members(members)?;
        } else {
            self.write(text)?;
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    /// Writes a schema: the referenced members, overridden by its own.
    fn members(&mut self, mut members: Object<'s>) -> Result<(), Unfollowed> {
        let mut entered = 0usize;
        while let Some(reference) = reference(&members) {
            if reference == "#" || self.path.contains(&reference) {
                self.path.truncate(self.path.len().saturating_sub(entered));
                return self.write(ANY);
            }
            if self.path.len() >= self.references.deepest() {
                return Err(Unfollowed::TooLarge);
            }
            let target = self.references.find(&reference)?;
            let beside = members;
            self.path.push(reference);
            entered = entered.saturating_add(1);
            // `true` is a schema without constraints.
            let Members(below) =
                wire::from_str::<Members<'_, Raw<'_>>>(target.get()).unwrap_or(Members(Vec::new()));
            members = below;
            let names: usize = beside.iter().map(|(name, _)| name.len()).sum();
            self.references.spend(target.get().len().saturating_add(names))?;
            let mut said = Numbered::default();
            for (name, _) in &beside {
                said.add(Cow::clone(name));
            }
            members.retain(|(name, _)| !said.contains(name));
            members.extend(beside.into_iter().filter(|(name, _)| *name != "$ref"));
        }
        self.write("{")?;
        let mut separator = "";
        for (name, value) in members {
            self.write(separator)?;
            separator = ",";
            self.write(&wire::to_string(name.as_ref()))?;
            self.write(":")?;
            if is_data(&name, value) {
                self.write(value.get())?;
            } else {
                self.schema(value)?;
            }
        }
        self.path.truncate(self.path.len().saturating_sub(entered));
        self.write("}")
    }
}
