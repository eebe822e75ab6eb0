//! Choices that the fuzzer makes: the same interface as the tests' random numbers.

/// Chooses by the input's bytes, and once they have run out by random numbers that depend on nothing else.
pub(crate) struct Random<'b> {
    bytes: &'b [u8],
    state: u64,
}

impl<'b> Random<'b> {
    pub(crate) fn of(bytes: &'b [u8]) -> Self {
        let state =
            bytes.iter().fold(0u64, |state, byte| state.wrapping_mul(0x100_0000_01B3) ^ u64::from(*byte));
        Self { bytes, state }
    }

    /// SplitMix64.
    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Less than `end`. As few bytes as can be, so that each of the fuzzer's changes is one choice.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let wanted = if end <= 256 { 1 } else { 2 };
        match self.bytes.split_at_checked(wanted) {
            Some((taken, rest)) => {
                self.bytes = rest;
                taken.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)) % end
            }
            None => (self.next() % end as u64) as usize,
        }
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}
