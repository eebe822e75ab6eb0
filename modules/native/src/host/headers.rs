//! Headers and trailers.

use std::cell::RefCell;

use super::{BAD_ARGUMENT, NOT_FOUND, OK, give, given, pairs};
use crate::abi::{self, Envoys, Given, Got, GotHeader};
use crate::calls;
use crate::worker::{self, Own};

/// The maps of a stream have the same numbers on both sides. Those of its request:
pub(crate) const OF_REQUEST: u32 = 0;
/// Those of its response:
pub(crate) const OF_RESPONSE: u32 = 2;
/// What is added for trailers.
pub(crate) const TRAILERS: u32 = 1;
/// Of a call's response, in proxy-wasm.
const OF_CALL: u32 = 6;
const TRAILERS_OF_CALL: u32 = 7;

/// A name and a value.
type Pair<'p> = (&'p [u8], &'p [u8]);

thread_local! {
    /// Kept for its memory.
    static ALL: RefCell<Vec<GotHeader>> = const { RefCell::new(Vec::new()) };
}

/// Looks at the filter's own answer, where that is what passes by.
fn with_own<T>(map: u32, look: impl FnOnce(&mut Own) -> T) -> Option<T> {
    if map != OF_RESPONSE {
        return None;
    }
    worker::current_stream()?.answer.borrow_mut().as_mut().map(look)
}

/// How many there are.
pub(crate) fn count(envoys: Envoys, map: u32) -> usize {
    // SAFETY: Envoy gave the stream to the callback that asks.
    unsafe { abi::envoy_dynamic_module_callback_http_get_headers_size(envoys, map) }
}

/// Looks at all of a stream's map, in which nothing may be changed meanwhile; `None` where there is none.
fn with_all<T>(envoys: Envoys, map: u32, look: impl FnOnce(&[GotHeader]) -> T) -> Option<T> {
    ALL.with_borrow_mut(|all| {
        all.clear();
        all.resize(count(envoys, map), GotHeader::EMPTY);
        // SAFETY: the stream is at work, and there is room for as many as Envoy has just said.
        let is_there =
            unsafe { abi::envoy_dynamic_module_callback_http_get_headers(envoys, map, all.as_mut_ptr()) };
        is_there.then(|| look(all))
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_header_map_pairs(map: u32, bytes: *mut *mut u8, length: *mut usize) -> u32 {
    // SAFETY: the filter gives places for both.
    let give = |map: &[u8]| unsafe { give(map, bytes, length) };
    match map {
        OF_CALL => calls::with_response(|response| give(&response.headers)),
        TRAILERS_OF_CALL => give(&pairs::of(&[])),
        _ => {
            if let Some(status) = with_own(map, |own| give(&pairs::of(&own.headers))) {
                return status;
            }
            let Some(envoys) = worker::current_envoys() else { return BAD_ARGUMENT };
            with_all(envoys, map, |all| give(&pairs::write(all))).unwrap_or(BAD_ARGUMENT)
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_set_header_map_pairs(map: u32, bytes: *const u8, length: usize) -> u32 {
    // SAFETY: the filter gives them for the time of this call.
    let wanted: Vec<_> = pairs::read(unsafe { given(bytes, length) }).collect();
    let to_vecs = |wanted: &[(&[u8], &[u8])]| {
        wanted.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect::<Vec<_>>()
    };
    if with_own(map, |own| own.headers = to_vecs(&wanted)).is_some() {
        return OK;
    }
    let Some(stream) = worker::current_stream() else { return BAD_ARGUMENT };
    let envoys = if stream.is_ending.get() && map == OF_REQUEST {
        // Envoy gives an attempt that is over no headers. They are the request's, which another attempt may find, or nobody.
        let Some(request) = stream.request_of.borrow().upgrade() else { return OK };
        request.envoys().filter(|_| !request.is_ending.get())
    } else {
        stream.envoys()
    };
    let Some(envoys) = envoys else { return if stream.is_ending.get() { OK } else { BAD_ARGUMENT } };
    // What is not as it is wanted: names that have to go, with all of their values.
    let wrong = with_all(envoys, map, |all| wrong(all, &wanted));
    let Some((gone, new)) = wrong else { return BAD_ARGUMENT };
    for name in gone {
        set(envoys, map, &name, Given::NOTHING);
    }
    for (name, value) in new {
        add(envoys, map, name, value);
    }
    if map == OF_REQUEST && stream.is_gateways() {
        stream.is_rerouted.set(true);
    }
    OK
}

/// What has to go from a map, and what has to be added, so that it is as wanted. A name whose values are right is left alone.
fn wrong<'w>(all: &[GotHeader], wanted: &[(&'w [u8], &'w [u8])]) -> (Vec<Vec<u8>>, Vec<Pair<'w>>) {
    // SAFETY: Envoy has given them a moment ago, and nothing was changed since.
    let there: Vec<_> =
        all.iter().map(|header| unsafe { (header.name.bytes(), header.value.bytes()) }).collect();
    if there == wanted {
        return Default::default();
    }
    let is_right = |name: &[u8]| {
        let of = |(other, _): &&(&[u8], &[u8])| *other == name;
        there.iter().filter(of).map(|(_, value)| value).eq(wanted.iter().filter(of).map(|(_, value)| value))
    };
    let mut gone: Vec<Vec<u8>> = Vec::new();
    for (name, _) in &there {
        if !gone.iter().any(|known| known == name) && !is_right(name) {
            gone.push(name.to_vec());
        }
    }
    let new = wanted.iter().filter(|(name, _)| !is_right(name)).copied().collect();
    (gone, new)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_header_map_value(
    map: u32,
    name: *const u8,
    name_length: usize,
    bytes: *mut *mut u8,
    length: *mut usize,
) -> u32 {
    // SAFETY: the filter gives the name for the time of this call.
    let name = unsafe { given(name, name_length) };
    if map == OF_CALL {
        return calls::with_response(|response| {
            match pairs::read(&response.headers).find(|(known, _)| *known == name) {
                // SAFETY: the filter gives places for both.
                Some((_, value)) => unsafe { give(value, bytes, length) },
                None => NOT_FOUND,
            }
        });
    }
    let own = with_own(map, |own| {
        match own.headers.iter().find(|(known, _)| known == name) {
            // SAFETY: the filter gives places for both.
            Some((_, value)) => unsafe { give(value, bytes, length) },
            None => NOT_FOUND,
        }
    });
    if let Some(status) = own {
        return status;
    }
    let Some(envoys) = worker::current_envoys() else { return BAD_ARGUMENT };
    let (mut value, mut values) = (Got::EMPTY, 0);
    // SAFETY: the stream is at work, and all that is pointed to lives through the calls.
    unsafe {
        let is_there = abi::envoy_dynamic_module_callback_http_get_header(
            envoys,
            map,
            Given::new(name),
            &raw mut value,
            0,
            &raw mut values,
        );
        if is_there && values > 0 { give(value.bytes(), bytes, length) } else { NOT_FOUND }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_remove_header_map_value(map: u32, name: *const u8, name_length: usize) -> u32 {
    // SAFETY: the filter gives the name for the time of this call.
    let name = unsafe { given(name, name_length) };
    if with_own(map, |own| own.headers.retain(|(known, _)| known != name)).is_some() {
        return OK;
    }
    change(map, |envoys| set(envoys, map, name, Given::NOTHING))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_add_header_map_value(
    map: u32,
    name: *const u8,
    name_length: usize,
    value: *const u8,
    value_length: usize,
) -> u32 {
    // SAFETY: the filter gives both for the time of this call.
    let (name, value) = unsafe { (given(name, name_length), given(value, value_length)) };
    if with_own(map, |own| own.headers.push((name.to_vec(), value.to_vec()))).is_some() {
        return OK;
    }
    change(map, |envoys| add(envoys, map, name, value))
}

fn change(map: u32, change: impl FnOnce(Envoys) -> bool) -> u32 {
    let Some(stream) = worker::current_stream() else { return BAD_ARGUMENT };
    let Some(envoys) = stream.envoys() else { return BAD_ARGUMENT };
    if map == OF_REQUEST && stream.is_gateways() {
        stream.is_rerouted.set(true);
    }
    if change(envoys) { OK } else { BAD_ARGUMENT }
}

fn set(envoys: Envoys, map: u32, name: &[u8], value: Given) -> bool {
    // SAFETY: the stream is at work, and all that is pointed to lives through the call.
    unsafe { abi::envoy_dynamic_module_callback_http_set_header(envoys, map, Given::new(name), value) }
}

fn add(envoys: Envoys, map: u32, name: &[u8], value: &[u8]) -> bool {
    // SAFETY: the stream is at work, and all that is pointed to lives through the call.
    unsafe {
        abi::envoy_dynamic_module_callback_http_add_header(envoys, map, Given::new(name), Given::new(value))
    }
}
