//! What an HTTP filter needs of the proxy-wasm SDK for Rust, by the SDK's own names, with a dispatcher that Envoy may call
//! back within a host call. [README.md](../README.md) has why, and in what this differs from the SDK.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`traits`] | what a filter implements: a `RootContext` per plugin, an `HttpContext` per stream |
//! | [`types`] | the ABI's numbers |
//! | [`hostcalls`] | what a filter calls; each may fail, none panics |
//! | [`entry`] | the exports that Envoy calls |
//! | `dispatcher` | which context a callback is for |
//! | `spare` | memory for what is called back within a host call |
//!
//! ```no_run
//! use proxy_wasm_dispatch::traits::{Context, HttpContext, RootContext};
//! use proxy_wasm_dispatch::types::Action;
//!
//! #[derive(Clone)]
//! struct Root;
//! struct Stream;
//!
//! proxy_wasm_dispatch::main! {{
//!     proxy_wasm_dispatch::set_root_context(|_| Box::new(Root));
//! }}
//!
//! impl Context for Root {}
//! impl RootContext for Root {
//!     fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
//!         Some(Box::new(Stream))
//!     }
//! }
//!
//! impl Context for Stream {}
//! impl HttpContext for Stream {
//!     fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
//!         Action::Continue
//!     }
//! }
//! # fn main() {}
//! ```

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod dispatcher;
pub mod entry;
pub mod hostcalls;
mod ids;
mod spare;
pub mod traits;
pub mod types;

use std::rc::Rc;

use traits::RootContext;

/// Says what makes a plugin's root context; to be called in [`main!`]. `callback` takes the context's id.
///
/// Clones of a root context must be one and the same, as those of an `Rc` are: each callback has a clone to itself,
/// because Envoy may call one while another is at work.
pub fn set_root_context<R: RootContext + Clone + 'static>(callback: fn(context_id: u32) -> Box<R>) {
    dispatcher::set_root_context(Box::new(move |context_id| {
        let root = callback(context_id);
        Rc::new(move || -> Box<dyn RootContext> { root.clone() })
    }));
}

/// Has a stream go on with what it waits for, by its id, out of another context's callback: its
/// [`on_wake`](traits::HttpContext::on_wake) is called. Host calls are the stream's from then on until the callback ends. A stream that is
/// over, or at work, stays as it is.
pub fn wake(context_id: u32) {
    if hostcalls::set_effective_context(context_id).is_ok() {
        dispatcher::with_http(context_id, |stream| {
            stream.on_wake();
            types::Action::Continue
        });
    }
}

/// The module's beginning: a block that calls [`set_root_context`].
#[macro_export]
macro_rules! main {
    ($code:block) => {
        #[cfg(target_arch = "wasm32")]
        unsafe extern "C" {
            /// The C library's own beginnings: its environment is one of them.
            fn __wasm_call_ctors();
        }

        /// The module begins. Envoy calls this once, before anything else.
        #[cfg_attr(target_arch = "wasm32", unsafe(no_mangle))]
        pub extern "C" fn _initialize() {
            // SAFETY: nothing has run yet that it would set up a second time.
            #[cfg(target_arch = "wasm32")]
            unsafe {
                __wasm_call_ctors()
            }

            $code
        }
    };
}
