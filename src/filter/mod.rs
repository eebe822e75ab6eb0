//! The adapter to Envoy, the only module that knows of it: a root context per plugin, a context per request (gateway role), per
//! attempt (upstream role) or per image (fetch role). Terms are those of the proxy-wasm SDK for Rust.

mod accounts;
mod call;
mod discovery;
mod ending;
mod fan_out;
mod fetch;
mod gateway;
mod held;
mod host;
mod images;
mod limits;
mod metrics;
mod originals;
mod record;
mod refusal;
mod role;
mod root;
mod shared;
mod signing;
mod techniques;
mod thoughts;
mod told_anew;
mod upstream;

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::LogLevel;

pub use role::Role;
use root::Root;

proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(Plugin::default()));
}}

/// A plugin's root context on one worker. Envoy may call it while a callback of it runs, so all clones share one state.
#[derive(Clone, Debug, Default)]
struct Plugin(Rc<Root>);

impl Context for Plugin {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body_size: usize, _trailers: usize) {
        self.0.answered(token, headers, body_size);
    }
}

impl RootContext for Plugin {
    fn on_configure(&mut self, _configuration_size: usize) -> bool {
        host::read_log_level();
        self.0
            .configure()
            .map_err(|reason| host::log(LogLevel::Error, || format!("bedrock filter: {reason}")))
            .is_ok()
    }

    fn on_tick(&mut self) {
        self.0.tick();
    }

    fn create_http_context(&self, context_id: u32) -> Option<Box<dyn HttpContext>> {
        let (role, config) = self.0.loaded()?;
        Some(match role {
            Role::Gateway => Box::new(gateway::Gateway::new(config)),
            Role::Upstream => Box::new(upstream::Upstream::new(context_id, config, self.0.accounts()?)),
            Role::Fetch => Box::new(fetch::Fetch::new(config)),
        })
    }
}
