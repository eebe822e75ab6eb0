//! What Envoy calls, by the names of its ABI.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::rc::Rc;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use proxy_wasm_dispatch::entry;
use proxy_wasm_dispatch::types::Action;

use crate::abi::{self, Body, Envoys, Got, GotHeader};
use crate::calls::{self, Response};
use crate::config::Config;
use crate::host::{bodies, headers, metrics, pairs};
use crate::later;
use crate::ticks;
use crate::worker::{self, Direction, Stream};

/// A configuration, as Envoy keeps it.
type Configs = *const Config;
/// A stream's context, as Envoy keeps it.
type Streams = *const Stream;

/// The module is loaded.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_program_init() -> *const c_char {
    abi::VERSION.as_ptr()
}

/// A configuration is loaded, on the main thread; null refuses it.
#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_on_http_filter_config_new(
    envoys: Envoys,
    name: Got,
    text: Got,
) -> Configs {
    worker::is_main_thread();
    // SAFETY: Envoy gives both for the time of this call.
    let (name, text) = unsafe { (name.bytes(), text.bytes()) };
    let config = Arc::new(Config::new(envoys, name, text));
    match worker::root(&config) {
        Some(_) => Arc::into_raw(config),
        None => ptr::null(),
    }
}

/// A configuration is gone, and all of its filters are.
#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_on_http_filter_config_destroy(config: Configs) {
    // SAFETY: Envoy gives back what it got of `…_config_new`, once.
    let config = unsafe { Arc::from_raw(config) };
    config.is_over.store(true, Ordering::Relaxed);
    ticks::unwanted(&config);
}

/// The main thread has something to do for a configuration.
#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_on_http_filter_config_scheduled(
    _envoys: Envoys,
    config: Configs,
    event: u64,
) {
    // SAFETY: Envoy has the configuration still.
    let config = unsafe { kept(config) };
    match event {
        calls::CALLS => calls::make_all(&config),
        metrics::COUNTS => metrics::count_all(&config),
        _ => ticks::tick_main(&config),
    }
}

/// A call that the main thread has made is over.
#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_on_http_filter_config_http_callout_done(
    _envoys: Envoys,
    config: Configs,
    call: u64,
    result: u32,
    headers: *const GotHeader,
    count: usize,
    chunks: *const Got,
    chunk_count: usize,
) {
    // SAFETY: Envoy has the configuration still, and gives the response for the time of this call.
    unsafe {
        let config = kept(config);
        calls::came(&config, call, response(result, headers, count, chunks, chunk_count));
    }
}

/// A stream begins; null ends it.
#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_on_http_filter_new(config: Configs, envoys: Envoys) -> Streams {
    // SAFETY: Envoy has the configuration still.
    let config = unsafe { kept(config) };
    match worker::root(&config) {
        Some(root) => Rc::into_raw(worker::begin(&root, envoys)),
        None => ptr::null(),
    }
}

/// The headers of a request.
#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_on_http_filter_request_headers(
    envoys: Envoys,
    stream: Streams,
    is_end: bool,
) -> u32 {
    // SAFETY: Envoy has the stream still.
    let stream = unsafe { own(stream) };
    let count = headers::count(envoys, headers::OF_REQUEST);
    status(&stream, || entry::proxy_on_request_headers(stream.id, count, is_end))
}

/// A piece of its body.
#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_on_http_filter_request_body(
    envoys: Envoys,
    stream: Streams,
    is_end: bool,
) -> u32 {
    // SAFETY: Envoy has the stream still.
    let stream = unsafe { own(stream) };
    // SAFETY: the same.
    let is_whole = unsafe { abi::envoy_dynamic_module_callback_http_received_buffered_request_body(envoys) };
    body_status(&stream, &stream.request, is_whole, || {
        let size = bodies::size(envoys, &stream.request, [Body::BufferedRequest, Body::ReceivedRequest]);
        entry::proxy_on_request_body(stream.id, size, is_end)
    })
}

/// Its trailers.
#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_on_http_filter_request_trailers(
    envoys: Envoys,
    stream: Streams,
) -> u32 {
    // SAFETY: Envoy has the stream still.
    let stream = unsafe { own(stream) };
    let count = headers::count(envoys, headers::OF_REQUEST + headers::TRAILERS);
    status(&stream, || entry::proxy_on_request_trailers(stream.id, count))
}

/// The headers of the response.
#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_on_http_filter_response_headers(
    envoys: Envoys,
    stream: Streams,
    is_end: bool,
) -> u32 {
    // SAFETY: Envoy has the stream still.
    let stream = unsafe { own(stream) };
    stream.has_response.set(true);
    let count = headers::count(envoys, headers::OF_RESPONSE);
    status(&stream, || entry::proxy_on_response_headers(stream.id, count, is_end))
}

/// A piece of its body.
#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_on_http_filter_response_body(
    envoys: Envoys,
    stream: Streams,
    is_end: bool,
) -> u32 {
    // SAFETY: Envoy has the stream still.
    let stream = unsafe { own(stream) };
    // SAFETY: the same.
    let is_whole = unsafe { abi::envoy_dynamic_module_callback_http_received_buffered_response_body(envoys) };
    body_status(&stream, &stream.response, is_whole, || {
        let size = bodies::size(envoys, &stream.response, [Body::BufferedResponse, Body::ReceivedResponse]);
        entry::proxy_on_response_body(stream.id, size, is_end)
    })
}

/// Its trailers.
#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_on_http_filter_response_trailers(
    envoys: Envoys,
    stream: Streams,
) -> u32 {
    // SAFETY: Envoy has the stream still.
    let stream = unsafe { own(stream) };
    let count = headers::count(envoys, headers::OF_RESPONSE + headers::TRAILERS);
    status(&stream, || entry::proxy_on_response_trailers(stream.id, count))
}

/// A stream has ended, and its access loggers come next.
#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_on_http_filter_stream_complete(_envoys: Envoys, stream: Streams) {
    // SAFETY: Envoy has the stream still.
    let stream = unsafe { own(stream) };
    worker::end_attempts(&stream);
    worker::within_stream(&stream, || entry::proxy_on_log(stream.id));
}

/// A stream is over.
#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_on_http_filter_destroy(stream: Streams) {
    // SAFETY: Envoy gives back what it got of `…_filter_new`, once.
    let stream = unsafe { Rc::from_raw(stream) };
    worker::end(&stream);
}

/// A call that a stream has made is over.
#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_on_http_filter_http_callout_done(
    _envoys: Envoys,
    stream: Streams,
    call: u64,
    result: u32,
    headers: *const GotHeader,
    count: usize,
    chunks: *const Got,
    chunk_count: usize,
) {
    // SAFETY: Envoy has the stream still, and gives the response for the time of this call.
    let (stream, response) = unsafe { (own(stream), response(result, headers, count, chunks, chunk_count)) };
    let token = {
        let mut calls = stream.calls.borrow_mut();
        let place = calls.iter().position(|(known, _)| *known == call);
        place.map(|place| calls.swap_remove(place).1)
    };
    if let Some(token) = token {
        worker::within_stream(&stream, || calls::respond(stream.root.id, token, response));
    }
}

/// A worker has something to do, and is reached by this stream; or the stream itself has.
#[unsafe(no_mangle)]
unsafe extern "C" fn envoy_dynamic_module_on_http_filter_scheduled(
    _envoys: Envoys,
    stream: Streams,
    event: u64,
) {
    // SAFETY: Envoy has the stream still.
    let stream = unsafe { own(stream) };
    if event == ticks::ANSWERS {
        later::answer_waiting(&stream);
    } else {
        ticks::tick(&stream);
    }
}

/// Envoy answers a request itself.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_local_reply(
    _envoys: Envoys,
    _stream: Streams,
    _status: u32,
    _details: Got,
    _is_reset: bool,
) -> u32 {
    abi::CONTINUE
}

/// Configurations of routes are not taken.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_per_route_config_new(
    _name: Got,
    _text: Got,
) -> *const c_void {
    ptr::null()
}

/// There are none.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_per_route_config_destroy(_config: *const c_void) {}

/// Flow control towards the client: Envoy calls it for a filter that answers in the router's place, which this one does not.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_downstream_above_write_buffer_high_watermark(
    _envoys: Envoys,
    _stream: Streams,
) {
}

/// Flow control towards the client, once its buffer has room again.
#[unsafe(no_mangle)]
extern "C" fn envoy_dynamic_module_on_http_filter_downstream_below_write_buffer_low_watermark(
    _envoys: Envoys,
    _stream: Streams,
) {
}

/// What Envoy has to find, and never calls: nothing here makes streamed calls.
macro_rules! never_called {
    ($($name:ident)*) => {
        $(
            #[unsafe(no_mangle)]
            extern "C" fn $name() {}
        )*
    };
}

never_called! {
    envoy_dynamic_module_on_http_filter_http_stream_headers
    envoy_dynamic_module_on_http_filter_http_stream_data
    envoy_dynamic_module_on_http_filter_http_stream_trailers
    envoy_dynamic_module_on_http_filter_http_stream_complete
    envoy_dynamic_module_on_http_filter_http_stream_reset
    envoy_dynamic_module_on_http_filter_config_http_stream_headers
    envoy_dynamic_module_on_http_filter_config_http_stream_data
    envoy_dynamic_module_on_http_filter_config_http_stream_trailers
    envoy_dynamic_module_on_http_filter_config_http_stream_complete
    envoy_dynamic_module_on_http_filter_config_http_stream_reset
}

/// A configuration, kept for the time of a callback.
///
/// # Safety
/// Envoy has it still.
unsafe fn kept(config: Configs) -> Arc<Config> {
    // SAFETY: it is of `Arc::into_raw`, and Envoy has a share in it, which this does not take.
    unsafe {
        Arc::increment_strong_count(config);
        Arc::from_raw(config)
    }
}

/// A stream, kept for the time of a callback.
///
/// # Safety
/// Envoy has it still.
unsafe fn own(stream: Streams) -> Rc<Stream> {
    // SAFETY: it is of `Rc::into_raw` on this thread, and Envoy has a share in it, which this does not take.
    unsafe {
        Rc::increment_strong_count(stream);
        Rc::from_raw(stream)
    }
}

/// Lets a stream do something about headers or trailers, and says whether they go on.
fn status(stream: &Rc<Stream>, act: impl FnOnce() -> Action) -> u32 {
    let action = worker::within_stream(stream, act);
    if action == Action::Pause || stream.envoys().is_none() { abi::STOP } else { abi::CONTINUE }
}

/// The same about a piece of a body. `is_whole`: the piece is what other filters have held, and all there is.
fn body_status(
    stream: &Rc<Stream>,
    direction: &Direction,
    is_whole: bool,
    act: impl FnOnce() -> Action,
) -> u32 {
    direction.receives.set(true);
    if is_whole {
        direction.holds.set(false);
    }
    let action = worker::within_stream(stream, act);
    direction.receives.set(false);
    direction.holds.set(action == Action::Pause);
    if stream.envoys().is_none() || (action == Action::Pause && stream.is_answered.get()) {
        return abi::STOP_WITHOUT_BODY;
    }
    if action == Action::Pause { abi::STOP } else { abi::CONTINUE }
}

/// A response as Envoy gives it.
///
/// # Safety
/// Envoy gives all of it for the time of a callback.
unsafe fn response(
    result: u32,
    headers: *const GotHeader,
    count: usize,
    chunks: *const Got,
    chunk_count: usize,
) -> Response {
    if result != abi::SUCCESS || headers.is_null() {
        return Response::default();
    }
    // SAFETY: Envoy says how many there are of each; null is none.
    let (headers, chunks) = unsafe {
        let chunks = if chunks.is_null() { &[] } else { slice::from_raw_parts(chunks, chunk_count) };
        (slice::from_raw_parts(headers, count), chunks)
    };
    // SAFETY: as the caller promises.
    let chunks: Vec<&[u8]> = chunks.iter().map(|chunk| unsafe { chunk.bytes() }).collect();
    Response { headers: pairs::write(headers), count, body: chunks.concat() }
}
