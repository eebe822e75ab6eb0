//! The limit on tokens, within the model's and the caller's limits.

use super::Fitting;
use super::notes::Field;
use crate::translate::terms::Tokens;

/// The nearest limit that the caller may have and the model takes.
pub(super) fn max_tokens(asked: Option<i64>, fitting: &mut Fitting<'_, '_>) -> Option<i64> {
    let Tokens { most, .. } = fitting.tokens;
    let allowed = fitting.tokens.limit(asked)?;
    let asked = asked.unwrap_or(allowed);
    let capabilities = fitting.capabilities;
    let at_most = capabilities.max_tokens.map_or(allowed, |most| allowed.min(most));
    // A value below the model's minimum would be refused; one above the caller's maximum is never sent.
    let least = most.map_or(capabilities.min_tokens, |most| capabilities.min_tokens.min(most));
    let taken = at_most.max(least);
    fitting.notes.dropped_if(taken != asked, Field::MaxTokens);
    Some(taken)
}
