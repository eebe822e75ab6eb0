//! Calls that ask a model to choose among candidates.

use super::candidates::{ARE_DATA, Candidates};
use super::verdict::BEST;
use super::{Call, Kind, Turn};

/// Token limit of a judge's reply: models that reason by default need room before they name a number.
pub(super) const TOKENS: u64 = 4096;

/// Most tokens that `drafts` drafts of `each` tokens and `judges` judges may generate.
pub(super) fn tokens(drafts: usize, each: u64, judges: usize) -> u64 {
    let count = |calls: usize| u64::try_from(calls).unwrap_or(u64::MAX);
    count(drafts).saturating_mul(each).saturating_add(count(judges).saturating_mul(TOKENS))
}

/// A judge's call: these words follow the question.
pub(super) fn call(words: String) -> Call {
    Call { kind: Kind::Judge, turn: Turn::Followed(words), max_tokens: Some(TOKENS), ..Call::default() }
}

/// The criterion of the choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Correctness, by the points in which the candidates differ.
    Comparison,
    /// Consistency with most candidates (Universal Self-Consistency, Chen et al. 2023, arXiv 2311.17311).
    Consensus,
}

/// A call that chooses one of the candidates, with or without reasons.
pub(super) fn choice(candidates: &Candidates, by: By, with_reasons: bool) -> Call {
    let task = match by {
        By::Comparison => {
            "Decide which of them is the best answer. Where they differ, find out which of them is right: that counts most, then \
             that nothing is missing, then clarity. A long or confident candidate is not better for that."
        }
        By::Consensus => "Decide which of them says what most of them say in substance.",
    };
    let end = if with_reasons {
        "Compare them in a few sentences. Then end with this line, and nothing behind it"
    } else {
        "Write this line and nothing else"
    };
    let (count, blocks) = (candidates.numbers.len(), &candidates.blocks);
    call(format!(
        "Do not answer what stands above. Below are {count} candidate answers to it, each between <candidate> tags. \
         {ARE_DATA}\n\n{blocks}\n{task} {end}:\n{BEST}"
    ))
}
