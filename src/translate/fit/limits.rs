//! The limit on tokens, within what the model takes.

use super::Fitting;
use super::notes::Field;

/// The nearest limit that the model takes.
pub(super) fn max_tokens(asked: Option<i64>, fitting: &mut Fitting<'_, '_>) -> Option<i64> {
    let asked = asked?;
    let capabilities = fitting.capabilities;
    let at_most = capabilities.max_tokens.map_or(asked, |most| asked.min(most));
    let taken = at_most.max(capabilities.min_tokens);
    fitting.notes.dropped_if(taken != asked, Field::MaxTokens);
    Some(taken)
}
