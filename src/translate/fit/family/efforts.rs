//! Effort levels of reasoning.

use std::fmt;

use crate::translate::conversation::Effort;

/// The set of levels that a model takes, by their common names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Efforts(u8);

impl Efforts {
    /// `low`, `medium` and `high`.
    pub const LOW_TO_HIGH: Self = Self(0).and(Effort::Low).and(Effort::Medium).and(Effort::High);
    /// `low` to `xhigh`.
    pub const LOW_TO_XHIGH: Self = Self::LOW_TO_HIGH.and(Effort::XHigh);
    /// `low` to `max`.
    pub const LOW_TO_MAX: Self = Self::LOW_TO_XHIGH.and(Effort::Max);
    /// Only `high`.
    pub const HIGH: Self = Self(0).and(Effort::High);

    /// The set with one more level.
    #[must_use]
    pub const fn and(self, effort: Effort) -> Self {
        Self(self.0 | Self::bit(effort))
    }

    /// The set without a level.
    #[must_use]
    pub const fn without(self, effort: Effort) -> Self {
        Self(self.0 & !Self::bit(effort))
    }

    /// Whether a level is in the set.
    pub const fn has(self, effort: Effort) -> bool {
        self.0 & Self::bit(effort) != 0
    }

    /// The level to use for a requested one: itself, else the next higher, else the highest.
    pub fn nearest(self, asked: Effort) -> Option<Effort> {
        let taken = || Effort::ALL.iter().copied().filter(|effort| self.has(*effort));
        taken().find(|effort| *effort >= asked).or_else(|| taken().next_back())
    }

    const fn bit(effort: Effort) -> u8 {
        1 << effort as u8
    }
}

impl fmt::Debug for Efforts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let taken = Effort::ALL.iter().filter(|effort| self.has(**effort));
        f.debug_list().entries(taken.map(|effort| effort.name())).finish()
    }
}

impl FromIterator<Effort> for Efforts {
    fn from_iter<I: IntoIterator<Item = Effort>>(efforts: I) -> Self {
        efforts.into_iter().fold(Self(0), Self::and)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_level_is_the_next_above_or_the_highest() {
        let four_six = Efforts::LOW_TO_MAX.without(Effort::XHigh);
        for (taken, asked, nearest) in [
            (Efforts::LOW_TO_HIGH, Effort::Minimal, Effort::Low),
            (Efforts::LOW_TO_HIGH, Effort::Medium, Effort::Medium),
            (Efforts::LOW_TO_HIGH, Effort::Max, Effort::High),
            (four_six, Effort::XHigh, Effort::Max),
            (Efforts::LOW_TO_XHIGH, Effort::Max, Effort::XHigh),
            (Efforts::HIGH, Effort::Minimal, Effort::High),
            (Efforts::LOW_TO_HIGH.and(Effort::None), Effort::None, Effort::None),
            (Efforts::LOW_TO_HIGH, Effort::None, Effort::Low),
        ] {
            assert_eq!(taken.nearest(asked), Some(nearest), "{taken:?} {asked:?}");
        }
        assert_eq!(Efforts::from_iter([]).nearest(Effort::High), None);
        assert_eq!(Efforts::from_iter([Effort::High]), Efforts::HIGH);
    }
}
