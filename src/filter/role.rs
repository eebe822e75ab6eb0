//! The places of the filter, and what each asks of the Envoy and the VM that it runs in.

use std::sync::OnceLock;

use crate::config::{Config, Error};

use super::host;

/// A place, told apart by the plugin's `root_id`.
#[derive(Clone, Copy, Debug)]
pub enum Role {
    /// An HTTP filter of a listener.
    Gateway,
    /// An upstream HTTP filter of a cluster.
    Upstream,
    /// The same of a cluster that fetches images.
    Fetch,
}

/// The first version that retries after a held response (its change log, "upstream HTTP filter … StopIteration in
/// encodeHeaders"); `allow_on_headers_stop_iteration` came with 1.35.
const LEAST_ENVOY: (u64, u64) = (1, 37);

/// The first version that keeps private addresses out of what a name stands for (`resolved_address_filter`). Without it
/// a name with a good address and a private one would get past the fetch role, which is told only the first.
const LEAST_ENVOY_TO_FETCH: (u64, u64) = (1, 39);

/// Whether this VM serves the fetch role: set by the first plugin that it loads.
static FETCHES: OnceLock<bool> = OnceLock::new();

impl Role {
    /// The role of the plugin that is being configured.
    pub(super) fn read() -> Result<Self, String> {
        Self::named(&host::property(&["plugin_root_id"]).unwrap_or_default())
    }

    /// The role of that `root_id`.
    ///
    /// # Errors
    /// It is none of the three.
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

    /// Refuses a configuration by which the role has nothing to do.
    ///
    /// # Errors
    /// What it lacks.
    pub fn check(self, config: &Config) -> Result<(), Error> {
        if matches!(self, Self::Fetch) && config.images.is_none() {
            return Err(Error {
                path: "images".to_owned(),
                reason: "missing, and root_id is 'fetch'".to_owned(),
            });
        }
        Ok(())
    }

    /// Refuses an Envoy on which requests would hang, failover would be lost or images would be fetched from anywhere. One
    /// that does not tell is let be.
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

    /// Envoy calls the fetch role while the gateway role is still asking. In a VM of its own that is nobody's concern.
    pub(super) fn claim_vm(self) -> Result<(), String> {
        let fetches = matches!(self, Self::Fetch);
        if *FETCHES.get_or_init(|| fetches) == fetches {
            return Ok(());
        }
        Err("vm_id: the role 'fetch' needs a VM of its own, so another vm_id than the other roles".to_owned())
    }
}
