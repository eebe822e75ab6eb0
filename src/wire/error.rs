//! Errors of parsing JSON.
//!
//! serde_json's errors repeat the wrong value (`invalid type: string "…"`), which may be a secret or a prompt, and name a line
//! instead of a member. Here they become a path and a reason without the value.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, IgnoredAny};

use super::budget::TOO_MUCH;

/// What is wrong, and where. It repeats nothing of the text except names of members in the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    reason: Cow<'static, str>,
    path: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The text is not JSON.
    Syntax,
    /// The JSON does not have the expected form.
    Form,
    /// The text exceeds its budget.
    TooLarge,
}

/// Separates the steps of a path within a serde error. serde_json's messages contain no control character, since values are
/// escaped there.
const STEP: char = '\u{1}';

/// Longest member name in a path, characters.
const NAME: usize = 64;

/// The same error with a step put before its path: a member's name, or an item's index in brackets.
pub(crate) fn within<E: de::Error>(step: impl fmt::Display, error: E) -> E {
    E::custom(format_args!("{step:.NAME$}{STEP}{error}"))
}

impl Error {
    /// The text does not have the form that its type requires.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: reason.into(), path: String::new(), kind: Kind::Form }
    }

    /// The text is not JSON.
    pub(super) fn syntax(reason: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: reason.into(), path: String::new(), kind: Kind::Syntax }
    }

    /// Converts serde_json's error about `text`.
    pub(super) fn of(error: &serde_json::Error, text: &str) -> Self {
        let message = error.to_string();
        if message.rsplit(STEP).next().is_some_and(|reason| reason.starts_with(TOO_MUCH)) {
            return Self { reason: TOO_MUCH.into(), path: String::new(), kind: Kind::TooLarge };
        }
        // Only on failure is the whole text checked for being JSON: a broken member may come before a syntax error.
        if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
            return Self::syntax(error.to_string());
        }
        let mut steps: Vec<&str> = message.split(STEP).collect();
        let reason = reason(steps.pop().unwrap_or_default());
        let mut path = String::new();
        for step in steps {
            if !path.is_empty() && !step.starts_with('[') {
                path.push('.');
            }
            path.push_str(step);
        }
        Self { reason, path, kind: Kind::Form }
    }

    /// Whether the text is not JSON; else its form is wrong.
    pub fn is_syntax(&self) -> bool {
        self.kind == Kind::Syntax
    }

    /// Whether the text exceeds its budget.
    pub fn is_too_large(&self) -> bool {
        self.kind == Kind::TooLarge
    }

    /// The reason, without the path.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The path: `messages[0].role`; empty for the whole text.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// What was expected and which type was found, in JSON's terms and without its value.
fn reason(message: &str) -> Cow<'static, str> {
    let message = message.rfind(" at line ").and_then(|end| message.get(..end)).unwrap_or(message);
    if message == "recursion limit exceeded" {
        return "values nest too deep".into();
    }
    let mismatch = message.strip_prefix("invalid type: ").map(|rest| (rest, true));
    let mismatch = mismatch.or_else(|| message.strip_prefix("invalid value: ").map(|rest| (rest, false)));
    // The expectation comes last and has no client's text; the found value may contain anything.
    let Some(((found, wanted), is_type)) =
        mismatch.and_then(|(rest, is_type)| Some((rest.rsplit_once(", expected ")?, is_type)))
    else {
        return own(message);
    };
    let wanted = match wanted {
        "i64" | "u64" | "u32" | "usize" => "a whole number",
        "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "an object",
        wanted => wanted,
    };
    let found = match found.split([' ', '`']).next().unwrap_or_default() {
        "null" => "null",
        "boolean" => "a boolean",
        "integer" | "floating" if wanted == "a whole number" => "another number",
        "integer" | "floating" => "a number",
        "string" => "a string",
        "sequence" => "a list",
        "map" | "struct" => "an object",
        _ => "something else",
    };
    if is_type || found == "another number" {
        format!("expected {wanted}, not {found}").into()
    } else {
        format!("expected {wanted}").into()
    }
}

/// A message about the form, without what derived types repeat of the text: an unknown variant, an unknown member's name.
fn own(message: &str) -> Cow<'static, str> {
    const LONGEST: usize = 200;
    for (begin, what) in [("unknown variant `", "not a known word"), ("unknown field `", "an unknown member")]
    {
        if message.starts_with(begin) {
            // The list of known names comes last and has no client's text.
            let known = message.rsplit_once("`, expected ").map(|(_, known)| known);
            return known.map_or(what.into(), |known| format!("{what}; expected {known}").into());
        }
    }
    message.chars().take(LONGEST).collect::<String>().into()
}

impl From<Error> for String {
    fn from(error: Error) -> Self {
        error.to_string()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::super::{List, Members, from_str};

    #[test]
    fn an_error_says_where_and_repeats_nothing() {
        let error = from_str::<List<List<u64>>>("[[1],[2,true]]").unwrap_err();
        assert_eq!((error.path(), error.reason()), ("[1][1]", "expected a whole number, not a boolean"));
        for (text, reason) in [
            (r#"["s3cret, expected you"]"#, "expected a whole number, not a string"),
            (r#"["s3cret, expected\u0001you"]"#, "expected a whole number, not a string"),
            ("[1.5]", "expected a whole number, not another number"),
            ("[-5]", "expected a whole number, not another number"),
            ("[{}]", "expected a whole number, not an object"),
        ] {
            let error = from_str::<List<u64>>(text).unwrap_err();
            assert_eq!((error.path(), error.reason(), error.is_syntax()), ("[0]", reason, false), "{text}");
        }
    }

    #[test]
    fn no_error_of_a_derived_type_repeats_a_word_or_a_name() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Word {
            One,
            Two,
        }
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Strict {
            #[expect(dead_code, reason = "only that it is wrong matters")]
            word: Word,
        }
        for text in [
            r#""s3cret""#,
            r#""s3cret`, expected `s3cret""#,
            r#"{"word":"s3cret"}"#,
            r#"{"s3cret":1}"#,
            r#"{"word":31337}"#,
            r#"{"word":{"s3cret":1}}"#,
            r#"{"word":["s3cret"]}"#,
            r#"["s3cret"]"#,
            r#""one","s3cret""#,
            r#"{"word":{"one":"s3cret"}}"#,
            "31337",
            "-3133731337313373133731337",
            "3.1337e5",
        ] {
            for error in [from_str::<Word>(text).err(), from_str::<Strict>(text).err()].into_iter().flatten()
            {
                let told = format!("{error} {} {error:?}", error.path());
                assert!(
                    !told.contains("s3cret") && !told.contains("31337") && !told.contains("1337e"),
                    "{told}"
                );
            }
        }
        let error = from_str::<Strict>(r#"{"word":"three"}"#).unwrap_err();
        assert_eq!(error.reason(), "not a known word; expected `one` or `two`");
    }

    #[test]
    fn a_key_in_the_place_of_a_name_is_not_told() {
        let error = from_str::<Members<'_, u64>>(r#"{"9d8db2a67d146638c07f":"x"}"#).unwrap_err();
        assert_eq!(error.path(), "…");
        let error = from_str::<Members<'_, u64>>(r#"{"session-id":"x"}"#).unwrap_err();
        assert_eq!(error.path(), "session-id");
    }

    #[test]
    fn what_is_no_json_is_told_as_that_wherever_it_is() {
        for text in ["[[1],[2,tru]]", "[[1],[true}]", "[1]]", "[\"\\x\"]", "[\"\u{1}\"]"] {
            assert!(from_str::<List<List<u64>>>(text).unwrap_err().is_syntax(), "{text}");
        }
    }
}
