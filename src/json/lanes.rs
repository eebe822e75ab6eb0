//! Sixteen bytes side by side: by SIMD in Envoy's VM, one by one elsewhere, where only tests run.

#[cfg(target_arch = "wasm32")]
mod simd {
    use core::arch::wasm32::{u8x16_eq, u8x16_lt, u8x16_splat, u64x2, v128, v128_any_true, v128_or};

    /// Sixteen bytes, or what is true of each.
    #[derive(Clone, Copy, Debug)]
    pub(in crate::json) struct Lanes(v128);

    impl Lanes {
        #[inline(always)]
        pub(in crate::json) fn read(bytes: &[u8; 16]) -> Self {
            let both = u128::from_le_bytes(*bytes);
            Self(u64x2(both as u64, (both >> 64) as u64))
        }

        #[inline(always)]
        pub(in crate::json) fn are(self, byte: u8) -> Self {
            Self(u8x16_eq(self.0, u8x16_splat(byte)))
        }

        #[inline(always)]
        pub(in crate::json) fn are_below(self, byte: u8) -> Self {
            Self(u8x16_lt(self.0, u8x16_splat(byte)))
        }

        #[inline(always)]
        pub(in crate::json) fn or(self, other: Self) -> Self {
            Self(v128_or(self.0, other.0))
        }

        #[inline(always)]
        pub(in crate::json) fn any(self) -> bool {
            v128_any_true(self.0)
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod scalar {
    /// Sixteen bytes, or what is true of each.
    #[derive(Clone, Copy, Debug)]
    pub(in crate::json) struct Lanes([u8; 16]);

    impl Lanes {
        #[inline(always)]
        pub(in crate::json) fn read(bytes: &[u8; 16]) -> Self {
            Self(*bytes)
        }

        #[inline(always)]
        pub(in crate::json) fn are(self, byte: u8) -> Self {
            Self(self.0.map(|own| u8::from(own == byte)))
        }

        #[inline(always)]
        pub(in crate::json) fn are_below(self, byte: u8) -> Self {
            Self(self.0.map(|own| u8::from(own < byte)))
        }

        #[inline(always)]
        pub(in crate::json) fn or(self, other: Self) -> Self {
            let mut both = self.0;
            for (own, other) in both.iter_mut().zip(other.0) {
                *own |= other;
            }
            Self(both)
        }

        #[inline(always)]
        pub(in crate::json) fn any(self) -> bool {
            self.0 != [0; 16]
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub(super) use scalar::Lanes;
#[cfg(target_arch = "wasm32")]
pub(super) use simd::Lanes;
