//! The account of tokens: what each answer cost, whether its caller was told, and how much of it had left when it ended. A gateway's own
//! account is held against this one.

use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};

/// How many answers are kept; of more than these the account says no more than their number.
const KEPT: usize = 500_000;
/// Characters of a word that make one token: as in `tokens.rs`.
const PIECE: usize = 4;

/// What one answer costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Tokens read afresh.
    pub input: u64,
    /// Tokens made, where all of the answer is sent.
    pub output: u64,
    /// Tokens read from the cache.
    pub cache_read: u64,
    /// Tokens written to the cache.
    pub cache_write: u64,
}

/// How far an answer has come, where so many bytes of it have left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Bytes of the body.
    pub bytes: usize,
    /// Tokens of the answer that are in them.
    pub output: u64,
    /// Whether the counts are in them.
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

/// What every answer cost.
#[derive(Debug, Default)]
pub struct Account(Mutex<Vec<Entry>>);

impl Account {
    /// Opens an entry: `id` is the answer's `x-amzn-requestid`. None where no more are kept.
    pub fn open(self: &Arc<Self>, id: &str, model: &str, cost: Cost, marks: Vec<Mark>) -> Option<Watch> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = entries.len();
        if number >= KEPT {
            return None;
        }
        entries.push(Entry { id: id.to_owned(), model: model.to_owned(), cost, sent: 0, is_told: false });
        Some(Watch { account: Arc::clone(self), number, bytes: 0, marks, passed: 0 })
    }

    /// Forgets all; what is under way is counted no more.
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

/// Notes how far one answer has come.
#[derive(Debug)]
pub struct Watch {
    account: Arc<Account>,
    number: usize,
    bytes: usize,
    marks: Vec<Mark>,
    passed: usize,
}

impl Watch {
    /// So many more bytes have left.
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

/// Counts tokens of a text that comes in pieces, as `tokens::count` counts the whole.
#[derive(Debug, Default)]
pub struct Counter {
    in_word: usize,
    tokens: u64,
}

impl Counter {
    /// The tokens of all pieces so far.
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
