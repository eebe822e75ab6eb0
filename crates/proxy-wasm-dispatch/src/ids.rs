//! Hash tables keyed by ids that Envoy assigns. No client chooses them, so one multiplication is hash enough.

use std::hash::{BuildHasherDefault, Hasher};

/// Builds the hasher of such a table.
pub(super) type Ids = BuildHasherDefault<IdHasher>;

/// The hash so far.
#[derive(Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, id: u32) {
        self.write_u64(u64::from(id));
    }

    fn write_u64(&mut self, id: u64) {
        // 2^64 divided by the golden ratio (Knuth, "The Art of Computer Programming", 6.4).
        self.0 = (self.0 ^ id).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_follow_each_other_are_spread() {
        let hash = |id: u32| {
            let mut hasher = IdHasher::default();
            hasher.write_u32(id);
            hasher.finish() >> 57
        };
        let mut tops: Vec<u64> = (0..128).map(hash).collect();
        tops.sort_unstable();
        tops.dedup();
        assert!(tops.len() > 64, "{}", tops.len());
    }
}
