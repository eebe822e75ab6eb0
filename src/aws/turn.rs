//! Decides which worker fetches what all workers of one Envoy share: one at a time under a lease, with a pause after a failure.
//!
//! Moments are on Envoy's clock, which may be set. A moment further in the future than it could have been written counts as
//! past.

use std::time::{Duration, SystemTime};

/// Longest time of one call of a fetch; after that another worker may take over.
pub const LEASE: Duration = Duration::from_secs(10);
/// The first pause after a failed fetch; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How much longer the worker that failed waits, so that another tries.
const STAND_BACK: Duration = Duration::from_secs(1);
/// Largest difference between the clocks of two workers.
pub const TOLERANCE: Duration = Duration::from_secs(5);

/// A worker.
#[derive(Clone, Copy, Debug)]
pub struct Worker {
    /// Its number, unique among workers.
    pub id: u64,
    /// How much earlier than others it renews, in thousandths of the credentials' lifetime: 0 to 100.
    pub early: u32,
}

impl Worker {
    /// A worker from a random number.
    pub fn of(random: u64) -> Self {
        Self { id: random, early: u32::try_from(random >> 32).unwrap_or_default() % 101 }
    }
}

/// The lease, and the failures so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Failed fetches since the last success.
    pub failures: u32,
    /// The next fetch does not begin before this moment.
    retry_at: Duration,
    /// The worker that failed last.
    failed_by: u64,
    /// The worker that is fetching, and the end of its lease.
    lease: Option<(u64, Duration)>,
}

/// A moment as the time since 1970.
pub fn moment(now: SystemTime) -> Duration {
    now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// Whether `until` is in the future, by no more than `at_most`.
fn is_ahead(until: Duration, now: Duration, at_most: Duration) -> bool {
    until > now && until.saturating_sub(now) <= at_most
}

/// The pause after this many failures, at most `longest`.
pub fn pause(failures: u32, longest: Duration) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
    FIRST_PAUSE.saturating_mul(doubled).min(longest)
}

impl Turn {
    /// Whether `worker` should fetch now. `is_wanted` says that there is something to fetch, which is always so after failures;
    /// `longest` is the longest pause.
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

    /// Whether a worker is fetching.
    pub fn is_leased(&self, now: SystemTime) -> bool {
        self.lease.is_some_and(|(_, until)| is_ahead(until, moment(now), LEASE))
    }

    /// With the lease given to `worker`.
    #[must_use]
    pub fn leased(&self, worker: Worker, now: SystemTime) -> Self {
        Self { lease: Some((worker.id, moment(now).saturating_add(LEASE))), ..self.clone() }
    }

    /// After `worker` has fetched successfully.
    #[must_use]
    pub fn done(&self, worker: Worker) -> Self {
        Self { lease: self.lease_of_others(worker), ..Self::default() }
    }

    /// After a fetch by `worker` has failed.
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

    /// Serialised for the shared data: numbers, separated by spaces.
    pub fn to_text(&self) -> String {
        let Self { failures, retry_at, failed_by, lease } = self;
        let (holder, until) = lease.unwrap_or_default();
        format!("{failures} {} {failed_by} {holder} {}", retry_at.as_millis(), until.as_millis())
    }

    /// Parses [`Self::to_text`].
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
