//! Adds up the usage of several answers.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::wire::{self, Members, Raw};

/// Numbers by name, and one level of nested ones (`prompt_tokens_details`): each the sum over all answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(Vec<(String, Count)>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Count {
    Tokens(u64),
    Details(Tally),
}

/// Nesting levels of `usage`.
const LEVELS: usize = 2;

impl Tally {
    /// Adds the `usage` of one more answer. Values of other types are skipped.
    pub fn add(&mut self, usage: Raw<'_>) {
        self.add_levels(usage, LEVELS);
    }

    fn add_levels(&mut self, usage: Raw<'_>, levels: usize) {
        let Ok(Members(members)) = wire::from_str::<Members<'_, Raw<'_>>>(usage.get()) else { return };
        for (name, value) in members {
            if let Ok(tokens) = value.get().parse::<u64>() {
                if let Some(Count::Tokens(sum)) = self.of(&name, || Count::Tokens(0)) {
                    *sum = sum.saturating_add(tokens);
                }
            } else if value.get().starts_with('{')
                && levels > 1
                && let Some(Count::Details(details)) = self.of(&name, || Count::Details(Self::default()))
            {
                details.add_levels(value, levels.saturating_sub(1));
            }
        }
    }

    /// The count of a name.
    fn of(&mut self, name: &str, new: impl FnOnce() -> Count) -> Option<&mut Count> {
        if !self.0.iter().any(|(known, _)| known == name) {
            self.0.push((name.to_owned(), new()));
        }
        self.0.iter_mut().find(|(known, _)| known == name).map(|(_, count)| count)
    }

    /// Whether no answer had a usage.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, count) in &self.0 {
            match count {
                Count::Tokens(tokens) => map.serialize_entry(name, tokens)?,
                Count::Details(details) => map.serialize_entry(name, details)?,
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_the_sum_of_all_answers() {
        let mut tally = Tally::default();
        assert!(tally.is_empty());
        for usage in [
            r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4}}"#,
            r#"{"prompt_tokens":10,"completion_tokens":7,"total_tokens":17}"#,
            r#"{"prompt_tokens":18446744073709551615,"prompt_tokens_details":{"cached_tokens":6,"cache_write_tokens":1,"x":{"deep":1}},"completion_tokens":-1,"total_tokens":"a","more":null}"#,
            "null",
        ] {
            tally.add(wire::from_str(usage).unwrap());
        }
        assert_eq!(
            wire::to_string(&tally),
            r#"{"prompt_tokens":18446744073709551615,"completion_tokens":12,"total_tokens":32,"prompt_tokens_details":{"cached_tokens":10,"cache_write_tokens":1}}"#
        );
    }
}
