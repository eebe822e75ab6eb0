//! Calls to the host (proxy-wasm ABI 0.2.1), by the SDK's names. A call that Envoy does not carry out returns an `Err` with its
//! [`Status`]; none panics, whatever the host returns.
//!
//! Header maps cross the boundary as one block, in the ABI's serialised form: the number of headers, then the lengths of each
//! name and value, then the bytes, each name and value followed by a zero byte. Numbers are `u32`, little-endian.
#![allow(unsafe_code, reason = "calls into the host are unsafe by nature; each states why it is sound")]

mod imports;
mod maps;
mod metrics;
mod streams;

use std::ptr;
use std::time::{Duration, SystemTime};

pub use maps::{add_map_value, get_map_pairs, get_map_value_bytes, remove_map_value, set_map_pairs};
pub use metrics::{define_metric, increment_metric, record_metric};
pub use streams::{
    dispatch_http_call, reset_http_response, resume_http_request, send_http_response, set_effective_context,
};

use crate::types::{BufferType, Bytes, LogLevel, Status};

/// Runs a host call that returns bytes. A null pointer means no bytes.
fn given(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Bytes, Status> {
    let (mut bytes, mut length) = (ptr::null_mut(), 0);
    Status::check(call(&raw mut bytes, &raw mut length))?;
    if bytes.is_null() {
        return Ok(Bytes::new());
    }
    // SAFETY: the host got these bytes from the module's own `proxy_on_memory_allocate`, which is a boxed slice of
    // exactly this length, has filled all of it, and gives it away.
    Ok(unsafe { Vec::from_raw_parts(bytes, length, length) })
}

/// Turns `NotFound` into `None`.
fn found<T>(result: Result<T, Status>) -> Result<Option<T>, Status> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Status::NotFound) => Ok(None),
        Err(status) => Err(status),
    }
}

/// A duration as the milliseconds that the host takes, cut to the largest `u32`.
fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// Writes a line to the host's log; the host drops it where the level is below its own.
///
/// # Errors
/// The host's status.
pub fn log(level: LogLevel, message: &str) -> Result<(), Status> {
    // SAFETY: pointer and length are of one live string.
    Status::check(unsafe { imports::proxy_log(level as u32, message.as_ptr(), message.len()) })
}

/// Reads the lowest level that the host logs.
///
/// # Errors
/// The host's status; `ParseFailure` where the number is not a level.
pub fn get_log_level() -> Result<LogLevel, Status> {
    let mut level = 0;
    // SAFETY: the pointer is to a live `u32`.
    Status::check(unsafe { imports::proxy_get_log_level(&raw mut level) })?;
    LogLevel::from_number(level).ok_or(Status::ParseFailure)
}

/// Reads the host's clock.
///
/// # Errors
/// The host's status; `ParseFailure` where the value is not a valid time.
pub fn get_current_time() -> Result<SystemTime, Status> {
    let mut nanoseconds = 0;
    // SAFETY: the pointer is to a live `u64`.
    Status::check(unsafe { imports::proxy_get_current_time_nanoseconds(&raw mut nanoseconds) })?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(nanoseconds)).ok_or(Status::ParseFailure)
}

/// Sets the period after which the root context's `on_tick` is called, again and again.
///
/// # Errors
/// The host's status.
pub fn set_tick_period(period: Duration) -> Result<(), Status> {
    // SAFETY: it takes no memory.
    Status::check(unsafe { imports::proxy_set_tick_period_milliseconds(milliseconds(period)) })
}

/// Reads at most `max_size` bytes of a buffer, from `start` on.
///
/// # Errors
/// The host's status; `BadArgument` where `start` plus `max_size` overflows an address.
pub fn get_buffer(buffer_type: BufferType, start: usize, max_size: usize) -> Result<Bytes, Status> {
    // SAFETY: `given` hands over live pointers.
    given(|bytes, length| unsafe {
        imports::proxy_get_buffer_bytes(buffer_type as u32, start, max_size, bytes, length)
    })
}

/// Replaces `size` bytes of a buffer, from `start` on, by `value`. Envoy replaces a prefix, prepends before the first byte, or
/// appends after the last.
///
/// # Errors
/// The host's status; `BadArgument` for any other range.
pub fn set_buffer(buffer_type: BufferType, start: usize, size: usize, value: &[u8]) -> Result<(), Status> {
    // SAFETY: pointer and length are of one live slice.
    Status::check(unsafe {
        imports::proxy_set_buffer_bytes(buffer_type as u32, start, size, value.as_ptr(), value.len())
    })
}

/// Reads a property by its path; `None` where Envoy has none.
///
/// # Errors
/// The host's status.
pub fn get_property(path: &[&str]) -> Result<Option<Bytes>, Status> {
    let path = path.join("\0");
    // SAFETY: pointer and length are of one live string, and `given` hands over live pointers.
    found(given(|value, length| unsafe {
        imports::proxy_get_property(path.as_ptr(), path.len(), value, length)
    }))
}

/// Sets a property in filter state. Envoy prefixes its name with `wasm.`.
///
/// # Errors
/// The host's status.
pub fn set_property(path: &[&str], value: Option<&[u8]>) -> Result<(), Status> {
    let (path, value) = (path.join("\0"), value.unwrap_or_default());
    // SAFETY: both pairs of pointer and length are of live slices.
    Status::check(unsafe {
        imports::proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len())
    })
}

/// Calls one of the host's foreign functions by its name and returns its result.
///
/// # Errors
/// The host's status; `NotFound` where the host has no such function.
pub fn call_foreign_function(name: &str, arguments: Option<&[u8]>) -> Result<Bytes, Status> {
    let arguments = arguments.unwrap_or_default();
    // SAFETY: both pairs of pointer and length are of live slices, and `given` hands over live pointers.
    given(|results, length| unsafe {
        imports::proxy_call_foreign_function(
            name.as_ptr(),
            name.len(),
            arguments.as_ptr(),
            arguments.len(),
            results,
            length,
        )
    })
}

/// Reads the shared data of the VMs of one `vm_id` under a key, and its version; `None` where there is none.
///
/// # Errors
/// The host's status.
pub fn get_shared_data(key: &str) -> Result<Option<(Bytes, u32)>, Status> {
    let mut cas = 0;
    // SAFETY: pointer and length are of one live string, the version's is to a live `u32`, and `given` hands over live
    // pointers.
    let value = given(|value, length| unsafe {
        imports::proxy_get_shared_data(key.as_ptr(), key.len(), value, length, &raw mut cas)
    });
    Ok(found(value)?.map(|value| (value, cas)))
}

/// Writes shared data: only over the version `cas`, or unconditionally where that is `None`. The data outlives this VM.
///
/// # Errors
/// The host's status; `CasMismatch` where the stored version is another.
pub fn set_shared_data(key: &str, value: Option<&[u8]>, cas: Option<u32>) -> Result<(), Status> {
    let value = value.unwrap_or_default();
    // SAFETY: both pairs of pointer and length are of live slices.
    Status::check(unsafe {
        imports::proxy_set_shared_data(
            key.as_ptr(),
            key.len(),
            value.as_ptr(),
            value.len(),
            cas.unwrap_or_default(),
        )
    })
}
