//! Converts 429s of Envoy's own limiters behind the gateway role into this gateway's errors: `ratelimit`, which counts over all
//! proxies, and `local_ratelimit`, which counts the requests of one.

use super::told::{duration, money_of, name, tell_kind};
use super::{Measure, Span};
use crate::gateway::headers::Headers;
use crate::openai::Error;

/// Envoy's details of a limiter's local reply (Envoy documentation, "Response code details"), and the measure assumed where the
/// reply names no known limit.
const DETAILS: &[(&str, Measure)] =
    &[("request_rate_limited", Measure::Tokens), ("local_rate_limited", Measure::Requests)];

/// The header that both limiters add to their replies.
const RATE_LIMITED: &str = "x-envoy-ratelimited";

/// Limits by the names that envoy/limits.yaml and its rate limit services use.
const MEASURES: &[(&str, Measure)] = &[
    ("requests", Measure::Requests),
    ("tokens", Measure::Tokens),
    ("input_tokens", Measure::Input),
    ("output_tokens", Measure::Output),
    ("cost", Measure::Cost),
];
const SPANS: &[(&str, Span)] =
    &[("_per_minute", Span::Minute), ("_per_day", Span::Day), ("_per_month", Span::Month)];

/// A limiter's reply, converted.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The error.
    pub error: Error,
    /// Rate-limit headers beside it.
    pub headers: Headers,
}

/// Converts a limiter's reply, recognised by its headers and details; `None`: it is not one.
pub fn told(headers: &Headers, details: Option<&str>) -> Option<Told> {
    let known = DETAILS.iter().find(|(name, _)| details.is_some_and(|details| details.starts_with(name)));
    if known.is_none() && headers.value(RATE_LIMITED).is_none() {
        return None;
    }
    let limit = headers.text("x-ratelimit-limit").and_then(named);
    let measure = limit.map(|(measure, _)| measure).or(known.map(|(_, measure)| *measure));
    let kind = match measure {
        Some(Measure::Requests) => "requests",
        Some(Measure::Cost) => "cost",
        _ => "tokens",
    };
    let money = measure == Some(Measure::Cost);
    let (beginning, end) =
        if money { ("Budget used up", "It begins anew") } else { ("Rate limit reached", "Please try again") };
    let most = number(headers, "x-ratelimit-limit");
    let left = number(headers, "x-ratelimit-remaining").unwrap_or(0);
    // `local_ratelimit` sends 0, because its bucket refills continuously.
    let wait = number(headers, "x-ratelimit-reset").filter(|seconds| *seconds > 0);
    let mut told = Headers::default();
    let mut message =
        format!("{beginning} on {}", limit.map_or_else(|| kind.to_owned(), |limit| name(Some(limit))));
    if let Some(most) = most {
        let number = |number: u64| if money { money_of(number) } else { number.to_string() };
        message.push_str(&format!(": Limit {}, Remaining {}", number(most), number(left)));
        // OpenAI has such headers for requests and tokens only.
        if !money {
            tell_kind(&mut told, kind, most, left, &duration(wait.unwrap_or(1).saturating_mul(1_000)));
        }
    }
    let wait = wait.unwrap_or(1);
    message.push_str(&format!(". {end} in {}.", duration(wait.saturating_mul(1_000))));
    told.push("retry-after", wait.to_string());
    let error = Error::new(429, message).kind(kind).code("rate_limit_exceeded");
    if wait > 60 {
        told.push("x-should-retry", "false");
    }
    Some(Told { error, headers: told })
}

/// The number that a header begins with: `300, 300;w=60`.
fn number(headers: &Headers, name: &str) -> Option<u64> {
    let text = headers.text(name)?;
    text.split([',', ';']).next()?.trim().parse().ok()
}

/// The limit of which least is left, by the name that the service gives it: `x-ratelimit-limit` is its number, and then all that were asked
/// for (`3, 3;w=60;name="requests_per_minute", 300;w=60;name="tokens_per_minute"`). Of several of that number the first is taken.
fn named(text: &str) -> Option<(Measure, Span)> {
    let mut parts = text.split(',').map(str::trim);
    let number = parts.next()?;
    let mut of_number = parts.filter(|part| part.split(';').next() == Some(number));
    let name = of_number.next()?.split(';').find_map(|part| part.trim().strip_prefix("name="))?;
    let name = name.trim_matches('"');
    let (measure, span) = SPANS.iter().find_map(|(end, span)| Some((name.strip_suffix(end)?, *span)))?;
    MEASURES.iter().find_map(|(name, found)| (*name == measure).then_some((*found, span)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(headers: &Headers) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        headers.iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    #[test]
    fn a_limit_of_envoys_is_told_in_openais_words() {
        let headers: Headers = [
            (":status", "429"),
            ("x-envoy-ratelimited", "true"),
            ("x-ratelimit-limit", "300, 300;w=60"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "58"),
        ]
        .into_iter()
        .collect();
        let Told { error, headers } = told(&headers, Some("request_rate_limited")).unwrap();
        assert_eq!((error.kind, error.code), ("tokens", Some("rate_limit_exceeded")));
        assert_eq!(
            error.message,
            "Rate limit reached on tokens: Limit 300, Remaining 0. Please try again in 58s."
        );
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            text(&headers),
            [
                pair("x-ratelimit-limit-tokens", "300"),
                pair("x-ratelimit-remaining-tokens", "0"),
                pair("x-ratelimit-reset-tokens", "58s"),
                pair("retry-after", "58"),
            ]
        );
    }

    #[test]
    fn the_limit_is_told_of_which_least_is_left_by_the_name_that_the_service_gives_it() {
        for (limit, kind, message) in [
            (
                r#"3, 300;w=60;name="tokens_per_minute", 3;w=60;name="requests_per_minute""#,
                "requests",
                "Rate limit reached on requests per min (RPM): Limit 3, Remaining 0. Please try again in 58s.",
            ),
            (
                r#"300, 300;w=86400;name="output_tokens_per_day", 3;w=60;name="requests_per_minute""#,
                "tokens",
                "Rate limit reached on output tokens per day: Limit 300, Remaining 0. Please try again in 58s.",
            ),
            (
                r#"5000000, 5000000;w=2592000;name="cost_per_month""#,
                "cost",
                "Budget used up on cost per month: Limit 5.00, Remaining 0.00. It begins anew in 58s.",
            ),
            (
                r#"7, 7;w=60;name="somebody_elses""#,
                "tokens",
                "Rate limit reached on tokens: Limit 7, Remaining 0. Please try again in 58s.",
            ),
        ] {
            let sent: Headers = [
                ("x-envoy-ratelimited", "true"),
                ("x-ratelimit-limit", limit),
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-reset", "58"),
            ]
            .into_iter()
            .collect();
            let Told { error, headers } = told(&sent, Some("request_rate_limited")).unwrap();
            assert_eq!((error.kind, error.code), (kind, Some("rate_limit_exceeded")), "{limit}");
            assert_eq!(error.message, message);
            assert_eq!(headers.text("retry-after"), Some("58"));
            assert_eq!(headers.text("x-ratelimit-limit-cost"), None);
        }
    }

    #[test]
    fn one_without_numbers_is_told_as_well_and_another_429_is_not() {
        let status: Headers = [(":status", "429")].into_iter().collect();
        let Told { error, headers } = told(&status, Some("local_rate_limited")).unwrap();
        assert_eq!(error.message, "Rate limit reached on requests. Please try again in 1s.");
        assert_eq!((error.kind, text(&headers).len()), ("requests", 1));
        assert_eq!(told(&status, Some("via_upstream")), None);
        assert_eq!(told(&status, None), None);
        let hours: Headers =
            [("x-envoy-ratelimited", "true"), ("x-ratelimit-reset", "7200")].into_iter().collect();
        let Told { error, headers } = told(&hours, None).unwrap();
        assert!(error.message.ends_with("Please try again in 2h0m0s."));
        assert_eq!(headers.text("x-should-retry"), Some("false"));
    }
}
