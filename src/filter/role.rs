//! The filter's roles, and what each requires of Envoy and of the VM.

use std::sync::OnceLock;

use crate::config::{Config, Error};

use super::host;

/// A role, chosen by the plugin's `root_id`.
#[derive(Clone, Copy, Debug)]
pub enum Role {
    /// HTTP filter of a listener.
    Gateway,
    /// Upstream HTTP filter of a cluster.
    Upstream,
    /// Upstream HTTP filter of a cluster that fetches images.
    Fetch,
}

/// The first Envoy that retries after a held response (its change log: "upstream HTTP filter … StopIteration in
/// encodeHeaders"); `allow_on_headers_stop_iteration` came with 1.35.
const LEAST_ENVOY: (u64, u64) = (1, 37);

/// The first Envoy that removes private addresses from a host name's addresses (`resolved_address_filter`). Without it a name
/// with a public and a private address would pass the fetch role, which sees only the first.
const LEAST_ENVOY_TO_FETCH: (u64, u64) = (1, 39);

/// Whether this VM serves the fetch role: set by the first plugin that it loads.
static FETCHES: OnceLock<bool> = OnceLock::new();

impl Role {
    /// The role of the plugin that is being configured.
    pub(super) fn read() -> Result<Self, String> {
        Self::named(&host::property(&["plugin_root_id"]).unwrap_or_default())
    }

    /// The role of a `root_id`.
    ///
    /// # Errors
    /// The `root_id` is not one of the three.
    pub fn named(root_id: &[u8]) -> Result<Self, String> {
        match root_id {
            b"gateway" => Ok(Self::Gateway),
            b"upstream" => Ok(Self::Upstream),
            b"fetch" => Ok(Self::Fetch),
            _ => Err(
                "root_id: must be 'gateway' (HTTP filter), or 'upstream' or 'fetch' (upstream HTTP filters)"
                    .to_owned(),
            ),
        }
    }

    /// Refuses a configuration that leaves the role without a task.
    ///
    /// # Errors
    /// What the configuration lacks.
    pub fn check(self, config: &Config) -> Result<(), Error> {
        if matches!(self, Self::Fetch) && config.images.is_none() {
            return Err(Error {
                path: "images".to_owned(),
                reason: "missing, and root_id is 'fetch'".to_owned(),
            });
        }
        Ok(())
    }

    /// Refuses an Envoy version on which requests would hang, failover would not work, or images would be fetched from any
    /// address. An Envoy that does not tell its version is accepted.
    pub(super) fn check_envoy(self) -> Result<(), String> {
        let least = if matches!(self, Self::Fetch) { LEAST_ENVOY_TO_FETCH } else { LEAST_ENVOY };
        let number = |name| {
            let bytes = host::property(&["xds", "node", "user_agent_build_version", "version", name])?;
            Some(u64::from_le_bytes(bytes.try_into().ok()?))
        };
        match (number("major_number"), number("minor_number")) {
            (Some(major), Some(minor)) if (major, minor) < least => {
                let (least_major, least_minor) = least;
                Err(format!(
                    "Envoy {major}.{minor} is too old: {least_major}.{least_minor} or later is needed"
                ))
            }
            _ => Ok(()),
        }
    }

    /// Refuses the fetch role in a VM with other roles: Envoy would call it from within the gateway role's HTTP call.
    pub(super) fn claim_vm(self) -> Result<(), String> {
        let fetches = matches!(self, Self::Fetch);
        // As a native module it is in no VM.
        if !cfg!(target_arch = "wasm32") || *FETCHES.get_or_init(|| fetches) == fetches {
            return Ok(());
        }
        Err("vm_id: the role 'fetch' needs a VM of its own, so another vm_id than the other roles".to_owned())
    }
}
