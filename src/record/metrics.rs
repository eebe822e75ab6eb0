//! Metrics out of the records of requests: their names, their labels, and how many of them there may be.
//!
//! Envoy never gives a metric's memory back, so every label has a bound: callers, teams and regions are the configuration's, a model is
//! one that the configuration or discovery knows or that has answered, and beyond a number of series everything counts for `other`.

mod counted;
mod limits;
mod name;

use std::collections::HashMap;
use std::time::Duration;

pub use counted::of;
pub use limits::Used;
pub use name::{Label, NONE, OTHER, name};

/// What a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What only grows.
    Counter,
    /// What is so now.
    Gauge,
    /// How values are spread.
    Histogram,
}

/// Whoever keeps the metrics.
pub trait Meter {
    /// The id of the metric of this name, made where it is not there; `None`: it cannot be had.
    fn define(&mut self, kind: Kind, name: &str) -> Option<u32>;
    /// Adds to a counter or a gauge.
    fn add(&mut self, id: u32, amount: i64);
    /// Puts a value into a histogram, or in the place of a gauge's.
    fn record(&mut self, id: u32, value: u64);
}

/// Whose requests are counted together. An empty text is not known.
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

/// Tokens of a request, by what they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Read, from the cache or not.
    pub input: u64,
    /// Written, reasoning among them.
    pub output: u64,
    /// Of those read, the ones out of the cache of prompts.
    pub cache_read: u64,
    /// Of those read, the ones that went into that cache.
    pub cache_write: u64,
    /// Of those written, the ones of reasoning.
    pub reasoning: u64,
}

/// How a request ended that is counted here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ended<'a> {
    /// Whether it is a part of another request, by the gateway itself: then only what it cost is counted.
    pub is_part: bool,
    /// The HTTP status; 0 where the client left before there was one.
    pub status: u16,
    /// `ok`, `refused`, `error`, `client_gone` or `cut`.
    pub outcome: &'static str,
    /// The `code` of the error that the client was told, of the gateway's own; empty where there was none.
    pub error: &'a str,
    /// What the models read and wrote.
    pub tokens: Tokens,
    /// In millionths of the currency that prices are in.
    pub cost_micros: u64,
    /// Attempts after the first.
    pub retries: u64,
    /// Whether another target than the first answered.
    pub is_fallback: bool,
    /// From the request's first byte to the answer's first token.
    pub first_token: Option<Duration>,
    /// From the request's first byte to its end.
    pub duration: Duration,
}

/// Metrics of which each set of labels has one.
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

/// How many of [`Each`] there are.
const EACH: usize = 10;

/// The ids of one set of labels, as far as they were needed.
#[derive(Debug, Default)]
struct Set {
    each: [Option<u32>; EACH],
    /// By status and outcome.
    requests: Vec<(u16, &'static str, u32)>,
    /// By the metric and the error's code.
    errors: Vec<(&'static str, Box<str>, u32)>,
}

/// The ids of all metrics of one worker.
#[derive(Debug)]
pub struct Series {
    /// First the one of [`ALL_OTHERS`].
    sets: Vec<Set>,
    /// Where in that list the others are, by their labels.
    places: HashMap<String, usize>,
    open: HashMap<String, u32>,
    /// Gauges of the gateway's own state, by their names.
    states: HashMap<String, u32>,
    /// Gauges of limits, by their names.
    limits: HashMap<String, limits::Gauge>,
    /// How many there may be.
    most: usize,
    /// How many there are.
    made: usize,
    /// What a set of labels is looked up by, kept for its memory.
    key: String,
}

/// The set under which a request counts, and where it is.
#[derive(Clone, Copy, Debug)]
struct At<'a> {
    whose: Whose<'a>,
    place: usize,
}

/// Whose requests count together beyond the number of series.
const ALL_OTHERS: At<'static> =
    At { whose: Whose { caller: OTHER, team: OTHER, model: OTHER, region: OTHER }, place: 0 };

/// Most codes of errors of one set of labels.
const CODES: usize = 100;

/// Refusals of the gateway's own, and failures of whatever was behind it.
const REFUSED: &str = "bedrock.refused";
const ERRORS: &str = "bedrock.errors";

impl Series {
    /// None yet, and at most that many; those that count for `other` come on top, some hundreds at most.
    pub fn new(most: usize) -> Self {
        Self {
            // That of ALL_OTHERS is always there.
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

    /// Changes how many there may be. Those that are there stay.
    pub fn at_most(&mut self, most: usize) {
        self.most = most;
    }

    fn is_full(&self) -> bool {
        self.made >= self.most
    }

    /// Counts a request that has ended. `is_known` says whether the configuration or discovery has the model.
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
            // How long a refusal takes says nothing of a model.
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

    /// The gauge of a caller's requests that are under way.
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

    /// Says what is so now: of an account's credentials, or of the list of models. They are few, and do not count.
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

    /// The labels under which a request counts: its own where they are known already, or may become so.
    fn at<'a>(&mut self, whose: Whose<'a>, ended: &Ended<'_>, is_known: &dyn Fn(&str) -> bool) -> At<'a> {
        if let Some(at) = self.find(whose) {
            return at;
        }
        // Whatever has answered is there; a name that nobody knows is any client's invention.
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

    /// Defines one more series of a set.
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
        // A histogram is some twenty lines of a page of metrics, so callers share it.
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
        // Words of Envoy's are not ours to count.
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
    /// What it is, its name, and its `type` where it has one.
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
