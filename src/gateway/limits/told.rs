//! Tells a client about its limits: by headers in every answer, and by the error where it exceeds one.

use time::OffsetDateTime;

use super::state::{Left, Over};
use super::{Holder, Measure, Span};
use crate::gateway::headers::Headers;
use crate::openai::Error;

/// Prefixes of the names of all such headers.
pub const PREFIXES: &[&str] = &["x-ratelimit-", "anthropic-ratelimit-"];

/// Longest wait that is sent as `retry-after`, seconds. (OpenAI's SDKs up to version 1 ignore a longer one and retry at once.)
const WORTH_WAITING: u64 = 60;

/// What is left of the limits, for the headers.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    left: Vec<Left>,
}

impl Standing {
    /// Adds what is left of one limit; of several of a kind the one with the least left is kept.
    pub fn add(&mut self, found: Left) {
        match self.left.iter_mut().find(|known| known.measure == found.measure) {
            Some(known) if (found.left, found.most) < (known.left, known.most) => *known = found,
            Some(_) => {}
            None => self.left.push(found),
        }
    }

    fn of(&self, measure: Measure) -> Option<&Left> {
        self.left.iter().find(|left| left.measure == measure)
    }

    /// OpenAI's headers (its guide, "Rate limits": "Rate limits in headers"). Where only input or only output is limited, the
    /// token headers describe the one with less left.
    pub fn tell(&self, headers: &mut Headers) {
        let parts = [self.of(Measure::Input), self.of(Measure::Output)];
        let tokens =
            self.of(Measure::Tokens).or_else(|| parts.into_iter().flatten().min_by_key(|left| left.left));
        for (name, left) in [("requests", self.of(Measure::Requests)), ("tokens", tokens)] {
            if let Some(Left { most, left, reset, .. }) = left {
                tell_kind(headers, name, *most, *left, &duration(*reset));
            }
        }
    }

    /// Anthropic's headers (its API reference, "Rate limits": "Response headers"). `now` is in milliseconds since 1970.
    pub fn tell_anthropics(&self, headers: &mut Headers, now: u64) {
        for (name, measure) in [
            ("requests", Measure::Requests),
            ("tokens", Measure::Tokens),
            ("input-tokens", Measure::Input),
            ("output-tokens", Measure::Output),
        ] {
            if let Some(Left { most, left, reset, .. }) = self.of(measure) {
                let mut tell = |what: &str, text: &str| {
                    headers.push(["anthropic-ratelimit-", name, "-", what].concat(), text);
                };
                tell("limit", &most.to_string());
                tell("remaining", &left.to_string());
                tell("reset", &moment(now.saturating_add(*reset)));
            }
        }
    }
}

/// OpenAI's three headers of one kind.
pub(super) fn tell_kind(headers: &mut Headers, kind: &str, most: u64, left: u64, reset: &str) {
    let (most, left) = (most.to_string(), left.to_string());
    for (what, text) in [("limit", most.as_str()), ("remaining", &left), ("reset", reset)] {
        headers.push(["x-ratelimit-", what, "-", kind].concat(), text);
    }
}

/// Whole seconds to wait, at least one.
pub fn seconds(milliseconds: u64) -> u64 {
    milliseconds.div_ceil(1_000).max(1)
}

/// The 403 for a model without a price, for a caller whose money is limited.
pub fn without_price() -> Error {
    let message = "It is limited what the requests of this API key may cost, and what this model costs is not known here.";
    Error::new(403, message).param("model").code("model_without_price")
}

/// The 429 for a request that would exceed a limit, in OpenAI's words; its `type` is `requests`, `tokens` or `cost`.
pub fn error(holder: &Holder, over: &Over) -> Error {
    let Over { limit, most, used, asked, wait } = over;
    let seconds = seconds(*wait);
    let who = match holder {
        Holder::Caller(name) => format!("'{name}'"),
        Holder::Team(name) => format!("team '{name}'"),
    };
    let money = matches!(limit, Some((Measure::Cost, _)));
    let is_used_up = used >= most;
    let number = |number: u64| if money { money_of(number) } else { number.to_string() };
    let (most, used, asked) = (number(*most), number(*used), number(*asked));
    let (beginning, end) = match (money, is_used_up) {
        (true, true) => ("Budget used up", "It begins anew"),
        (true, false) => {
            ("Too little left of the budget", "Ask for fewer tokens (max_tokens), or wait: it begins anew")
        }
        (false, _) => ("Rate limit reached", "Please try again"),
    };
    let message = format!(
        "{beginning} for {who} on {}: Limit {most}, Used {used}, Requested {asked}. {end} in {}.",
        name(*limit),
        duration(seconds.saturating_mul(1_000)),
    );
    let kind = match limit {
        None | Some((Measure::Requests, _)) => "requests",
        Some((Measure::Tokens | Measure::Input | Measure::Output, _)) => "tokens",
        Some((Measure::Cost, _)) => "cost",
    };
    let mut error = Error::new(429, message).kind(kind).code("rate_limit_exceeded");
    if seconds > WORTH_WAITING {
        error.should_retry = Some(false);
    }
    error
}

pub(super) fn name(limit: Option<(Measure, Span)>) -> String {
    let Some((measure, span)) = limit else { return "requests at once".to_owned() };
    let (what, short) = match measure {
        Measure::Requests => ("requests", Some("RP")),
        Measure::Tokens => ("tokens", Some("TP")),
        Measure::Input => ("input tokens", None),
        Measure::Output => ("output tokens", None),
        Measure::Cost => ("cost", None),
    };
    let (per, letter) = match span {
        Span::Minute => ("min", "M"),
        Span::Day => ("day", "D"),
        Span::Month => ("month", ""),
    };
    match short.filter(|_| !letter.is_empty()) {
        Some(short) => format!("{what} per {per} ({short}{letter})"),
        None => format!("{what} per {per}"),
    }
}

/// Millionths as a decimal number.
pub(super) fn money_of(millionths: u64) -> String {
    let rest = format!("{:06}", millionths % 1_000_000);
    let (cents, rest) = rest.split_at_checked(2).unwrap_or_default();
    format!("{}.{cents}{}", millionths / 1_000_000, rest.trim_end_matches('0'))
}

/// A duration as OpenAI writes it: `6ms`, `1s`, `1m2s`, `2h0m0s`; above one second in whole seconds, rounded up.
pub(super) fn duration(milliseconds: u64) -> String {
    if milliseconds < 1_000 {
        return if milliseconds == 0 { "0s".to_owned() } else { format!("{milliseconds}ms") };
    }
    let all = seconds(milliseconds);
    let (hours, minutes, seconds) = (all / 3_600, all / 60 % 60, all % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// A moment in RFC 3339, rounded up to the second.
fn moment(milliseconds: u64) -> String {
    let seconds = i64::try_from(milliseconds.div_ceil(1_000)).unwrap_or(i64::MAX);
    let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", at.hour(), at.minute(), at.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(limit: Option<(Measure, Span)>, wait: u64) -> Error {
        let over = Over { limit, most: 5_000_000, used: 4_980_000, asked: 1_234_567, wait };
        error(&Holder::Team("search".into()), &over)
    }

    #[test]
    fn who_goes_above_a_limit_is_told_which_and_when_to_come_again() {
        let tokens = over(Some((Measure::Tokens, Span::Minute)), 31_001);
        assert_eq!(
            tokens.message,
            "Rate limit reached for team 'search' on tokens per min (TPM): Limit 5000000, Used 4980000, Requested 1234567. Please try again in 32s."
        );
        assert_eq!((tokens.status, tokens.kind, tokens.code), (429, "tokens", Some("rate_limit_exceeded")));
        assert_eq!(tokens.should_retry, None);
        for (limit, kind, named) in [
            (Some((Measure::Requests, Span::Minute)), "requests", "on requests per min (RPM):"),
            (Some((Measure::Input, Span::Minute)), "tokens", "on input tokens per min:"),
            (Some((Measure::Output, Span::Minute)), "tokens", "on output tokens per min:"),
            (Some((Measure::Tokens, Span::Day)), "tokens", "on tokens per day (TPD):"),
            (Some((Measure::Tokens, Span::Month)), "tokens", "on tokens per month:"),
            (None, "requests", "on requests at once:"),
        ] {
            let error = over(limit, 1_000);
            assert_eq!((error.kind, error.code), (kind, Some("rate_limit_exceeded")), "{limit:?}");
            assert!(error.message.contains(named), "{}", error.message);
        }
    }

    #[test]
    fn money_is_a_budget_and_what_takes_hours_is_not_tried_again() {
        let error = over(Some((Measure::Cost, Span::Day)), 7_200_000);
        assert_eq!(
            error.message,
            "Too little left of the budget for team 'search' on cost per day: Limit 5.00, Used 4.98, Requested 1.234567. Ask for fewer tokens (max_tokens), or wait: it begins anew in 2h0m0s."
        );
        assert_eq!((error.kind, error.code), ("cost", Some("rate_limit_exceeded")));
        assert_eq!(error.should_retry, Some(false));
        assert_eq!(over(Some((Measure::Tokens, Span::Day)), 60_000).should_retry, None);
        assert_eq!(over(Some((Measure::Tokens, Span::Day)), 60_001).should_retry, Some(false));
    }

    #[test]
    fn durations_and_moments_are_as_the_apis_write_them() {
        for (milliseconds, text) in [
            (0, "0s"),
            (6, "6ms"),
            (999, "999ms"),
            (1_000, "1s"),
            (1_001, "2s"),
            (62_000, "1m2s"),
            (3_600_000, "1h0m0s"),
        ] {
            assert_eq!(duration(milliseconds), text);
        }
        assert_eq!(moment(1_801_353_600_001), "2027-01-31T00:00:01Z");
    }

    #[test]
    fn of_several_limits_of_a_kind_the_one_is_told_of_which_least_is_left() {
        let left = |measure, most, left| Left { measure, most, left, reset: 62_000 };
        let mut standing = Standing::default();
        standing.add(left(Measure::Requests, 10, 9));
        standing.add(left(Measure::Requests, 100, 3));
        standing.add(left(Measure::Output, 50, 50));
        standing.add(left(Measure::Input, 40, 7));
        let told = |standing: &Standing, anthropics| {
            let mut headers = Headers::default();
            if anthropics {
                standing.tell_anthropics(&mut headers, 1_801_353_600_000)
            } else {
                standing.tell(&mut headers)
            };
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            headers.iter().map(|(name, value)| format!("{}: {}", text(name), text(value))).collect::<Vec<_>>()
        };
        assert_eq!(
            told(&standing, false),
            [
                "x-ratelimit-limit-requests: 100",
                "x-ratelimit-remaining-requests: 3",
                "x-ratelimit-reset-requests: 1m2s",
                "x-ratelimit-limit-tokens: 40",
                "x-ratelimit-remaining-tokens: 7",
                "x-ratelimit-reset-tokens: 1m2s",
            ]
        );
        let told = told(&standing, true);
        assert_eq!(told.len(), 9);
        assert_eq!(told[2], "anthropic-ratelimit-requests-reset: 2027-01-31T00:01:02Z");
        assert_eq!(told[3], "anthropic-ratelimit-input-tokens-limit: 40");
        assert!(told.iter().all(|line| PREFIXES.iter().any(|prefix| line.starts_with(prefix))));
    }
}
