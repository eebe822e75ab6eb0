//! The functions that Envoy calls (proxy-wasm ABI 0.2.1). A callback that is not exported costs no crossing into the VM: left
//! out are `proxy_on_done`, which comes right before `proxy_on_delete`, and those for TCP, gRPC, queues and foreign functions.
#![allow(unsafe_code, reason = "the names of these functions are the ABI")]

use std::mem::MaybeUninit;

use crate::types::Action;
use crate::{dispatcher, hostcalls, spare};

/// Declares the ABI version.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_abi_version_0_2_1() {}

/// Allocates memory for bytes that the host passes in; `hostcalls::given` makes a vector of it.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut MaybeUninit<u8> {
    Box::into_raw(Box::<[u8]>::new_uninit_slice(size)).cast()
}

/// Creates a context: a plugin's root context where `root` is 0, else a stream context.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_context_create(id: u32, root: u32) {
    spare::within(|| dispatcher::on_create_context(id, root));
}

/// Starts the VM. The VM's own configuration is not read.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_vm_start(_id: u32, _configuration_size: usize) -> bool {
    true
}

/// Configures a plugin; false refuses the configuration.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_configure(id: u32, configuration_size: usize) -> bool {
    spare::within(|| dispatcher::with_root(id, |root| root.on_configure(configuration_size))).unwrap_or(false)
}

/// The tick period of a plugin is over.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_tick(id: u32) {
    spare::within(|| dispatcher::with_root(id, |root| root.on_tick()));
}

/// The request's headers have come.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_request_headers(id: u32, count: usize, end_of_stream: bool) -> Action {
    spare::within(|| dispatcher::with_http(id, |stream| stream.on_http_request_headers(count, end_of_stream)))
}

/// A part of the request's body has come.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_request_body(id: u32, size: usize, end_of_stream: bool) -> Action {
    spare::within(|| dispatcher::with_http(id, |stream| stream.on_http_request_body(size, end_of_stream)))
}

/// The request's trailers have come, which end its body.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_request_trailers(id: u32, count: usize) -> Action {
    spare::within(|| dispatcher::with_http(id, |stream| stream.on_http_request_trailers(count)))
}

/// The response's headers have come.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_response_headers(id: u32, count: usize, end_of_stream: bool) -> Action {
    spare::within(|| {
        dispatcher::with_http(id, |stream| stream.on_http_response_headers(count, end_of_stream))
    })
}

/// A part of the response's body has come.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_response_body(id: u32, size: usize, end_of_stream: bool) -> Action {
    spare::within(|| dispatcher::with_http(id, |stream| stream.on_http_response_body(size, end_of_stream)))
}

/// The response's trailers have come, which end its body.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_response_trailers(id: u32, count: usize) -> Action {
    spare::within(|| dispatcher::with_http(id, |stream| stream.on_http_response_trailers(count)))
}

/// The response of an HTTP call has come; Envoy delivers it to the root context.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_http_call_response(
    root: u32,
    token: u32,
    headers: usize,
    size: usize,
    trailers: usize,
) {
    // If Envoy does not know the context, the host calls that read headers and bodies report that themselves.
    let activate = |id| {
        let _ = hostcalls::set_effective_context(id);
    };
    spare::within(|| {
        dispatcher::on_http_call_response(root, token, activate, |context| {
            context.on_http_call_response(token, headers, size, trailers);
        });
    });
}

/// A stream has ended; its access loggers run next.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_log(id: u32) {
    spare::within(|| dispatcher::on_log(id));
}

/// Envoy deletes a context.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_delete(id: u32) {
    spare::within(|| dispatcher::on_delete(id));
}
