//! Prices of tokens, by model.

use super::usage::Usage;
use crate::bedrock::model_id::base_model;

/// The price of a million tokens of a model, in any currency.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// Bedrock's id, with or without a profile's prefix; `*` at the end stands for any rest.
    pub pattern: String,
    /// Input that was neither read from nor written to the prompt cache.
    pub input: f64,
    /// Output.
    pub output: f64,
    /// Input that was read from the prompt cache.
    pub cache_read: f64,
    /// Input that was written to the prompt cache.
    pub cache_write: f64,
}

/// All prices.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices(pub Vec<Price>);

/// The highest price of a token, in millionths of the prices' currency.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// Of an input token, cached or not.
    pub input: f64,
    /// Of an output token.
    pub output: f64,
}

/// Largest sum: up to here `f64` holds whole numbers exactly.
const MOST: f64 = 9_007_199_254_740_992.0;

/// Millionths, rounded up, but for floating-point error.
fn up(cost: f64) -> u64 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 2^53")]
    {
        (cost - 1e-6).ceil().clamp(0.0, MOST) as u64
    }
}

impl Rate {
    /// The highest cost of so many tokens, in millionths, rounded up.
    pub fn micros(&self, input: u64, output: u64) -> u64 {
        #[allow(clippy::cast_precision_loss, reason = "below 2^53, or beyond all money")]
        let cost = input as f64 * self.input + output as f64 * self.output;
        up(cost)
    }
}

impl Prices {
    /// The highest price among these models: each given by Bedrock's id and the id of the model behind it. `None`: one of them
    /// has no price, or there are none.
    pub fn dearest<'i>(&self, models: impl IntoIterator<Item = (&'i str, &'i str)>) -> Option<Rate> {
        let mut dearest = None;
        for (model, known_as) in models {
            let Price { input, output, cache_read, cache_write, .. } = self.of_model(model, known_as)?;
            let Rate { input: known, output: known_output } = dearest.unwrap_or_default();
            let input = [*input, *cache_read, *cache_write].into_iter().fold(known, f64::max);
            dearest = Some(Rate { input, output: output.max(known_output) });
        }
        dearest
    }

    /// The cost of a model's tokens in millionths of the prices' currency, rounded up, so that a small cost is not zero.
    /// `model` is Bedrock's id as it was called; `known_as` is the id of the model behind it, for ids that do not name one.
    /// `None`: it has no price.
    pub fn cost_micros(&self, model: &str, known_as: &str, usage: &Usage) -> Option<u64> {
        let price = self.of_model(model, known_as)?;
        let cached = usage.prompt_tokens_details.unwrap_or_default();
        let beside = cached.cached_tokens.saturating_add(cached.cache_write_tokens);
        let parts = [
            (usage.prompt_tokens.saturating_sub(beside), price.input),
            (cached.cached_tokens, price.cache_read),
            (cached.cache_write_tokens, price.cache_write),
            (usage.completion_tokens, price.output),
        ];
        // A price per million tokens is as many millionths per token.
        #[allow(clippy::cast_precision_loss, reason = "below 2^53, or beyond all money")]
        let cost: f64 = parts.into_iter().map(|(tokens, price)| tokens as f64 * price).sum();
        Some(up(cost))
    }

    /// A model's price, by the ids of [`Self::cost_micros`].
    pub fn of_model(&self, model: &str, known_as: &str) -> Option<&Price> {
        self.of(&[model, base_model(model), known_as, base_model(known_as)])
    }

    /// The price of the longest pattern that fits any of these names.
    fn of(&self, names: &[&str]) -> Option<&Price> {
        let fits = |pattern: &str, name: &str| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => pattern == name,
        };
        let fits = |price: &&Price| names.iter().any(|name| fits(&price.pattern, name));
        self.0.iter().filter(fits).max_by_key(|price| price.pattern.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openai::completion::PromptTokensDetails;

    fn price(pattern: &str, input: f64, output: f64) -> Price {
        Price { pattern: pattern.into(), input, output, cache_read: input / 10.0, cache_write: input * 1.25 }
    }

    #[test]
    fn each_kind_of_tokens_has_its_price_and_the_longest_pattern_holds() {
        let prices = Prices(vec![
            price("*", 1.0, 2.0),
            price("anthropic.claude-sonnet-4*", 3.0, 15.0),
            price("global.anthropic.claude-sonnet-4-5-v1:0", 2.0, 10.0),
        ]);
        let usage = Usage {
            prompt_tokens: 1_000,
            completion_tokens: 100,
            total_tokens: 1_100,
            prompt_tokens_details: Some(PromptTokensDetails { cached_tokens: 400, cache_write_tokens: 200 }),
            ..Usage::default()
        };
        let cost = |id: &str, known_as: &str| prices.cost_micros(id, known_as, &usage);
        // 400 × 3 + 400 × 0.3 + 200 × 3.75 + 100 × 15
        assert_eq!(cost("us.anthropic.claude-sonnet-4-5-v1:0", ""), Some(3_570));
        assert_eq!(cost("global.anthropic.claude-sonnet-4-5-v1:0", ""), Some(2_380));
        let none = Prices(prices.0[1..].to_vec());
        assert_eq!(none.cost_micros("amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0", &usage), None);
        let profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/x";
        assert_eq!(none.cost_micros(profile, "anthropic.claude-sonnet-4-5-v1:0", &usage), Some(3_570));
        let most = Usage { completion_tokens: u64::MAX, ..Usage::default() };
        assert_eq!(prices.cost_micros("x", "x", &most), Some(1 << 53));
        assert_eq!(prices.cost_micros("x", "x", &Usage::default()), Some(0));
        let read = |price_of_input: f64, prompt_tokens: u64| {
            let usage = Usage { prompt_tokens, ..Usage::default() };
            Prices(vec![price("*", price_of_input, 0.0)]).cost_micros("x", "x", &usage)
        };
        assert_eq!(
            [read(0.02, 1), read(0.1, 30), read(0.3, 10), read(0.02, 51)],
            [Some(1), Some(3), Some(3), Some(2)]
        );
    }

    #[test]
    fn of_several_models_each_kind_of_tokens_has_its_dearest_price() {
        let prices = Prices(vec![price("a.long", 3.0, 4.0), price("a.wide", 1.0, 15.0)]);
        let rate = prices.dearest([("us.a.long", ""), ("a.wide", "")]).unwrap();
        // All input might be written to the cache.
        assert_eq!(rate, Rate { input: 3.75, output: 15.0 });
        assert_eq!((rate.micros(2, 1), rate.micros(1, 0), rate.micros(0, 0)), (23, 4, 0));
        assert_eq!(rate.micros(u64::MAX, u64::MAX), 1 << 53);
        assert_eq!(prices.dearest([("a.long", "a.long"), ("a.none", "a.none")]), None, "one has no price");
        assert_eq!(prices.dearest([("arn:x", "a.wide")]), Some(Rate { input: 1.25, output: 15.0 }));
        assert_eq!(prices.dearest([]), None);
        let free = Prices(vec![price("*", 0.0, 0.0)]);
        assert_eq!(free.dearest([("a.b", "")]).map(|rate| rate.micros(9, 9)), Some(0));
    }
}
