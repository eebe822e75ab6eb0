//! Passing over plain text, many bytes at a time. The loops over a whole block have no early exit, so that they become SIMD
//! wherever the target has it.

/// What is looked at together, bytes.
const BLOCK: usize = 64;

/// True for what cannot stand in a string as it is (RFC 8259, 7).
fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < b' '
}

/// How many of the first bytes can stand in a string as they are.
pub(super) fn plain(bytes: &[u8]) -> usize {
    let mut length = 0;
    // Short strings are the usual ones, and end before a block is full.
    for byte in bytes.iter().take(BLOCK / 4) {
        if is_special(*byte) {
            return length;
        }
        length += 1;
    }
    let rest = bytes.get(length..).unwrap_or_default();
    let (blocks, _) = rest.as_chunks::<BLOCK>();
    for block in blocks {
        let found = block.iter().fold(false, |found, byte| found | is_special(*byte));
        if found {
            break;
        }
        length += BLOCK;
    }
    let rest = bytes.get(length..).unwrap_or_default();
    length + rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len())
}

/// True where all bytes are ASCII.
pub fn is_ascii(bytes: &[u8]) -> bool {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let all = |bytes: &[u8]| bytes.iter().fold(0, |seen, byte| seen | byte) < 0x80;
    blocks.iter().all(|block| all(block)) && all(rest)
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
    fn ascii_is_told_wherever_the_other_byte_is() {
        for length in 0..200 {
            let text = vec![0x7f; length];
            assert!(is_ascii(&text));
            for at in 0..length {
                let mut text = text.clone();
                text[at] = 0x80;
                assert!(!is_ascii(&text), "{at} of {length}");
            }
        }
    }
}
