//! Moments as AWS's answers write them: `2026-11-22T14:00:00.25+02:00` (RFC 3339, 5.6).

#![expect(
    clippy::arithmetic_side_effects,
    reason = "a date and a time of checked digits, before the year 10000"
)]

use super::timestamp::{DAY, civil, days};

/// Whole seconds since 1970 by [`seconds`] of a text, or by a number of them as JSON writes it.
pub fn seconds_of(written: &str) -> Option<u64> {
    seconds(written).or_else(|| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within range")]
        written
            .parse()
            .ok()
            .filter(|seconds| (0.0..9e15).contains(seconds))
            .map(|seconds: f64| seconds as u64)
    })
}

/// Whole seconds since 1970, in UTC; `None` for what is no moment or earlier.
pub fn seconds(text: &str) -> Option<u64> {
    let (stamp, mut rest) = text.split_at_checked(STAMP.len())?;
    if !is_formed(stamp, STAMP) {
        return None;
    }
    let [year, month, day, hour, minute, second] =
        [(0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19)].map(|(from, to)| number(stamp, from, to));
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days(year, month, day)?;
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        if rest.len() == fraction.len() {
            return None;
        }
    }
    // A leap second is counted as the one before it.
    let local = days * DAY + hour * 3_600 + minute * 60 + second.min(59);
    let utc = match rest.split_at_checked(1)? {
        ("Z" | "z", "") => local,
        ("+", offset) => local.checked_sub(offset_of(offset)?)?,
        ("-", offset) => local + offset_of(offset)?,
        _ => return None,
    };
    (second < 60 || may_leap_after(utc)).then_some(utc)
}

/// The date of a moment that is so many seconds after 1970: `2026-11-22`.
pub fn date(seconds: u64) -> String {
    let (year, month, day) = civil(seconds / DAY);
    format!("{year:04}-{month:02}-{day:02}")
}

/// How a date and a time are formed.
const STAMP: &str = "0000-00-00T00:00:00";

/// True where `text` has a digit for each zero of `form`, and else the same.
fn is_formed(text: &str, form: &str) -> bool {
    let is_alike = |(byte, form): (u8, u8)| match form {
        b'0' => byte.is_ascii_digit(),
        // RFC 3339 lets a space stand for the letter.
        b'T' => matches!(byte, b'T' | b't' | b' '),
        form => byte == form,
    };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(is_alike)
}

/// The digits from one place to another.
fn number(text: &str, from: usize, to: usize) -> u64 {
    let digits = text.bytes().take(to).skip(from);
    digits.fold(0, |number, digit| number * 10 + u64::from(digit.saturating_sub(b'0')))
}

/// How far a zone is from UTC, seconds.
fn offset_of(text: &str) -> Option<u64> {
    let (hours, minutes) = (number(text, 0, 2), number(text, 3, 5));
    (is_formed(text, "00:00") && hours <= 23 && minutes <= 59).then_some(hours * 3_600 + minutes * 60)
}

/// True where a leap second may follow: at the end of a month.
fn may_leap_after(second: u64) -> bool {
    let next = second + 1;
    next.is_multiple_of(DAY) && matches!(civil(next / DAY), (_, _, 1))
}

#[cfg(test)]
mod tests {
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
        ] {
            assert_eq!(seconds(text), Some(moment), "{text}");
        }
    }

    #[test]
    fn a_moment_has_a_date_in_utc() {
        for text in ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "9999-12-31T00:00:00Z"] {
            assert_eq!(Some(date(seconds(text).unwrap()).as_str()), text.split('T').next());
        }
    }

    #[test]
    fn a_leap_second_ends_a_month_in_utc_and_is_no_second_more() {
        for text in ["2016-12-31T23:59:60Z", "2017-01-01T01:59:60.5+02:00", "2016-12-31T18:59:60-05:00"] {
            assert_eq!(seconds(text), Some(1_483_228_799), "{text}");
        }
        for text in ["2016-12-30T23:59:60Z", "2016-12-31T22:59:60Z", "2016-12-31T23:59:60+01:00"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "soon",
            "2026-11-22",
            "2026-11-22T12:00Z",
            "2026-11-22T12:00:00",
            "2026-11-22T12:00:00.Z",
            "2026-11-22T12:00:00,5Z",
            "2026-11-22T12:00:00ZZ",
            "2026-11-22T12:00:00Z ",
            "2026-11-22T12:00:00+0200",
            "2026-11-22T12:00:00+02",
            "2026-11-22T12:00:00+24:00",
            "2026-11-22T12:00:00+02:60",
            "2026-11-22T12:00:00+02:0",
            "2026-11-22T12:00:00é",
            "2026-11-22T12:00:0é",
            "2026-11-22T24:00:00Z",
            "2026-11-22T12:60:00Z",
            "2026-11-22T12:00:61Z",
            "2026-11-22X12:00:00Z",
            "2026-00-22T12:00:00Z",
            "2026-13-22T12:00:00Z",
            "2026-11-00T12:00:00Z",
            "2026-11-31T12:00:00Z",
            "2026-02-29T12:00:00Z",
            "2100-02-29T12:00:00Z",
            "2026-02-30T12:00:00Z",
            "+026-11-22T12:00:00Z",
            "0000-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:59:59+01:00",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
