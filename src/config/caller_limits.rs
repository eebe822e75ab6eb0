//! `limits` of keys, identities and teams: how much they may use.

use crate::gateway::limits::{Limits, Measure, Span};

use super::values::{error, error_in};
use super::{Error, file};

/// Largest limit of money: beyond it a decimal number in a double is not exact to a millionth.
const MOST_MONEY: f64 = 9e9;

/// Reads the limits at `at`. `is_priced`: prices are configured, without which cost is unknown.
pub(super) fn caller_limits_of(
    written: &file::CallerLimits,
    is_priced: bool,
    at: &str,
) -> Result<Limits, Error> {
    let file::CallerLimits {
        requests_per_minute,
        tokens_per_minute,
        input_tokens_per_minute,
        output_tokens_per_minute,
        tokens_per_day,
        tokens_per_month,
        cost_per_day,
        cost_per_month,
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
    for (name, span, number) in
        [("cost_per_day", Span::Day, cost_per_day), ("cost_per_month", Span::Month, cost_per_month)]
    {
        if let Some(number) = number {
            let millionths = millionths_of(*number).map_err(|reason| error_in(at, name, reason))?;
            if !is_priced {
                return Err(error_in(
                    at,
                    name,
                    "needs 'prices': without any, nobody knows what a request costs",
                ));
            }
            most.push((Measure::Cost, span, millionths));
        }
    }
    let limits = Limits { most, parallel: *parallel };
    if limits.is_empty() {
        return Err(error(at, "has no limit: give at least one, or leave it out"));
    }
    Ok(limits)
}

/// Money in millionths, rounded to the nearest; or the error.
fn millionths_of(number: f64) -> Result<u64, &'static str> {
    let millionths = (number * 1e6).round();
    if !(number > 0.0 && millionths >= 1.0) {
        return Err("must be at least 0.000001: 'revoked' keeps a key out");
    }
    if number > MOST_MONEY {
        return Err("must be at most 9000000000");
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 1 and 9e15")]
    Ok(millionths as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::deserializer;
    use super::super::written::Written;
    use super::*;
    use crate::gateway::limits::NAMES;

    fn read(written: &Written) -> Result<Limits, Error> {
        caller_limits_of(&deserializer::read(written)?, true, "api_keys[0].limits")
    }

    fn of(written: Value) -> Result<Limits, Error> {
        read(&serde_json::from_value(written).unwrap())
    }

    #[test]
    fn each_limit_is_of_what_its_name_says() {
        let limits = of(json!({
            "requests_per_minute": 1, "tokens_per_minute": 2, "input_tokens_per_minute": 3, "output_tokens_per_minute": 4,
            "tokens_per_day": 5, "tokens_per_month": 6, "cost_per_day": 12.5, "cost_per_month": 0.1, "parallel": 9,
        }));
        let most = [
            (Measure::Requests, Span::Minute, 1),
            (Measure::Tokens, Span::Minute, 2),
            (Measure::Input, Span::Minute, 3),
            (Measure::Output, Span::Minute, 4),
            (Measure::Tokens, Span::Day, 5),
            (Measure::Tokens, Span::Month, 6),
            (Measure::Cost, Span::Day, 12_500_000),
            (Measure::Cost, Span::Month, 100_000),
        ];
        assert_eq!(limits, Ok(Limits { most: most.to_vec(), parallel: Some(9) }));
        let named = NAMES.map(|(_, measure, span)| (measure, span));
        assert_eq!(most.map(|(measure, span, _)| (measure, span)), named, "each has a name in metrics");
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
            "cost_per_day",
            "cost_per_month",
            "parallel",
        ];
        for name in names {
            for number in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
                let written = Written::Object(vec![(name.to_owned(), Written::Number(number))]);
                let path = read(&written).unwrap_err().path;
                // A number that is not whole is refused by the deserializer.
                assert!(path == format!("api_keys[0].limits.{name}") || path == name, "{path}: {number}");
            }
            // Envoy turns only decimal numbers into strings.
            let is_refused = of(json!({name: "1"})).is_err();
            assert!(of(json!({name: null})).is_err() && is_refused != name.starts_with("cost"), "{name}");
        }
        assert_eq!(of(json!({"tokens_per_hour": 1})).unwrap_err().path, "tokens_per_hour");
        assert_eq!(of(json!({})).unwrap_err().path, "api_keys[0].limits");
    }

    #[test]
    fn money_is_a_decimal_number_of_millionths_and_needs_prices() {
        let most = |number: f64| of(json!({"cost_per_day": number})).map(|limits| limits.most[0].2);
        for (number, millionths) in [
            (1e-6, 1),
            (0.1, 100_000),
            (0.29, 290_000),
            (12.5, 12_500_000),
            (1.234_567_8, 1_234_568),
            (9e9, 9_000_000_000_000_000),
        ] {
            assert_eq!(most(number), Ok(millionths), "{number}");
        }
        for number in [-0.0, 4e-7, -12.5, 9_000_000_001.0] {
            assert_eq!(most(number).unwrap_err().path, "api_keys[0].limits.cost_per_day", "{number}");
        }
        let written: Written = serde_json::from_value(json!({"cost_per_month": 1})).unwrap();
        let error = caller_limits_of(&deserializer::read(&written).unwrap(), false, "teams[0].limits");
        assert_eq!(error.unwrap_err().path, "teams[0].limits.cost_per_month");
    }
}
