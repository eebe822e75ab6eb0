//! The adapter to Envoy, and the only module that knows of it: a root context per plugin, a context per request
//! (gateway role), per attempt (upstream role) or per image (fetch role).

pub mod abi;
mod accounts;
mod attempt;
mod aws_errors;
mod call;
mod contexts;
mod discovery;
mod fan_out;
mod fetch;
mod gateway;
mod head;
mod host;
mod ids;
mod images;
mod originals;
mod passthrough;
mod place;
mod refusal;
mod shared;
mod signing;
mod upstream;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::OnceLock;

use crate::config::Config;
use accounts::Accounts;
use contexts::{Plugin, Stream};
use discovery::Discovery;
use host::{Buffer, Level};

/// The places of the filter, told apart by the plugin's `root_id`.
#[derive(Clone, Copy, Debug)]
enum Role {
    /// An HTTP filter of a listener.
    Gateway,
    /// An upstream HTTP filter of a cluster.
    Upstream,
    /// The same of a cluster that fetches images.
    Fetch,
}

/// One plugin on one worker.
#[derive(Debug, Default)]
pub struct Root {
    loaded: RefCell<Option<(Role, Rc<Config>)>>,
    /// As whom the upstream role calls.
    accounts: RefCell<Option<Rc<Accounts>>>,
    /// What models there are beside the configuration's; taken out while it works.
    discovery: RefCell<Option<Discovery>>,
}

impl Root {
    fn configure(&self) -> Result<(Role, Rc<Config>), String> {
        let role = match host::property(&["plugin_root_id"]).as_deref() {
            Some(b"gateway") => Role::Gateway,
            Some(b"upstream") => Role::Upstream,
            Some(b"fetch") => Role::Fetch,
            _ => {
                return Err("root_id: must be 'gateway' (HTTP filter), or 'upstream' or 'fetch' (upstream \
                            HTTP filters)"
                    .to_owned());
            }
        };
        check_envoy(role)?;
        let text = host::buffer(Buffer::PluginConfiguration, usize::MAX).unwrap_or_default();
        let config =
            Config::load(&text, |name| std::env::var(name).ok()).map_err(|error| error.to_string())?;
        if matches!(role, Role::Fetch) && config.images.is_none() {
            return Err("configuration: images: missing, and root_id is 'fetch'".to_owned());
        }
        claim_vm(role)?;
        Ok((role, Rc::new(config)))
    }

    /// Begins to find out what models there are, or goes on with it.
    fn discover(&self, role: Role, config: &Config) {
        let settings = config.discover.as_ref().filter(|_| !matches!(role, Role::Fetch));
        let discovery = match (settings, self.discovery.take()) {
            (Some(settings), Some(mut discovery)) if discovery.is_by(settings) => {
                discovery.forget();
                Some(discovery)
            }
            (settings, _) => settings.map(Discovery::new),
        };
        if discovery.is_some() {
            tick("no models will be found");
        }
        self.discovery.replace(discovery);
        self.take_news();
    }

    /// Lets discovery do something, where there are credentials to ask with: only whoever signs has them.
    fn with_discovery(&self, act: impl FnOnce(&mut Discovery, &Config, &Accounts)) {
        if let (Some(config), Some(accounts)) = (self.config(), self.accounts())
            && let Some(mut discovery) = self.discovery.take()
        {
            act(&mut discovery, &config, &accounts);
            self.discovery.replace(Some(discovery));
        }
    }

    /// Has new requests know what was found since.
    fn take_news(&self) {
        let Some(mut discovery) = self.discovery.take() else { return };
        if let Some(found) = discovery.news()
            && let Some((_, config)) = &mut *self.loaded.borrow_mut()
        {
            *config = Rc::new(config.with(found));
        }
        self.discovery.replace(Some(discovery));
    }
}

/// Whether this VM serves the fetch role: set by the first plugin that it loads.
static FETCHES: OnceLock<bool> = OnceLock::new();

/// Envoy calls the fetch role while the gateway role is still asking. In a VM of its own that is nobody's concern.
fn claim_vm(role: Role) -> Result<(), String> {
    let fetches = matches!(role, Role::Fetch);
    if *FETCHES.get_or_init(|| fetches) == fetches {
        return Ok(());
    }
    Err("vm_id: the role 'fetch' needs a VM of its own, so another vm_id than the other roles".to_owned())
}

/// The first version that retries after a held response (its change log, "upstream HTTP filter … StopIteration in
/// encodeHeaders"); `allow_on_headers_stop_iteration` came with 1.35.
const LEAST_ENVOY: (u64, u64) = (1, 37);

/// The first version that keeps private addresses out of what a name stands for (`resolved_address_filter`). Without it
/// a name with a good address and a private one would get past the fetch role, which is told only the first.
const LEAST_ENVOY_TO_FETCH: (u64, u64) = (1, 39);

/// Refuses an Envoy on which requests would hang, failover would be lost or images would be fetched from anywhere. One
/// that does not tell is let be.
fn check_envoy(role: Role) -> Result<(), String> {
    let least = if matches!(role, Role::Fetch) { LEAST_ENVOY_TO_FETCH } else { LEAST_ENVOY };
    let number = |name| {
        let bytes = host::property(&["xds", "node", "user_agent_build_version", "version", name])?;
        Some(u64::from_le_bytes(bytes.try_into().ok()?))
    };
    match (number("major_number"), number("minor_number")) {
        (Some(major), Some(minor)) if (major, minor) < least => {
            let (least_major, least_minor) = least;
            Err(format!("Envoy {major}.{minor} is too old: {least_major}.{least_minor} or later is needed"))
        }
        _ => Ok(()),
    }
}

/// The configuration's accounts, looked after from the first tick on: to ask anybody now would be too early for Envoy.
fn renewed(config: &Config) -> Rc<Accounts> {
    let accounts = Accounts::new(config);
    if accounts.are_renewed() {
        tick("no credentials will be fetched");
    }
    Rc::new(accounts)
}

/// Has the plugin's `on_tick` called again and again.
fn tick(what_else: &str) {
    if host::set_tick_period(accounts::TICK).is_err() {
        host::log(Level::Error, || format!("Envoy would not tick: {what_else}"));
    }
}

impl Root {
    fn accounts(&self) -> Option<Rc<Accounts>> {
        self.accounts.borrow().clone()
    }

    fn config(&self) -> Option<Rc<Config>> {
        self.loaded.borrow().as_ref().map(|(_, config)| Rc::clone(config))
    }

    /// Takes a new configuration into use.
    fn take(&self, role: Role, config: Rc<Config>) {
        // Only whoever signs needs to be somebody.
        if matches!(role, Role::Upstream) {
            // A second plugin with the same configuration comes by here too; what is under way goes on.
            let is_same = |(_, loaded): &(Role, Rc<Config>)| loaded.upstream == config.upstream;
            if self.accounts().is_none() || !self.loaded.borrow().as_ref().is_some_and(is_same) {
                self.accounts.replace(Some(renewed(&config)));
            }
        }
        self.loaded.replace(Some((role, Rc::clone(&config))));
        self.discover(role, &config);
    }
}

impl Plugin for Root {
    fn on_configure(&self) -> bool {
        host::read_log_level();
        match self.configure() {
            Ok((role, config)) => {
                self.take(role, config);
                true
            }
            Err(reason) => {
                host::log(Level::Error, || format!("bedrock filter: {reason}"));
                false
            }
        }
    }

    fn on_tick(&self) {
        if let Some(accounts) = self.accounts() {
            accounts.tick();
        }
        self.with_discovery(|discovery, config, accounts| discovery.tick(config, accounts));
        self.take_news();
    }

    fn on_call_response(&self, call: u32, headers: usize, size: usize) {
        if let Some(accounts) = self.accounts() {
            accounts.answered(call, headers, size);
        }
        self.with_discovery(|discovery, config, accounts| {
            discovery.answered(config, accounts, call, headers, size);
        });
    }

    fn stream(&self) -> Option<Box<dyn Stream>> {
        let loaded = self.loaded.borrow();
        let (role, config) = loaded.as_ref()?;
        let config = Rc::clone(config);
        Some(match role {
            Role::Gateway => Box::new(gateway::Gateway::new(config)),
            Role::Upstream => Box::new(upstream::Upstream::new(config, self.accounts()?)),
            Role::Fetch => Box::new(fetch::Fetch::new(config)),
        })
    }
}
