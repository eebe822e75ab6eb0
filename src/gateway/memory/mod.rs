//! Reasoning that waits for its calls to come back. Claude up to 4.5 thinks on behind a call only if the call returns with the
//! signed reasoning before it, and most clients return the call alone. So the gateway keeps the reasoning for them, in what the
//! VMs of one Envoy share, by the call's id, the caller and the model: nobody else finds it.
//!
//! Envoy frees nothing that is shared there. So there is a fixed number of [shelves](shelf), each of a bounded size and found by a
//! hash: what is new pushes out what is expired, and then the oldest.

mod shelf;
mod sweeping;

use std::collections::BinaryHeap;

use sha2::{Digest as _, Sha256};

pub use sweeping::Sweeping;

use super::callers::Caller;
use crate::translate::thoughts;

/// Most bytes of one shelf, and so of one answer's reasoning: it is copied as a whole wherever one entry is looked for.
const SHELF: usize = thoughts::MOST;
/// How often a shelf is written again that others keep changing.
const TRIES: usize = 20;
/// Most that is found for one request, bytes; no model takes as many tokens.
const FOUND: usize = 8 << 20;
/// Most calls that are looked for of one request, the last ones: each may be on a shelf of its own, which is copied.
const CALLS: usize = 1_024;

/// How much is kept, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Most bytes of all that is kept; at least 1.
    pub bytes: usize,
    /// Seconds for which it is found; at least 1.
    pub seconds: u64,
}

/// What the VMs of one Envoy share.
pub trait Shared {
    /// What is there under a name, and which version.
    fn read(&self, name: &str) -> Option<(Vec<u8>, u32)>;

    /// Writes in the place of that version, `None`: of nothing. False where another was faster.
    fn write(&self, name: &str, bytes: &[u8], version: Option<u32>) -> bool;
}

/// Whose reasoning it is: a caller's, of one model. Others have another hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner([u8; 32]);

impl Owner {
    /// The caller by name, and by identity where the configuration has it; the model without its profile.
    pub fn new(name: &str, caller: Option<&Caller>, model: &str) -> Self {
        let identity = caller.map(|caller| caller.identity.as_bytes().as_slice()).unwrap_or_default();
        Self(hash(&[name.as_bytes(), identity, model.as_bytes()]))
    }

    /// By what the reasoning before a call is found.
    fn key(&self, call: &str) -> shelf::Key {
        hash(&[&self.0, call.as_bytes()])
    }
}

/// A hash of parts, none of which runs into the next.
fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// What is kept. Moments are seconds since 1970.
#[derive(Clone, Copy)]
pub struct Memory<'s> {
    settings: Settings,
    shared: &'s dyn Shared,
}

impl<'s> Memory<'s> {
    /// The memory in what is shared.
    pub fn new(settings: Settings, shared: &'s dyn Shared) -> Self {
        Self { settings, shared }
    }

    /// Keeps the reasoning before a call. What is larger than a shelf is not kept.
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

    /// The reasoning before each of these calls, where it is there; only the last 1,024 are looked for. A shelf is read once, however
    /// many of them are on it.
    pub fn recall(&self, owner: &Owner, calls: &[&str], now: u64) -> Vec<Option<Vec<u8>>> {
        // A heap's sorting is a tenth of the code that the slice's is in the module.
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

    /// Takes what is expired off the shelf of this turn; of all of them, in as many turns as there are [shelves](Self::shelves).
    pub fn sweep(&self, turn: u64, now: u64) {
        let place = turn.checked_rem(u64::try_from(self.shelves()).unwrap_or(1)).unwrap_or(0);
        let name = name(usize::try_from(place).unwrap_or(0));
        if let Some((bytes, version)) = self.shared.read(&name)
            && let Some(rest) = shelf::swept(&bytes, now, self.settings.seconds)
        {
            // A faster worker has swept the shelf.
            self.shared.write(&name, &rest, Some(version));
        }
    }

    /// How many shelves there are; at least one.
    pub fn shelves(&self) -> usize {
        (self.settings.bytes / SHELF).max(1)
    }

    fn shelf_bytes(&self) -> usize {
        self.settings.bytes.min(SHELF)
    }

    /// Which shelf an entry is on.
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
