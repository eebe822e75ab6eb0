//! A hash table of the client's strings, with constant-time lookup.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Strings with the order of their first occurrence: 0, 1, 2 and so on.
///
/// All tables of names in a request are of this type, because each instance of a hash table takes three kilobytes of the
/// module.
#[derive(Debug, Default)]
pub(in crate::translate) struct Numbered<'a>(HashMap<Cow<'a, str>, usize>);

impl<'a> Numbered<'a> {
    /// Adds a string if it is new; returns its number, and whether it was new.
    pub(in crate::translate) fn number(&mut self, text: Cow<'a, str>) -> (usize, bool) {
        let next = self.0.len();
        match self.0.entry(text) {
            Entry::Occupied(entry) => (*entry.get(), false),
            Entry::Vacant(entry) => (*entry.insert(next), true),
        }
    }

    /// Adds a string; true where it was new.
    pub(in crate::translate) fn add(&mut self, text: Cow<'a, str>) -> bool {
        self.number(text).1
    }

    /// The number of a string.
    pub(in crate::translate) fn get(&self, text: &str) -> Option<usize> {
        self.0.get(text).copied()
    }

    /// True without texts.
    pub(in crate::translate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a string is in the table.
    pub(in crate::translate) fn contains(&self, text: &str) -> bool {
        self.get(text).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_the_number_it_came_with() {
        let mut texts = Numbered::default();
        assert_eq!(texts.number("a".into()), (0, true));
        assert_eq!(texts.number("b".into()), (1, true));
        assert_eq!(texts.number("a".into()), (0, false));
        assert_eq!((texts.get("b"), texts.get("c")), (Some(1), None));
    }
}
