//! Moments as signatures write them: `20261126T210000Z`.

#![expect(clippy::arithmetic_side_effects, reason = "days before the year 10000")]

use std::fmt::Write;
use std::time::SystemTime;

/// A moment, to the second, in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Timestamp(String);

/// How many of its characters are the date.
const DATE: usize = 8;
/// Seconds.
pub(super) const DAY: u64 = 86_400;
/// The first day that four digits for the year cannot tell: 10000-01-01, in days since 1970.
const YEAR_10000: u64 = 2_932_897;

impl Timestamp {
    /// `None` before 1970 and after the year 9999.
    pub(super) fn of(now: SystemTime) -> Option<Self> {
        let seconds = now.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
        let (days, second) = (seconds / DAY, seconds % DAY);
        if days >= YEAR_10000 {
            return None;
        }
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        let mut text = String::with_capacity(16);
        // Into memory: there is no way for it to fail.
        let _ = write!(text, "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z");
        Some(Self(text))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Its first eight characters.
    pub(super) fn date(&self) -> &str {
        self.0.get(..DATE).unwrap_or_default()
    }
}

/// 400 years, in days.
const ERA: u64 = 146_097;
/// 0000-03-01 is so many days before 1970-01-01.
const BEFORE_1970: u64 = 719_468;

/// Year, month and day of a day counted from 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
/// `civil_from_days`): years begin in March, so that a leap day is the last day of one.
pub(super) fn civil(days: u64) -> (u64, u64, u64) {
    let days = days.saturating_add(BEFORE_1970);
    let (era, day) = (days / ERA, days % ERA);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

/// The day of a year, month and day, counted from 1970-01-01 (the same, `days_from_civil`); `None` where there is no such
/// day, and before 1970.
pub(super) fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1970..10_000).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let from_march = year - u64::from(month <= 2);
    let (era, year_of_era) = (from_march / 400, from_march % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    // The 31st of a short month is a day of the next.
    days.checked_sub(BEFORE_1970).filter(|days| civil(*days) == (year, month, day))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> Option<String> {
        Timestamp::of(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).map(|stamp| stamp.0)
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let lengths = |year: u64| {
            let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
            [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        };
        let mut days = 0;
        for year in 1970..10_000 {
            for (month, length) in (1..).zip(lengths(year)) {
                for day in 1..=length {
                    assert_eq!(civil(days), (year, month, day));
                    assert_eq!(super::days(year, month, day), Some(days));
                    days += 1;
                }
                assert_eq!(super::days(year, month, length + 1), None);
            }
        }
        assert_eq!(days, YEAR_10000);
        for (year, month, day) in [(1969, 12, 31), (10_000, 1, 1), (2026, 0, 1), (2026, 13, 1), (2026, 1, 0)]
        {
            assert_eq!(super::days(year, month, day), None);
        }
    }

    #[test]
    fn a_moment_is_told_to_the_second_within_four_digits_of_a_year() {
        assert_eq!(at(1_440_938_160).as_deref(), Some("20150830T123600Z"));
        assert_eq!(at(YEAR_10000 * DAY - 1).as_deref(), Some("99991231T235959Z"));
        assert_eq!(at(YEAR_10000 * DAY), None);
        assert_eq!(Timestamp::of(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), None);
    }
}
