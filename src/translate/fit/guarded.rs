//! What is marked for a guardrail: where there is none, and in the model's own turns, it is what it is without the mark.

use crate::bedrock::converse::{Block, GuardContent, GuardText};
use crate::translate::conversation::Speaker;

use super::Fitting;
use super::notes::Field;

/// The block for it.
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
