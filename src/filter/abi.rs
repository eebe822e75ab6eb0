//! What Envoy calls (proxy-wasm ABI 0.2.1). What is not exported here costs no crossing into the VM.
#![allow(unsafe_code, reason = "the names of these functions are the ABI")]

use std::mem::MaybeUninit;
use std::rc::Rc;

use super::contexts;
use super::{Root, host};

#[cfg(target_arch = "wasm32")]
unsafe extern "C" {
    /// The C library's own beginnings: its environment is one of them.
    fn __wasm_call_ctors();
}

/// Says which ABI this is.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_abi_version_0_2_1() {}

/// The module begins.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn _initialize() {
    // SAFETY: Envoy calls this once, before anything else.
    #[cfg(target_arch = "wasm32")]
    unsafe {
        __wasm_call_ctors()
    }
}

/// Memory for what the host gives; `host::given` makes a vector of it.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut MaybeUninit<u8> {
    Box::into_raw(Box::<[u8]>::new_uninit_slice(size)).cast()
}

/// A context begins: a plugin, or a stream of one.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_context_create(id: u32, root: u32) {
    contexts::create(id, root, || Rc::new(Root::default()));
}

/// The VM begins, which has no configuration of its own.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_vm_start(_id: u32, _configuration_size: usize) -> bool {
    true
}

/// A plugin has a configuration; false refuses it.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_configure(id: u32, _configuration_size: usize) -> bool {
    contexts::with_plugin(id, |plugin| plugin.on_configure()).unwrap_or(false)
}

/// A plugin looks after what is due.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_tick(id: u32) {
    contexts::with_plugin(id, |plugin| plugin.on_tick());
}

/// 0: they go on; 1: they are held. So for all of a stream.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_request_headers(id: u32, _count: usize, end_of_stream: bool) -> u32 {
    contexts::with_stream(id, |stream| stream.on_request_headers(end_of_stream)) as u32
}

/// A piece of the body.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_request_body(id: u32, size: usize, end_of_stream: bool) -> u32 {
    contexts::with_stream(id, |stream| stream.on_request_body(size, end_of_stream)) as u32
}

/// Trailers, which end the body.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_request_trailers(id: u32, _count: usize) -> u32 {
    contexts::with_stream(id, |stream| stream.on_request_trailers()) as u32
}

/// The headers of the answer.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_response_headers(id: u32, _count: usize, end_of_stream: bool) -> u32 {
    contexts::with_stream(id, |stream| stream.on_response_headers(end_of_stream)) as u32
}

/// A piece of its body.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_response_body(id: u32, size: usize, end_of_stream: bool) -> u32 {
    contexts::with_stream(id, |stream| stream.on_response_body(size, end_of_stream)) as u32
}

/// Its trailers, which end the body.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_response_trailers(id: u32, _count: usize) -> u32 {
    contexts::with_stream(id, |stream| stream.on_response_trailers()) as u32
}

/// The answer of a call.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_http_call_response(
    id: u32,
    call: u32,
    headers: usize,
    size: usize,
    _trailers: usize,
) {
    contexts::answer(id, call, host::activate, headers, size);
}

/// A context is over. Envoy also tells before (`proxy_on_done`), for those that it would have to wait for.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_delete(id: u32) {
    contexts::delete(id);
}
