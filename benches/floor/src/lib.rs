//! The lower bound of a filter's cost, in the filter's two places. The configuration is one word, and each level includes those
//! before it:
//!
//! - `hooks`: every callback returns at once;
//! - `bodies`: reads the whole request and each part of the answer, and writes them back, in the upstream role;
//! - `calls`: holds the answer until it is whole, and makes all other host calls of a translated chat: headers, properties, the
//!   time. Values are written back unchanged;
//! - `code`: runs as many bytes of machine code besides as a chat runs of the filter's, each once.
//!
//! Written on the ABI (proxy-wasm 0.2.1) itself, because a library would add to the cost.

#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "only Envoy calls it"))]

mod abi;
mod code;

use std::cell::RefCell;
use std::collections::HashMap;

/// The level of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd)]
enum Level {
    #[default]
    Hooks,
    Bodies,
    Calls,
    Code,
}

/// A plugin, or a request in one of the two places.
#[derive(Clone, Debug, Default)]
struct Context {
    level: Level,
    is_upstream: bool,
    /// The request's headers, in the ABI's serialised form.
    request_headers: Vec<u8>,
    response_headers: Vec<u8>,
}

thread_local! {
    static CONTEXTS: RefCell<HashMap<u32, Context>> = RefCell::default();
}

const REQUEST: u32 = 0;
const RESPONSE_HEADERS: u32 = 2;
const RESPONSE_BODY: u32 = 1;
const CONFIGURATION: u32 = 7;

/// As long as the gateway role's handoff.
const HANDOFF: [u8; 20] = [0; 20];

fn created(id: u32, root: u32) {
    CONTEXTS.with_borrow_mut(|contexts| {
        let context = contexts.get(&root).cloned().unwrap_or_default();
        contexts.insert(id, context);
    });
}

fn deleted(id: u32) {
    CONTEXTS.with_borrow_mut(|contexts| contexts.remove(&id));
}

/// Runs `work` on a context.
fn with<T: Default>(id: u32, work: impl FnOnce(&mut Context) -> T) -> T {
    CONTEXTS.with_borrow_mut(|contexts| contexts.get_mut(&id).map(work).unwrap_or_default())
}

fn configured(context: &mut Context, size: usize) {
    context.is_upstream = abi::property("plugin_root_id") == b"upstream";
    context.level = match abi::buffer(CONFIGURATION, size).as_slice() {
        b"bodies" => Level::Bodies,
        b"calls" => Level::Calls,
        b"code" => Level::Code,
        _ => Level::Hooks,
    };
}

/// A callback: returns whether to hold the headers.
fn request_headers(context: &mut Context, end: bool) -> bool {
    if context.level >= Level::Calls {
        context.request_headers = abi::headers(REQUEST);
        if !context.is_upstream {
            abi::set_property("bedrock.request", &HANDOFF);
            abi::remove_header(REQUEST, "authorization");
            abi::remove_header(REQUEST, "x-envoy-external-address");
        }
    }
    context.is_upstream && context.level >= Level::Bodies && !end
}

fn request_body(context: &mut Context, size: usize, end: bool) -> bool {
    if !context.is_upstream || context.level < Level::Bodies {
        return false;
    }
    if !end {
        return true;
    }
    let body = abi::buffer(REQUEST, size);
    if context.level >= Level::Calls {
        abi::property("bedrock.request");
        abi::property("xds\0upstream_host_metadata\0filter_metadata\0bedrock");
        abi::time();
        abi::set_headers(REQUEST, &context.request_headers);
    }
    if context.level >= Level::Code {
        std::hint::black_box(code::run(size as u64));
    }
    abi::set_buffer(REQUEST, size, &body);
    false
}

fn response_headers(context: &mut Context, end: bool) -> bool {
    let holds = context.is_upstream && context.level >= Level::Calls && !end;
    if holds {
        context.response_headers = abi::headers(RESPONSE_HEADERS);
        abi::time();
    }
    holds
}

fn response_body(context: &mut Context, size: usize, end: bool) -> bool {
    if !context.is_upstream || context.level < Level::Bodies {
        return false;
    }
    if context.level >= Level::Calls {
        if !end {
            return true;
        }
        abi::set_headers(RESPONSE_HEADERS, &context.response_headers);
        // Restores what an attempt has changed.
        abi::set_headers(REQUEST, &context.request_headers);
    }
    let body = abi::buffer(RESPONSE_BODY, size);
    abi::set_buffer(RESPONSE_BODY, size, &body);
    false
}
