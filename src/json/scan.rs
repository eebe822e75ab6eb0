//! Passing over plain text, many bytes at a time.

#![expect(clippy::arithmetic_side_effects, reason = "positions in a text that is in memory")]

use super::lanes::Lanes;

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
    let special = |lanes: Lanes| lanes.are(b'"').or(lanes.are(b'\\')).or(lanes.are_below(b' '));
    let passed = near.len() + BLOCK * blocks.iter().take_while(|block| !any(block, special)).count();
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

/// True where `found` holds for one of these bytes.
#[inline(always)]
fn any(block: &[u8; BLOCK], found: impl Fn(Lanes) -> Lanes) -> bool {
    let (lanes, _) = block.as_chunks::<16>();
    lanes.iter().map(|bytes| found(Lanes::read(bytes))).reduce(Lanes::or).is_some_and(Lanes::any)
}

/// True where no byte is below `least`.
pub fn has_none_below(bytes: &[u8], least: u8) -> bool {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    !blocks.iter().any(|block| any(block, |lanes| lanes.are_below(least)))
        && rest.iter().all(|byte| *byte >= least)
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
    fn a_byte_below_is_seen_wherever_it_is() {
        for length in 0..200 {
            let text = vec![b'!'; length];
            assert!(has_none_below(&text, b'!'));
            assert_eq!(has_none_below(&text, b'"'), length == 0);
            for at in 0..length {
                let mut text = vec![0xff; length];
                text[at] = b' ';
                assert!(!has_none_below(&text, b'!'), "{at} of {length}");
            }
        }
    }
}
