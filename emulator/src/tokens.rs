//! Counts tokens: every word (between white space) is one token per four characters or fewer.

use serde_json::Value;

/// Characters per token of a word.
const PIECE: usize = 4;

/// Tokens of a text.
pub fn count(text: &str) -> u64 {
    text.split_whitespace().map(|w| u64::try_from(w.chars().count().div_ceil(PIECE)).unwrap_or(0)).sum()
}

/// The longest prefix of `text` with at most `limit` tokens; `None` where all of it fits.
pub fn cut(text: &str, limit: u64) -> Option<&str> {
    let (mut tokens, mut in_word) = (0, 0);
    for (at, c) in text.char_indices() {
        if c.is_whitespace() {
            in_word = 0;
            continue;
        }
        if in_word % PIECE == 0 {
            if tokens == limit {
                return text.get(..at);
            }
            tokens += 1;
        }
        in_word += 1;
    }
    None
}

/// The tokens of all texts in a request that a model reads: texts, tool inputs and results, tool definitions.
pub fn of_value(value: &Value) -> u64 {
    match value {
        Value::String(text) => count(text),
        Value::Array(items) => items.iter().map(of_value).sum(),
        Value::Object(map) => map
            .iter()
            .map(|(key, inner)| match key.as_str() {
                "bytes" | "role" | "format" | "toolUseId" | "cachePoint" | "signature"
                | "redactedContent" | "status" => 0,
                "input" | "json" => count(&inner.to_string()),
                _ => of_value(inner),
            })
            .sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_token_per_four_characters() {
        assert_eq!(count("You said: hi"), 1 + 2 + 1);
        assert_eq!(count("  "), 0);
    }

    #[test]
    fn a_cut_text_has_the_tokens_asked_for() {
        assert_eq!(cut("You said: hi", 4), None);
        assert_eq!(cut("You said: hi", 3), Some("You said: "));
        assert_eq!(cut("You said: hi", 2), Some("You said"));
        assert_eq!(cut("ééééé", 1), Some("éééé"));
        for n in 0..6 {
            assert!(cut("one twothree four", n).is_none_or(|t| count(t) == n));
        }
    }
}
