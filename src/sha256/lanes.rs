//! Four words side by side: by SIMD in Envoy's VM, one by one elsewhere, where only tests run.

#[cfg(target_arch = "wasm32")]
mod simd {
    use core::arch::wasm32::{
        i8x16_shuffle, i32x4_add, i32x4_shuffle, u32x4, u32x4_extract_lane, u32x4_shl, u32x4_shr,
        u32x4_splat, u64x2, v128, v128_or, v128_xor,
    };

    /// Four words.
    #[derive(Clone, Copy, Debug)]
    pub(in crate::sha256) struct Lanes(v128);

    impl Lanes {
        #[inline(always)]
        pub(in crate::sha256) const fn of([a, b, c, d]: [u32; 4]) -> Self {
            Self(u32x4(a, b, c, d))
        }

        /// Of big-endian bytes.
        #[inline(always)]
        pub(in crate::sha256) fn read(first: &[u8; 8], second: &[u8; 8]) -> Self {
            let bytes = u64x2(u64::from_le_bytes(*first), u64::from_le_bytes(*second));
            Self(i8x16_shuffle::<3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12>(bytes, bytes))
        }

        #[inline(always)]
        pub(in crate::sha256) fn words(self) -> [u32; 4] {
            [
                u32x4_extract_lane::<0>(self.0),
                u32x4_extract_lane::<1>(self.0),
                u32x4_extract_lane::<2>(self.0),
                u32x4_extract_lane::<3>(self.0),
            ]
        }

        #[inline(always)]
        pub(in crate::sha256) fn plus(self, other: Self) -> Self {
            Self(i32x4_add(self.0, other.0))
        }

        #[inline(always)]
        pub(in crate::sha256) fn xor(self, other: Self) -> Self {
            Self(v128_xor(self.0, other.0))
        }

        #[inline(always)]
        pub(in crate::sha256) fn shifted<const BITS: u32>(self) -> Self {
            Self(u32x4_shr(self.0, BITS))
        }

        #[inline(always)]
        pub(in crate::sha256) fn rotated<const BITS: u32>(self) -> Self {
            Self(v128_or(u32x4_shr(self.0, BITS), u32x4_shl(self.0, 32 - BITS)))
        }

        /// The last three, and the next one's first.
        #[inline(always)]
        pub(in crate::sha256) fn one_on(self, next: Self) -> Self {
            Self(i32x4_shuffle::<1, 2, 3, 4>(self.0, next.0))
        }

        /// The last two, and zeros.
        #[inline(always)]
        pub(in crate::sha256) fn last_first(self) -> Self {
            Self(i32x4_shuffle::<2, 3, 4, 5>(self.0, u32x4_splat(0)))
        }

        /// Zeros, and the first two.
        #[inline(always)]
        pub(in crate::sha256) fn first_last(self) -> Self {
            Self(i32x4_shuffle::<4, 5, 0, 1>(self.0, u32x4_splat(0)))
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod scalar {
    /// Four words.
    #[derive(Clone, Copy, Debug)]
    pub(in crate::sha256) struct Lanes([u32; 4]);

    impl Lanes {
        #[inline(always)]
        pub(in crate::sha256) const fn of(words: [u32; 4]) -> Self {
            Self(words)
        }

        /// Of big-endian bytes.
        #[inline(always)]
        pub(in crate::sha256) fn read(first: &[u8; 8], second: &[u8; 8]) -> Self {
            let words = |bytes: &[u8; 8]| {
                let both = u64::from_be_bytes(*bytes);
                [(both >> 32) as u32, both as u32]
            };
            let ([a, b], [c, d]) = (words(first), words(second));
            Self([a, b, c, d])
        }

        #[inline(always)]
        pub(in crate::sha256) fn words(self) -> [u32; 4] {
            self.0
        }

        #[inline(always)]
        pub(in crate::sha256) fn plus(self, other: Self) -> Self {
            let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
            Self([a.wrapping_add(e), b.wrapping_add(f), c.wrapping_add(g), d.wrapping_add(h)])
        }

        #[inline(always)]
        pub(in crate::sha256) fn xor(self, other: Self) -> Self {
            let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
            Self([a ^ e, b ^ f, c ^ g, d ^ h])
        }

        #[inline(always)]
        pub(in crate::sha256) fn shifted<const BITS: u32>(self) -> Self {
            Self(self.0.map(|word| word >> BITS))
        }

        #[inline(always)]
        pub(in crate::sha256) fn rotated<const BITS: u32>(self) -> Self {
            Self(self.0.map(|word| word.rotate_right(BITS)))
        }

        /// The last three, and the next one's first.
        #[inline(always)]
        pub(in crate::sha256) fn one_on(self, next: Self) -> Self {
            let ([_, b, c, d], [e, ..]) = (self.0, next.0);
            Self([b, c, d, e])
        }

        /// The last two, and zeros.
        #[inline(always)]
        pub(in crate::sha256) fn last_first(self) -> Self {
            let [_, _, c, d] = self.0;
            Self([c, d, 0, 0])
        }

        /// Zeros, and the first two.
        #[inline(always)]
        pub(in crate::sha256) fn first_last(self) -> Self {
            let [a, b, ..] = self.0;
            Self([0, 0, a, b])
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub(super) use scalar::Lanes;
#[cfg(target_arch = "wasm32")]
pub(super) use simd::Lanes;
