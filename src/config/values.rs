//! Helpers that several parts of the configuration share.

use crate::aws::endpoint::{self, Region};
use crate::texts::told;

use super::Error;

/// An error about the field at `path`.
pub(super) fn error(path: impl AsRef<str>, reason: impl AsRef<str>) -> Error {
    #[cold]
    #[inline(never)]
    fn of(path: &str, reason: &str) -> Error {
        Error { path: path.to_owned(), reason: reason.to_owned() }
    }
    of(path.as_ref(), reason.as_ref())
}

/// An error about a member of what is at `at`.
#[cold]
#[inline(never)]
pub(super) fn error_in(at: &str, name: &str, reason: &str) -> Error {
    error(inside(at, name), reason)
}

/// One step of a path.
#[derive(Clone, Copy)]
pub(super) enum Step<'a> {
    Member(&'a str),
    Item(usize),
}

impl Error {
    /// The same error, with a step put before its path.
    #[cold]
    #[inline(never)]
    pub(super) fn within(self, step: Step<'_>) -> Self {
        let at = match step {
            Step::Member(name) => told(name).to_owned(),
            Step::Item(index) => item("", index),
        };
        let between = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        Self { path: [at.as_str(), between, self.path.as_str()].concat(), reason: self.reason }
    }
}

/// The path of a member.
#[inline(never)]
pub(super) fn inside(at: &str, name: &str) -> String {
    [at, ".", name].concat()
}

/// The path of an item.
#[inline(never)]
pub(super) fn item(at: &str, index: usize) -> String {
    [at, "[", &index.to_string(), "]"].concat()
}

/// The reason for a word that is not one of `words`.
pub(super) fn one_of(words: &[&str]) -> String {
    ["must be one of ", &words.join(", ")].concat()
}

/// The reason for a required member that is absent.
pub(super) fn missing(name: &str) -> String {
    ["'", name, "' is missing"].concat()
}

/// Checks a name that goes into log lines and header values: no control characters, no line ends.
pub(super) fn check_name(name: &str, at: &str) -> Result<(), Error> {
    if name.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(error_in(at, "name", "must not have control characters"));
    }
    Ok(())
}

/// A member of what is at `at`, which must not be 0.
pub(super) fn positive(at: &str, name: &str, number: usize) -> Result<usize, Error> {
    match number {
        0 => Err(error_in(at, name, "must be at least 1")),
        number => Ok(number),
    }
}

/// A decimal number. Envoy turns those of its YAML into strings; only whole numbers stay numbers.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let is_of_number = |b: u8| b.is_ascii_digit() || b".eE+-".contains(&b);
    text.parse().ok().filter(|number: &f64| number.is_finite() && text.bytes().all(is_of_number))
}

/// A region, by its name.
pub(super) fn region_of(name: &str, at: &str) -> Result<Region, Error> {
    Region::new(name).map_err(|_| error(at, "not a region's name, such as 'us-east-1'"))
}

/// The `host` header for `http(s)://host[:port]`, without the scheme's default port.
pub(super) fn host_of(endpoint: &str, at: &str) -> Result<String, Error> {
    endpoint::host_of(endpoint)
        .ok_or_else(|| error(at, "must be 'https://host', 'http://host', or either with ':port'"))
}
