//! The lists and objects of a schema on the paths of references, each parsed once however many references there are.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::schema_object::Object;
use crate::translate::numbered::Numbered;
use crate::wire::{self, List, Members, Raw};

/// Parsed values by their address in memory.
#[derive(Default)]
pub(super) struct Containers<'s>(RefCell<BTreeMap<usize, Rc<Container<'s>>>>);

/// A list or an object with constant-time lookup of its values.
#[derive(Default)]
pub(super) struct Container<'s> {
    /// The members' names; empty for a list.
    names: Numbered<'s>,
    /// The values in order; of members with the same name, the first.
    values: Vec<Raw<'s>>,
    is_list: bool,
}

impl<'s> Containers<'s> {
    /// Parses a value; `spend` is called with its size where it was not parsed before.
    pub(super) fn read<E>(
        &self,
        value: Raw<'s>,
        spend: impl FnOnce(usize) -> Result<(), E>,
    ) -> Result<Rc<Container<'s>>, E> {
        let at = value.get().as_ptr().addr();
        if let Some(known) = self.0.borrow().get(&at) {
            return Ok(Rc::clone(known));
        }
        spend(value.get().len())?;
        let read = Rc::new(Container::read(value));
        self.0.borrow_mut().insert(at, Rc::clone(&read));
        Ok(read)
    }
}

impl<'s> Container<'s> {
    /// Values of other types have no entries.
    fn read(value: Raw<'s>) -> Self {
        if value.get().starts_with('[') {
            let values = wire::from_str(value.get()).map_or_else(|_| Vec::new(), |List(values)| values);
            return Self { names: Numbered::default(), values, is_list: true };
        }
        let members = wire::from_str::<Members<'_, Raw<'_>>>(value.get());
        members.map_or_else(|_| Self::default(), |Members(members)| Self::of(&members))
    }

    /// From the members of an object.
    pub(super) fn of(members: &Object<'s>) -> Self {
        let mut container = Self::default();
        for (name, value) in members {
            if container.names.add(Cow::clone(name)) {
                container.values.push(value);
            }
        }
        container
    }

    /// The value of a member, or of the item at that index.
    pub(super) fn value(&self, step: &str) -> Option<Raw<'s>> {
        let at = if self.is_list { step.parse().ok()? } else { self.names.get(step)? };
        self.values.get(at).copied()
    }
}
