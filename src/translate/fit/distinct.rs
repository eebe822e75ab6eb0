//! Makes names distinct.

use std::borrow::Cow;

use crate::translate::numbered::Numbered;

/// Gives out distinct names, in constant time per name.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    taken: Numbered<'static>,
    /// Stems of suffixed names: the name, or as much of it as leaves room for a suffix.
    stems: Numbered<'static>,
    /// The next suffix to try, by the stem's number.
    next: Vec<u64>,
}

impl Distinct {
    /// The name itself, or where it is taken `name_2` and so on with `separator` for `_`, at most `length` characters long.
    pub(super) fn name<'a>(&mut self, name: Cow<'a, str>, separator: char, length: usize) -> Cow<'a, str> {
        if self.taken.add(name.to_string().into()) {
            return name;
        }
        // Names that differ only where the suffix stands share a stem, and its suffixes.
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

    /// The next suffix of a stem, at least `first`; `None` from `beyond` on, which has more digits.
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

#[cfg(test)]
mod tests {
    use super::*;

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
