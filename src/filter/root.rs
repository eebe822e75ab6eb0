//! The state of a plugin on one worker: its configuration, the accounts that sign, and the discovered models.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, LogLevel};

use super::accounts::{self, Accounts};
use super::discovery::Discovery;
use super::role::Role;
use super::thoughts;
use super::{ending, host, limits, record};
use crate::config::Config;
use crate::gateway::memory::Sweeping;

/// The state of a plugin. No part of it stays borrowed during a host call.
#[derive(Debug, Default)]
pub(super) struct Root {
    loaded: RefCell<Option<(Role, Rc<Config>)>>,
    /// The accounts that sign for the upstream role.
    accounts: RefCell<Option<Rc<Accounts>>>,
    /// Accounts of earlier configurations that open requests still use: such a request may yet wait for a role.
    earlier: RefCell<Vec<Rc<Accounts>>>,
    /// Discovery of models, in the upstream role; taken out while a method of it runs.
    discovery: RefCell<Option<Discovery>>,
    /// Removes expired reasoning from the shared data.
    sweeping: Sweeping,
    /// When the use of limits was reported last.
    limits_told: Cell<u64>,
}

impl Root {
    /// Reads Envoy's configuration and applies it, or says why not.
    pub(super) fn configure(&self) -> Result<(), String> {
        let (role, config) = read()?;
        if matches!(role, Role::Gateway | Role::Upstream) {
            record::declare();
        }
        self.take(role, config);
        Ok(())
    }

    /// Does the periodic work that is due.
    pub(super) fn tick(&self) {
        self.earlier.borrow_mut().retain(are_used);
        if let Some(accounts) = self.accounts() {
            accounts.tick();
        }
        for accounts in self.awaited_earlier() {
            accounts.tick();
        }
        self.with_discovery(|discovery, config, accounts| discovery.tick(config, accounts));
        self.take_news();
        if let Some(memory) = self.config().and_then(|config| config.reasoning_memory) {
            thoughts::sweep(&self.sweeping, memory);
        }
        limits::tick();
        if let Some((Role::Gateway, config)) = self.loaded() {
            limits::tell_use(&config, &self.limits_told);
        }
        self.wake();
        ending::tick();
    }

    /// Resumes requests that waited for their caller's role. Host calls then refer to those requests.
    fn wake(&self) {
        for accounts in self.all_accounts() {
            accounts.wake();
        }
    }

    fn all_accounts(&self) -> Vec<Rc<Accounts>> {
        self.awaited_earlier().into_iter().chain(self.accounts()).collect()
    }

    fn awaited_earlier(&self) -> Vec<Rc<Accounts>> {
        self.earlier.borrow().iter().filter(|accounts| accounts.are_awaited()).cloned().collect()
    }

    /// Takes the response of an HTTP call.
    pub(super) fn answered(&self, call: u32, headers: usize, size: usize) {
        for accounts in self.all_accounts() {
            accounts.answered(call, headers, size);
        }
        self.with_discovery(|discovery, config, accounts| {
            discovery.answered(config, accounts, call, headers, size);
        });
        self.wake();
    }

    pub(super) fn loaded(&self) -> Option<(Role, Rc<Config>)> {
        self.loaded.borrow().as_ref().map(|(role, config)| (*role, Rc::clone(config)))
    }

    pub(super) fn accounts(&self) -> Option<Rc<Accounts>> {
        self.accounts.borrow().clone()
    }

    fn config(&self) -> Option<Rc<Config>> {
        self.loaded().map(|(_, config)| config)
    }

    /// Applies a new configuration.
    fn take(&self, role: Role, config: Rc<Config>) {
        // Only the upstream role signs.
        if matches!(role, Role::Upstream) {
            // A second plugin with the same configuration comes by here too; fetches under way go on.
            let is_same = |(_, loaded): &(Role, Rc<Config>)| loaded.upstream == config.upstream;
            if self.accounts().is_none() || !self.loaded.borrow().as_ref().is_some_and(is_same) {
                let before = self.accounts.replace(Some(renewed(&config)));
                self.earlier.borrow_mut().extend(before.filter(are_used));
            }
        }
        if matches!(role, Role::Upstream) && config.reasoning_memory.is_some() {
            tick("reasoning that is too old stays until other takes its place");
        }
        if matches!(role, Role::Gateway) && config.keys.callers.budgets().next().is_some() {
            tick(
                "nobody tells what is used of limits, and that on requests at once forgets those that take a minute",
            );
        }
        self.loaded.replace(Some((role, Rc::clone(&config))));
        self.discover(role, &config);
    }

    /// Begins or continues discovery of models.
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

    /// Runs a method of discovery, where there are accounts to sign with: only the upstream role has them.
    fn with_discovery(&self, act: impl FnOnce(&mut Discovery, &Config, &Accounts)) {
        if let (Some(config), Some(accounts)) = (self.config(), self.accounts())
            && let Some(mut discovery) = self.discovery.take()
        {
            act(&mut discovery, &config, &accounts);
            self.discovery.replace(Some(discovery));
        }
    }

    /// Makes newly discovered models known to new requests.
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

/// The configuration that Envoy passes, and the role that it is for.
fn read() -> Result<(Role, Rc<Config>), String> {
    let role = Role::read()?;
    role.check_envoy()?;
    let text = hostcalls::get_buffer(BufferType::PluginConfiguration, 0, usize::MAX).unwrap_or_default();
    let config = Config::load(&text, |name| std::env::var(name).ok()).map_err(|error| error.to_string())?;
    role.check(&config).map_err(|error| error.to_string())?;
    role.claim_vm()?;
    if matches!(role, Role::Gateway) {
        for warning in &config.warnings {
            host::log(LogLevel::Warn, || warning.to_string());
        }
    }
    Ok((role, Rc::new(config)))
}

/// Whether an open request still uses these accounts.
fn are_used(accounts: &Rc<Accounts>) -> bool {
    Rc::strong_count(accounts) > 1
}

/// The configuration's accounts, fetched from the first tick on: Envoy allows no HTTP call while it configures a plugin.
fn renewed(config: &Config) -> Rc<Accounts> {
    let accounts = Accounts::new(config);
    if accounts.are_renewed() {
        tick("no credentials will be fetched");
    }
    Rc::new(accounts)
}

/// Starts the ticks of the plugin.
fn tick(what_else: &str) {
    if hostcalls::set_tick_period(accounts::TICK).is_err() {
        host::log(LogLevel::Error, || format!("Envoy would not tick: {what_else}"));
    }
}
