//! HMAC with SHA-256 (RFC 2104).

use crate::sha256::{Hash, Sha256, sha256};

/// The block that SHA-256 works on, bytes.
const BLOCK: usize = 64;

/// HMAC with one key, whose share of the work is done once.
#[derive(Clone)]
pub(super) struct Hmac {
    inner: Sha256,
    outer: Sha256,
}

impl Hmac {
    pub(super) fn new(key: &[u8]) -> Self {
        let hashed;
        let key = if key.len() > BLOCK {
            hashed = sha256(&[key]);
            &hashed
        } else {
            key
        };
        let padded = |pad: u8| {
            let mut block = [pad; BLOCK];
            for (byte, key) in block.iter_mut().zip(key) {
                *byte ^= key;
            }
            let mut hash = Sha256::default();
            hash.update(&block);
            hash
        };
        Self { inner: padded(0x36), outer: padded(0x5c) }
    }

    pub(super) fn of(&self, message: &[u8]) -> Hash {
        let Self { mut inner, mut outer } = self.clone();
        inner.update(message);
        outer.update(&inner.finish());
        outer.finish()
    }
}

/// Adds `bytes` in hexadecimal, lower case.
#[expect(clippy::arithmetic_side_effects, reason = "half a byte is below 16")]
pub(super) fn push_hex(out: &mut String, bytes: &[u8; 32]) {
    let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' - 10 + half };
    let mut text = [[0; 2]; 32];
    for (digits, byte) in text.iter_mut().zip(bytes) {
        *digits = [digit(byte >> 4), digit(byte & 0xf)];
    }
    out.push_str(std::str::from_utf8(text.as_flattened()).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8; 32]) -> String {
        let mut out = String::new();
        push_hex(&mut out, bytes);
        out
    }

    // RFC 4231, test cases 1, 2 and 6.
    #[test]
    fn hmac_is_the_rfcs() {
        for (key, message, expected) in [
            (
                &[0x0b; 20][..],
                &b"Hi There"[..],
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            assert_eq!(hex(&Hmac::new(key).of(message)), expected);
        }
    }

    #[test]
    fn a_key_can_be_used_again() {
        let hmac = Hmac::new(b"Jefe");
        assert_eq!(hmac.of(b"a"), hmac.of(b"a"));
    }
}
