//! The Bedrock filter as an Envoy dynamic module: the filter's own code, called by Envoy without a VM between.
//!
//! The filter knows Envoy by proxy-wasm's calls alone (`crates/proxy-wasm-dispatch`). Here those calls are made to Envoy's ABI for dynamic
//! modules, so that of the filter nothing changes: what is exported to a VM is called by [`hooks`], and what is imported from a VM's
//! host is defined in [`host`]. A worker's thread stands for a VM: whatever the filter keeps, it keeps by thread.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`abi`] | what of Envoy's ABI is used |
//! | [`hooks`] | what Envoy calls |
//! | [`host`] | what the filter calls |
//! | [`config`] | a filter's configuration, of which every worker has a root context |
//! | [`worker`] | the contexts of one thread, and which of them is at work |
//! | [`later`] | what waits until a callback is over: replies, and what goes on |
//! | [`ticks`] | the thread that has root contexts tick |
//! | [`calls`] | calls of root contexts to clusters, which Envoy's main thread makes |
//! | [`metrics`] | all metrics that there can be, which have to be known from the start |
//!
//! A panic ends Envoy, as anything does that ends a process: there is no VM to be lost in its place.

#![allow(unsafe_code, reason = "an ABI of pointers; each use says why it is sound")]

mod abi;
mod calls;
mod config;
mod hooks;
mod host;
mod later;
mod metrics;
mod ticks;
mod worker;
