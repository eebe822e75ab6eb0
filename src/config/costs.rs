//! Checks prices where callers are limited in money: each model that one of them may use must have a price.

use crate::gateway::attribution::is_application_profile;
use crate::gateway::callers::Caller;
use crate::gateway::models::StandIn;
use crate::gateway::targets::GUARDRAIL;

use super::values::{error, error_in};
use super::{Config, Error, file, models};

/// Refuses a configured model without a price, if a caller limited in money may use it. Models that are not configured are
/// checked at the request.
pub(super) fn check(written: &[file::Target], config: &Config) -> Result<(), Error> {
    let limited: Vec<&Caller> =
        config.keys.callers.all().iter().filter(|caller| caller.policy.counts_cost()).collect();
    let user = |name: Option<&str>, ids: &[&str]| {
        limited.iter().find(|caller| caller.may_use(name, ids.iter().copied()))
    };
    if limited.is_empty() {
        return Ok(());
    }
    for (at, model, target) in models::targets_of_models(written, &config.models) {
        let ids: Vec<&str> = model.targets.iter().map(|target| target.id.as_str()).collect();
        if !config.is_priced(&target.id)
            && !is_found_later(config, &target.id)
            && let Some(caller) = user(Some(&model.name), &ids)
        {
            return Err(error_in(&at, "model", &reason(caller)));
        }
    }
    let models = &config.models;
    for (field, stand_in) in [
        ("default_model", &models.default),
        ("fallback_model", &models.fallback),
        ("default_embedding_model", &models.default_embedding),
    ] {
        if let Some(StandIn::Id(id)) = stand_in
            && !config.is_priced(id)
            && !is_found_later(config, id)
            && let Some(caller) = user(None, &[id])
        {
            return Err(error(field, reason(caller)));
        }
    }
    Ok(())
}

/// Whether discovery may yet find the models behind a profile, and with them a price; also true for a guardrail.
fn is_found_later(config: &Config, id: &str) -> bool {
    (config.discover.is_some() && is_application_profile(id)) || id == GUARDRAIL
}

fn reason(caller: &Caller) -> String {
    format!("has no price in 'prices', and '{}' may use it and is limited in money", caller.name)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::config::Config;

    /// The path that is refused, with a price for Nova and these changes.
    fn refused(changes: Value) -> Option<String> {
        let mut all = json!({
            "api_keys": [{"name": "a", "key": "k", "limits": {"cost_per_day": 1}}, {"name": "b", "key": "l"}],
            "credentials": {"bearer_token": "t"},
            "prices": [{"pattern": "amazon.nova*", "input": 1}],
            "models": [{"name": "nova", "model": "us.amazon.nova-pro-v1:0"}],
        });
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        Config::load(all.to_string().as_bytes(), |_| None).err().map(|error| error.path)
    }

    #[test]
    fn a_model_that_somebody_may_use_who_is_limited_in_money_needs_a_price() {
        let claude = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
        let profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/x";
        let key = |more: Value| {
            let mut key = json!({"name": "a", "key": "k", "limits": {"cost_per_month": 1}});
            key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!([key, {"name": "b", "key": "l"}])
        };
        let models =
            json!([{"name": "nova", "model": "amazon.nova-pro-v1:0"}, {"name": "claude", "model": claude}]);
        let targets =
            json!([{"name": "both", "targets": [{"model": "amazon.nova-pro-v1:0"}, {"model": claude}]}]);
        for (changes, path) in [
            (json!({}), None),
            (json!({"models": models}), Some("models[1].model")),
            (json!({"models": targets}), Some("models[0].targets[1].model")),
            (json!({"default_model": claude}), Some("default_model")),
            (json!({"fallback_model": claude}), Some("fallback_model")),
            (json!({"default_embedding_model": "cohere.embed-v4:0"}), Some("default_embedding_model")),
            (json!({"models": [{"name": "p", "model": profile}]}), Some("models[0].model")),
            // The model behind the profile is configured or will be discovered.
            (
                json!({"models": [{"name": "p", "model": profile, "capabilities": {"like": "amazon.nova-pro-v1:0"}}]}),
                None,
            ),
            (json!({"models": [{"name": "p", "model": profile}], "discover": {"cluster": "c"}}), None),
            // A caller who may not use the model is not affected by it.
            (json!({"models": models, "api_keys": key(json!({"models": ["nova"]}))}), None),
            (
                json!({"models": models, "api_keys": key(json!({"models": ["claude"]}))}),
                Some("models[1].model"),
            ),
            (json!({"default_model": claude, "api_keys": key(json!({"models": ["nova"]}))}), None),
            // A team's limit applies to each of its callers; a team without callers has none.
            (
                json!({"models": models, "teams": [{"name": "t", "limits": {"cost_per_day": 1}}],
                    "api_keys": [{"name": "a", "key": "k", "team": "t"}]}),
                Some("models[1].model"),
            ),
            (
                json!({"models": models, "teams": [{"name": "t", "limits": {"cost_per_day": 1}}],
                    "api_keys": [{"name": "a", "key": "k"}]}),
                None,
            ),
            (json!({"prices": []}), Some("api_keys[0].limits.cost_per_day")),
        ] {
            assert_eq!(refused(changes.clone()).as_deref(), path, "{changes}");
        }
    }
}
