//! The header `anthropic-beta`: which features Bedrock takes. Of others it says "invalid beta flag", and refuses the whole request.

use std::borrow::Cow;

use crate::translate::notes::Notes;

/// How the names of features that Bedrock takes begin (Amazon Bedrock User Guide, "Anthropic Claude Messages API", and what users report
/// of Converse). Clients of Anthropic's own API send many more.
const TAKEN: &[&str] = &[
    "computer-use-",
    "token-efficient-tools-2025-02-19",
    "interleaved-thinking-2025-05-14",
    "output-128k-2025-02-19",
    "dev-full-thinking-2025-05-14",
    "context-1m-2025-08-07",
    "context-management-2025-06-27",
    "effort-2025-11-24",
    "tool-search-tool-2025-10-19",
    "tool-examples-2025-10-29",
];

/// The header with what Bedrock takes, or what the configuration says that it takes besides (`more`, `*` at the end standing for any
/// rest). The others are named. What could be no name stays, to be refused.
pub(super) fn taken<'h>(header: &'h str, more: &[String], notes: &mut Notes<'_>) -> Cow<'h, str> {
    let is_taken = |name: &str| {
        let fits = |known: &String| match known.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => known == name,
        };
        TAKEN.iter().any(|known| match known.strip_suffix('-') {
            Some(_) => name.starts_with(known),
            None => name == *known,
        }) || more.iter().any(fits)
            || name.bytes().any(|b| !(b.is_ascii_alphanumeric() || b"-_.".contains(&b)))
    };
    let mut kept = Vec::new();
    for name in header.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if is_taken(name) {
            kept.push(name);
        } else {
            notes.ignore(&format!("anthropic-beta.{name}"));
        }
    }
    kept.join(",").into()
}
