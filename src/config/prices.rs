//! `prices`: the price of a million tokens, by model.

use crate::record::prices::{Price, Prices};

use super::Error;
use super::file;
use super::values::{error, error_in, item, missing};

pub(super) fn prices_of(written: &[file::Price]) -> Result<Prices, Error> {
    let mut prices: Vec<Price> = Vec::with_capacity(written.len());
    for (at, file::Price { pattern, input, output, cache_read, cache_write }) in written.iter().enumerate() {
        let at = &item("prices", at);
        let pattern = pattern.as_ref().ok_or_else(|| error(at, missing("pattern")))?;
        let is_inside = |star: usize| star.saturating_add(1) < pattern.len();
        if pattern.trim().is_empty() || pattern.find('*').is_some_and(is_inside) {
            return Err(error_in(
                at,
                "pattern",
                "must be a Bedrock model id, or its beginning with '*' at the end",
            ));
        }
        if prices.iter().any(|other| other.pattern == *pattern) {
            return Err(error_in(at, "pattern", "must not be another price's"));
        }
        let price = |name: &str, written: f64| {
            let is_price = written.is_finite() && written >= 0.0;
            if is_price {
                Ok(written)
            } else {
                Err(error_in(at, name, "must be a number that is not below 0"))
            }
        };
        let input = price("input", input.ok_or_else(|| error(at, missing("input")))?)?;
        prices.push(Price {
            pattern: pattern.clone(),
            input,
            output: price("output", output.unwrap_or(0.0))?,
            cache_read: price("cache_read", cache_read.unwrap_or(input))?,
            cache_write: price("cache_write", cache_write.unwrap_or(input))?,
        });
    }
    Ok(Prices(prices))
}
