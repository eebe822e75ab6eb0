//! What all threads share: memory of the process. In Envoy's VMs it is shared by those of one `vm_id`.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{LazyLock, PoisonError, RwLock};

use super::{CAS_MISMATCH, NOT_FOUND, OK, give, given};

/// A value and its version.
type Shared = RwLock<HashMap<Vec<u8>, (Vec<u8>, u32)>>;

static SHARED: LazyLock<Shared> = LazyLock::new(Default::default);

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_shared_data(
    key: *const u8,
    key_length: usize,
    bytes: *mut *mut u8,
    length: *mut usize,
    version: *mut u32,
) -> u32 {
    let shared = SHARED.read().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: the filter gives the key for the time of this call, and places for all that is given.
    unsafe {
        let Some((value, of)) = shared.get(given(key, key_length)) else { return NOT_FOUND };
        *version = *of;
        give(value, bytes, length)
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_set_shared_data(
    key: *const u8,
    key_length: usize,
    value: *const u8,
    value_length: usize,
    version: u32,
) -> u32 {
    // SAFETY: the filter gives both for the time of this call.
    let (key, value) = unsafe { (given(key, key_length), given(value, value_length)) };
    let mut shared = SHARED.write().unwrap_or_else(PoisonError::into_inner);
    match shared.entry(key.to_vec()) {
        Entry::Occupied(mut entry) => {
            let (known, of) = entry.get_mut();
            // 0 is whatever is there.
            if version != 0 && version != *of {
                return CAS_MISMATCH;
            }
            value.clone_into(known);
            *of = of.wrapping_add(1).max(1);
        }
        Entry::Vacant(entry) => {
            entry.insert((value.to_vec(), 1));
        }
    }
    OK
}
