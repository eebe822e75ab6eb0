//! Deterministic random numbers: the same for the same texts, so that a request can be repeated.

use std::hash::{DefaultHasher, Hash, Hasher as _};

/// A random number generator, seeded by texts.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// Seeded by these texts.
    pub(super) fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hasher = DefaultHasher::new();
        texts.into_iter().for_each(|text| text.hash(&mut hasher));
        Self(hasher.finish())
    }

    /// A number below `most`; 0 where that is 0.
    pub(super) fn below(&mut self, most: usize) -> usize {
        // SplitMix64 (Steele et al. 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        usize::try_from((bits ^ (bits >> 31)).checked_rem(most).unwrap_or_default()).unwrap_or_default()
    }

    /// Shuffles in place (Fisher and Yates).
    pub(super) fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            things.swap(last, self.below(last.saturating_add(1)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_texts_give_the_same_order_and_each_place_is_taken_about_as_often() {
        let mut counts = [[0; 4]; 4];
        for round in 0..4000 {
            let text = round.to_string();
            let shuffled = || {
                let mut things = [0, 1, 2, 3];
                Dice::of([text.as_str()]).shuffle(&mut things);
                things
            };
            assert_eq!(shuffled(), shuffled());
            for (place, thing) in shuffled().into_iter().enumerate() {
                counts[thing][place] += 1;
            }
        }
        assert!(counts.as_flattened().iter().all(|count| (850..1150).contains(count)), "{counts:?}");
        assert_eq!(Dice::of([]).below(0), 0);
    }
}
