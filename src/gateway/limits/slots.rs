//! How many requests this worker has open of each budget that limits them.

use std::collections::BTreeMap;

use super::state::Open;

/// One worker's open requests, by the names of their budgets' records. What it says is right, and what is shared follows it.
#[derive(Debug)]
pub struct Slots {
    /// Tells the worker from every other.
    worker: u64,
    open: BTreeMap<String, u32>,
}

impl Slots {
    /// None yet, of the worker of that number.
    pub fn new(worker: u64) -> Self {
        Self { worker, open: BTreeMap::new() }
    }

    /// How many are open.
    pub fn of(&self, key: &str) -> Open {
        Open { worker: self.worker, open: self.open.get(key).copied().unwrap_or(0) }
    }

    /// One more is open.
    pub fn take(&mut self, key: &str) {
        match self.open.get_mut(key) {
            Some(open) => *open = open.saturating_add(1),
            None => drop(self.open.insert(key.to_owned(), 1)),
        }
    }

    /// One is over.
    pub fn release(&mut self, key: &str) {
        if let Some(open) = self.open.get_mut(key) {
            *open = open.saturating_sub(1);
            if *open == 0 {
                self.open.remove(key);
            }
        }
    }

    /// The budgets that have open requests.
    pub fn keys(&self) -> Vec<String> {
        self.open.keys().cloned().collect()
    }
}
