//! Metrics: see [`crate::metrics`].

use std::cell::RefCell;
use std::sync::Arc;

use super::{BAD_ARGUMENT, NOT_FOUND, OK, given};
use crate::abi::{self, Envoys, Given};
use crate::config::Config;
use crate::metrics::{self, Kind, Metric};
use crate::ticks::lock;
use crate::worker;

thread_local! {
    /// Those that the filter knows by number.
    static ALL: RefCell<Vec<Metric>> = const { RefCell::new(Vec::new()) };
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_define_metric(
    kind: u32,
    name: *const u8,
    name_length: usize,
    id: *mut u32,
) -> u32 {
    // SAFETY: the filter gives the name for the time of this call.
    let name = unsafe { given(name, name_length) };
    let Some(metric) = std::str::from_utf8(name).ok().and_then(|name| metrics::read(kind, name)) else {
        return BAD_ARGUMENT;
    };
    let place = ALL.with_borrow_mut(|all| {
        all.push(metric);
        all.len().saturating_sub(1)
    });
    // SAFETY: the filter gives a place for it.
    unsafe { *id = u32::try_from(place).unwrap_or(u32::MAX) }
    OK
}

#[unsafe(no_mangle)]
extern "C" fn proxy_increment_metric(id: u32, offset: i64) -> u32 {
    act(
        id,
        |kind| match (kind, offset < 0) {
            (Kind::Counter, false) => Some(Way::ADD_TO_COUNTER),
            (Kind::Gauge, false) => Some(Way::ADD_TO_GAUGE),
            (Kind::Gauge, true) => Some(Way::TAKE_FROM_GAUGE),
            _ => None,
        },
        offset.unsigned_abs(),
    )
}

#[unsafe(no_mangle)]
extern "C" fn proxy_record_metric(id: u32, value: u64) -> u32 {
    act(
        id,
        |kind| match kind {
            Kind::Counter => None,
            Kind::Gauge => Some(Way::SET_GAUGE),
            Kind::Histogram => Some(Way::ADD_TO_HISTOGRAM),
        },
        value,
    )
}

type Function = unsafe extern "C" fn(Envoys, usize, *mut Given, usize, u64) -> u32;

/// What a root context of a worker wants to be counted, which Envoy takes of a configuration on the main thread alone.
pub(crate) struct Count {
    way: Way,
    id: usize,
    values: Vec<String>,
    amount: u64,
}

/// The event by which the main thread counts what waits.
pub(crate) const COUNTS: u64 = 2;

/// Counts what waits, on the main thread.
pub(crate) fn count_all(config: &Config) {
    let counts = std::mem::take(&mut *lock(&config.counts));
    for Count { way, id, values, amount } in counts {
        count(way.of_config, config.envoys(), id, &values, amount);
    }
}

fn count(function: Function, envoys: Envoys, id: usize, values: &[String], amount: u64) -> u32 {
    let mut values: Vec<Given> = values.iter().map(|value| Given::new(value.as_bytes())).collect();
    // SAFETY: what is counted is of this stream, which is not over, or of this configuration, on the main thread; the values live through
    // the call.
    let result = unsafe { function(envoys, id, values.as_mut_ptr(), values.len(), amount) };
    if result == abi::SUCCESS { OK } else { NOT_FOUND }
}

/// Envoy's function for a stream, and for a configuration.
#[derive(Clone, Copy)]
struct Way {
    of_stream: Function,
    of_config: Function,
}

impl Way {
    const ADD_TO_COUNTER: Self = Self {
        of_stream: abi::envoy_dynamic_module_callback_http_filter_increment_counter,
        of_config: abi::envoy_dynamic_module_callback_http_filter_config_increment_counter,
    };
    const ADD_TO_GAUGE: Self = Self {
        of_stream: abi::envoy_dynamic_module_callback_http_filter_increment_gauge,
        of_config: abi::envoy_dynamic_module_callback_http_filter_config_increment_gauge,
    };
    const TAKE_FROM_GAUGE: Self = Self {
        of_stream: abi::envoy_dynamic_module_callback_http_filter_decrement_gauge,
        of_config: abi::envoy_dynamic_module_callback_http_filter_config_decrement_gauge,
    };
    const SET_GAUGE: Self = Self {
        of_stream: abi::envoy_dynamic_module_callback_http_filter_set_gauge,
        of_config: abi::envoy_dynamic_module_callback_http_filter_config_set_gauge,
    };
    const ADD_TO_HISTOGRAM: Self = Self {
        of_stream: abi::envoy_dynamic_module_callback_http_filter_record_histogram_value,
        of_config: abi::envoy_dynamic_module_callback_http_filter_config_record_histogram_value,
    };
}

fn act(id: u32, way: impl FnOnce(Kind) -> Option<Way>, amount: u64) -> u32 {
    let Some(current) = worker::current() else { return BAD_ARGUMENT };
    ALL.with_borrow(|all| {
        let metric = usize::try_from(id).ok().and_then(|id| all.get(id));
        let Some(metric) = metric else { return NOT_FOUND };
        let Some(way) = way(metric.kind) else { return BAD_ARGUMENT };
        if let Some(stream) = &current.stream {
            let Some(id) = stream.root.config.metrics.get(metric.place) else { return NOT_FOUND };
            let Some(envoys) = stream.envoys() else { return BAD_ARGUMENT };
            return count(way.of_stream, envoys, *id, &metric.values, amount);
        }
        // A cluster's are called by the cluster's name, so the gateway role's take their place.
        let config = worker::gateways().unwrap_or_else(|| Arc::clone(&current.root.config));
        let Some(id) = config.metrics.get(metric.place) else { return NOT_FOUND };
        if current.by.is_none() {
            return count(way.of_config, config.envoys(), *id, &metric.values, amount);
        }
        let values = metric.values.clone();
        lock(&config.counts).push(Count { way, id: *id, values, amount });
        config.schedule(COUNTS);
        OK
    })
}
