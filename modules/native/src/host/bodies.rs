//! Bodies. To proxy-wasm a body is one buffer: what is held, and behind it the piece that has just come. To Envoy's modules they are two.

use super::{BAD_ARGUMENT, NOT_FOUND, OK, give, give_pieces, given};
use crate::abi::{self, Body, Envoys, Given, Got};
use crate::calls;
use crate::worker::{self, Direction};

/// Buffers, by proxy-wasm's numbers.
const OF_REQUEST: u32 = 0;
const OF_RESPONSE: u32 = 1;
const OF_CALL: u32 = 4;
const CONFIGURATION: u32 = 7;

/// What is held, and what has just come.
type Both = [Body; 2];

/// How much there is in a direction.
pub(crate) fn size(envoys: Envoys, direction: &Direction, both: Both) -> usize {
    parts(direction, both).into_iter().flatten().map(|body| size_of(envoys, body)).sum()
}

/// Which of both there are now.
fn parts(direction: &Direction, [held, received]: Both) -> [Option<Body>; 2] {
    let receives = direction.receives.get();
    [(direction.holds.get() || !receives).then_some(held), receives.then_some(received)]
}

fn size_of(envoys: Envoys, body: Body) -> usize {
    // SAFETY: the stream is at work.
    unsafe { abi::envoy_dynamic_module_callback_http_get_body_size(envoys, body) }
}

/// Looks at the body of the filter's own answer, where that is what passes by.
fn with_own<T>(buffer: u32, look: impl FnOnce(&mut Vec<u8>) -> T) -> Option<T> {
    if buffer != OF_RESPONSE {
        return None;
    }
    worker::current_stream()?.answer.borrow_mut().as_mut().map(|own| look(&mut own.body))
}

/// The body of the stream at work that a number stands for.
fn current(buffer: u32) -> Option<(Envoys, [Option<Body>; 2])> {
    let stream = worker::current_stream()?;
    let parts = match buffer {
        OF_REQUEST => parts(&stream.request, [Body::BufferedRequest, Body::ReceivedRequest]),
        OF_RESPONSE => parts(&stream.response, [Body::BufferedResponse, Body::ReceivedResponse]),
        _ => return None,
    };
    Some((stream.envoys()?, parts))
}

/// Whether something of the body of the stream at work is held.
fn holds(buffer: u32) -> bool {
    worker::current_stream().is_some_and(|stream| {
        let direction = if buffer == OF_REQUEST { &stream.request } else { &stream.response };
        direction.holds.get()
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_buffer_bytes(
    buffer: u32,
    start: usize,
    most: usize,
    bytes: *mut *mut u8,
    length: *mut usize,
) -> u32 {
    let Some(end) = start.checked_add(most) else { return BAD_ARGUMENT };
    let part = |all: &[u8]| {
        let part = all.get(start..end.min(all.len())).unwrap_or_default();
        // SAFETY: the filter gives places for both.
        unsafe { give(part, bytes, length) }
    };
    match buffer {
        OF_CALL => return calls::with_response(|response| part(&response.body)),
        CONFIGURATION => {
            let Some(current) = worker::current() else { return NOT_FOUND };
            return part(&current.root.config.text);
        }
        _ => {}
    }
    if let Some(status) = with_own(buffer, |body| part(body)) {
        return status;
    }
    let Some((envoys, parts)) = current(buffer) else { return BAD_ARGUMENT };
    // SAFETY: nothing is changed before they are copied.
    let pieces = unsafe { pieces(envoys, parts, start, end) };
    let size = pieces.iter().map(|piece| piece.len()).sum();
    // SAFETY: the filter gives places for both, and so many bytes the pieces are.
    unsafe { give_pieces(pieces, size, bytes, length) }
}

/// The bytes from one position to another, over all parts.
///
/// # Safety
/// Nothing of the parts is changed for as long as these are used.
unsafe fn pieces<'b>(envoys: Envoys, parts: [Option<Body>; 2], start: usize, end: usize) -> Vec<&'b [u8]> {
    let mut at = 0_usize;
    let chunks = parts.into_iter().flatten().flat_map(|body| chunks(envoys, body));
    chunks
        .map(|chunk| {
            // SAFETY: Envoy has given it a moment ago, and it stays as the caller promises.
            let chunk = unsafe { chunk.bytes() };
            let (from, to) = (start.saturating_sub(at), end.saturating_sub(at).min(chunk.len()));
            at = at.saturating_add(chunk.len());
            chunk.get(from..to).unwrap_or_default()
        })
        .collect()
}

fn chunks(envoys: Envoys, body: Body) -> Vec<Got> {
    // SAFETY: the stream is at work, and there is room for as many as Envoy says that there are.
    unsafe {
        let count = abi::envoy_dynamic_module_callback_http_get_body_chunks_size(envoys, body);
        let mut chunks = vec![Got::EMPTY; count];
        let is_there =
            abi::envoy_dynamic_module_callback_http_get_body_chunks(envoys, body, chunks.as_mut_ptr());
        if is_there { chunks } else { Vec::new() }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_set_buffer_bytes(
    buffer: u32,
    start: usize,
    size: usize,
    bytes: *const u8,
    length: usize,
) -> u32 {
    // SAFETY: the filter gives them for the time of this call.
    let bytes = unsafe { given(bytes, length) };
    let own = with_own(buffer, |body| {
        if start > 0 && start < body.len() {
            return BAD_ARGUMENT;
        }
        if start == 0 {
            body.splice(..size.min(body.len()), bytes.iter().copied());
        } else {
            body.extend_from_slice(bytes);
        }
        OK
    });
    if let Some(status) = own {
        return status;
    }
    let Some((envoys, parts)) = current(buffer) else { return BAD_ARGUMENT };
    // Where nothing is held and nothing has come, as at trailers, Envoy takes nothing and says that it did.
    if !holds(buffer) && matches!(parts, [_, None]) {
        return BAD_ARGUMENT;
    }
    // What comes last takes what is added.
    let Some(last) = parts.into_iter().flatten().last() else { return BAD_ARGUMENT };
    let all: usize = parts.into_iter().flatten().map(|body| size_of(envoys, body)).sum();
    if start > 0 && start < all {
        return BAD_ARGUMENT;
    }
    let mut rest = Vec::new();
    if start == 0 {
        // Envoy lets modules add at the end only: what stays behind the replaced beginning is added anew.
        // SAFETY: they are copied before anything is changed.
        rest = unsafe { pieces(envoys, parts, size, all) }.concat();
        if !parts.into_iter().flatten().all(|body| empty(envoys, body)) {
            return BAD_ARGUMENT;
        }
    }
    if add(envoys, last, bytes) && add(envoys, last, &rest) { OK } else { BAD_ARGUMENT }
}

/// Takes all of it away.
fn empty(envoys: Envoys, body: Body) -> bool {
    let size = size_of(envoys, body);
    // SAFETY: the stream is at work.
    size == 0 || unsafe { abi::envoy_dynamic_module_callback_http_drain_body(envoys, body, size) }
}

/// Adds bytes at its end.
fn add(envoys: Envoys, body: Body, bytes: &[u8]) -> bool {
    // SAFETY: the stream is at work, and the bytes live through the call.
    bytes.is_empty()
        || unsafe { abi::envoy_dynamic_module_callback_http_append_body(envoys, body, Given::new(bytes)) }
}
