//! The few calls to Envoy that we need (proxy-wasm ABI 0.2.1): fallible, bytes in and out.
//!
//! The proxy-wasm SDK for Rust has wrappers of its own. They panic on a status they do not list and on header bytes that
//! are not UTF-8, and its table of contexts does on a callback within a call; a panic ends every request of the worker. So it
//! is not used. `unsafe` code is here and, for the callbacks' names, in `abi`.
#![allow(unsafe_code, reason = "calls into the host are unsafe by nature; each states why it is sound")]

use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use super::contexts;
use crate::gateway::headers::Headers;

/// A call that Envoy did not carry out: its status (ABI, `proxy_status_t`), or [`MALFORMED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed(pub(super) u32);

/// Envoy has the call behind it already: it was refused on the way, without anybody being asked.
pub(super) const REFUSED_AT_ONCE: Failed = Failed(10);

/// What Envoy gave back is not in the form that the ABI says.
const MALFORMED: u32 = u32::MAX;

/// Which headers.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub(super) enum Map {
    Request = 0,
    Response = 2,
    /// Of the call whose answer has just come.
    CallResponse = 6,
}

/// Which bytes.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub(super) enum Buffer {
    RequestBody = 0,
    ResponseBody = 1,
    /// Of the call whose answer has just come.
    CallResponse = 4,
    PluginConfiguration = 7,
}

/// How important a log line is.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub(super) enum Level {
    Info = 2,
    Warn = 3,
    Error = 4,
}

mod abi {
    // Since Rust 1.96 the linker takes no symbol for an import that does not say so.
    #[cfg_attr(target_arch = "wasm32", link(wasm_import_module = "env"))]
    unsafe extern "C" {
        pub(super) fn proxy_log(level: u32, message: *const u8, length: usize) -> u32;
        pub(super) fn proxy_get_log_level(level: *mut u32) -> u32;
        pub(super) fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
        pub(super) fn proxy_get_property(
            path: *const u8,
            path_length: usize,
            value: *mut *mut u8,
            value_length: *mut usize,
        ) -> u32;
        pub(super) fn proxy_set_property(
            path: *const u8,
            path_length: usize,
            value: *const u8,
            value_length: usize,
        ) -> u32;
        pub(super) fn proxy_get_header_map_pairs(map: u32, pairs: *mut *mut u8, length: *mut usize) -> u32;
        pub(super) fn proxy_set_header_map_pairs(map: u32, pairs: *const u8, length: usize) -> u32;
        pub(super) fn proxy_get_header_map_value(
            map: u32,
            name: *const u8,
            name_length: usize,
            value: *mut *mut u8,
            value_length: *mut usize,
        ) -> u32;
        pub(super) fn proxy_remove_header_map_value(map: u32, name: *const u8, name_length: usize) -> u32;
        pub(super) fn proxy_add_header_map_value(
            map: u32,
            name: *const u8,
            name_length: usize,
            value: *const u8,
            value_length: usize,
        ) -> u32;
        pub(super) fn proxy_get_buffer_bytes(
            buffer: u32,
            start: usize,
            most: usize,
            bytes: *mut *mut u8,
            length: *mut usize,
        ) -> u32;
        pub(super) fn proxy_set_buffer_bytes(
            buffer: u32,
            start: usize,
            size: usize,
            bytes: *const u8,
            length: usize,
        ) -> u32;
        pub(super) fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
        pub(super) fn proxy_get_shared_data(
            key: *const u8,
            key_length: usize,
            value: *mut *mut u8,
            value_length: *mut usize,
            version: *mut u32,
        ) -> u32;
        pub(super) fn proxy_set_shared_data(
            key: *const u8,
            key_length: usize,
            value: *const u8,
            value_length: usize,
            version: u32,
        ) -> u32;
        pub(super) fn proxy_http_call(
            cluster: *const u8,
            cluster_length: usize,
            headers: *const u8,
            headers_length: usize,
            body: *const u8,
            body_length: usize,
            trailers: *const u8,
            trailers_length: usize,
            timeout: u32,
            call: *mut u32,
        ) -> u32;
        pub(super) fn proxy_set_effective_context(context: u32) -> u32;
        pub(super) fn proxy_close_stream(stream: u32) -> u32;
        pub(super) fn proxy_continue_stream(stream: u32) -> u32;
        pub(super) fn proxy_send_local_response(
            status: u32,
            details: *const u8,
            details_length: usize,
            body: *const u8,
            body_length: usize,
            headers: *const u8,
            headers_length: usize,
            grpc_status: i32,
        ) -> u32;
    }
}

fn done(status: u32) -> Result<(), Failed> {
    if status == 0 { Ok(()) } else { Err(Failed(status)) }
}

/// Runs a call that gives bytes back; no bytes are given as a null pointer.
fn given(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Vec<u8>, Failed> {
    let (mut bytes, mut length) = (ptr::null_mut(), 0);
    done(call(&raw mut bytes, &raw mut length))?;
    if bytes.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: the host got these bytes from the module's own `proxy_on_memory_allocate`, which is a boxed slice of
    // exactly this length, has filled all of it, and gives it away.
    Ok(unsafe { Vec::from_raw_parts(bytes, length, length) })
}

static LOG_LEVEL: AtomicU32 = AtomicU32::new(Level::Warn as u32);

/// Learns Envoy's log level, so that lines nobody reads are never formatted.
pub(super) fn read_log_level() {
    let mut level = 0;
    // SAFETY: the pointer is to a live `u32`.
    let status = unsafe { abi::proxy_get_log_level(&raw mut level) };
    if done(status).is_ok() {
        LOG_LEVEL.store(level, Ordering::Relaxed);
    }
}

/// Writes a line to Envoy's log. Never give it a key, a credential, a prompt or a reply.
pub(super) fn log(level: Level, line: impl FnOnce() -> String) {
    if (level as u32) < LOG_LEVEL.load(Ordering::Relaxed) {
        return;
    }
    let line = line();
    // SAFETY: pointer and length are of one live string. Nothing can be done about a line that is not taken.
    let _ = unsafe { abi::proxy_log(level as u32, line.as_ptr(), line.len()) };
}

/// Envoy's clock.
pub(super) fn now() -> SystemTime {
    let mut nanoseconds = 0;
    // SAFETY: the pointer is to a live `u64`. Without an answer it stays 1970, which signing refuses.
    let _ = unsafe { abi::proxy_get_current_time_nanoseconds(&raw mut nanoseconds) };
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_nanos(nanoseconds)).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A property by its path; `None` where Envoy has none.
pub(super) fn property(path: &[&str]) -> Option<Vec<u8>> {
    let path = path.join("\0");
    // SAFETY: pointer and length are of one live string.
    given(|value, length| unsafe { abi::proxy_get_property(path.as_ptr(), path.len(), value, length) }).ok()
}

/// A property that is a map, such as a part of metadata; `None` where Envoy has none.
pub(super) fn property_map(path: &[&str]) -> Option<Headers> {
    Headers::from_bytes(property(path)?)
}

/// Sets filter state under `wasm.` and the name.
pub(super) fn set_filter_state(name: &str, value: &[u8]) -> Result<(), Failed> {
    // SAFETY: both pairs of pointer and length are of live slices.
    done(unsafe { abi::proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) })
}

/// All headers of a map.
pub(super) fn headers(map: Map) -> Result<Headers, Failed> {
    // SAFETY: `given` hands over live pointers.
    let bytes = given(|pairs, length| unsafe { abi::proxy_get_header_map_pairs(map as u32, pairs, length) })?;
    Headers::from_bytes(bytes).ok_or(Failed(MALFORMED))
}

/// One header's first value; `None` where it is not there.
pub(super) fn header(map: Map, name: &str) -> Option<Vec<u8>> {
    // SAFETY: pointer and length are of one live string, and `given` hands over live pointers.
    given(|value, length| unsafe {
        abi::proxy_get_header_map_value(map as u32, name.as_ptr(), name.len(), value, length)
    })
    .ok()
}

/// Takes a header away, all values of it.
pub(super) fn remove_header(map: Map, name: &[u8]) -> Result<(), Failed> {
    // SAFETY: pointer and length are of one live slice.
    done(unsafe { abi::proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) })
}

/// Adds a header.
pub(super) fn add_header(map: Map, name: &str, value: &str) -> Result<(), Failed> {
    // SAFETY: both pairs of pointer and length are of live strings.
    done(unsafe {
        abi::proxy_add_header_map_value(map as u32, name.as_ptr(), name.len(), value.as_ptr(), value.len())
    })
}

/// Puts these headers in the place of all that were in the map.
pub(super) fn set_headers(map: Map, headers: &Headers) -> Result<(), Failed> {
    let bytes = headers.to_bytes();
    // SAFETY: pointer and length are of one live vector.
    done(unsafe { abi::proxy_set_header_map_pairs(map as u32, bytes.as_ptr(), bytes.len()) })
}

/// The first `size` bytes of a buffer.
pub(super) fn buffer(buffer: Buffer, size: usize) -> Result<Vec<u8>, Failed> {
    // SAFETY: `given` hands over live pointers.
    given(|bytes, length| unsafe { abi::proxy_get_buffer_bytes(buffer as u32, 0, size, bytes, length) })
}

/// Puts `bytes` in the place of a buffer's first `size` bytes, which must be all it has.
pub(super) fn set_buffer(buffer: Buffer, size: usize, bytes: &[u8]) -> Result<(), Failed> {
    // SAFETY: pointer and length are of one live slice.
    done(unsafe { abi::proxy_set_buffer_bytes(buffer as u32, 0, size, bytes.as_ptr(), bytes.len()) })
}

/// The same of bytes in pieces.
pub(super) fn set_pieces(buffer: Buffer, size: usize, pieces: &[&[u8]]) -> Result<(), Failed> {
    let (first, rest) = pieces.split_first().map_or((&[][..], &[][..]), |(first, rest)| (*first, rest));
    set_buffer(buffer, size, first)?;
    let mut length = first.len();
    for piece in rest {
        // Behind all there is, it is added.
        // SAFETY: pointer and length are of one live slice.
        done(unsafe { abi::proxy_set_buffer_bytes(buffer as u32, length, 0, piece.as_ptr(), piece.len()) })?;
        length = length.saturating_add(piece.len());
    }
    Ok(())
}

/// Lets a request go on that was held.
pub(super) fn resume_request() -> Result<(), Failed> {
    const HTTP_REQUEST: u32 = 0;
    // SAFETY: it takes no memory.
    done(unsafe { abi::proxy_continue_stream(HTTP_REQUEST) })
}

/// Has the root context's `on_tick` called again and again.
pub(super) fn set_tick_period(period: Duration) -> Result<(), Failed> {
    // SAFETY: it takes no memory.
    done(unsafe {
        abi::proxy_set_tick_period_milliseconds(u32::try_from(period.as_millis()).unwrap_or(u32::MAX))
    })
}

/// What the VMs of one `vm_id` share under a key, and its version; `None` where there is nothing.
pub(super) fn shared_data(key: &str) -> Option<(Vec<u8>, u32)> {
    let mut version = 0;
    // SAFETY: pointer and length are of one live string, the version's is to a live `u32`, and `given` hands over live
    // pointers.
    let value = given(|value, length| unsafe {
        abi::proxy_get_shared_data(key.as_ptr(), key.len(), value, length, &raw mut version)
    });
    Some((value.ok()?, version))
}

/// Shares a value: only in the place of the `version` that was read, or of whatever is there. Survives this VM.
pub(super) fn set_shared_data(key: &str, value: &[u8], version: Option<u32>) -> Result<(), Failed> {
    // SAFETY: both pairs of pointer and length are of live slices.
    done(unsafe {
        abi::proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), version.unwrap_or(0))
    })
}

/// Sends a request; its answer comes to `on_call_response` of whoever is at work. A `timeout` of zero is none.
pub(super) fn call(cluster: &str, headers: &Headers, body: &[u8], timeout: Duration) -> Result<u32, Failed> {
    let mut call = 0;
    let headers = headers.to_bytes();
    let trailers = Headers::default().to_bytes();
    let timeout = u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX);
    // SAFETY: each pair of pointer and length is of one live slice, and the call's is to a live `u32`.
    done(unsafe {
        abi::proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            trailers.as_ptr(),
            trailers.len(),
            timeout,
            &raw mut call,
        )
    })?;
    contexts::called(call);
    Ok(call)
}

/// Says whose headers and bodies are asked for from here on, within this callback.
pub(super) fn activate(context: u32) {
    // SAFETY: it takes no memory. A context that Envoy does not know has nothing to give.
    let _ = unsafe { abi::proxy_set_effective_context(context) };
}

/// Breaks the response off, so that the client sees a failure and no end.
pub(super) fn reset_response() -> Result<(), Failed> {
    const HTTP_RESPONSE: u32 = 1;
    // SAFETY: it takes no memory.
    done(unsafe { abi::proxy_close_stream(HTTP_RESPONSE) })
}

/// Answers the client in Envoy's stead. `details` is what the access log calls it.
pub(super) fn respond(status: u16, details: &str, headers: &Headers, body: &[u8]) -> Result<(), Failed> {
    const NO_GRPC_STATUS: i32 = -1;
    let headers = headers.to_bytes();
    // SAFETY: each pair of pointer and length is of one live slice.
    done(unsafe {
        abi::proxy_send_local_response(
            status.into(),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NO_GRPC_STATUS,
        )
    })
}
