//! A filter's configuration in one place of Envoy's, process-wide. Each thread that has filters of it has a root context of its own.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::abi::{self, Envoys, Scheduler};
use crate::calls::Call;
use crate::host::metrics::Count;
use crate::metrics;

static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// A configuration.
pub(crate) struct Config {
    /// What tells it from all others that there are and were.
    pub(crate) number: u64,
    /// The role: `gateway`, `upstream` or `fetch`.
    pub(crate) role: Vec<u8>,
    /// What people wrote, as JSON.
    pub(crate) text: Vec<u8>,
    /// The ids of all metrics.
    pub(crate) metrics: Vec<usize>,
    /// Calls that workers want to be made.
    pub(crate) calls: Mutex<Vec<Call>>,
    /// What root contexts of workers want to be counted.
    pub(crate) counts: Mutex<Vec<Count>>,
    /// No filter is made of it any more.
    pub(crate) is_over: AtomicBool,
    envoys: Envoys,
    scheduler: Scheduler,
}

// SAFETY: Envoy's pointers are used on the main thread only, but for the scheduler's commit, which may be called from anywhere.
unsafe impl Send for Config {}
// SAFETY: as above.
unsafe impl Sync for Config {}

impl Config {
    /// A configuration that Envoy has; to be called within `on_http_filter_config_new`.
    pub(crate) fn new(envoys: Envoys, role: &[u8], text: &[u8]) -> Self {
        Self {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            role: role.to_vec(),
            text: text.to_vec(),
            metrics: metrics::define(envoys),
            calls: Mutex::default(),
            counts: Mutex::default(),
            is_over: AtomicBool::new(false),
            envoys,
            // SAFETY: Envoy gave this pointer a moment ago.
            scheduler: unsafe { abi::envoy_dynamic_module_callback_http_filter_config_scheduler_new(envoys) },
        }
    }

    /// Envoy's own, for the main thread.
    pub(crate) fn envoys(&self) -> Envoys {
        self.envoys
    }

    /// Has the main thread look after this configuration: see [`hooks`](crate::hooks).
    pub(crate) fn schedule(&self, event: u64) {
        // SAFETY: it lives as long as this does, may be used from any thread, and does nothing once Envoy's configuration is gone.
        unsafe {
            abi::envoy_dynamic_module_callback_http_filter_config_scheduler_commit(self.scheduler, event);
        }
    }
}

impl Drop for Config {
    fn drop(&mut self) {
        // SAFETY: it is this one's own, and nobody has it after this.
        unsafe { abi::envoy_dynamic_module_callback_http_filter_config_scheduler_delete(self.scheduler) }
    }
}
