//! `limits` of keys, identities and teams: how much they may ask.

use crate::gateway::limits::{Limits, Measure, Span};

use super::values::{error, error_in};
use super::{Error, file};

/// What is written at `at`.
pub(super) fn caller_limits_of(written: &file::CallerLimits, at: &str) -> Result<Limits, Error> {
    let file::CallerLimits {
        requests_per_minute,
        tokens_per_minute,
        input_tokens_per_minute,
        output_tokens_per_minute,
        tokens_per_day,
        tokens_per_month,
        parallel,
    } = written;
    let mut most = Vec::new();
    for (name, measure, span, number) in [
        ("requests_per_minute", Measure::Requests, Span::Minute, *requests_per_minute),
        ("tokens_per_minute", Measure::Tokens, Span::Minute, *tokens_per_minute),
        ("input_tokens_per_minute", Measure::Input, Span::Minute, *input_tokens_per_minute),
        ("output_tokens_per_minute", Measure::Output, Span::Minute, *output_tokens_per_minute),
        ("tokens_per_day", Measure::Tokens, Span::Day, *tokens_per_day),
        ("tokens_per_month", Measure::Tokens, Span::Month, *tokens_per_month),
        ("parallel", Measure::Requests, Span::Minute, parallel.map(u64::from)),
    ] {
        match number {
            Some(0) => return Err(error_in(at, name, "must be at least 1: 'revoked' keeps a key out")),
            Some(number) if name != "parallel" => most.push((measure, span, number)),
            _ => {}
        }
    }
    let limits = Limits { most, parallel: *parallel };
    if limits.is_empty() {
        return Err(error(at, "has no limit: give at least one, or leave it out"));
    }
    Ok(limits)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::deserializer;
    use super::super::written::Written;
    use super::*;

    fn read(written: &Written) -> Result<Limits, Error> {
        caller_limits_of(&deserializer::read(written)?, "api_keys[0].limits")
    }

    fn of(written: Value) -> Result<Limits, Error> {
        read(&serde_json::from_value(written).unwrap())
    }

    #[test]
    fn each_limit_is_of_what_its_name_says() {
        let limits = of(json!({
            "requests_per_minute": 1, "tokens_per_minute": 2, "input_tokens_per_minute": 3, "output_tokens_per_minute": 4,
            "tokens_per_day": 5, "tokens_per_month": 6, "parallel": 9,
        }));
        let most = [
            (Measure::Requests, Span::Minute, 1),
            (Measure::Tokens, Span::Minute, 2),
            (Measure::Input, Span::Minute, 3),
            (Measure::Output, Span::Minute, 4),
            (Measure::Tokens, Span::Day, 5),
            (Measure::Tokens, Span::Month, 6),
        ];
        assert_eq!(limits, Ok(Limits { most: most.to_vec(), parallel: Some(9) }));
    }

    #[test]
    fn limits_of_zero_or_less_or_of_no_number_are_refused_by_their_path() {
        let names = [
            "requests_per_minute",
            "tokens_per_minute",
            "input_tokens_per_minute",
            "output_tokens_per_minute",
            "tokens_per_day",
            "tokens_per_month",
            "parallel",
        ];
        for name in names {
            for number in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
                let written = Written::Object(vec![(name.to_owned(), Written::Number(number))]);
                let path = read(&written).unwrap_err().path;
                // What is no whole number is told by whoever reads it.
                assert!(path == format!("api_keys[0].limits.{name}") || path == name, "{path}: {number}");
            }
            assert!(of(json!({name: null})).is_err() && of(json!({name: "1"})).is_err(), "{name}");
        }
        assert_eq!(of(json!({"tokens_per_hour": 1})).unwrap_err().path, "tokens_per_hour");
        assert_eq!(of(json!({})).unwrap_err().path, "api_keys[0].limits");
    }
}
