//! Header and trailer maps.

use super::{found, given, imports};
use crate::types::{Bytes, MapType, Status};

/// Reads a whole map, in the ABI's serialised form.
///
/// # Errors
/// The host's status; `BadArgument` where the stream has no such map in this phase.
pub fn get_map_pairs(map_type: MapType) -> Result<Bytes, Status> {
    // SAFETY: `given` hands over live pointers.
    given(|pairs, length| unsafe { imports::proxy_get_header_map_pairs(map_type as u32, pairs, length) })
}

/// Replaces a whole map; `pairs` is in the ABI's serialised form.
///
/// # Errors
/// As for [`get_map_pairs`].
pub fn set_map_pairs(map_type: MapType, pairs: &[u8]) -> Result<(), Status> {
    // SAFETY: pointer and length are of one live slice.
    Status::check(unsafe {
        imports::proxy_set_header_map_pairs(map_type as u32, pairs.as_ptr(), pairs.len())
    })
}

/// Reads a header's first value; `None` where there is no such header.
///
/// # Errors
/// As for [`get_map_pairs`].
pub fn get_map_value_bytes(map_type: MapType, key: &str) -> Result<Option<Bytes>, Status> {
    // SAFETY: pointer and length are of one live string, and `given` hands over live pointers.
    found(given(|value, length| unsafe {
        imports::proxy_get_header_map_value(map_type as u32, key.as_ptr(), key.len(), value, length)
    }))
}

/// Removes a header with all its values.
///
/// # Errors
/// As for [`get_map_pairs`].
pub fn remove_map_value(map_type: MapType, key: impl AsRef<[u8]>) -> Result<(), Status> {
    let key = key.as_ref();
    // SAFETY: pointer and length are of one live slice.
    Status::check(unsafe { imports::proxy_remove_header_map_value(map_type as u32, key.as_ptr(), key.len()) })
}

/// Adds a header.
///
/// # Errors
/// As for [`get_map_pairs`].
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
