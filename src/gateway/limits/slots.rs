//! This worker's open requests, counted for each budget that limits concurrent requests.

use std::collections::BTreeMap;

use super::state::Open;

/// Open requests of one worker by the keys of their budgets. This count is authoritative; the shared data follows it.
#[derive(Debug)]
pub struct Slots {
    /// Number of the worker, unique among workers.
    worker: u64,
    open: BTreeMap<String, u32>,
}

impl Slots {
    /// For the worker of that number, with no request open.
    pub fn new(worker: u64) -> Self {
        Self { worker, open: BTreeMap::new() }
    }

    /// The number of open requests of a budget.
    pub fn of(&self, key: &str) -> Open {
        Open { worker: self.worker, open: self.open.get(key).copied().unwrap_or(0) }
    }

    /// Counts one more open request.
    pub fn take(&mut self, key: &str) {
        match self.open.get_mut(key) {
            Some(open) => *open = open.saturating_add(1),
            None => drop(self.open.insert(key.to_owned(), 1)),
        }
    }

    /// Counts one less.
    pub fn release(&mut self, key: &str) {
        if let Some(open) = self.open.get_mut(key) {
            *open = open.saturating_sub(1);
            if *open == 0 {
                self.open.remove(key);
            }
        }
    }

    /// The keys of the budgets that have open requests.
    pub fn keys(&self) -> Vec<String> {
        self.open.keys().cloned().collect()
    }
}
