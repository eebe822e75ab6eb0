//! What the filter calls: the imports of proxy-wasm's ABI (0.2.1), as far as it has them, made of Envoy's for dynamic modules. A concern
//! has a file. What they give is memory of `proxy_on_memory_allocate`, which the filter makes vectors of.

pub(crate) mod bodies;
pub(crate) mod headers;
mod log;
pub(crate) mod metrics;
pub(crate) mod pairs;
mod properties;
mod shared;
mod streams;

use std::ptr;
use std::slice;

use proxy_wasm_dispatch::entry::proxy_on_memory_allocate;

/// The ABI's statuses.
pub(crate) const OK: u32 = 0;
pub(crate) const NOT_FOUND: u32 = 1;
pub(crate) const BAD_ARGUMENT: u32 = 2;
pub(crate) const CAS_MISMATCH: u32 = 8;
pub(crate) const INTERNAL_FAILURE: u32 = 10;

/// Bytes that the filter gives.
///
/// # Safety
/// It gives them for the time of a call.
unsafe fn given<'a>(bytes: *const u8, length: usize) -> &'a [u8] {
    if length == 0 {
        return &[];
    }
    // SAFETY: as the caller promises.
    unsafe { slice::from_raw_parts(bytes, length) }
}

/// Gives the filter so many bytes that are put together of pieces.
///
/// # Safety
/// `bytes` and `length` can be written to, and the pieces are `size` bytes together.
unsafe fn give_pieces<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    size: usize,
    bytes: *mut *mut u8,
    length: *mut usize,
) -> u32 {
    if size == 0 {
        // SAFETY: as the caller promises.
        unsafe {
            *bytes = ptr::null_mut();
            *length = 0;
        }
        return OK;
    }
    let start: *mut u8 = proxy_on_memory_allocate(size).cast();
    let mut at = start;
    for piece in pieces {
        // SAFETY: there is room for all pieces together, and nobody else has it.
        unsafe {
            ptr::copy_nonoverlapping(piece.as_ptr(), at, piece.len());
            at = at.add(piece.len());
        }
    }
    // SAFETY: as the caller promises.
    unsafe {
        *bytes = start;
        *length = size;
    }
    OK
}

/// Gives the filter these bytes.
///
/// # Safety
/// `bytes` and `length` can be written to.
unsafe fn give(value: &[u8], bytes: *mut *mut u8, length: *mut usize) -> u32 {
    // SAFETY: as the caller promises.
    unsafe { give_pieces([value], value.len(), bytes, length) }
}
