//! Keeps reasoning until the results of its tool calls come back. Claude up to 4.5 continues to think after a tool call only if
//! the request repeats the signed reasoning that preceded the call, and most clients do not send it. So the gateway keeps it
//! for them in the shared data of the VMs, under the call's id, the caller and the model; no other caller can find it.
//!
//! Envoy never frees a key of the shared data. So there is a fixed number of [shelves](shelf) of bounded size, chosen by a
//! hash: a new entry evicts expired ones, then the oldest.

mod shelf;
mod sweeping;

use std::collections::BinaryHeap;

use sha2::{Digest as _, Sha256};

pub use sweeping::Sweeping;

use super::callers::Caller;
use crate::translate::thoughts;

/// Size of one shelf, bytes, and so the largest reasoning of one answer. A shelf is copied as a whole to read one entry.
const SHELF: usize = thoughts::MOST;
/// How often a write is tried while others change the shelf.
const TRIES: usize = 20;
/// Most bytes returned for one request; no model takes as many tokens.
const FOUND: usize = 8 << 20;
/// Most calls of one request that are looked up, the last ones: each may be on another shelf, which is copied.
const CALLS: usize = 1_024;

/// How much reasoning is kept, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Most bytes in all; at least 1.
    pub bytes: usize,
    /// How long an entry can be found, seconds; at least 1.
    pub seconds: u64,
}

/// The shared data of the VMs of one Envoy.
pub trait Shared {
    /// The value of a key, and its version.
    fn read(&self, name: &str) -> Option<(Vec<u8>, u32)>;

    /// Writes a value over that version; `None`: over no value. False where another worker was faster.
    fn write(&self, name: &str, bytes: &[u8], version: Option<u32>) -> bool;
}

/// The owner of reasoning, as a hash: a caller and one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner([u8; 32]);

impl Owner {
    /// By the caller's name, and its identity where the configuration has it; the model without a profile prefix.
    pub fn new(name: &str, caller: Option<&Caller>, model: &str) -> Self {
        let identity = caller.map(|caller| caller.identity.as_bytes().as_slice()).unwrap_or_default();
        Self(hash(&[name.as_bytes(), identity, model.as_bytes()]))
    }

    /// The key of the reasoning before a call.
    fn key(&self, call: &str) -> shelf::Key {
        hash(&[&self.0, call.as_bytes()])
    }
}

/// Hashes parts with their lengths, so that no two lists of parts run together.
fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// The kept reasoning. Moments are seconds since 1970.
#[derive(Clone, Copy)]
pub struct Memory<'s> {
    settings: Settings,
    shared: &'s dyn Shared,
}

impl<'s> Memory<'s> {
    /// On shared data.
    pub fn new(settings: Settings, shared: &'s dyn Shared) -> Self {
        Self { settings, shared }
    }

    /// Keeps the reasoning before a call, unless it is larger than a shelf.
    pub fn keep(&self, owner: &Owner, call: &str, reasoning: &[u8], now: u64) {
        let key = owner.key(call);
        let name = name(self.place(&key));
        for _ in 0..TRIES {
            let (bytes, version) = self.shared.read(&name).unzip();
            let bytes = bytes.unwrap_or_default();
            let limits = shelf::Limits { bytes: self.shelf_bytes(), seconds: self.settings.seconds };
            let Some(bytes) = shelf::with(&bytes, &key, reasoning, now, limits) else { return };
            if self.shared.write(&name, &bytes, version) {
                return;
            }
        }
    }

    /// The reasoning before each of these calls, where kept; only the last 1,024 are looked up. A shelf is read once for all
    /// its entries.
    pub fn recall(&self, owner: &Owner, calls: &[&str], now: u64) -> Vec<Option<Vec<u8>>> {
        // Sorting by a heap takes a tenth of the module's code that sorting a slice would.
        let wanted: BinaryHeap<(usize, shelf::Key, usize)> = calls
            .iter()
            .enumerate()
            .skip(calls.len().saturating_sub(CALLS))
            .map(|(index, call)| {
                let key = owner.key(call);
                (self.place(&key), key, index)
            })
            .collect();
        let wanted = wanted.into_sorted_vec();
        let mut found = vec![None; calls.len()];
        let mut left = FOUND;
        for group in wanted.chunk_by(|(place, ..), (other, ..)| place == other) {
            let Some((place, ..)) = group.first() else { continue };
            let Some((bytes, _)) = self.shared.read(&name(*place)) else { continue };
            for (key, reasoning) in shelf::good(&bytes, now, self.settings.seconds) {
                let first = group.partition_point(|(_, other, _)| other < key);
                let same = group.iter().skip(first).take_while(|(_, other, _)| other == key);
                for (.., index) in same {
                    let Some(rest) = left.checked_sub(reasoning.len()) else { return found };
                    left = rest;
                    if let Some(found) = found.get_mut(*index) {
                        *found = Some(reasoning.to_vec());
                    }
                }
            }
        }
        found
    }

    /// Removes expired entries from one shelf; the whole memory takes as many turns as there are [shelves](Self::shelves).
    pub fn sweep(&self, turn: u64, now: u64) {
        let place = turn.checked_rem(u64::try_from(self.shelves()).unwrap_or(1)).unwrap_or(0);
        let name = name(usize::try_from(place).unwrap_or(0));
        if let Some((bytes, version)) = self.shared.read(&name)
            && let Some(rest) = shelf::swept(&bytes, now, self.settings.seconds)
        {
            // False: another worker was faster and has swept it.
            self.shared.write(&name, &rest, Some(version));
        }
    }

    /// The number of shelves; at least one.
    pub fn shelves(&self) -> usize {
        (self.settings.bytes / SHELF).max(1)
    }

    fn shelf_bytes(&self) -> usize {
        self.settings.bytes.min(SHELF)
    }

    /// The shelf of an entry.
    fn place(&self, key: &shelf::Key) -> usize {
        let number = key.first_chunk().copied().map_or(0, u32::from_le_bytes);
        usize::try_from(number).unwrap_or(0).checked_rem(self.shelves()).unwrap_or(0)
    }
}

fn name(place: usize) -> String {
    format!("bedrock-filter/reasoning/1/{place}")
}

#[cfg(test)]
mod tests;
