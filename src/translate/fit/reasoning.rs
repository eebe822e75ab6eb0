//! Reasoning of earlier answers, which is sent back to families that check its signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::family::{Capabilities, Reasoning as Means};
use super::notes::{Field, Notes};
use crate::bedrock::converse::Reasoning;

/// The reasoning to send back; `None` where the model would refuse it.
pub(super) fn replayed<'a>(
    reasoning: Reasoning<'a>,
    capabilities: &Capabilities,
    notes: &mut Notes,
) -> Option<Reasoning<'a>> {
    let means = capabilities.reasoning;
    let is_its_own = match &reasoning {
        // Models that return no text of their thoughts sign an empty one, which must be sent back unchanged.
        Reasoning::ReasoningText { text, signature }
            if text.is_empty() && !signature.is_empty() && means == Means::AdaptiveOnly =>
        {
            true
        }
        Reasoning::ReasoningText { text, .. } if text.is_blank() => return None,
        Reasoning::ReasoningText { signature, .. } => !signature.is_empty() && means.is_thinking(),
        Reasoning::RedactedContent(data) => is_base64(data) && means.takes_redacted(),
    };
    if is_its_own {
        return Some(reasoning);
    }
    notes.dropped(Field::Replay);
    None
}

/// Whether a text is non-empty, valid base64.
fn is_base64(data: &str) -> bool {
    STANDARD.decode(data).is_ok_and(|bytes| !bytes.is_empty())
}
