//! Tool names: clients use characters that Bedrock refuses. The mapping belongs to one request.

use std::borrow::Cow;

use super::distinct::Distinct;
use crate::translate::numbered::Numbered;

/// Longest name, characters (service model).
const LENGTH: usize = 64;

/// The names of one request, each valid and distinct.
#[derive(Debug, Default)]
pub(super) struct ToolNames<'a> {
    entries: Vec<Entry<'a>>,
    /// Index in `entries`, by the original name.
    by_original: Numbered<'a>,
    distinct: Distinct,
    /// Whether hyphens are valid.
    hyphens: bool,
}

#[derive(Debug)]
struct Entry<'a> {
    original: Cow<'a, str>,
    legal: Cow<'a, str>,
}

impl<'a> ToolNames<'a> {
    /// Adds the declared tools. Valid names are kept; the others are changed around them. `hyphens` says whether hyphens are
    /// valid.
    pub(super) fn declare(tools: impl Iterator<Item = Cow<'a, str>>, hyphens: bool) -> Self {
        let mut names = Self { hyphens, ..Self::default() };
        let (legal, illegal): (Vec<_>, Vec<_>) = tools.partition(|name| is_legal(name, hyphens));
        for name in legal.into_iter().chain(illegal) {
            names.add(name);
        }
        names
    }

    /// The valid name of a tool, declared or used in the history.
    pub(super) fn legal(&mut self, original: &str) -> Cow<'a, str> {
        match self.known(original) {
            Some(legal) => legal,
            None => self.add(Cow::Owned(original.to_owned())),
        }
    }

    /// A valid name for a tool of the gateway's own.
    pub(super) fn own(&mut self, name: &'static str) -> Cow<'a, str> {
        self.distinct.name(Cow::Borrowed(name), '_', LENGTH)
    }

    /// The changed names: the valid one, and the client's.
    pub(super) fn into_changed(self) -> Vec<(String, String)> {
        let changed = self.entries.into_iter().filter(|entry| entry.legal != entry.original);
        changed.map(|Entry { original, legal }| (legal.into_owned(), original.into_owned())).collect()
    }

    fn add(&mut self, original: Cow<'a, str>) -> Cow<'a, str> {
        if let Some(legal) = self.known(&original) {
            return legal;
        }
        let legal = self.distinct.name(legalised(original.clone(), self.hyphens), '_', LENGTH);
        self.by_original.add(original.clone());
        self.entries.push(Entry { original, legal: legal.clone() });
        legal
    }

    fn known(&self, original: &str) -> Option<Cow<'a, str>> {
        self.entries.get(self.by_original.get(original)?).map(|entry| entry.legal.clone())
    }
}

fn is_legal(name: &str, hyphens: bool) -> bool {
    (1..=LENGTH).contains(&name.len()) && name.chars().all(|c| is_legal_char(c, hyphens))
}

fn is_legal_char(c: char, hyphens: bool) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || (hyphens && c == '-')
}

fn legalised(name: Cow<'_, str>, hyphens: bool) -> Cow<'_, str> {
    if is_legal(&name, hyphens) {
        return name;
    }
    let name: String =
        name.chars().map(|c| if is_legal_char(c, hyphens) { c } else { '_' }).take(LENGTH).collect();
    Cow::Owned(if name.is_empty() { "tool".to_owned() } else { name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_legal_distinct_and_mapped_back() {
        let long = "x".repeat(100);
        let declared = ["a.b", "a_b", "größe", &long, "plain"];
        let mut names = ToolNames::declare(declared.iter().map(|name| Cow::Borrowed(*name)), true);
        let legal: Vec<_> = declared.iter().map(|name| names.legal(name).into_owned()).collect();
        assert_eq!(legal, ["a_b_2", "a_b", "gr__e", &"x".repeat(64), "plain"]);
        let changed = names.into_changed();
        assert!(changed.contains(&("a_b_2".to_owned(), "a.b".to_owned())));
        assert_eq!(changed.len(), 3);
    }
}
