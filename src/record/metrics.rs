//! Metrics from the records of requests: their names and labels, and a bound on their number.
//!
//! Envoy never frees a metric, so every label is bounded: callers, teams and regions come from the configuration; a model must
//! be configured, discovered, or have answered. Beyond a number of series everything is counted under `other`.

mod counted;
mod limits;
mod name;

use std::collections::HashMap;
use std::time::Duration;

pub use counted::of;
pub use limits::Used;
pub use name::{Label, NONE, OTHER, name};

/// The kind of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// A current value, which rises and falls.
    Gauge,
    /// A distribution of values.
    Histogram,
}

/// The store of the metrics: Envoy.
pub trait Meter {
    /// The id of the metric of this name, defined if it is new; `None`: Envoy refuses.
    fn define(&mut self, kind: Kind, name: &str) -> Option<u32>;
    /// Adds to a counter or a gauge.
    fn add(&mut self, id: u32, amount: i64);
    /// Adds a value to a histogram, or sets a gauge.
    fn record(&mut self, id: u32, value: u64);
}

/// The labels under which a request counts. An empty string means unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whose<'a> {
    /// The name of the caller.
    pub caller: &'a str,
    /// The caller's team.
    pub team: &'a str,
    /// The id of the model that was called.
    pub model: &'a str,
    /// The region that it was called in.
    pub region: &'a str,
}

/// Tokens of a request, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Input, cached or not.
    pub input: u64,
    /// Output, reasoning included.
    pub output: u64,
    /// The part of the input that was read from the prompt cache.
    pub cache_read: u64,
    /// The part of the input that was written to the prompt cache.
    pub cache_write: u64,
    /// The part of the output that was reasoning.
    pub reasoning: u64,
}

/// An ended request, as it is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended<'a> {
    /// Whether it is a call of the gateway's to itself for another request: then only tokens and cost are counted.
    pub is_part: bool,
    /// The HTTP status; 0 where the client got none.
    pub status: u16,
    /// `ok`, `refused`, `error`, `client_gone` or `cut`.
    pub outcome: &'static str,
    /// The code of the gateway's error that the client got; empty if none.
    pub error: &'a str,
    /// Tokens of all attempts.
    pub tokens: Tokens,
    /// Millionths of the prices' currency.
    pub cost_micros: u64,
    /// Attempts after the first.
    pub retries: u64,
    /// Whether another target than the first answered.
    pub is_fallback: bool,
    /// Time from the request's headers to the first text of the answer.
    pub first_token: Option<Duration>,
    /// Time from the request's headers to its end.
    pub duration: Duration,
}

/// Metrics that exist once per set of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Each {
    Input,
    Output,
    CacheRead,
    CacheWrite,
    Reasoning,
    Cost,
    Retries,
    Fallbacks,
    FirstToken,
    Duration,
}

/// The number of [`Each`]'s variants.
const EACH: usize = 10;

/// Ids of the metrics under one set of labels, as far as used.
#[derive(Debug, Default)]
struct Set {
    each: [Option<u32>; EACH],
    /// Ids by status and outcome.
    requests: Vec<(u16, &'static str, u32)>,
    /// Ids by metric and error code.
    errors: Vec<(&'static str, Box<str>, u32)>,
}

/// Ids of all metrics of one worker.
#[derive(Debug)]
pub struct Series {
    /// One per set of labels; the first is that of [`ALL_OTHERS`].
    sets: Vec<Set>,
    /// Indexes in `sets`, by labels.
    places: HashMap<String, usize>,
    open: HashMap<String, u32>,
    /// Gauges of the gateway's own state, by name.
    states: HashMap<String, u32>,
    /// Gauges of limits, by name.
    limits: HashMap<String, limits::Gauge>,
    /// Most series.
    most: usize,
    /// Number of series defined.
    made: usize,
    /// Buffer for the key of `places`, kept to avoid allocations.
    key: String,
}

/// The labels of a request's set, and where the set is.
#[derive(Clone, Copy, Debug)]
struct At<'a> {
    whose: Whose<'a>,
    place: usize,
}

/// The labels of all requests beyond the maximum number of series.
const ALL_OTHERS: At<'static> =
    At { whose: Whose { caller: OTHER, team: OTHER, model: OTHER, region: OTHER }, place: 0 };

/// Most error codes per set of labels.
const CODES: usize = 100;

/// Metric of refusals by the gateway; the other counts failures of Bedrock or Envoy.
const REFUSED: &str = "bedrock.refused";
const ERRORS: &str = "bedrock.errors";

impl Series {
    /// Without metrics yet; at most `most` series, plus some hundreds for `other`.
    pub fn new(most: usize) -> Self {
        Self {
            // The set of ALL_OTHERS always exists.
            sets: vec![Set::default()],
            places: HashMap::new(),
            open: HashMap::new(),
            states: HashMap::new(),
            limits: HashMap::new(),
            most,
            made: 0,
            key: String::new(),
        }
    }

    /// Changes the maximum number of series. Existing ones stay.
    pub fn at_most(&mut self, most: usize) {
        self.most = most;
    }

    fn is_full(&self) -> bool {
        self.made >= self.most
    }

    /// Counts an ended request. `is_known` says whether a model is configured or discovered.
    pub fn count(
        &mut self,
        meter: &mut dyn Meter,
        whose: Whose<'_>,
        ended: &Ended<'_>,
        is_known: &dyn Fn(&str) -> bool,
    ) {
        let at = self.at(whose, ended, is_known);
        if !ended.is_part
            && let Some(id) = self.requests(meter, at, ended.status, ended.outcome)
        {
            meter.add(id, 1);
        }
        let Tokens { input, output, cache_read, cache_write, reasoning } = ended.tokens;
        for (each, amount) in [
            (Each::Input, input),
            (Each::Output, output),
            (Each::CacheRead, cache_read),
            (Each::CacheWrite, cache_write),
            (Each::Reasoning, reasoning),
            (Each::Cost, ended.cost_micros),
            (Each::Retries, ended.retries),
            (Each::Fallbacks, ended.is_fallback.into()),
        ] {
            if amount > 0
                && let Some(id) = self.each(meter, at, each)
            {
                meter.add(id, i64::try_from(amount).unwrap_or(i64::MAX));
            }
        }
        if !ended.error.is_empty() && !ended.is_part {
            let metric = if ended.outcome == "refused" { REFUSED } else { ERRORS };
            if let Some(id) = self.error(meter, at, metric, ended.error) {
                meter.add(id, 1);
            }
        }
        let times = [
            (Each::FirstToken, ended.first_token.filter(|_| !ended.is_part)),
            // The duration of a refusal says nothing about a model.
            (Each::Duration, Some(ended.duration).filter(|_| ended.outcome != "refused" && !ended.is_part)),
        ];
        for (each, time) in times {
            if let Some(time) = time
                && let Some(id) = self.each(meter, at, each)
            {
                meter.record(id, u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
            }
        }
    }

    /// The gauge of a caller's open requests.
    pub fn open(&mut self, meter: &mut dyn Meter, caller: &str, team: &str) -> Option<u32> {
        if let Some(id) = self.open.get(caller) {
            return Some(*id);
        }
        let is_full = self.is_full();
        let (caller, team) = if is_full { (OTHER, OTHER) } else { (caller, team) };
        if is_full && let Some(id) = self.open.get(OTHER) {
            return Some(*id);
        }
        let labels = [(Label::Caller, caller), (Label::Team, team)];
        let id = meter.define(Kind::Gauge, &name("bedrock.open_requests", &labels))?;
        self.made = self.made.saturating_add(1);
        self.open.insert(caller.to_owned(), id);
        Some(id)
    }

    /// Sets a gauge of the gateway's state: of an account's credentials, or of the list of models. There are few, so they do
    /// not count as series.
    pub fn set(&mut self, meter: &mut dyn Meter, state: &str, labels: &[(Label, &str)], value: u64) {
        let name = name(state, labels);
        let id = match self.states.get(&name) {
            Some(id) => *id,
            None => {
                let Some(id) = meter.define(Kind::Gauge, &name) else { return };
                self.states.insert(name, id);
                id
            }
        };
        meter.record(id, value);
    }

    /// The labels under which a request counts: its own if their set exists or may be added.
    fn at<'a>(&mut self, whose: Whose<'a>, ended: &Ended<'_>, is_known: &dyn Fn(&str) -> bool) -> At<'a> {
        if let Some(at) = self.find(whose) {
            return at;
        }
        // A model that has answered exists; another unknown name may be any client's invention.
        let has_answered = ended.outcome == "ok" || ended.tokens != Tokens::default();
        let is_model = whose.model.is_empty() || has_answered || is_known(whose.model);
        let whose = if is_model { whose } else { Whose { model: OTHER, ..whose } };
        if let Some(at) = self.find(whose) {
            return at;
        }
        if self.is_full() {
            return ALL_OTHERS;
        }
        let place = self.sets.len();
        self.sets.push(Set::default());
        self.places.insert(self.key.clone(), place);
        At { whose, place }
    }

    fn find<'a>(&mut self, whose: Whose<'a>) -> Option<At<'a>> {
        let Whose { caller, team, model, region } = whose;
        self.key.clear();
        for part in [caller, team, model, region] {
            self.key.push_str(part);
            self.key.push('\0');
        }
        let place = *self.places.get(self.key.as_str())?;
        Some(At { whose, place })
    }

    /// Whether a set may have no more series; that of [`ALL_OTHERS`] always may.
    fn is_full_for(&self, at: At<'_>) -> bool {
        self.is_full() && at.place != ALL_OTHERS.place
    }

    /// Defines one more metric in a set.
    fn define(
        &mut self,
        meter: &mut dyn Meter,
        at: At<'_>,
        kind: Kind,
        metric: &str,
        more: &[(Label, &str)],
    ) -> Option<u32> {
        let Whose { caller, team, model, region } = at.whose;
        let whose =
            [(Label::Caller, caller), (Label::Team, team), (Label::Model, model), (Label::Region, region)];
        // A histogram is some twenty lines of a metrics page, so callers share it.
        let whose = whose.get(usize::from(kind == Kind::Histogram)..).unwrap_or_default();
        let id = meter.define(kind, &name(metric, &[whose, more].concat()))?;
        if at.place != ALL_OTHERS.place {
            self.made = self.made.saturating_add(1);
        }
        Some(id)
    }

    fn each(&mut self, meter: &mut dyn Meter, at: At<'_>, each: Each) -> Option<u32> {
        let of = each as usize;
        if let Some(id) = self.sets.get(at.place)?.each.get(of)? {
            return Some(*id);
        }
        if self.is_full_for(at) {
            return self.each(meter, ALL_OTHERS, each);
        }
        let (kind, metric, tokens) = each.named();
        let more = [(Label::Type, tokens)];
        let id = self.define(meter, at, kind, metric, if tokens.is_empty() { &[] } else { &more })?;
        *self.sets.get_mut(at.place)?.each.get_mut(of)? = Some(id);
        Some(id)
    }

    fn requests(
        &mut self,
        meter: &mut dyn Meter,
        at: At<'_>,
        status: u16,
        outcome: &'static str,
    ) -> Option<u32> {
        let is_it = |known: &&(u16, &str, u32)| known.0 == status && known.1 == outcome;
        if let Some((_, _, id)) = self.sets.get(at.place)?.requests.iter().find(is_it) {
            return Some(*id);
        }
        if self.is_full_for(at) {
            return self.requests(meter, ALL_OTHERS, status, outcome);
        }
        let text = status.to_string();
        let more = [(Label::Status, text.as_str()), (Label::Outcome, outcome)];
        let id = self.define(meter, at, Kind::Counter, "bedrock.requests", &more)?;
        self.sets.get_mut(at.place)?.requests.push((status, outcome, id));
        Some(id)
    }

    fn error(&mut self, meter: &mut dyn Meter, at: At<'_>, metric: &'static str, code: &str) -> Option<u32> {
        let set = self.sets.get(at.place)?;
        let is_it = |known: &&(&str, Box<str>, u32)| known.0 == metric && *known.1 == *code;
        if let Some((_, _, id)) = set.errors.iter().find(is_it) {
            return Some(*id);
        }
        // Envoy's response code details are not bounded by us.
        if set.errors.len() >= CODES && code != OTHER {
            return self.error(meter, at, metric, OTHER);
        }
        if self.is_full_for(at) {
            return self.error(meter, ALL_OTHERS, metric, code);
        }
        let id = self.define(meter, at, Kind::Counter, metric, &[(Label::Code, code)])?;
        self.sets.get_mut(at.place)?.errors.push((metric, code.into(), id));
        Some(id)
    }
}

impl Each {
    /// Its kind, its name, and the value of its label `type` where it has one.
    fn named(self) -> (Kind, &'static str, &'static str) {
        match self {
            Self::Input => (Kind::Counter, "bedrock.tokens", "input"),
            Self::Output => (Kind::Counter, "bedrock.tokens", "output"),
            Self::CacheRead => (Kind::Counter, "bedrock.tokens", "cache_read"),
            Self::CacheWrite => (Kind::Counter, "bedrock.tokens", "cache_write"),
            Self::Reasoning => (Kind::Counter, "bedrock.tokens", "reasoning"),
            Self::Cost => (Kind::Counter, "bedrock.cost_micros", ""),
            Self::Retries => (Kind::Counter, "bedrock.retries", ""),
            Self::Fallbacks => (Kind::Counter, "bedrock.fallbacks", ""),
            Self::FirstToken => (Kind::Histogram, "bedrock.time_to_first_token", ""),
            Self::Duration => (Kind::Histogram, "bedrock.duration", ""),
        }
    }
}

#[cfg(test)]
mod tests;
