//! Gauges of how much of each limit is used.

use std::collections::BTreeMap;

use super::{Kind, Label, Meter, OTHER, Series, name};

const METRIC: &str = "bedrock.limit_used_percent";
/// A gauge not set for this long belongs to a limit that is gone, milliseconds.
const STALE: u64 = 60_000;

/// The used part of one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used<'a> {
    /// The caller whose limit it is; empty for a team's.
    pub caller: &'a str,
    /// The team whose limit it is; empty for a caller's.
    pub team: &'a str,
    /// The limit's name.
    pub limit: &'static str,
    /// Per cent.
    pub percent: u64,
}

/// A gauge, and when it was last set.
#[derive(Debug)]
pub(super) struct Gauge {
    id: u32,
    told: Option<u64>,
}

impl Series {
    /// Sets the gauges of limits at `now`, milliseconds since 1970. Beyond the maximum number of series one gauge shows the
    /// fullest of the others.
    pub fn tell_limits<'u>(
        &mut self,
        meter: &mut dyn Meter,
        all: impl IntoIterator<Item = Used<'u>>,
        now: u64,
    ) {
        let mut others: BTreeMap<&str, u64> = BTreeMap::new();
        for Used { caller, team, limit, percent } in all {
            let name = named(caller, team, limit);
            if self.is_full() && !self.limits.contains_key(&name) {
                let fullest = others.entry(limit).or_default();
                *fullest = percent.max(*fullest);
            } else {
                self.tell_limit(meter, name, percent, now);
            }
        }
        for (limit, percent) in others {
            self.tell_limit(meter, named(OTHER, OTHER, limit), percent, now);
        }
        for Gauge { id, told } in self.limits.values_mut() {
            if told.is_some_and(|told| now.saturating_sub(told) > STALE) {
                *told = None;
                meter.record(*id, 0);
            }
        }
    }

    fn tell_limit(&mut self, meter: &mut dyn Meter, name: String, percent: u64, now: u64) {
        let id = match self.limits.get_mut(&name) {
            Some(Gauge { id, told }) => {
                *told = Some(now);
                *id
            }
            None => {
                let Some(id) = meter.define(Kind::Gauge, &name) else { return };
                self.made = self.made.saturating_add(1);
                self.limits.insert(name, Gauge { id, told: Some(now) });
                id
            }
        };
        meter.record(id, percent);
    }
}

fn named(caller: &str, team: &str, limit: &str) -> String {
    name(METRIC, &[(Label::Caller, caller), (Label::Team, team), (Label::Limit, limit)])
}
