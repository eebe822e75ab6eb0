//! Reasoning of earlier answers: it goes back to the families that check its signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::family::{Capabilities, Reasoning as Means};
use super::notes::{Field, Notes};
use crate::bedrock::converse::Reasoning;

/// The reasoning as it goes back; none where the model would not take it as its own.
pub(super) fn replayed<'a>(
    reasoning: Reasoning<'a>,
    capabilities: &Capabilities,
    notes: &mut Notes,
) -> Option<Reasoning<'a>> {
    let means = capabilities.reasoning;
    let is_its_own = match &reasoning {
        // Models that give no text of their thoughts by themselves sign an empty one, which has to go back as it came.
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

/// True for base64 of something, all of it.
fn is_base64(data: &str) -> bool {
    STANDARD.decode(data).is_ok_and(|bytes| !bytes.is_empty())
}
