//! How much is asked, and how much it came to.

use super::Measure;

/// So much of everything that is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Requests.
    pub requests: u64,
    /// Tokens that a model reads, of caches too.
    pub input: u64,
    /// Tokens that a model writes.
    pub output: u64,
    /// Money, in millionths.
    pub cost: u64,
}

impl Amount {
    /// How many numbers it has.
    pub(super) const NUMBERS: usize = 4;

    /// One request, of which nothing more is asked.
    pub fn of_request() -> Self {
        Self { requests: 1, ..Self::default() }
    }

    /// So much of one of them.
    pub fn of(&self, measure: Measure) -> u64 {
        match measure {
            Measure::Requests => self.requests,
            Measure::Tokens => self.input.saturating_add(self.output),
            Measure::Input => self.input,
            Measure::Output => self.output,
            Measure::Cost => self.cost,
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        self.each(other, u64::saturating_add)
    }

    /// What is left of it without the other; none where the other is more.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.each(other, u64::saturating_sub)
    }

    fn each(&self, other: &Self, both: fn(u64, u64) -> u64) -> Self {
        let (mine, others) = (self.numbers(), other.numbers());
        let mut all = [0; Self::NUMBERS];
        for ((all, mine), other) in all.iter_mut().zip(mine).zip(others) {
            *all = both(mine, other);
        }
        Self::from_numbers(all)
    }

    pub(super) fn numbers(&self) -> [u64; Self::NUMBERS] {
        let Self { requests, input, output, cost } = *self;
        [requests, input, output, cost]
    }

    pub(super) fn from_numbers([requests, input, output, cost]: [u64; Self::NUMBERS]) -> Self {
        Self { requests, input, output, cost }
    }
}
