//! Tool names: OpenAI's clients use more characters than Bedrock takes. The map lives and dies with its request.

use std::borrow::Cow;

use super::numbered::Numbered;

/// Longest name (service model).
const LENGTH: usize = 64;

/// What the client called a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Original {
    Function(String),
    Custom(String),
}

/// The names of one request, each legal and distinct.
#[derive(Debug, Default)]
pub(super) struct ToolNames<'a> {
    entries: Vec<Entry<'a>>,
    /// Where an original name stands in `entries`.
    by_original: Numbered<'a>,
    distinct: Distinct,
}

#[derive(Debug)]
struct Entry<'a> {
    original: Cow<'a, str>,
    legal: Cow<'a, str>,
    custom: bool,
}

impl<'a> ToolNames<'a> {
    /// Takes up the declared tools. A name that is legal as it stands keeps itself; the others make way.
    pub(super) fn declare(tools: impl Iterator<Item = (Cow<'a, str>, bool)>) -> Self {
        let mut names = Self::default();
        let (legal, illegal): (Vec<_>, Vec<_>) = tools.partition(|(name, _)| is_legal(name));
        for (name, custom) in legal.into_iter().chain(illegal) {
            names.add(name, custom);
        }
        names
    }

    /// The legal name of a tool, declared or met in the history.
    pub(super) fn legal(&mut self, original: &str) -> Cow<'a, str> {
        match self.known(original) {
            Some(legal) => legal,
            None => self.add(Cow::Owned(original.to_owned()), false),
        }
    }

    /// A legal name for a tool of our own.
    pub(super) fn own(&mut self, name: &'static str) -> Cow<'a, str> {
        self.distinct.name(Cow::Borrowed(name), '_', LENGTH)
    }

    /// What the reply must map back.
    pub(super) fn into_changed(self) -> Vec<(String, Original)> {
        let changed = self.entries.into_iter().filter(|entry| entry.custom || entry.legal != entry.original);
        changed
            .map(|Entry { original, legal, custom }| {
                let original = original.into_owned();
                let original = if custom { Original::Custom(original) } else { Original::Function(original) };
                (legal.into_owned(), original)
            })
            .collect()
    }

    fn add(&mut self, original: Cow<'a, str>, custom: bool) -> Cow<'a, str> {
        if let Some(legal) = self.known(&original) {
            return legal;
        }
        let legal = self.distinct.name(legalised(original.clone()), '_', LENGTH);
        self.by_original.add(original.clone());
        self.entries.push(Entry { original, legal: legal.clone(), custom });
        legal
    }

    fn known(&self, original: &str) -> Option<Cow<'a, str>> {
        self.entries.get(self.by_original.get(original)?).map(|entry| entry.legal.clone())
    }
}

/// Gives out names that differ, in a time that does not grow with how many were given out.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    taken: Numbered<'static>,
    /// The stems that twins have begun with: a name, or as much of one as leaves room for a suffix.
    stems: Numbered<'static>,
    /// What the next twin of a stem is tried with, by the stems' numbers.
    next: Vec<u64>,
}

impl Distinct {
    /// `name`, or where it is taken `name_2` and so on with `separator` for `_`, no longer than `length` characters.
    pub(super) fn name<'a>(&mut self, name: Cow<'a, str>, separator: char, length: usize) -> Cow<'a, str> {
        if self.taken.add(name.to_string().into()) {
            return name;
        }
        // Names that differ only where a suffix has to stand share a stem, and with it the numbers.
        let (mut digits, mut first, mut beyond) = (1, 2, 10);
        loop {
            let room = length.saturating_sub(digits).saturating_sub(separator.len_utf8());
            let stem: String = name.chars().take(room).collect();
            match self.next_of(&stem, first, beyond) {
                Some(number) => {
                    let twin = format!("{stem}{separator}{number}");
                    if self.taken.add(twin.clone().into()) {
                        return Cow::Owned(twin);
                    }
                }
                None => {
                    (digits, first, beyond) = (digits.saturating_add(1), beyond, beyond.saturating_mul(10));
                }
            }
        }
    }

    /// What the next twin of a stem is tried with, from `first` on; `None` from `beyond` on, which has more digits.
    fn next_of(&mut self, stem: &str, first: u64, beyond: u64) -> Option<u64> {
        let (at, is_new) = self.stems.number(stem.to_owned().into());
        if is_new {
            self.next.push(first);
        }
        let next = self.next.get_mut(at).filter(|next| **next < beyond)?;
        let number = (*next).max(first);
        *next = number.saturating_add(1);
        Some(number)
    }
}

fn is_legal(name: &str) -> bool {
    (1..=LENGTH).contains(&name.len()) && name.chars().all(is_legal_char)
}

fn is_legal_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

fn legalised(name: Cow<'_, str>) -> Cow<'_, str> {
    if is_legal(&name) {
        return name;
    }
    let name: String = name.chars().map(|c| if is_legal_char(c) { c } else { '_' }).take(LENGTH).collect();
    Cow::Owned(if name.is_empty() { "tool".to_owned() } else { name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_legal_distinct_and_mapped_back() {
        let long = "x".repeat(100);
        let declared = ["a.b", "a_b", "größe", &long, "plain"];
        let mut names = ToolNames::declare(declared.iter().map(|name| (Cow::Borrowed(*name), false)));
        let legal: Vec<_> = declared.iter().map(|name| names.legal(name).into_owned()).collect();
        assert_eq!(legal, ["a_b_2", "a_b", "gr__e", &"x".repeat(64), "plain"]);
        let changed = names.into_changed();
        assert!(changed.contains(&("a_b_2".to_owned(), Original::Function("a.b".to_owned()))));
        assert_eq!(changed.len(), 3);
    }

    #[test]
    fn twins_are_numbered_as_far_as_it_takes_and_never_too_long() {
        let mut distinct = Distinct::default();
        let long = "x".repeat(64);
        for (name, stem) in [("a", "a"), (long.as_str(), &long[..62])] {
            assert_eq!(distinct.name(name.into(), '_', 64), name);
            let twins: Vec<_> = (2..2_000).map(|_| distinct.name(name.into(), '_', 64)).collect();
            assert_eq!((&*twins[0], &*twins[7]), (&*format!("{stem}_2"), &*format!("{stem}_9")));
            let tenth = if name == "a" { "a_10".to_owned() } else { format!("{}_10", &long[..61]) };
            assert_eq!(twins[8], tenth);
            assert!(twins.iter().all(|twin| twin.len() <= 64));
        }
    }
}
