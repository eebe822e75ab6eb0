//! Passing over plain text, many bytes at a time. The loops over a whole block have no early exit, so that they become SIMD
//! wherever the target has it.

#![expect(clippy::arithmetic_side_effects, reason = "positions in a text that is in memory")]

/// What is looked at together, bytes.
const BLOCK: usize = 64;

/// True for what cannot stand in a string as it is (RFC 8259, 7).
fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < b' '
}

/// How many of the first bytes can stand in a string as they are.
pub(super) fn plain(bytes: &[u8]) -> usize {
    // Short runs are the usual ones, and end before a block is worth its while.
    let (near, far) = bytes.split_at_checked(2 * BLOCK).unwrap_or((bytes, &[]));
    let found = by_words(near);
    if found < near.len() || far.is_empty() {
        return found;
    }
    let (blocks, _) = far.as_chunks::<BLOCK>();
    let is_plain =
        |block: &&[u8; BLOCK]| block.iter().fold(0, |found, byte| found | u8::from(is_special(*byte))) == 0;
    let passed = near.len() + BLOCK * blocks.iter().take_while(is_plain).count();
    passed + by_words(bytes.get(passed..).unwrap_or_default())
}

/// The same, eight bytes at a time.
fn by_words(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut passed = 0;
    for word in words {
        let found = specials(u64::from_le_bytes(*word));
        if found != 0 {
            return passed + (found.trailing_zeros() / 8) as usize;
        }
        passed += 8;
    }
    passed + rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len())
}

/// The lowest bit set tells the first special byte of a word (Anderson, "Bit Twiddling Hacks", `haszero` and `hasless`: what
/// they find too much is above what they find).
fn specials(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES * 128;
    let is_zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let quotes = is_zero(word ^ (ONES * b'"' as u64));
    let backslashes = is_zero(word ^ (ONES * b'\\' as u64));
    let controls = word.wrapping_sub(ONES * b' ' as u64) & !word;
    (quotes | backslashes | controls) & HIGHS
}

/// True where `is_good` holds for all bytes.
pub fn all(bytes: &[u8], is_good: impl Fn(u8) -> bool) -> bool {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let are_good = |bytes: &[u8]| bytes.iter().fold(0, |bad, byte| bad | u8::from(!is_good(*byte))) == 0;
    blocks.iter().all(|block| are_good(block)) && are_good(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_ends_at_what_is_special_wherever_it_is() {
        for length in 0..300 {
            let text = vec![b'a'; length];
            assert_eq!(plain(&text), length);
            for special in [b'"', b'\\', b'\n', 0, 0x1f] {
                for at in 0..length {
                    let mut text = text.clone();
                    text[at] = special;
                    assert_eq!(plain(&text), at, "{special} at {at} of {length}");
                }
            }
        }
        assert_eq!(plain(&[b' ', 0x7f, 0x80, 0xff]), 4);
    }

    #[test]
    fn a_bad_byte_is_seen_wherever_it_is() {
        for length in 0..200 {
            let text = vec![b'a'; length];
            assert!(all(&text, |byte| byte == b'a'));
            for at in 0..length {
                let mut text = text.clone();
                text[at] = b'b';
                assert!(!all(&text, |byte| byte == b'a'), "{at} of {length}");
            }
        }
    }
}
