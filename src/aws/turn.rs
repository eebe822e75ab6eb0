//! Whose turn it is to fetch what all workers of one Envoy share: one fetches under a lease, and after a failure there is a
//! pause.
//!
//! All moments are of Envoy's clock, which may jump. A moment further away than anybody could have meant it counts as past.

use std::time::{Duration, SystemTime};

/// How long one call of a fetch may take; after that another worker may begin.
pub const LEASE: Duration = Duration::from_secs(10);
/// The first pause after a failed fetch; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How much longer the one that failed waits, so that another gets its turn.
const STAND_BACK: Duration = Duration::from_secs(1);
/// How far the clocks of two workers may be apart.
pub const TOLERANCE: Duration = Duration::from_secs(5);

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Worker {
    /// No other worker's.
    pub id: u64,
    /// How much earlier than others it renews, in thousandths of the credentials' life: 0 to 100.
    pub early: u32,
}

impl Worker {
    /// One by a random number.
    pub fn of(random: u64) -> Self {
        Self { id: random, early: u32::try_from(random >> 32).unwrap_or_default() % 101 }
    }
}

/// Who fetches, and when it was tried in vain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// How many fetches have failed since one worked.
    pub failures: u32,
    /// Not before then the next.
    retry_at: Duration,
    /// Who failed last.
    failed_by: u64,
    /// Who is fetching, and until when.
    lease: Option<(u64, Duration)>,
}

/// Since 1970.
pub fn moment(now: SystemTime) -> Duration {
    now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// True while `until` is to come, and as near as it was meant to be.
fn is_ahead(until: Duration, now: Duration, at_most: Duration) -> bool {
    until > now && until.saturating_sub(now) <= at_most
}

/// How long to wait after that many failures, and never longer than `longest`.
pub fn pause(failures: u32, longest: Duration) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
    FIRST_PAUSE.saturating_mul(doubled).min(longest)
}

impl Turn {
    /// Whether `worker` should fetch now, where `is_wanted` says that there is something to fetch. After failures there
    /// always is; `longest` is their longest pause.
    pub fn is_due(
        &self,
        worker: Worker,
        now: SystemTime,
        longest: Duration,
        is_wanted: impl FnOnce(Duration) -> bool,
    ) -> bool {
        if self.is_leased(now) {
            return false;
        }
        let now = moment(now);
        if self.failures > 0 {
            let back = if self.failed_by == worker.id { STAND_BACK } else { Duration::ZERO };
            return !is_ahead(self.retry_at.saturating_add(back), now, longest.saturating_add(STAND_BACK));
        }
        is_wanted(now)
    }

    /// Whether somebody is fetching.
    pub fn is_leased(&self, now: SystemTime) -> bool {
        self.lease.is_some_and(|(_, until)| is_ahead(until, moment(now), LEASE))
    }

    /// The same, with `worker` fetching.
    #[must_use]
    pub fn leased(&self, worker: Worker, now: SystemTime) -> Self {
        Self { lease: Some((worker.id, moment(now).saturating_add(LEASE))), ..self.clone() }
    }

    /// The next one, after `worker` has fetched.
    #[must_use]
    pub fn done(&self, worker: Worker) -> Self {
        Self { lease: self.lease_of_others(worker), ..Self::default() }
    }

    /// The same, after `worker` was given nothing.
    #[must_use]
    pub fn failed(&self, worker: Worker, now: SystemTime, longest: Duration) -> Self {
        let failures = self.failures.saturating_add(1);
        Self {
            failures,
            retry_at: moment(now).saturating_add(pause(failures, longest)),
            failed_by: worker.id,
            lease: self.lease_of_others(worker),
        }
    }

    /// For the memory that workers share: numbers, with a space between them.
    pub fn to_text(&self) -> String {
        let Self { failures, retry_at, failed_by, lease } = self;
        let (holder, until) = lease.unwrap_or_default();
        format!("{failures} {} {failed_by} {holder} {}", retry_at.as_millis(), until.as_millis())
    }

    /// What [`Self::to_text`] wrote.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut numbers = text.split(' ').map(|number| number.parse::<u64>().ok());
        let mut next = || numbers.next().flatten();
        let failures = u32::try_from(next()?).ok()?;
        let retry_at = Duration::from_millis(next()?);
        let failed_by = next()?;
        let (holder, until) = (next()?, Duration::from_millis(next()?));
        let lease = (until > Duration::ZERO).then_some((holder, until));
        Some(Self { failures, retry_at, failed_by, lease })
    }

    fn lease_of_others(&self, worker: Worker) -> Option<(u64, Duration)> {
        self.lease.filter(|(holder, _)| *holder != worker.id)
    }
}
