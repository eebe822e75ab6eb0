//! Windows of limits: when they begin and end. Moments are milliseconds since 1970 on Envoy's clock.

use time::OffsetDateTime;

use super::{Amount, Span};

const MINUTE: u64 = 60_000;
const DAY: u64 = 86_400_000;
/// Largest lag of one worker's moment behind another's, milliseconds. Beyond it the clock was set back.
const BEHIND: u64 = 5_000;

/// A window and its usage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    /// When it began.
    pub(super) start: u64,
    /// Amount used and reserved in it.
    pub(super) used: Amount,
}

impl Window {
    /// Starts the next window where this one has ended. If the clock was set back, it restarts with the same usage, so that no
    /// limit is reset.
    pub(super) fn turn(&mut self, span: Span, now: u64) {
        if now >= end(span, self.start) {
            *self = Self { start: beginning(span, now), used: Amount::default() };
        } else if now.saturating_add(BEHIND) < self.start {
            self.start = beginning(span, now);
        }
    }

    /// Time until its end, milliseconds.
    pub(super) fn rest(&self, span: Span, now: u64) -> u64 {
        end(span, self.start).saturating_sub(now)
    }
}

/// The beginning of a window that starts now.
fn beginning(span: Span, now: u64) -> u64 {
    match span {
        Span::Minute => now,
        Span::Day => day(now).saturating_mul(DAY),
        Span::Month => month(now).0.saturating_mul(DAY),
    }
}

/// The end of a window that began at `start`.
fn end(span: Span, start: u64) -> u64 {
    match span {
        Span::Minute => start.saturating_add(MINUTE),
        Span::Day => start.saturating_add(DAY),
        Span::Month => month(start).1.saturating_mul(DAY),
    }
}

fn day(now: u64) -> u64 {
    now / DAY
}

/// The first day of the month of `now`, and of the next month, in days since 1970.
fn month(now: u64) -> (u64, u64) {
    let seconds = i64::try_from(now / 1_000).unwrap_or(i64::MAX);
    // The clock is beyond the year 9999.
    let Ok(moment) = OffsetDateTime::from_unix_timestamp(seconds) else { return (0, u64::MAX) };
    let first = day(now).saturating_sub(u64::from(moment.day().saturating_sub(1)));
    (first, first.saturating_add(u64::from(moment.month().length(moment.year()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2027-02-28T23:59:59.500Z.
    const LATE: u64 = 1_803_859_199_500;

    #[test]
    fn a_minute_begins_with_its_first_request_and_days_and_months_are_those_of_utc() {
        let begun = |span| {
            let mut window = Window::default();
            window.turn(span, LATE);
            (window.start, window.rest(span, LATE))
        };
        assert_eq!(begun(Span::Minute), (LATE, 60_000));
        assert_eq!(begun(Span::Day), (LATE + 500 - DAY, 500));
        assert_eq!(begun(Span::Month), (LATE + 500 - 28 * DAY, 500));
        // A leap year, and December.
        let leap = 1_835_438_400_000; // 2028-02-29T12:00:00Z
        assert_eq!(end(Span::Month, leap), leap + DAY / 2);
        let new_years_eve = 1_830_297_599_000; // 2027-12-31T23:59:59Z
        assert_eq!(end(Span::Month, new_years_eve), new_years_eve + 1_000);
    }

    #[test]
    fn what_is_used_goes_with_its_window_and_not_with_a_clock_that_goes_back() {
        let used = Amount { requests: 1, ..Amount::default() };
        for (span, length) in [(Span::Minute, MINUTE), (Span::Day, DAY), (Span::Month, 28 * DAY)] {
            let mut window = Window::default();
            window.turn(span, LATE);
            window.used = used;
            let (start, last) = (window.start, window.start + length - 1);
            window.turn(span, last);
            assert_eq!(window, Window { start, used }, "{span:?}");
            // A worker that read the clock before another one did.
            let mut late = window;
            late.turn(span, start.saturating_sub(1));
            assert_eq!(late, window, "{span:?}");
            // Set back by an hour, and by a year.
            for back in [start - 3_600_000, start - 365 * DAY] {
                let mut window = window;
                window.turn(span, back);
                assert_eq!(window.used, used, "{span:?}");
                assert!(window.start <= back && window.rest(span, back) <= 31 * DAY);
                window.turn(span, last + 1);
                assert_eq!(window.used, Amount::default(), "{span:?}");
            }
        }
    }
}
