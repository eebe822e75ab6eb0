//! A record in the shared data of the VMs of one `vm_id`, changed by compare-and-swap. It outlives each VM.

use std::cell::Cell;

use proxy_wasm::hostcalls;

use super::host;

/// How often a write is tried while others change the record. They change it once per fetch.
const TRIES: usize = 20;

/// A record, by its key.
#[derive(Debug)]
pub(super) struct Shared {
    key: String,
    /// The version read last.
    seen: Cell<Option<u32>>,
}

impl Shared {
    pub(super) fn new(key: String) -> Self {
        Self { key, seen: Cell::new(None) }
    }

    /// The record and its version. Where there is none, `first` is stored and nothing returned: compare-and-swap needs a value
    /// to compare with.
    pub(super) fn read(&self, first: &[u8]) -> Option<(Vec<u8>, u32)> {
        let found = host::shared_data(&self.key);
        if found.is_none() {
            let _ = hostcalls::set_shared_data(&self.key, Some(first), None);
        }
        found
    }

    /// Whether this version differs from the one given at the last call.
    pub(super) fn is_news(&self, version: u32) -> bool {
        self.seen.replace(Some(version)) != Some(version)
    }

    /// Writes over this version; false where another worker was faster.
    pub(super) fn replace(&self, bytes: &[u8], version: u32) -> bool {
        hostcalls::set_shared_data(&self.key, Some(bytes), Some(version)).is_ok()
    }

    /// Writes what `next` makes of the current record, and tries again where another worker was faster.
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
