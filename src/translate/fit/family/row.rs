//! A row of the table, and the words that it is written in.

use super::Capabilities;

/// Models that take the same.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// What people call them.
    pub name: &'static str,
    /// How their ids begin, without a profile's prefix. The longest beginning of all rows holds.
    pub ids: &'static [&'static str],
    /// Whose facts hold but for their own.
    pub like: Option<&'static Family>,
    /// What they take.
    pub takes: Capabilities,
    /// Where each of their own capabilities is from.
    pub facts: &'static [Fact],
}

/// Where a capability is from.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// A field of [`Capabilities`].
    pub capability: &'static str,
    /// Who says so.
    pub sources: &'static [Source],
}

/// Who says something about models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// How sure it is.
    pub grade: Grade,
    /// A page by its title, a report by its place.
    pub said: &'static str,
    /// The month in which it was last read.
    pub read: &'static str,
}

/// How sure a fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// AWS or the vendor writes so.
    Documented,
    /// Somebody saw it, or has code for it.
    Reported,
    /// Nobody says so; it follows from likeness, or is the safer way.
    Assumed,
}

impl Fact {
    /// As sure as the surest of its sources.
    pub fn grade(&self) -> Grade {
        self.sources.iter().map(|source| source.grade).min().unwrap_or(Grade::Assumed)
    }
}

/// Rows of the table, and the lists of them, `FAMILIES` and `ROWS`:
///
/// ```text
/// NAME: "what people call them" ["beginnings of ids"] like OTHER {
///     capability: value => SOURCE, ANOTHER;
/// }
/// ```
macro_rules! families {
    ($($family:ident: $name:literal [$($id:literal),*] like $other:ident {
        $($capability:ident: $value:expr => $($source:expr),+;)*
    })*) => {
        $(pub(super) const $family: super::Family = super::Family {
            name: $name,
            ids: &[$($id),*],
            like: Some(&$other),
            takes: super::Capabilities { $($capability: $value,)* ..$other.takes },
            facts: &[$(super::Fact { capability: stringify!($capability), sources: &[$($source),+] }),*],
        };)*

        /// The rows of this file.
        pub(super) const FAMILIES: &[super::Family] = &[$($family),*];

        /// The same as requests need it.
        pub(super) const ROWS: &[(&[&str], super::Capabilities)] = &[$(($family.ids, $family.takes)),*];
    };
}
pub(super) use families;
