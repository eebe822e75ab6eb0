//! The part of the proxy-wasm SDK for Rust that an HTTP filter needs, by the SDK's names, with a dispatcher that allows Envoy
//! to make callbacks from within host calls. [README.md](../README.md) says why it exists and how it differs from the SDK.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`traits`] | what a filter implements: a `RootContext` per plugin, an `HttpContext` per stream |
//! | [`types`] | enumerations of the ABI |
//! | [`hostcalls`] | calls to the host; each may fail, none panics |
//! | [`entry`] | the exports that Envoy calls |
//! | `dispatcher` | finds the context that a callback is for |
//! | `spare` | memory reserved for callbacks from within a host call |
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

/// Sets the constructor of a plugin's root context; to be called in [`main!`]. `callback` takes the context's id.
///
/// Clones of a root context must share one state, as those of an `Rc` do: each callback runs on a clone of its own, because
/// Envoy may make one while another is running.
pub fn set_root_context<R: RootContext + Clone + 'static>(callback: fn(context_id: u32) -> Box<R>) {
    dispatcher::set_root_context(Box::new(move |context_id| {
        let root = callback(context_id);
        Rc::new(move || -> Box<dyn RootContext> { root.clone() })
    }));
}

/// Resumes a waiting stream, by its context id, from another context's callback: its [`on_wake`](traits::HttpContext::on_wake)
/// is called. Until the running callback returns, host calls refer to that stream. A stream that has ended, or whose own
/// callback is running, is left alone.
pub fn wake(context_id: u32) {
    if hostcalls::set_effective_context(context_id).is_ok() {
        dispatcher::with_http(context_id, |stream| {
            stream.on_wake();
            types::Action::Continue
        });
    }
}

/// Defines the module's initialisation: a block that calls [`set_root_context`].
#[macro_export]
macro_rules! main {
    ($code:block) => {
        #[cfg(target_arch = "wasm32")]
        unsafe extern "C" {
            /// The C library's constructors, which read the environment variables among other things.
            fn __wasm_call_ctors();
        }

        /// Initialises the module. Envoy calls this once, before anything else.
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
