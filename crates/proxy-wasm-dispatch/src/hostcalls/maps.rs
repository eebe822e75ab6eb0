//! Headers and trailers.

use super::{found, given, imports};
use crate::types::{Bytes, MapType, Status};

/// A whole map, in the ABI's form.
///
/// # Errors
/// The host's status; `BadArgument` where the stream has no such map in this phase.
pub fn get_map_pairs(map_type: MapType) -> Result<Bytes, Status> {
    // SAFETY: `given` hands over live pointers.
    given(|pairs, length| unsafe { imports::proxy_get_header_map_pairs(map_type as u32, pairs, length) })
}

/// Puts these in the place of all that were in a map; `pairs` is in the ABI's form.
///
/// # Errors
/// As above.
pub fn set_map_pairs(map_type: MapType, pairs: &[u8]) -> Result<(), Status> {
    // SAFETY: pointer and length are of one live slice.
    Status::check(unsafe {
        imports::proxy_set_header_map_pairs(map_type as u32, pairs.as_ptr(), pairs.len())
    })
}

/// The first value of one header; `None` where it is not there.
///
/// # Errors
/// As above.
pub fn get_map_value_bytes(map_type: MapType, key: &str) -> Result<Option<Bytes>, Status> {
    // SAFETY: pointer and length are of one live string, and `given` hands over live pointers.
    found(given(|value, length| unsafe {
        imports::proxy_get_header_map_value(map_type as u32, key.as_ptr(), key.len(), value, length)
    }))
}

/// Takes a header away, all values of it.
///
/// # Errors
/// As above.
pub fn remove_map_value(map_type: MapType, key: impl AsRef<[u8]>) -> Result<(), Status> {
    let key = key.as_ref();
    // SAFETY: pointer and length are of one live slice.
    Status::check(unsafe { imports::proxy_remove_header_map_value(map_type as u32, key.as_ptr(), key.len()) })
}

/// Adds a header.
///
/// # Errors
/// As above.
pub fn add_map_value(map_type: MapType, key: &str, value: &str) -> Result<(), Status> {
    // SAFETY: both pairs of pointer and length are of live strings.
    Status::check(unsafe {
        imports::proxy_add_header_map_value(
            map_type as u32,
            key.as_ptr(),
            key.len(),
            value.as_ptr(),
            value.len(),
        )
    })
}
