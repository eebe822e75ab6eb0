//! What Envoy's own limiters tell behind the gateway role, in the words of ours: `ratelimit`, which counts tokens for all proxies, and
//! `local_ratelimit`, which counts requests of one.

use super::told::{duration, tell_kind};
use crate::gateway::headers::Headers;
use crate::openai::Error;

/// What Envoy calls an answer of one of its limiters (Envoy documentation, "Response code details"), and of what it is.
const DETAILS: &[(&str, &str)] = &[("request_rate_limited", "tokens"), ("local_rate_limited", "requests")];

/// What both say of an answer of theirs.
const RATE_LIMITED: &str = "x-envoy-ratelimited";

/// An answer of theirs, told anew.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Its body.
    pub error: Error,
    /// What is told beside it.
    pub headers: Headers,
}

/// An answer of theirs by its headers and what Envoy calls it; `None`: it is another's.
pub fn told(headers: &Headers, details: Option<&str>) -> Option<Told> {
    let known = DETAILS.iter().find(|(name, _)| details.is_some_and(|details| details.starts_with(name)));
    if known.is_none() && headers.value(RATE_LIMITED).is_none() {
        return None;
    }
    let kind = known.map_or("tokens", |(_, kind)| kind);
    let most = number(headers, "x-ratelimit-limit");
    let left = number(headers, "x-ratelimit-remaining").unwrap_or(0);
    // `local_ratelimit` says 0: its bucket fills all the time.
    let wait = number(headers, "x-ratelimit-reset").filter(|seconds| *seconds > 0);
    let mut told = Headers::default();
    let mut message = format!("Rate limit reached on {kind}");
    if let Some(most) = most {
        message.push_str(&format!(": Limit {most}, Remaining {left}"));
        tell_kind(&mut told, kind, most, left, &duration(wait.unwrap_or(1).saturating_mul(1_000)));
    }
    let wait = wait.unwrap_or(1);
    message.push_str(&format!(". Please try again in {}.", duration(wait.saturating_mul(1_000))));
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
