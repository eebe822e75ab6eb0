//! Several choices: Converse makes one, so each is a call of its own.

use std::ops::Range;

use crate::openai::Endpoint;
use crate::wire::Raw;

use super::{Asked, place};

/// Most choices of a request (`n`): each call is billed with the whole prompt.
pub(in crate::translate) const MOST: usize = 16;

/// The number of choices, from 1 to [`MOST`]. An invalid number counts as one here; the translation refuses it.
pub(super) fn count(asked: &Asked<'_>, endpoint: Endpoint) -> usize {
    let number = |value: Option<Raw<'_>>| value.and_then(|value| value.get().parse::<usize>().ok());
    let count = match endpoint {
        Endpoint::ChatCompletions => number(asked.n),
        // `best_of` above `n` would need log probabilities, which Bedrock does not have.
        Endpoint::Completions if asked.best_of.is_none() || number(asked.best_of) == number(asked.n) => {
            number(asked.n)
        }
        _ => None,
    };
    count.filter(|count| (1..=MOST).contains(count)).unwrap_or(1)
}

/// The changes that each part makes to the members of a request for several choices.
pub(super) fn changes(asked: &Asked<'_>, choices: usize, body: &[u8]) -> Vec<(Range<usize>, &'static str)> {
    if choices == 1 {
        return Vec::new();
    }
    [asked.n, asked.best_of].into_iter().flatten().map(|value| (place(body, value), "1")).collect()
}
