//! All metrics that the filter counts. To a VM's host they are names with labels in them, made when they are first needed; here Envoy
//! takes new ones only while a configuration begins, and labels apart from the name.

use crate::abi::{self, Envoys, Given};

/// What a metric counts, by the numbers of proxy-wasm.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Kind {
    Counter = 0,
    Gauge = 1,
    Histogram = 2,
}

/// What the labels' names begin with where they stand in a metric's name.
const PREFIX: &str = "bedrock_";
/// What stands between a label and its value there, and behind that.
const IS: &str = "=.=";
const END: &str = ";.;";

/// All metrics, and their labels in order. A name that is not in here cannot be counted, and the filter says so in the log.
const ALL: [(Kind, &str, &[&str]); 18] = [
    (Kind::Counter, "bedrock.requests", &["caller", "team", "model", "region", "status", "outcome"]),
    (Kind::Counter, "bedrock.tokens", &["caller", "team", "model", "region", "type"]),
    (Kind::Counter, "bedrock.cost_micros", &["caller", "team", "model", "region"]),
    (Kind::Counter, "bedrock.refused", &["caller", "team", "model", "region", "code"]),
    (Kind::Counter, "bedrock.errors", &["caller", "team", "model", "region", "code"]),
    (Kind::Counter, "bedrock.retries", &["caller", "team", "model", "region"]),
    (Kind::Counter, "bedrock.fallbacks", &["caller", "team", "model", "region"]),
    (Kind::Gauge, "bedrock.open_requests", &["caller", "team"]),
    (Kind::Gauge, "bedrock.limit_used_percent", &["caller", "team", "limit"]),
    (Kind::Histogram, "bedrock.time_to_first_token", &["team", "model", "region"]),
    (Kind::Histogram, "bedrock.duration", &["team", "model", "region"]),
    (Kind::Gauge, "bedrock.credentials_fetched", &["account"]),
    (Kind::Gauge, "bedrock.credentials_expires", &["account"]),
    (Kind::Gauge, "bedrock.credentials_failed", &["account"]),
    (Kind::Gauge, "bedrock.credentials_failures", &["account"]),
    (Kind::Gauge, "bedrock.discovery_found", &[]),
    (Kind::Gauge, "bedrock.discovery_failed", &[]),
    (Kind::Gauge, "bedrock.discovery_failures", &[]),
];

/// One of them with the values of its labels.
pub(crate) struct Metric {
    pub(crate) kind: Kind,
    /// Where it is in the list.
    pub(crate) place: usize,
    pub(crate) values: Vec<String>,
}

/// Defines all for a configuration, and gives their ids. One that Envoy does not take has none, and is not counted.
pub(crate) fn define(config: Envoys) -> Vec<usize> {
    let define = |(kind, name, labels): &(Kind, &str, &[&str])| {
        let mut labels: Vec<Given> = labels.iter().map(|label| Given::new(label.as_bytes())).collect();
        let (name, count, mut id) = (Given::new(name.as_bytes()), labels.len(), usize::MAX);
        let labels = labels.as_mut_ptr();
        // SAFETY: Envoy gave this configuration a moment ago; the labels and the id live through the call.
        let result = unsafe {
            let define = match kind {
                Kind::Counter => abi::envoy_dynamic_module_callback_http_filter_config_define_counter,
                Kind::Gauge => abi::envoy_dynamic_module_callback_http_filter_config_define_gauge,
                Kind::Histogram => abi::envoy_dynamic_module_callback_http_filter_config_define_histogram,
            };
            define(config, name, labels, count, &raw mut id)
        };
        if result == abi::SUCCESS { id } else { usize::MAX }
    };
    ALL.iter().map(define).collect()
}

/// The metric of a name with labels in it: `NAME.bedrock_label=.=value;.;…`.
pub(crate) fn read(kind: u32, name: &str) -> Option<Metric> {
    let (base, labelled) = match name.find(&format!(".{PREFIX}")) {
        Some(at) => (name.get(..at)?, name.get(at.checked_add(1)?..)?),
        None => (name, ""),
    };
    let place = ALL.iter().position(|(of, known, _)| *known == base && *of as u32 == kind)?;
    let (kind, _, labels) = ALL.get(place)?;
    let written = labelled.split_terminator(END).map(|label| label.strip_prefix(PREFIX)?.split_once(IS));
    let written = written.collect::<Option<Vec<_>>>()?;
    let is_right = written.iter().map(|(label, _)| *label).eq(labels.iter().copied());
    let values = written.into_iter().map(|(_, value)| value.to_owned()).collect();
    is_right.then_some(Metric { kind: *kind, place, values })
}
