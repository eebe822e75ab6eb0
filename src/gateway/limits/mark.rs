//! Marks this gateway's calls to itself, which are parts of a request that was let in. The mark is a secret of one Envoy's
//! workers, so that a client cannot evade a limit by claiming that its request is a part.

/// Key of the secret in the shared data.
pub const KEY: &str = "bedrock-filter/inner/1";

/// Makes the secret from two random numbers.
pub fn word(random: [u64; 2]) -> String {
    let [first, second] = random;
    format!("{first:016x}{second:016x}")
}

/// Whether a header's value is the secret, compared in constant time.
pub fn is(word: &[u8], value: &[u8]) -> bool {
    let difference = word.iter().zip(value).fold(0, |all, (a, b)| all | (a ^ b));
    !word.is_empty() && word.len() == value.len() && std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_word_itself_is_the_word() {
        let made = word([1, u64::MAX]);
        assert_eq!(made, "0000000000000001ffffffffffffffff");
        assert!(is(made.as_bytes(), made.as_bytes()));
        for other in ["", "1", &made[1..], &made.replace('f', "e"), &format!("{made}0")] {
            assert!(!is(made.as_bytes(), other.as_bytes()), "{other}");
        }
        assert!(!is(b"", b""));
    }
}
