//! The adapter to Envoy, and the only module that knows of it: a root context per plugin, a context per request
//! (gateway role) or per attempt (upstream role).

mod gateway;
mod head;
mod host;
mod place;
mod refusal;
mod upstream;

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

use crate::config::Config;
use host::{Buffer, Level};

/// The two places of the filter, told apart by the plugin's `root_id`.
#[derive(Clone, Copy, Debug)]
enum Role {
    /// An HTTP filter of a listener.
    Gateway,
    /// An upstream HTTP filter of a cluster.
    Upstream,
}

/// One plugin on one worker.
#[derive(Debug, Default)]
pub struct Root {
    loaded: Option<(Role, Rc<Config>)>,
}

impl Root {
    fn configure(&self) -> Result<(Role, Rc<Config>), String> {
        check_envoy()?;
        let role = match host::property(&["plugin_root_id"]).as_deref() {
            Some(b"gateway") => Role::Gateway,
            Some(b"upstream") => Role::Upstream,
            _ => {
                return Err("root_id: must be 'gateway' (HTTP filter) or 'upstream' (upstream HTTP filter)"
                    .to_owned());
            }
        };
        let text = host::buffer(Buffer::PluginConfiguration, usize::MAX).unwrap_or_default();
        let config =
            Config::load(&text, |name| std::env::var(name).ok()).map_err(|error| error.to_string())?;
        Ok((role, Rc::new(config)))
    }
}

/// The first version that retries after a held response (its change log, "upstream HTTP filter … StopIteration in
/// encodeHeaders"); `allow_on_headers_stop_iteration` came with 1.35.
const LEAST_ENVOY: (u64, u64) = (1, 37);

/// Refuses an Envoy on which requests would hang or failover would be lost. One that does not tell is let be.
fn check_envoy() -> Result<(), String> {
    let number = |name| {
        let bytes = host::property(&["xds", "node", "user_agent_build_version", "version", name])?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    };
    match (number("major_number"), number("minor_number")) {
        (Some(major), Some(minor)) if (major, minor) < LEAST_ENVOY => {
            let (least_major, least_minor) = LEAST_ENVOY;
            Err(format!("Envoy {major}.{minor} is too old: {least_major}.{least_minor} or later is needed"))
        }
        _ => Ok(()),
    }
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        host::read_log_level();
        match self.configure() {
            Ok(loaded) => {
                self.loaded = Some(loaded);
                true
            }
            Err(reason) => {
                host::log(Level::Error, || format!("bedrock filter: {reason}"));
                false
            }
        }
    }

    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        let (role, config) = self.loaded.as_ref()?;
        let config = Rc::clone(config);
        Some(match role {
            Role::Gateway => Box::new(gateway::Gateway::new(config)),
            Role::Upstream => Box::new(upstream::Upstream::new(config)),
        })
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
