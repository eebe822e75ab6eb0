//! Properties, which Envoy's modules have by many functions and not by paths; filter state among them.

use std::rc::Rc;

use super::{BAD_ARGUMENT, NOT_FOUND, OK, give, given, pairs};
use crate::abi::{self, Envoys, Given, Got};
use crate::worker::{self, Stream};

/// Attributes, by the numbers of `attribute_id`.
const REQUEST_PROTOCOL: u32 = 10;
const REQUEST_DURATION: u32 = 12;
const RESPONSE_CODE: u32 = 15;
const RESPONSE_CODE_DETAILS: u32 = 16;
const RESPONSE_FLAGS: u32 = 17;
const URI_SAN_PEER_CERTIFICATE: u32 = 37;
const UPSTREAM_ADDRESS: u32 = 41;
const UPSTREAM_REQUEST_ATTEMPT_COUNT: u32 = 53;

/// What Envoy puts before the names of a VM's filter state, which configurations name.
const PREFIX: &[u8] = b"wasm.";
/// What the gateway role hands over to attempts. It stays here, and filter state tells attempts whose it is.
const HANDOFF: &[u8] = b"bedrock.handoff";
/// The record of a request: a message, which modules can put into dynamic metadata alone.
const RECORD: &[u8] = b"bedrock.usage";

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_property(
    path: *const u8,
    path_length: usize,
    bytes: *mut *mut u8,
    length: *mut usize,
) -> u32 {
    // SAFETY: the filter gives the path for the time of this call.
    let path = unsafe { given(path, path_length) };
    let path: Vec<_> = path.split(|byte| *byte == 0).collect();
    let Some(current) = worker::current() else { return BAD_ARGUMENT };
    // SAFETY: the filter gives places for both.
    let give = |value: &[u8]| unsafe { give(value, bytes, length) };
    if path == [b"plugin_root_id"] {
        return give(&current.root.config.role);
    }
    let Some(stream) = current.stream else { return NOT_FOUND };
    let Some(envoys) = stream.envoys() else { return NOT_FOUND };
    let value = match path.as_slice() {
        [b"request", b"protocol"] => text(envoys, REQUEST_PROTOCOL),
        [b"request", b"duration"] => number(envoys, REQUEST_DURATION),
        [b"response", b"flags"] => number(envoys, RESPONSE_FLAGS),
        [b"response", b"code"] => number(envoys, RESPONSE_CODE),
        [b"response", b"code_details"] => text(envoys, RESPONSE_CODE_DETAILS),
        [b"connection", b"uri_san_peer_certificate"] => text(envoys, URI_SAN_PEER_CERTIFICATE),
        [b"upstream", b"address"] => text(envoys, UPSTREAM_ADDRESS),
        [b"upstream", b"request_attempt_count"] => number(envoys, UPSTREAM_REQUEST_ATTEMPT_COUNT),
        [b"xds", b"cluster_name"] => cluster(envoys),
        [b"xds", b"upstream_host_metadata", b"filter_metadata", namespace] => metadata(envoys, namespace),
        [HANDOFF] => handoff(envoys, &stream),
        [name] => state(envoys, name),
        _ => None,
    };
    value.map_or(NOT_FOUND, |value| give(&value))
}

fn text(envoys: Envoys, attribute: u32) -> Option<Vec<u8>> {
    let mut value = Got::EMPTY;
    // SAFETY: the stream is at work, and the value is copied before anything is changed.
    unsafe {
        abi::envoy_dynamic_module_callback_http_filter_get_attribute_string(envoys, attribute, &raw mut value)
            .then(|| value.bytes().to_vec())
    }
}

fn number(envoys: Envoys, attribute: u32) -> Option<Vec<u8>> {
    let mut value = 0;
    // SAFETY: the stream is at work, and the number lives through the call.
    let is_there = unsafe {
        abi::envoy_dynamic_module_callback_http_filter_get_attribute_int(envoys, attribute, &raw mut value)
    };
    is_there.then(|| value.to_le_bytes().to_vec())
}

fn cluster(envoys: Envoys) -> Option<Vec<u8>> {
    let mut value = Got::EMPTY;
    // SAFETY: as above.
    unsafe {
        abi::envoy_dynamic_module_callback_http_get_cluster_name(envoys, &raw mut value)
            .then(|| value.bytes().to_vec())
    }
}

/// The texts of a namespace of the host's metadata.
fn metadata(envoys: Envoys, namespace: &[u8]) -> Option<Vec<u8>> {
    let space = Given::new(namespace);
    // SAFETY: the stream is at work, there is room for as many keys as Envoy says that there are, and all is copied before anything is
    // changed.
    unsafe {
        let count =
            abi::envoy_dynamic_module_callback_http_get_metadata_keys_count(envoys, abi::OF_HOST, space);
        if count == 0 {
            return None;
        }
        let mut keys = vec![Got::EMPTY; count];
        let is_there = abi::envoy_dynamic_module_callback_http_get_metadata_keys(
            envoys,
            abi::OF_HOST,
            space,
            keys.as_mut_ptr(),
        );
        let keys: Vec<_> = keys.iter().map(|key| key.bytes().to_vec()).collect();
        let text = |key: Vec<u8>| {
            let mut value = Got::EMPTY;
            let name = Given::new(&key);
            let is_text = abi::envoy_dynamic_module_callback_http_get_metadata_string(
                envoys,
                abi::OF_HOST,
                space,
                name,
                &raw mut value,
            );
            is_text.then(|| (value.bytes().to_vec(), key))
        };
        let texts = keys.into_iter().filter_map(text).map(|(value, key)| (key, value));
        is_there.then(|| pairs::of(&texts.collect::<Vec<_>>()))
    }
}

/// What the gateway role has handed over to an attempt.
fn handoff(envoys: Envoys, attempt: &Rc<Stream>) -> Option<Vec<u8>> {
    let id = u32::from_le_bytes(state(envoys, HANDOFF)?.try_into().ok()?);
    let request = worker::stream_of(id)?;
    attempt.request_of.replace(Rc::downgrade(&request));
    request.attempts.borrow_mut().push(Rc::downgrade(attempt));
    let handoff = request.handoff.borrow().clone();
    Some(handoff)
}

/// Filter state that was set here.
fn state(envoys: Envoys, name: &[u8]) -> Option<Vec<u8>> {
    let name = [PREFIX, name].concat();
    let mut value = Got::EMPTY;
    // SAFETY: as above.
    unsafe {
        abi::envoy_dynamic_module_callback_http_get_filter_state_bytes(
            envoys,
            Given::new(&name),
            &raw mut value,
        )
        .then(|| value.bytes().to_vec())
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_set_property(
    path: *const u8,
    path_length: usize,
    value: *const u8,
    value_length: usize,
) -> u32 {
    // SAFETY: the filter gives both for the time of this call.
    let (path, value) = unsafe { (given(path, path_length), given(value, value_length)) };
    let Some(stream) = worker::current_stream() else { return BAD_ARGUMENT };
    let Some(envoys) = stream.envoys() else { return BAD_ARGUMENT };
    let id = stream.id.to_le_bytes();
    let value = if path == HANDOFF {
        stream.handoff.replace(value.to_vec());
        id.as_slice()
    } else {
        value
    };
    let name = [PREFIX, path].concat();
    let (name, value) = (Given::new(&name), Given::new(value));
    // SAFETY: the stream is at work, and all that is pointed to lives through the calls.
    let is_set = unsafe {
        if path == RECORD {
            abi::envoy_dynamic_module_callback_http_set_dynamic_metadata_struct(envoys, name, value);
            true
        } else {
            abi::envoy_dynamic_module_callback_http_set_filter_state_bytes(envoys, name, value)
        }
    };
    if is_set { OK } else { BAD_ARGUMENT }
}

/// Functions of Envoy's: of the one that says what properties are, nothing is needed here.
#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_call_foreign_function(
    name: *const u8,
    name_length: usize,
    _arguments: *const u8,
    _arguments_length: usize,
    bytes: *mut *mut u8,
    length: *mut usize,
) -> u32 {
    // SAFETY: the filter gives the name for the time of this call, and places for what is given.
    unsafe {
        if given(name, name_length) == b"declare_property" { give(&[], bytes, length) } else { NOT_FOUND }
    }
}
