//! Why a text could not be read.

use std::borrow::Cow;
use std::fmt;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    reason: Cow<'static, str>,
    /// From the innermost step outwards.
    path: Vec<Step>,
    /// Where the text is no JSON, byte.
    at: Option<usize>,
}

/// One step to what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(Cow<'static, str>),
    Item(usize),
}

impl Error {
    /// The text is not what its type wants.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { reason: reason.into(), path: Vec::new(), at: None }))
    }

    /// The text is no JSON from byte `at` on.
    pub(super) fn syntax(reason: &'static str, at: usize) -> Self {
        Self(Box::new(Inner { reason: Cow::Borrowed(reason), path: Vec::new(), at: Some(at) }))
    }

    /// The same error, inside a member of this name.
    #[must_use]
    pub fn in_member(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.0.path.push(Step::Member(name.into()));
        self
    }

    /// The same error, inside the item at `index`.
    #[must_use]
    pub(super) fn in_item(mut self, index: usize) -> Self {
        self.0.path.push(Step::Item(index));
        self
    }

    /// Where the text is no JSON, byte; `None` where it is JSON, but not of the form that is wanted.
    pub fn at(&self) -> Option<usize> {
        self.0.at
    }

    /// What is wrong, without its place.
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The place: `messages[0].role`.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for step in self.0.path.iter().rev() {
            match step {
                Step::Member(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Step::Item(index) => {
                    path.push('[');
                    path.push_str(&index.to_string());
                    path.push(']');
                }
            }
        }
        path
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.at {
            Some(at) => write!(f, "{} at byte {at}", self.0.reason),
            None => f.write_str(&self.0.reason),
        }
    }
}

impl std::error::Error for Error {}
