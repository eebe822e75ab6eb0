//! Accounts for tokens: the cost of each answer, whether its caller got the token counts, and how much of it was sent before it
//! ended. Tests compare a gateway's own records with it.

use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};

/// Most answers that are kept. Beyond them only their number is reported.
const KEPT: usize = 500_000;
/// Characters per token of a word, as in `tokens.rs`.
const PIECE: usize = 4;

/// The token counts of one answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Uncached input tokens.
    pub input: u64,
    /// Output tokens of the complete answer.
    pub output: u64,
    /// Input tokens read from the prompt cache.
    pub cache_read: u64,
    /// Input tokens written to the prompt cache.
    pub cache_write: u64,
}

/// A point in an answer's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Bytes up to this point.
    pub bytes: usize,
    /// Output tokens in these bytes.
    pub output: u64,
    /// Whether the token counts are in these bytes.
    pub is_told: bool,
}

#[derive(Debug)]
struct Entry {
    id: String,
    model: String,
    cost: Cost,
    sent: u64,
    is_told: bool,
}

/// All answers.
#[derive(Debug, Default)]
pub struct Account(Mutex<Vec<Entry>>);

impl Account {
    /// Opens an entry: `id` is the answer's `x-amzn-requestid`. `None` beyond [`KEPT`].
    pub fn open(self: &Arc<Self>, id: &str, model: &str, cost: Cost, marks: Vec<Mark>) -> Option<Watch> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = entries.len();
        if number >= KEPT {
            return None;
        }
        entries.push(Entry { id: id.to_owned(), model: model.to_owned(), cost, sent: 0, is_told: false });
        Some(Watch { account: Arc::clone(self), number, bytes: 0, marks, passed: 0 })
    }

    /// Clears all entries; answers under way are no longer counted.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// All entries, in the order in which the answers began.
    pub fn list(&self) -> Value {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().map(Entry::to_json).collect()
    }

    fn pass(&self, number: usize, mark: Mark) {
        if let Some(entry) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get_mut(number) {
            entry.sent = mark.output;
            entry.is_told |= mark.is_told;
        }
    }
}

impl Entry {
    fn to_json(&self) -> Value {
        json!({
            "id": self.id, "model": self.model, "told": self.is_told, "outputSent": self.sent,
            "inputTokens": self.cost.input, "outputTokens": self.cost.output,
            "cacheReadInputTokens": self.cost.cache_read, "cacheWriteInputTokens": self.cost.cache_write,
        })
    }
}

/// Records how much of one answer is sent.
#[derive(Debug)]
pub struct Watch {
    account: Arc<Account>,
    number: usize,
    bytes: usize,
    marks: Vec<Mark>,
    passed: usize,
}

impl Watch {
    /// `bytes` more bytes were sent.
    pub fn sent(&mut self, bytes: usize) {
        self.bytes += bytes;
        let passed = self.marks.iter().take_while(|mark| mark.bytes <= self.bytes).count();
        if passed > self.passed {
            self.passed = passed;
            if let Some(mark) = self.marks.get(passed - 1) {
                self.account.pass(self.number, *mark);
            }
        }
    }
}

/// Counts the tokens of a text that comes in parts, as `tokens::count` does for a whole one.
#[derive(Debug, Default)]
pub struct Counter {
    in_word: usize,
    tokens: u64,
}

impl Counter {
    /// The tokens of all parts so far.
    pub fn add(&mut self, piece: &str) -> u64 {
        for c in piece.chars() {
            if c.is_whitespace() {
                self.in_word = 0;
                continue;
            }
            if self.in_word.is_multiple_of(PIECE) {
                self.tokens += 1;
            }
            self.in_word += 1;
        }
        self.tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens;

    #[test]
    fn pieces_have_the_tokens_of_the_whole() {
        let text = "You said: Grüße, 日本 and a longwordofmany";
        let letters: Vec<char> = text.chars().collect();
        for size in 1..9 {
            let mut counter = Counter::default();
            for piece in letters.chunks(size) {
                counter.add(&piece.iter().collect::<String>());
            }
            assert_eq!(counter.add(""), tokens::count(text), "{size}");
        }
    }

    #[test]
    fn an_answer_is_told_when_the_bytes_with_its_counts_have_left() {
        let account = Arc::new(Account::default());
        let cost = Cost { input: 3, output: 9, ..Cost::default() };
        let marks = vec![
            Mark { bytes: 10, output: 4, is_told: false },
            Mark { bytes: 20, output: 9, is_told: false },
            Mark { bytes: 30, output: 9, is_told: true },
        ];
        let mut watch = account.open("id", "m", cost, marks).unwrap();
        let stands = || {
            let entry = account.list()[0].clone();
            (entry["outputSent"].as_u64().unwrap(), entry["told"].as_bool().unwrap())
        };
        assert_eq!(stands(), (0, false));
        watch.sent(12);
        assert_eq!(stands(), (4, false));
        watch.sent(17);
        assert_eq!(stands(), (9, false));
        watch.sent(1);
        assert_eq!(stands(), (9, true));
        account.clear();
        watch.sent(5);
        assert_eq!(account.list().as_array().unwrap().len(), 0);
    }
}
