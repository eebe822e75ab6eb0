//! `re2`: the question is read twice.

use super::{Call, Step, Turn};

/// Re-Reading (Xu et al. 2023, arXiv 2309.06275): the last user turn contains its texts twice, as in the paper. OptiLLM repeats
/// the whole conversation as one text.
pub(super) fn step() -> Step {
    Step::Last(Call { turn: Turn::Repeated("Read the question again:".into()), ..Call::default() })
}
