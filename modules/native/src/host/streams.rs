//! What becomes of a stream, calls to other clusters, and ticks.

use super::{BAD_ARGUMENT, INTERNAL_FAILURE, OK, given, pairs};
use crate::abi::{self, Given};
use crate::calls;
use crate::later::{self, Later};
use crate::ticks;
use crate::worker;

/// The direction of a stream, by proxy-wasm's numbers.
const REQUEST: u32 = 0;

#[unsafe(no_mangle)]
extern "C" fn proxy_continue_stream(direction: u32) -> u32 {
    match worker::current_stream() {
        Some(stream) if direction == REQUEST => {
            later::add(stream, Later::Continue);
            OK
        }
        _ => BAD_ARGUMENT,
    }
}

#[unsafe(no_mangle)]
extern "C" fn proxy_close_stream(_direction: u32) -> u32 {
    let Some(stream) = worker::current_stream() else { return BAD_ARGUMENT };
    later::add(stream, Later::Reset);
    OK
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_send_local_response(
    status: u32,
    details: *const u8,
    details_length: usize,
    body: *const u8,
    body_length: usize,
    headers: *const u8,
    headers_length: usize,
    _grpc_status: i32,
) -> u32 {
    let Some(stream) = worker::current_stream() else { return BAD_ARGUMENT };
    if stream.is_answered.replace(true) {
        return OK;
    }
    // SAFETY: the filter gives all for the time of this call.
    let [details, headers, body] =
        unsafe { [given(details, details_length), given(headers, headers_length), given(body, body_length)] }
            .map(<[u8]>::to_vec);
    later::add(stream, Later::Answer { status, details, headers, body });
    OK
}

#[unsafe(no_mangle)]
extern "C" fn proxy_set_effective_context(context: u32) -> u32 {
    if worker::set_current(context) { OK } else { BAD_ARGUMENT }
}

#[unsafe(no_mangle)]
extern "C" fn proxy_set_tick_period_milliseconds(period: u32) -> u32 {
    let Some(current) = worker::current() else { return BAD_ARGUMENT };
    if period > 0 && !current.root.ticks.replace(true) {
        ticks::wanted(&current.root.config);
    }
    OK
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_http_call(
    cluster: *const u8,
    cluster_length: usize,
    headers: *const u8,
    headers_length: usize,
    body: *const u8,
    body_length: usize,
    _trailers: *const u8,
    _trailers_length: usize,
    timeout: u32,
    token: *mut u32,
) -> u32 {
    // SAFETY: the filter gives all for the time of this call.
    let [cluster, headers, body] =
        unsafe { [given(cluster, cluster_length), given(headers, headers_length), given(body, body_length)] };
    let Some(current) = worker::current() else { return BAD_ARGUMENT };
    let made = match &current.stream {
        None => calls::make(&current.root, cluster, headers, body, timeout),
        Some(stream) => {
            let Some(envoys) = stream.envoys() else { return BAD_ARGUMENT };
            let mut headers: Vec<_> = pairs::read(headers).map(pairs::given).collect();
            let mut call = 0;
            // SAFETY: the stream is at work, and all that is pointed to lives through the call.
            let result = unsafe {
                abi::envoy_dynamic_module_callback_http_filter_http_callout(
                    envoys,
                    &raw mut call,
                    Given::new(cluster),
                    headers.as_mut_ptr(),
                    headers.len(),
                    Given::new(body),
                    timeout.into(),
                )
            };
            let token = worker::number();
            if result == abi::SUCCESS {
                stream.calls.borrow_mut().push((call, token));
                Ok(token)
            } else {
                Err(result)
            }
        }
    };
    match made {
        Ok(made) => {
            // SAFETY: the filter gives a place for it.
            unsafe { *token = made }
            OK
        }
        Err(abi::CANNOT_CREATE_REQUEST) => INTERNAL_FAILURE,
        Err(_) => BAD_ARGUMENT,
    }
}
