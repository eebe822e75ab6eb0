//! Timestamps in AWS's responses (Smithy, `timestampFormat`): `date-time`, which is RFC 3339, or `epoch-seconds`.

use std::time::SystemTime;

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcDateTime};

/// Parses RFC 3339 or a JSON number of seconds into whole seconds since 1970; `None` for other text, and for moments before
/// 1970 or after the year 9999. A leap second counts as the second before it.
pub fn seconds_of(written: &str) -> Option<u64> {
    let seconds = match OffsetDateTime::parse(written, &Rfc3339) {
        Ok(moment) => moment.unix_timestamp(),
        Err(_) => whole(written.parse().ok()?)?,
    };
    utc(u64::try_from(seconds).ok()?).map(|_| seconds.cast_unsigned())
}

/// The date of a moment in seconds since 1970: `2026-11-22`; empty after the year 9999.
pub fn date(seconds: u64) -> String {
    utc(seconds).map(|moment| moment.date().to_string()).unwrap_or_default()
}

/// Whether a moment is in the years 1970 to 9999.
pub(super) fn is_writable(moment: SystemTime) -> bool {
    moment.duration_since(SystemTime::UNIX_EPOCH).is_ok_and(|since| utc(since.as_secs()).is_some())
}

fn utc(seconds: u64) -> Option<UtcDateTime> {
    UtcDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()
}

#[expect(clippy::cast_possible_truncation, reason = "within range")]
fn whole(seconds: f64) -> Option<i64> {
    (0.0..9e15).contains(&seconds).then_some(seconds as i64)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_moment_is_told_in_utc() {
        for (text, moment) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-22T12:00:00Z", 1_795_348_800),
            ("2026-11-22t12:00:00z", 1_795_348_800),
            ("2026-11-22 12:00:00Z", 1_795_348_800),
            ("2026-11-22T14:00:00.25+02:00", 1_795_348_800),
            ("2026-11-22T12:00:00.999999999999Z", 1_795_348_800),
            ("2026-11-21T14:15:00-21:45", 1_795_348_800),
            ("2026-11-23T11:59:00+23:59", 1_795_348_800),
            ("2024-02-29T00:00:00Z", 1_709_164_800),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
            ("1795348800", 1_795_348_800),
            ("1795348800.9", 1_795_348_800),
            ("1.7953488e9", 1_795_348_800),
        ] {
            assert_eq!(seconds_of(text), Some(moment), "{text}");
        }
    }

    #[test]
    fn a_moment_has_a_date_in_utc() {
        for text in ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "9999-12-31T00:00:00Z"] {
            assert_eq!(Some(date(seconds_of(text).unwrap()).as_str()), text.split('T').next());
        }
        assert_eq!(date(253_402_300_800), "");
        assert_eq!(date(u64::MAX), "");
    }

    #[test]
    fn a_leap_second_ends_a_month_in_utc_and_is_no_second_more() {
        for text in ["2016-12-31T23:59:60Z", "2017-01-01T01:59:60.5+02:00", "2016-12-31T18:59:60-05:00"] {
            assert_eq!(seconds_of(text), Some(1_483_228_799), "{text}");
        }
        for text in ["2016-12-30T23:59:60Z", "2016-12-31T22:59:60Z", "2016-12-31T23:59:60+01:00"] {
            assert_eq!(seconds_of(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_or_out_of_range_is_none() {
        for text in [
            "",
            "soon",
            "2026-11-22",
            "2026-11-22T12:00Z",
            "2026-11-22T12:00:00",
            "2026-11-22T12:00:00Z ",
            "2026-11-22T12:00:00+02:0",
            "2026-11-22T24:00:00Z",
            "2026-13-22T12:00:00Z",
            "2026-02-29T12:00:00Z",
            "2100-02-29T12:00:00Z",
            "0000-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:59:59+01:00",
            "9999-12-31T23:59:59-01:00",
            "9999-12-31T23:59:60-23:59",
            "-1",
            "253402300800",
            "1e300",
            "inf",
            "nan",
        ] {
            assert_eq!(seconds_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_clock_can_be_written_from_1970_to_9999() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        assert!(is_writable(at(0)) && is_writable(at(253_402_300_799)));
        assert!(!is_writable(at(253_402_300_800)));
        assert!(!is_writable(at(0) - Duration::from_nanos(1)));
    }
}
