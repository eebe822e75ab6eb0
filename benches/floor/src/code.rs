//! As much machine code as a chat runs of the filter's, each byte once: what that much code costs a request by its size.
//!
//! A chat runs 3,300 cache lines (of 64 bytes) of the filter's machine code, by a sampling profile: 210 KB. These functions are
//! about as much once V8 has compiled them, and do nothing but additions and exclusive ors: 14,336, of which each waits for the
//! one before. They run in one go, the filter's code between its calls to Envoy.

/// How many functions there are.
const FUNCTIONS: usize = 256;

/// Calls every function once; `seed` keeps the compiler from doing that beforehand.
pub(crate) fn run(seed: u64) -> u64 {
    ALL.iter().fold(seed, |value, function| function(value))
}

/// Some 800 bytes of machine code without a loop or a branch. Each `N` has constants of its own, so that no two are merged.
#[inline(never)]
fn step<const N: u64>(mut value: u64) -> u64 {
    /// Odd, and with bits all over, so that no constant is encoded in fewer than eight bytes.
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    macro_rules! add {
        ($($place:literal)*) => { $(
            value = (value ^ SPREAD.wrapping_mul(N * 64 + $place)).wrapping_add(SPREAD.wrapping_mul(N * 64 + $place + 32));
        )* };
    }
    add!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28);
    value
}

macro_rules! functions {
    ($($sixteen:literal)*) => { [ $(
        step::<{ $sixteen * 16 }>, step::<{ $sixteen * 16 + 1 }>, step::<{ $sixteen * 16 + 2 }>, step::<{ $sixteen * 16 + 3 }>,
        step::<{ $sixteen * 16 + 4 }>, step::<{ $sixteen * 16 + 5 }>, step::<{ $sixteen * 16 + 6 }>, step::<{ $sixteen * 16 + 7 }>,
        step::<{ $sixteen * 16 + 8 }>, step::<{ $sixteen * 16 + 9 }>, step::<{ $sixteen * 16 + 10 }>, step::<{ $sixteen * 16 + 11 }>,
        step::<{ $sixteen * 16 + 12 }>, step::<{ $sixteen * 16 + 13 }>, step::<{ $sixteen * 16 + 14 }>, step::<{ $sixteen * 16 + 15 }>,
    )* ] };
}

static ALL: [fn(u64) -> u64; FUNCTIONS] = functions!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
