//! Anthropic's beta features: which of them Bedrock takes. Of others it says "invalid beta flag", and refuses the whole request.

use crate::bedrock::converse::{self, Document};

use super::notes::Field;
use super::{Fitting, binding};

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
    binding::BETA,
];

/// Sets the features that Bedrock takes, or that the configuration says it takes besides (`more`, `*` at the end standing for any
/// rest), for Claude. What the client says among its fields holds.
pub(super) fn set(
    body: &mut converse::Request<'_>,
    names: Option<Vec<String>>,
    more: &[String],
    fitting: &mut Fitting<'_, '_>,
) {
    const FIELD: &str = "anthropic_beta";
    let Some(mut names) = names else { return };
    let Fitting { capabilities, notes, .. } = fitting;
    if !capabilities.anthropic_beta {
        notes.dropped(Field::Betas);
        return;
    }
    names.retain(|name| {
        let is_taken = is_taken(name, more);
        notes.dropped_if(!is_taken, Field::Beta(name.clone()));
        is_taken
    });
    let fields = &mut body.additional_model_request_fields;
    if fields.value(FIELD).is_some() {
        notes.dropped(Field::Betas);
    } else if !names.is_empty() {
        fields.set(FIELD, Document::ours(&names));
    }
}

/// Whether Bedrock takes a feature, or the configuration says so.
pub fn is_taken(name: &str, more: &[String]) -> bool {
    let fits = |known: &String| match known.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => known == name,
    };
    TAKEN.iter().any(|known| match known.strip_suffix('-') {
        Some(_) => name.starts_with(known),
        None => name == *known,
    }) || more.iter().any(fits)
}
