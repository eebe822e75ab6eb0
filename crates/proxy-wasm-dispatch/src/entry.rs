//! What Envoy calls (proxy-wasm ABI 0.2.1). What is not exported here costs no crossing into the VM: `proxy_on_done`, which comes
//! right before `proxy_on_delete`, and what belongs to TCP, gRPC, queues and foreign functions.
#![allow(unsafe_code, reason = "the names of these functions are the ABI")]

use std::mem::MaybeUninit;

use crate::types::Action;
use crate::{dispatcher, hostcalls, spare};

/// Says which ABI this is.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_abi_version_0_2_1() {}

/// Memory for what the host gives; `hostcalls::given` makes a vector of it.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_memory_allocate(size: usize) -> *mut MaybeUninit<u8> {
    Box::into_raw(Box::<[u8]>::new_uninit_slice(size)).cast()
}

/// A context begins: a plugin's own where it has no root, else a stream's.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_context_create(id: u32, root: u32) {
    spare::within(|| dispatcher::on_create_context(id, root));
}

/// The VM begins; its own configuration is not looked at.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_vm_start(_id: u32, _configuration_size: usize) -> bool {
    true
}

/// A plugin has a configuration; false refuses it.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_configure(id: u32, configuration_size: usize) -> bool {
    spare::within(|| dispatcher::with_root(id, |root| root.on_configure(configuration_size))).unwrap_or(false)
}

/// A plugin looks after what is due.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_tick(id: u32) {
    spare::within(|| dispatcher::with_root(id, |root| root.on_tick()));
}

/// The headers of a request.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_request_headers(id: u32, count: usize, end_of_stream: bool) -> Action {
    spare::within(|| dispatcher::with_http(id, |stream| stream.on_http_request_headers(count, end_of_stream)))
}

/// A piece of its body.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_request_body(id: u32, size: usize, end_of_stream: bool) -> Action {
    spare::within(|| dispatcher::with_http(id, |stream| stream.on_http_request_body(size, end_of_stream)))
}

/// Its trailers, which end the body.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_request_trailers(id: u32, count: usize) -> Action {
    spare::within(|| dispatcher::with_http(id, |stream| stream.on_http_request_trailers(count)))
}

/// The headers of the response.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_response_headers(id: u32, count: usize, end_of_stream: bool) -> Action {
    spare::within(|| {
        dispatcher::with_http(id, |stream| stream.on_http_response_headers(count, end_of_stream))
    })
}

/// A piece of its body.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_response_body(id: u32, size: usize, end_of_stream: bool) -> Action {
    spare::within(|| dispatcher::with_http(id, |stream| stream.on_http_response_body(size, end_of_stream)))
}

/// Its trailers, which end the body.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_response_trailers(id: u32, count: usize) -> Action {
    spare::within(|| dispatcher::with_http(id, |stream| stream.on_http_response_trailers(count)))
}

/// The response of a call; Envoy gives all of them to the plugin.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_http_call_response(
    root: u32,
    token: u32,
    headers: usize,
    size: usize,
    trailers: usize,
) {
    // A context that Envoy does not know has nothing to give, which the calls that ask for it say.
    let activate = |id| {
        let _ = hostcalls::set_effective_context(id);
    };
    spare::within(|| {
        dispatcher::on_http_call_response(root, token, activate, |context| {
            context.on_http_call_response(token, headers, size, trailers);
        });
    });
}

/// A stream has ended, and its access loggers come next.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_log(id: u32) {
    spare::within(|| dispatcher::on_log(id));
}

/// A context is over.
#[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
pub extern "C" fn proxy_on_delete(id: u32) {
    spare::within(|| dispatcher::on_delete(id));
}
