//! Envoy's log, and its clock.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{OK, given};
use crate::abi::{self, Given};
use crate::worker;

/// The number of proxy-wasm's level above which there is none.
const CRITICAL: u32 = 5;

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_log(level: u32, message: *const u8, length: usize) -> u32 {
    // Envoy names a VM's plugin before what it logs, and no module.
    let role = worker::current().map(|current| [&*current.root.config.role, b": "].concat());
    // SAFETY: the filter gives the line for the time of this call.
    let line = [role.unwrap_or_default().as_slice(), unsafe { given(message, length) }].concat();
    // SAFETY: the line lives through the call. Levels have the same numbers on both sides.
    unsafe { abi::envoy_dynamic_module_callback_log(level, Given::new(&line)) }
    OK
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_log_level(level: *mut u32) -> u32 {
    // SAFETY: the filter gives a place for it.
    unsafe { *level = abi::envoy_dynamic_module_callback_get_log_level().min(CRITICAL) }
    OK
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    // SAFETY: the filter gives a place for it.
    unsafe { *time = u64::try_from(now.as_nanos()).unwrap_or_default() }
    OK
}
