//! Content marked for a guardrail. Without a guardrail, and in the model's own turns, the mark is removed.

use crate::bedrock::converse::{Block, GuardContent, GuardText};
use crate::translate::conversation::Speaker;

use super::Fitting;
use super::notes::Field;

/// The block for marked content.
pub(super) fn block<'a>(
    guarded: GuardContent<'a>,
    speaker: Speaker,
    fitting: &mut Fitting<'a, '_>,
) -> Block<'a> {
    if fitting.is_guarded && speaker != Speaker::Assistant {
        return Block::GuardContent(guarded);
    }
    fitting.notes.dropped(Field::GuardContent);
    match guarded {
        GuardContent::Text(GuardText { text, qualifiers: _ }) => Block::Text(text),
        GuardContent::Image(image) => Block::Image(image),
    }
}
