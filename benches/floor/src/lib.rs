//! The least that a filter can cost, in the filter's two places. Its configuration is one word: `hooks` does nothing in any
//! hook; `bodies` also reads and writes back, where the upstream role does, the whole request and each piece of the answer.

#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "only Envoy calls it"))]

#[cfg(target_arch = "wasm32")]
mod entry {
    #![allow(unsafe_code, reason = "the entry point's name is part of the ABI")]

    proxy_wasm::main! {{
        proxy_wasm::set_root_context(|_| Box::<super::Root>::default());
    }}
}

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{Action, ContextType};

#[derive(Default)]
struct Root {
    bodies: bool,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        let is_upstream = self.get_property(vec!["plugin_root_id"]).is_some_and(|id| id == b"upstream");
        let configured = self.get_plugin_configuration();
        self.bodies = is_upstream && configured.is_some_and(|configuration| configuration == b"bodies");
        true
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Filter { bodies: self.bodies }))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

struct Filter {
    bodies: bool,
}

impl Context for Filter {}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, _: usize, end: bool) -> Action {
        if self.bodies && !end { Action::Pause } else { Action::Continue }
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        if !self.bodies {
            return Action::Continue;
        }
        if !end {
            return Action::Pause;
        }
        if let Some(body) = self.get_http_request_body(0, size) {
            self.set_http_request_body(0, size, &body);
        }
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, _: bool) -> Action {
        if self.bodies
            && let Some(body) = self.get_http_response_body(0, size)
        {
            self.set_http_response_body(0, size, &body);
        }
        Action::Continue
    }
}
