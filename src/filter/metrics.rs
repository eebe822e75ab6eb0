//! Envoy's metrics. Each worker keeps the ids of those that it has used; Envoy adds up over the workers.

use std::cell::RefCell;
use std::time::SystemTime;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{LogLevel, MetricType};

use super::host;
use crate::aws::turn::moment;
use crate::config::Config;
use crate::record::Record;
use crate::record::metrics::{Kind, Label, Meter, Series, Used, of};

thread_local! {
    static SERIES: RefCell<Series> = RefCell::new(Series::new(0));
}

/// Envoy as the store of metrics.
struct Envoy;

impl Meter for Envoy {
    fn define(&mut self, kind: Kind, name: &str) -> Option<u32> {
        let kind = match kind {
            Kind::Counter => MetricType::Counter,
            Kind::Gauge => MetricType::Gauge,
            Kind::Histogram => MetricType::Histogram,
        };
        let defined = hostcalls::define_metric(kind, name);
        if defined.is_err() {
            host::log(LogLevel::Error, || format!("Envoy would not keep the metric {name}"));
        }
        defined.ok()
    }

    fn add(&mut self, id: u32, amount: i64) {
        // An error is ignored: there is nothing to do about it.
        let _ = hostcalls::increment_metric(id, amount);
    }

    fn record(&mut self, id: u32, value: u64) {
        let _ = hostcalls::record_metric(id, value);
    }
}

/// Counts a request that has ended.
pub(super) fn count(config: &Config, record: &Record) {
    if config.metric_series == 0 {
        return;
    }
    let (whose, ended) = of(record);
    let is_known = |model: &str| config.models.is_known(model);
    SERIES.with_borrow_mut(|series| {
        series.at_most(config.metric_series);
        series.count(&mut Envoy, whose, &ended, &is_known);
    });
}

/// Reports the use of limits at `now`, milliseconds since 1970.
pub(super) fn limits_used<'u>(config: &Config, all: impl IntoIterator<Item = Used<'u>>, now: u64) {
    SERIES.with_borrow_mut(|series| {
        series.at_most(config.metric_series);
        series.tell_limits(&mut Envoy, all, now);
    });
}

/// Counts a caller's request as open until this is dropped.
#[derive(Debug)]
pub(super) struct UnderWay(u32);

impl UnderWay {
    pub(super) fn begin(config: &Config, caller: &str, team: &str) -> Option<Self> {
        if config.metric_series == 0 {
            return None;
        }
        let id = SERIES.with_borrow_mut(|series| {
            series.at_most(config.metric_series);
            series.open(&mut Envoy, caller, team)
        })?;
        Envoy.add(id, 1);
        Some(Self(id))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        Envoy.add(self.0, -1);
    }
}

/// Reports new credentials of an account.
pub(super) fn credentials_came(account: &str, now: SystemTime, expires: SystemTime) {
    set("bedrock.credentials_fetched", account, seconds(now));
    set("bedrock.credentials_expires", account, seconds(expires));
    set("bedrock.credentials_failures", account, 0);
}

/// Reports that fetching an account's credentials has failed `failures` times in a row.
pub(super) fn credentials_failed(account: &str, now: SystemTime, failures: u32) {
    set("bedrock.credentials_failed", account, seconds(now));
    set("bedrock.credentials_failures", account, failures.into());
}

/// Reports a successful discovery of models.
pub(super) fn models_found(now: SystemTime) {
    set("bedrock.discovery_found", "", seconds(now));
    set("bedrock.discovery_failures", "", 0);
}

/// Reports that discovery of models has failed `failures` times in a row.
pub(super) fn models_not_found(now: SystemTime, failures: u32) {
    set("bedrock.discovery_failed", "", seconds(now));
    set("bedrock.discovery_failures", "", failures.into());
}

fn set(state: &str, account: &str, value: u64) {
    let labels = [(Label::Account, account)];
    let labels = if account.is_empty() { &[][..] } else { &labels[..] };
    SERIES.with_borrow_mut(|series| series.set(&mut Envoy, state, labels, value));
}

/// Whole seconds since 1970.
fn seconds(at: SystemTime) -> u64 {
    moment(at).as_secs()
}
