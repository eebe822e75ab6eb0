//! Decides when credentials are fetched and by which worker, from the record that the workers share.
//!
//! Credentials whose fetch time is in the future were fetched while the clock was wrong, and are fetched again.

use std::time::{Duration, SystemTime};

use super::Credentials;
use super::bytes::{Packed, Unpacked};
use super::providers::Temporary;
use super::turn::{self, TOLERANCE, Turn, Worker, moment};

/// How long before their expiry credentials are no longer used: a request has to arrive in time.
const MARGIN: Duration = Duration::from_secs(1);
/// Credentials are renewed at the latest this long after their fetch, so that revoked ones, or those fetched while the clock
/// was wrong, are replaced.
const LONGEST_USE: Duration = Duration::from_secs(3_600);
/// Longest pause between two fetches after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The shared record of one account's credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The newest credentials.
    pub held: Option<Held>,
    /// The lease of the worker that fetches, and the failures.
    pub turn: Turn,
}

/// Credentials and their lifetime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The credentials that sign requests.
    pub credentials: Credentials,
    /// When they were fetched.
    fetched: Duration,
    /// When AWS stops accepting them.
    expires: Duration,
}

impl Held {
    /// Whether they are valid for a request now.
    pub fn is_good(&self, now: SystemTime) -> bool {
        moment(now).saturating_add(MARGIN) < self.expires
    }

    /// Whether they are valid, and the worker need not renew them yet.
    pub fn is_fresh(&self, worker: Worker, now: SystemTime) -> bool {
        self.is_good(now) && !self.is_to_renew(worker, moment(now))
    }

    /// How long they remain valid.
    pub fn left(&self, now: SystemTime) -> Duration {
        self.expires.saturating_sub(moment(now))
    }

    /// Whether two thirds of their life are over, or [`LONGEST_USE`]; earlier by up to a tenth of their life, depending on the
    /// worker. Credentials that live a quarter of an hour are so renewed five minutes before they expire.
    fn is_to_renew(&self, worker: Worker, now: Duration) -> bool {
        let life = self.expires.saturating_sub(self.fetched);
        let part = |of: Duration, thousandths: u32| {
            of.saturating_mul(thousandths.saturating_sub(worker.early)).checked_div(1000).unwrap_or(of)
        };
        let use_for = part(life, 666).min(part(LONGEST_USE, 1_000));
        now.saturating_add(TOLERANCE) < self.fetched || now >= self.fetched.saturating_add(use_for)
    }
}

impl Record {
    /// Whether `worker` should fetch now.
    pub fn is_due(&self, worker: Worker, now: SystemTime) -> bool {
        let is_wanted = |now| self.held.as_ref().is_none_or(|held| held.is_to_renew(worker, now));
        self.turn.is_due(worker, now, LONGEST_PAUSE, is_wanted)
    }

    /// The record with the lease given to `worker`.
    #[must_use]
    pub fn leased(&self, worker: Worker, now: SystemTime) -> Self {
        Self { held: self.held.clone(), turn: self.turn.leased(worker, now) }
    }

    /// The record after `worker` has fetched these credentials.
    #[must_use]
    pub fn renewed(&self, worker: Worker, with: &Temporary, now: SystemTime) -> Self {
        let held = Held {
            credentials: with.credentials.clone(),
            fetched: moment(now),
            expires: moment(with.expires),
        };
        Self { held: Some(held), turn: self.turn.done(worker) }
    }

    /// The record after a fetch by `worker` has failed.
    #[must_use]
    pub fn failed(&self, worker: Worker, now: SystemTime) -> Self {
        Self { held: self.held.clone(), turn: self.turn.failed(worker, now, LONGEST_PAUSE) }
    }

    /// Serialised for the shared data.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { held, turn } = self;
        let mut out = Packed::default();
        out.text(&turn.to_text());
        out.number(held.is_some().into());
        if let Some(Held { credentials, fetched, expires }) = held {
            let Credentials { access_key_id, secret_access_key, session_token } = credentials;
            out.text(access_key_id);
            out.text(secret_access_key);
            out.number(session_token.is_some().into());
            if let Some(token) = session_token {
                out.text(token);
            }
            out.moment(*fetched);
            out.moment(*expires);
        }
        out.finish()
    }

    /// Parses [`Self::to_bytes`]; other bytes mean that nothing is known.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self::read(bytes).unwrap_or_default()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut read = Unpacked(bytes);
        let turn = Turn::from_text(&read.text()?)?;
        let held = if read.flag()? { Some(Held::read(&mut read)?) } else { None };
        read.0.is_empty().then_some(Self { held, turn })
    }
}

impl Held {
    fn read(read: &mut Unpacked<'_>) -> Option<Self> {
        Some(Self {
            credentials: Credentials {
                access_key_id: read.text()?,
                secret_access_key: read.text()?,
                session_token: if read.flag()? { Some(read.text()?) } else { None },
            },
            fetched: read.moment()?,
            expires: read.moment()?,
        })
    }
}

/// The pause after this many failures in a row.
pub fn pause(failures: u32) -> Duration {
    turn::pause(failures, LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: Worker = Worker { id: 1, early: 0 };
    const OTHER: Worker = Worker { id: 2, early: 0 };
    const HOUR: u64 = 3600;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 + seconds)
    }

    fn temporary(expires: u64) -> Temporary {
        Temporary {
            credentials: Credentials {
                access_key_id: "ASIA".into(),
                secret_access_key: "s3cret".into(),
                session_token: Some("t0ken".into()),
            },
            expires: at(expires),
        }
    }

    fn held(expires: u64) -> Record {
        Record::default().renewed(ME, &temporary(expires), at(0))
    }

    #[test]
    fn nothing_known_is_fetched_at_once_and_by_one() {
        let record = Record::default();
        assert!(record.is_due(ME, at(0)));
        let leased = record.leased(ME, at(0));
        assert!(!leased.is_due(OTHER, at(0)) && !leased.is_due(OTHER, at(9)));
        assert!(leased.is_due(OTHER, at(10)), "whoever has it is gone");
    }

    #[test]
    fn credentials_are_renewed_when_two_thirds_of_their_life_are_over_or_earlier() {
        let record = held(HOUR);
        assert!(!record.is_due(ME, at(2397)) && record.is_due(ME, at(2398)));
        let early = Worker { early: 100, ..ME };
        assert!(!record.is_due(early, at(2037)) && record.is_due(early, at(2038)));
        // Five minutes or more before the expiry, for lifetimes from a quarter of an hour on.
        for life in (900..=43_200).step_by(100) {
            assert!(held(life).is_due(ME, at(life - 300)), "{life}");
        }
    }

    #[test]
    fn credentials_that_end_in_the_year_9999_are_renewed_within_an_hour() {
        let end = Duration::from_secs(253_402_300_799 - 1_000_000_000).as_secs();
        for life in [end, 12 * HOUR, 100 * HOUR] {
            let record = held(life);
            assert!(!record.is_due(ME, at(HOUR - 1)) && record.is_due(ME, at(HOUR)), "{life}");
            let early = Worker { early: 100, ..ME };
            assert!(!record.is_due(early, at(3_239)) && record.is_due(early, at(3_240)), "{life}");
            assert!(record.held.unwrap().is_good(at(HOUR + 1)), "they are good until they end");
        }
    }

    #[test]
    fn workers_differ_in_when_they_renew() {
        let early: Vec<u32> =
            (0..=u64::from(u32::MAX)).step_by(1 << 24).map(|n| Worker::of(n << 32).early).collect();
        assert!(early.iter().all(|early| *early <= 100));
        assert!(early.contains(&0) && early.iter().any(|early| *early > 90));
    }

    #[test]
    fn credentials_are_kept_while_fetches_fail_and_used_until_they_end() {
        let mut record = held(HOUR);
        for n in 0..20 {
            record = record.leased(ME, at(2400 + n)).failed(ME, at(2400 + n));
        }
        let kept = record.held.as_ref().unwrap();
        assert!(kept.is_good(at(HOUR - 2)) && !kept.is_good(at(HOUR - 1)) && !kept.is_good(at(HOUR)));
        assert_eq!(record.turn.failures, 20);
        let renewed = record.renewed(OTHER, &temporary(2 * HOUR), at(HOUR));
        assert_eq!(renewed.turn.failures, 0);
        assert!(renewed.held.unwrap().is_good(at(HOUR + 1)));
    }

    #[test]
    fn pauses_grow_to_a_limit() {
        let pauses: Vec<u128> = (1..=9).map(|failures| pause(failures).as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }

    #[test]
    fn whoever_failed_lets_another_try_first() {
        let record = Record::default().leased(ME, at(0)).failed(ME, at(0)).failed(ME, at(0));
        assert!(!record.is_due(OTHER, at(0)));
        assert!(record.is_due(OTHER, at(1)) && !record.is_due(ME, at(1)));
        assert!(record.is_due(ME, at(2)));
    }

    #[test]
    fn a_clock_that_jumps_back_stops_nothing() {
        let record = held(HOUR);
        // Fetched in the future, so the clock was wrong.
        assert!(!record.is_due(ME, at(0) - Duration::from_secs(4)));
        assert!(record.is_due(ME, at(0) - Duration::from_secs(6)));
        let a_day_before = at(0) - Duration::from_secs(86_400);
        assert!(Record::default().leased(OTHER, at(0)).is_due(ME, a_day_before));
        assert!(Record::default().failed(OTHER, at(0)).is_due(ME, a_day_before));
        assert!(Record::default().is_due(ME, SystemTime::UNIX_EPOCH - Duration::from_secs(1)));
    }

    #[test]
    fn a_clock_that_jumps_ahead_uses_nothing_that_has_ended() {
        let record = held(HOUR);
        assert!(!record.held.as_ref().unwrap().is_good(at(86_400)));
        assert!(record.is_due(ME, at(86_400)));
    }

    #[test]
    fn another_fetchs_lease_is_left_alone() {
        let record = Record::default().leased(OTHER, at(0)).renewed(ME, &temporary(9), at(1));
        assert!(!record.is_due(ME, at(9)), "the other is still fetching");
    }

    #[test]
    fn a_record_comes_back_as_it_went_and_anything_else_is_nothing_known() {
        let lasting = |mut record: Record| {
            record.held.as_mut().unwrap().credentials.session_token = None;
            record
        };
        for record in [
            Record::default(),
            Record::default().leased(ME, at(0) + Duration::from_millis(1)),
            held(HOUR).leased(OTHER, at(5)).failed(ME, at(6)),
            lasting(held(HOUR)),
        ] {
            let bytes = record.to_bytes();
            assert_eq!(Record::from_bytes(&bytes), record);
            for end in 0..bytes.len() {
                assert_eq!(Record::from_bytes(&bytes[..end]), Record::default(), "cut at {end}");
            }
            for at in 0..bytes.len() {
                let mut other = bytes.clone();
                other[at] ^= 0xff;
                // Some parse as another record; none causes a panic.
                let _ = Record::from_bytes(&other);
            }
            assert_eq!(Record::from_bytes(&[&bytes[..], &[0]].concat()), Record::default());
        }
        let former =
            br#"{"held":null,"failures":1,"retry_at":{"secs":1,"nanos":0},"failed_by":1,"lease":null}"#;
        assert_eq!(Record::from_bytes(former), Record::default());
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", held(HOUR));
        assert!(!shown.contains("s3cret") && !shown.contains("t0ken"), "{shown}");
    }
}
