//! Amounts: what a request reserves, and what it has used.

use super::Measure;

/// An amount of everything that is limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Requests.
    pub requests: u64,
    /// Input tokens, those of prompt caches included.
    pub input: u64,
    /// Output tokens.
    pub output: u64,
    /// Money, in millionths of the currency.
    pub cost: u64,
}

impl Amount {
    /// The number of fields.
    pub(super) const NUMBERS: usize = 4;

    /// One request, without tokens or money.
    pub fn of_request() -> Self {
        Self { requests: 1, ..Self::default() }
    }

    /// The field of a measure.
    pub fn of(&self, measure: Measure) -> u64 {
        match measure {
            Measure::Requests => self.requests,
            Measure::Tokens => self.input.saturating_add(self.output),
            Measure::Input => self.input,
            Measure::Output => self.output,
            Measure::Cost => self.cost,
        }
    }

    /// The sum of two amounts.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        self.each(other, u64::saturating_add)
    }

    /// The difference of two amounts, never below zero.
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
