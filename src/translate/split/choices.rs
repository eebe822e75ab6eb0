//! Several choices: Converse gives one, so each is a call of its own.

use std::ops::Range;

use crate::openai::Endpoint;
use crate::wire::Raw;

use super::{Asked, place};

/// Most that one request may ask for (`n`): each is a call that is billed with its whole prompt.
pub(in crate::translate) const MOST: usize = 16;

/// How many choices a request asks for, from 1 to [`MOST`]. What is no such number is better said of the request as a whole, and
/// counts as one.
pub(super) fn count(asked: &Asked<'_>, endpoint: Endpoint) -> usize {
    let number = |value: Option<Raw<'_>>| value.and_then(|value| value.get().parse::<usize>().ok());
    let count = match endpoint {
        Endpoint::ChatCompletions => number(asked.n),
        // The best of more than are asked for would be those of the highest probabilities, which Bedrock does not tell.
        Endpoint::Completions if asked.best_of.is_none() || number(asked.best_of) == number(asked.n) => {
            number(asked.n)
        }
        _ => None,
    };
    count.filter(|count| (1..=MOST).contains(count)).unwrap_or(1)
}

/// What a piece says otherwise, of a request for so many choices.
pub(super) fn changes(asked: &Asked<'_>, choices: usize, body: &[u8]) -> Vec<(Range<usize>, &'static str)> {
    if choices == 1 {
        return Vec::new();
    }
    [asked.n, asked.best_of].into_iter().flatten().map(|value| (place(body, value), "1")).collect()
}
