//! Warns about settings that are allowed but hardly intended, one log line each when the configuration is loaded.

use crate::bedrock::model_id::{base_model, is_bedrock_id};
use crate::gateway::models::Models;
use crate::translate::fit::family::{self, Cache};

use super::values::{error_in, inside, item};
use super::{Config, Error, file};

/// Shortest key without a warning: shorter ones can be guessed, because hashes are unsalted.
const KEY_CHARACTERS: usize = 16;

/// Names under which moderations can be requested: the guardrail's own, and the beginnings of OpenAI's.
const OF_MODERATIONS: &[&str] = &["guardrail", "omni-moderation", "text-moderation"];

/// The warnings about these keys, given these models.
pub(super) fn of(keys: &[file::ApiKey], models: &Models) -> Vec<Error> {
    let mut warnings = Vec::new();
    for (at, file::ApiKey { key, models: patterns, .. }) in keys.iter().enumerate() {
        let at = &item("api_keys", at);
        if key.as_ref().is_some_and(|key| key.trim().chars().count() < KEY_CHARACTERS) {
            let reason = "is shorter than 16 characters and can be guessed; make it long and random";
            warnings.push(error_in(at, "key", reason));
        }
        for (index, pattern) in patterns.iter().flatten().enumerate() {
            if !may_fit(pattern, models) {
                let reason = "fits no name in 'models' and no id of Bedrock's: it gives no right";
                warnings.push(super::values::error(item(&inside(at, "models"), index), reason));
            }
        }
    }
    warnings
}

/// The warnings about the prices of models that cache: without prices of their own, tokens of the cache count as any input.
pub(super) fn of_prices(written: &[file::Price], config: &Config) -> Vec<Error> {
    let targets = || config.models.named.iter().flat_map(|model| &model.targets);
    let mut warnings = Vec::new();
    for (at, file::Price { pattern, cache_read, cache_write, .. }) in written.iter().enumerate() {
        let Some(pattern) = pattern else { continue };
        let begins_family = family::known(base_model(pattern.trim_end_matches('*')));
        let is_of_target = |id: &str| {
            let price = config.prices.of_model(id, config.options.known_as(id));
            price.is_some_and(|price| price.pattern == *pattern)
        };
        let caches = begins_family.is_some_and(|family| family.cache != Cache::No)
            || targets().any(|target| {
                config.options.rules(&target.id, None, None).capabilities.cache != Cache::No
                    && is_of_target(&target.id)
            });
        let missing = match (cache_read, cache_write) {
            (None, _) => "cache_read",
            (_, None) => "cache_write",
            _ => continue,
        };
        if caches {
            let reason = "is missing, and the model caches: what is read from its cache and written to it counts as any \
                          input unless 'cache_read' and 'cache_write' are both there";
            warnings.push(error_in(&item("prices", at), missing, reason));
        }
    }
    warnings
}

/// Whether a pattern may match some model.
fn may_fit(pattern: &str, models: &Models) -> bool {
    let Some(beginning) = pattern.strip_suffix('*') else {
        return models.named.iter().any(|model| model.name == pattern)
            || is_bedrock_id(pattern)
            || OF_MODERATIONS.iter().any(|name| pattern.starts_with(name));
    };
    models.named.iter().any(|model| model.name.starts_with(beginning))
        || OF_MODERATIONS.iter().any(|name| name.starts_with(beginning) || beginning.starts_with(name))
        || begins_id(beginning)
}

/// Whether an id may begin so: with `arn:`, or with a provider or profile prefix up to the first dot.
fn begins_id(beginning: &str) -> bool {
    if "arn:aws".starts_with(beginning) || beginning.starts_with("arn:aws") {
        return true;
    }
    let is_provider = |first: &str| first.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    match beginning.split_once('.') {
        Some(("us-gov", _)) => true,
        Some((first, _)) => !first.is_empty() && is_provider(first),
        None => is_provider(beginning) || "us-gov".starts_with(beginning),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    /// The paths of the warnings.
    fn warned(key: &str, models: &str) -> Vec<String> {
        let text = format!(
            r#"{{"api_keys":[{{"name":"a","key":"{key}","models":{models}}}],"credentials":{{"bearer_token":"t"}},
                "models":[{{"name":"gpt-4o","model":"a.b"}}],"default_model":"gpt-4o"}}"#
        );
        let config = Config::load(text.as_bytes(), |_| None).unwrap();
        config.warnings.into_iter().map(|warning| warning.path).collect()
    }

    #[test]
    fn a_short_key_is_warned_of() {
        assert_eq!(warned("k", "[]"), ["api_keys[0].key"]);
        assert_eq!(warned("0123456789abcde", "[]"), ["api_keys[0].key"]);
        assert!(warned("0123456789abcdef", "[]").is_empty());
    }

    #[test]
    fn a_price_without_the_caches_is_warned_of_where_the_model_caches() {
        let warned = |price: &str| {
            let text = format!(
                r#"{{"api_keys":[{{"name":"a","key":"0123456789abcdef"}}],"credentials":{{"bearer_token":"t"}},
                    "models":[{{"name":"a","model":"us.amazon.nova-pro-v1:0"}}],"default_model":"a",
                    "prices":[{{{price},"input":1}}]}}"#
            );
            let config = Config::load(text.as_bytes(), |_| None).unwrap();
            config.warnings.into_iter().map(|warning| warning.path).collect::<Vec<_>>()
        };
        for pattern in
            ["anthropic.claude-sonnet-4-5*", "us.anthropic.claude-opus-5", "amazon.nova-*", "amazon.*", "*"]
        {
            assert_eq!(warned(&format!(r#""pattern":"{pattern}""#)), ["prices[0].cache_read"], "{pattern}");
        }
        assert_eq!(warned(r#""pattern":"*","cache_read":0.1"#), ["prices[0].cache_write"]);
        assert!(warned(r#""pattern":"*","cache_read":0.1,"cache_write":1"#).is_empty());
        for pattern in ["meta.*", "anthropic.claude-3-haiku*", "amazon.titan-embed-text-v2*"] {
            assert!(warned(&format!(r#""pattern":"{pattern}""#)).is_empty(), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_that_fits_nothing_is_warned_of() {
        let warned = |pattern: &str| !warned("0123456789abcdef", &format!("[\"{pattern}\"]")).is_empty();
        for pattern in ["gpt-4", "gpt-5*", "fsat", "text-embedding-3-small", "Amazon*", "claude-*", ".*"] {
            assert!(warned(pattern), "{pattern}");
        }
        for pattern in [
            "gpt-4o",
            "gpt-*",
            "*",
            "amazon*",
            "amazon.*",
            "us.amazon.*",
            "us-gov.*",
            "us-*",
            "a.b",
            "arn:*",
            "arn:aws:bedrock:us-east-1:*",
            "omni-moderation-latest",
            "guardrail",
        ] {
            assert!(!warned(pattern), "{pattern}");
        }
    }
}
