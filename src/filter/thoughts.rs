//! Reasoning that the gateway carries for its clients, in the shared data of the VMs of one `vm_id`: see
//! [`memory`](crate::gateway::memory).

use proxy_wasm::hostcalls;

use super::host;
use crate::aws::turn::moment;
use crate::bedrock::model_id::base_model;
use crate::config::Config;
use crate::gateway::callers::Caller;
use crate::gateway::memory::{Memory, Owner, Settings, Shared, Sweeping};
use crate::translate::thoughts::{self, Recall};

/// A version that no stored value reaches before four billion writes. Envoy ignores the expected version where the key is
/// absent, and compares it where the key is present: so this writes only an absent key.
const NOTHING: u32 = u32::MAX;

/// The shared data.
struct Data;

impl Shared for Data {
    fn read(&self, name: &str) -> Option<(Vec<u8>, u32)> {
        host::shared_data(name)
    }

    fn write(&self, name: &str, bytes: &[u8], version: Option<u32>) -> bool {
        hostcalls::set_shared_data(name, Some(bytes), Some(version.unwrap_or(NOTHING))).is_ok()
    }
}

/// The kept reasoning of one caller.
#[derive(Debug)]
pub(super) struct Thoughts<'a> {
    memory: Settings,
    name: &'a str,
    caller: Option<&'a Caller>,
}

impl<'a> Thoughts<'a> {
    pub(super) fn new(memory: Settings, config: &'a Config, name: &'a str) -> Self {
        Self { memory, name, caller: config.keys.callers.named(name) }
    }

    /// The owner of the reasoning of the model that the tables know by this id.
    pub(super) fn owner(&self, model: &str) -> Owner {
        Owner::new(self.name, self.caller, base_model(model))
    }
}

impl Recall for Thoughts<'_> {
    fn recall(&self, model: &str, calls: &[&str]) -> Vec<Option<Vec<u8>>> {
        Memory::new(self.memory, &Data).recall(&self.owner(model), calls, seconds())
    }
}

/// Keeps the reasoning of an answer.
pub(super) fn keep(memory: Settings, owner: &Owner, thoughts: &thoughts::Thoughts) {
    Memory::new(memory, &Data).keep(owner, &thoughts.call, &thoughts.reasoning, seconds());
}

/// Removes the expired reasoning whose turn it is.
pub(super) fn sweep(sweeping: &Sweeping, settings: Settings) {
    sweeping.tick(&Memory::new(settings, &Data), moment(host::now()));
}

fn seconds() -> u64 {
    moment(host::now()).as_secs()
}
