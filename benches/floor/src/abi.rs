//! Calls between module and host. Errors are ignored: the benchmark's driver counts answers, and fails where they are wrong.
#![allow(unsafe_code, reason = "calls into the host are unsafe by nature")]

use std::mem::MaybeUninit;
use std::ptr;

mod host {
    #[cfg_attr(target_arch = "wasm32", link(wasm_import_module = "env"))]
    unsafe extern "C" {
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
        pub(super) fn proxy_remove_header_map_value(map: u32, name: *const u8, length: usize) -> u32;
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
    }
}

/// Runs a host call that returns bytes; a null pointer means none.
fn given(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Vec<u8> {
    let (mut bytes, mut length) = (ptr::null_mut(), 0);
    if call(&raw mut bytes, &raw mut length) != 0 || bytes.is_null() {
        return Vec::new();
    }
    // SAFETY: the host got them from `proxy_on_memory_allocate`, which is a boxed slice of this length, and has filled them.
    unsafe { Vec::from_raw_parts(bytes, length, length) }
}

pub(crate) fn property(path: &str) -> Vec<u8> {
    // SAFETY: pointer and length are of one live string, and `given` hands over live pointers.
    given(|value, length| unsafe { host::proxy_get_property(path.as_ptr(), path.len(), value, length) })
}

pub(crate) fn set_property(name: &str, value: &[u8]) {
    // SAFETY: both pairs of pointer and length are of live slices.
    unsafe { host::proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) };
}

pub(crate) fn headers(map: u32) -> Vec<u8> {
    // SAFETY: `given` hands over live pointers.
    given(|pairs, length| unsafe { host::proxy_get_header_map_pairs(map, pairs, length) })
}

pub(crate) fn set_headers(map: u32, pairs: &[u8]) {
    // SAFETY: pointer and length are of one live slice.
    unsafe { host::proxy_set_header_map_pairs(map, pairs.as_ptr(), pairs.len()) };
}

pub(crate) fn remove_header(map: u32, name: &str) {
    // SAFETY: pointer and length are of one live string.
    unsafe { host::proxy_remove_header_map_value(map, name.as_ptr(), name.len()) };
}

pub(crate) fn buffer(buffer: u32, size: usize) -> Vec<u8> {
    // SAFETY: `given` hands over live pointers.
    given(|bytes, length| unsafe { host::proxy_get_buffer_bytes(buffer, 0, size, bytes, length) })
}

pub(crate) fn set_buffer(buffer: u32, size: usize, bytes: &[u8]) {
    // SAFETY: pointer and length are of one live slice.
    unsafe { host::proxy_set_buffer_bytes(buffer, 0, size, bytes.as_ptr(), bytes.len()) };
}

pub(crate) fn time() {
    let mut time = 0;
    // SAFETY: the pointer is to a live `u64`.
    unsafe { host::proxy_get_current_time_nanoseconds(&raw mut time) };
}

#[cfg(target_arch = "wasm32")]
unsafe extern "C" {
    /// The C library's constructors.
    fn __wasm_call_ctors();
}

#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
extern "C" fn _initialize() {
    // SAFETY: Envoy calls this once, before anything else.
    #[cfg(target_arch = "wasm32")]
    unsafe {
        __wasm_call_ctors()
    }
}

#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
extern "C" fn proxy_abi_version_0_2_1() {}

#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut MaybeUninit<u8> {
    Box::into_raw(Box::<[u8]>::new_uninit_slice(size)).cast()
}

#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
extern "C" fn proxy_on_context_create(id: u32, root: u32) {
    super::created(id, root);
}

#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
extern "C" fn proxy_on_vm_start(_id: u32, _size: usize) -> bool {
    true
}

#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
extern "C" fn proxy_on_configure(id: u32, size: usize) -> bool {
    super::with(id, |context| super::configured(context, size));
    true
}

#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
extern "C" fn proxy_on_request_headers(id: u32, _count: usize, end: bool) -> u32 {
    super::with(id, |context| super::request_headers(context, end)).into()
}

#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
extern "C" fn proxy_on_request_body(id: u32, size: usize, end: bool) -> u32 {
    super::with(id, |context| super::request_body(context, size, end)).into()
}

#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
extern "C" fn proxy_on_response_headers(id: u32, _count: usize, end: bool) -> u32 {
    super::with(id, |context| super::response_headers(context, end)).into()
}

#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
extern "C" fn proxy_on_response_body(id: u32, size: usize, end: bool) -> u32 {
    super::with(id, |context| super::response_body(context, size, end)).into()
}

#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
extern "C" fn proxy_on_delete(id: u32) {
    super::deleted(id);
}
