//! The limit on tokens, within what the model takes.

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
    // Below the model's least Bedrock refuses the request; above the caller's most nothing goes.
    let least = most.map_or(capabilities.min_tokens, |most| capabilities.min_tokens.min(most));
    let taken = at_most.max(least);
    fitting.notes.dropped_if(taken != asked, Field::MaxTokens);
    Some(taken)
}
