//! The form of the table's rows.

use super::Capabilities;

/// A family: models with the same capabilities.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Its display name.
    pub name: &'static str,
    /// Prefixes of its models' ids, without a profile's prefix. The longest prefix of all rows counts.
    pub ids: &'static [&'static str],
    /// The family whose facts it inherits.
    pub like: Option<&'static Family>,
    /// Its capabilities.
    pub takes: Capabilities,
    /// The sources of the capabilities that it does not inherit.
    pub facts: &'static [Fact],
}

/// The sources of a capability.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// A field of [`Capabilities`].
    pub capability: &'static str,
    /// The sources.
    pub sources: &'static [Source],
}

/// A source of facts about models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// How reliable it is.
    pub grade: Grade,
    /// A page's title, or the place of a report.
    pub said: &'static str,
    /// The month in which it was last read.
    pub read: &'static str,
}

/// The reliability of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// In the documentation of AWS or the vendor.
    Documented,
    /// Observed by a user, or implemented in another project.
    Reported,
    /// Not stated anywhere; derived from similar models, or the safer choice.
    Assumed,
}

impl Fact {
    /// The grade of its most reliable source.
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

        /// Prefixes and capabilities of this file's rows.
        pub(super) const ROWS: &[(&[&str], super::Capabilities)] = &[$(($family.ids, $family.takes)),*];
    };
}
pub(super) use families;
