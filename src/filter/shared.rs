//! A record that the VMs of one `vm_id` share, changed by one at a time. It outlives each of them.

use std::cell::Cell;

use proxy_wasm::hostcalls;

use super::host;

/// How often a record is written again that others keep changing. They change it once per fetch.
const TRIES: usize = 20;

/// A record by its key.
#[derive(Debug)]
pub(super) struct Shared {
    key: String,
    /// Which version was read last.
    seen: Cell<Option<u32>>,
}

impl Shared {
    pub(super) fn new(key: String) -> Self {
        Self { key, seen: Cell::new(None) }
    }

    /// What is there, and its version. Where there is nothing yet, `first` is put there, and nothing given: only what is
    /// there can be written by one worker alone.
    pub(super) fn read(&self, first: &[u8]) -> Option<(Vec<u8>, u32)> {
        let found = host::shared_data(&self.key);
        if found.is_none() {
            let _ = hostcalls::set_shared_data(&self.key, Some(first), None);
        }
        found
    }

    /// Whether this version is another than the last that was asked about.
    pub(super) fn is_news(&self, version: u32) -> bool {
        self.seen.replace(Some(version)) != Some(version)
    }

    /// Writes in the place of a version; false where another was faster.
    pub(super) fn replace(&self, bytes: &[u8], version: u32) -> bool {
        hostcalls::set_shared_data(&self.key, Some(bytes), Some(version)).is_ok()
    }

    /// Writes what `next` makes of what is there, whoever else writes.
    pub(super) fn change(&self, mut next: impl FnMut() -> Option<(Vec<u8>, u32)>) {
        for _ in 0..TRIES {
            if let Some((bytes, version)) = next()
                && self.replace(&bytes, version)
            {
                return;
            }
        }
    }
}
