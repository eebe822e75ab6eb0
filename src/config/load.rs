//! Turns the written configuration into the one that the code uses.

use std::rc::Rc;

use crate::aws::endpoint::Variant;
use crate::aws::source::Account;
use crate::bedrock::reach::Reach;
use crate::gateway::attribution;
use crate::gateway::models::Models;
use crate::gateway::targets::Backend;
use crate::translate::Options;

use super::caller_accounts::Accounts;
use super::credentials::account;
use super::deserializer;
use super::discover::discover_of;
use super::expand::expand;
use super::families::families_of;
use super::fan_out::fan_out_of;
use super::file::{self, File};
use super::images::images_of;
use super::keys::keys;
use super::limits::limits_of;
use super::lists::{betas, forwarded, prefixes_of};
use super::model_options::guardrail_of;
use super::models::{self, Loaded};
use super::policy::Given;
use super::prices::prices_of;
use super::reasoning_memory::reasoning_memory_of;
use super::regions::regions_of;
use super::techniques::techniques_of;
use super::values::{error, error_in, host_of, inside, item, region_of};
use super::written::Written;
use super::{Config, Error, Upstream, costs, structure, warnings};

const REGION: &str = "us-east-1";
/// Default: most series of metrics on a worker.
const METRIC_SERIES: usize = 10_000;

pub(super) fn load(text: &[u8], variable: &dyn Fn(&str) -> Option<String>) -> Result<Config, Error> {
    if text.trim_ascii().is_empty() {
        return Err(error("", "there is none; at least 'api_keys' and 'credentials' are needed"));
    }
    let mut written = read(text)?;
    expand(&mut written, variable)?;
    let File {
        prefixes,
        api_keys,
        teams,
        identities,
        models,
        families,
        prices,
        default_model,
        fallback_model,
        default_embedding_model,
        region,
        regions,
        endpoint,
        fips,
        dual_stack,
        cluster,
        credentials,
        unsupported_parameters,
        guardrail,
        automatic_caching,
        anthropic_betas,
        forward_headers,
        limits,
        images,
        discover,
        fan_out,
        techniques,
        reasoning_memory,
        metrics,
    } = &deserializer::read(&written)?;

    let region = region_of(region.as_deref().unwrap_or(REGION), "region")?;
    let limits = limits_of(limits.as_ref())?;
    let accounts =
        vec![account(credentials.as_ref().unwrap_or(&file::Credentials::default()), &region, "credentials")?];
    let written_models = models.as_deref().unwrap_or_default();
    let families = families_of(families.as_deref().unwrap_or_default())?;
    let Loaded { models, options: model_options, accounts } = models::load(
        written_models,
        &families,
        [default_model, fallback_model, default_embedding_model],
        accounts,
        &region,
    )?;
    let taken: Vec<&String> =
        models.targets().filter_map(|target| target.cluster.as_ref()).chain(cluster).collect();
    for Account { name, source, sign: _ } in &accounts {
        // The filter would be called from within its own HTTP call, where it cannot answer.
        if source.clusters().into_iter().any(|own| taken.iter().any(|taken| *taken == own)) {
            return Err(error(name, "its cluster is Bedrock's too: the filter is in its way"));
        }
    }
    let techniques = techniques.as_ref().map(techniques_of).transpose()?.map(Rc::new);
    let elsewhere =
        techniques.as_ref().and_then(|techniques| techniques.upstream.clone()).unwrap_or_default();
    let callers = Accounts::new(usual(&accounts)?, &region, &taken, accounts.len());
    let written_prices = prices.as_deref().unwrap_or_default();
    let prices = prices_of(written_prices)?;
    let keys = keys(
        api_keys.as_deref().unwrap_or_default(),
        teams.as_deref().unwrap_or_default(),
        &Given { elsewhere: &elsewhere.names, accounts: &callers, is_priced: !prices.0.is_empty() },
        identities.as_deref().unwrap_or_default(),
    )?;
    let callers = callers.into_accounts();
    let accounts = accounts.into_iter().chain(callers).collect();
    let upstream = Upstream {
        region,
        regions: None,
        host: endpoint.as_ref().map(|endpoint| host_of(endpoint, "endpoint")).transpose()?,
        variant: Variant { fips: fips.unwrap_or(false), dual_stack: dual_stack.unwrap_or(false) },
        cluster: cluster.clone(),
        accounts,
    };
    let discover =
        discover.as_ref().map(|written| discover_of(written, &upstream, &taken)).transpose()?.flatten();
    let warnings = warnings::of(api_keys.as_deref().unwrap_or_default(), &models);
    let reachable = regions_of(regions.as_deref(), written_models, &models, &upstream)?;
    let upstream = Upstream { regions: regions.as_ref().map(|_| reachable.clone()), ..upstream };
    let mut config = Config {
        prefixes: prefixes_of(prefixes.as_deref())?,
        keys,
        models: Models {
            name_bytes: limits.model_name_bytes,
            regions: reachable,
            region: upstream.region.as_str().to_owned(),
            ..models
        },
        upstream,
        options: Options {
            unsupported: unsupported_parameters.map(Into::into).unwrap_or_default(),
            limits: limits.translation,
            guardrail: guardrail.as_ref().map(|written| guardrail_of(written, "guardrail")).transpose()?,
            automatic_caching: *automatic_caching,
            anthropic_betas: betas(anthropic_betas.as_deref().unwrap_or_default())?,
            families,
            models: model_options,
            discovered: Rc::default(),
        },
        fan_out: fan_out.as_ref().map(fan_out_of).transpose()?,
        techniques,
        prices,
        forward_headers: forwarded(forward_headers.as_deref().unwrap_or_default())?,
        header_bytes: limits.header_bytes,
        body_bytes: limits.body_bytes,
        reply_bytes: limits.reply_bytes,
        held_bytes: limits.held_bytes,
        worker_bytes: limits.worker_bytes,
        list_time: limits.list_time,
        images: images.as_ref().map(images_of).transpose()?,
        discover,
        reasoning_memory: reasoning_memory_of(reasoning_memory.as_ref())?,
        metric_series: metrics.as_ref().and_then(|written| written.series).unwrap_or(METRIC_SERIES),
        warnings,
    };
    check_guardrails(written_models, &config)?;
    check_profiles(api_keys.as_deref(), identities.as_deref(), &config)?;
    costs::check(written_models, &config)?;
    config.warnings.extend(warnings::of_prices(written_prices, &config));
    Ok(config)
}

/// The default account, which is the first.
fn usual(accounts: &[Account]) -> Result<&Account, Error> {
    accounts.first().ok_or_else(|| error("credentials", "missing"))
}

/// Parses JSON or a Struct.
fn read(text: &[u8]) -> Result<Written, Error> {
    serde_json::from_slice(text).or_else(|reason| {
        let no_json = || format!("not JSON ({reason}); give YAML as a google.protobuf.Struct");
        structure::read(text).ok_or_else(|| error("", no_json()))
    })
}

/// Refuses a guardrail for targets at bedrock-mantle, which is not documented to take one.
fn check_guardrails(written: &[file::Target], config: &Config) -> Result<(), Error> {
    for (at, target) in models::targets(written, &config.models) {
        if target.backend == Backend::Mantle
            && config.options.rules(&target.id, None, None).guardrail.is_some()
        {
            let reason = "a guardrail is set for this model, and bedrock-mantle is not known to take one";
            return Err(error_in(&at, "backend", reason));
        }
    }
    Ok(())
}

/// Callers restricted to geographies: checks that the models behind their inference profiles are known.
fn check_profiles(
    keys: Option<&[file::ApiKey]>,
    identities: Option<&[file::Identity]>,
    config: &Config,
) -> Result<(), Error> {
    let keys = keys.into_iter().flatten().map(|key| key.name.as_str());
    let keys = keys.enumerate().map(|(at, name)| (item("api_keys", at), name));
    let identities = identities.into_iter().flatten().map(|identity| identity.name.as_str());
    let identities = identities.enumerate().map(|(at, name)| (item("identities", at), name));
    for (at, name) in keys.chain(identities) {
        let Some(caller) = config.keys.callers.named(name) else { continue };
        let allowed = &config.upstream.regions;
        for profile in &caller.policy.attribution.profiles {
            for (region, arn) in &profile.arns {
                let at = || inside(&inside(&at, "profile"), &profile.pattern);
                if allowed.as_ref().is_some_and(|allowed| !allowed.allows(region.as_str())) {
                    return Err(error(at(), "the region of an ARN is not one of 'regions'"));
                }
                let made_of = attribution::reach_of(config.options.known_as(arn), profile);
                if caller.policy.profiles.is_some() && made_of == Reach::Unknown {
                    let reason = "the caller is held to 'profiles', and nothing says what this one is made of: begin the \
                                  pattern with a geography, such as 'eu.', or say so by 'capabilities.like' of one of 'models'";
                    return Err(error(at(), reason));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::gateway::models::StandIn;
    use crate::gateway::targets::{Place, Target};
    use crate::translate::Limits;
    use crate::translate::fit::family::{Capabilities, capabilities};

    /// The host of requests to some model.
    fn host(config: &Config) -> String {
        let (target, place) = (Target::of_id("a.b"), Place::default());
        config.upstream.destination(&target, &place).unwrap().host.into_owned()
    }

    const LEAST: &str = r#"{"api_keys":[{"name":"a","key":"k"}],"credentials":{"bearer_token":"t"}}"#;

    fn run(text: &str) -> Result<Config, Error> {
        load(text.as_bytes(), &|_| None)
    }

    /// The smallest configuration, with one member added or replaced.
    fn with(name: &str, member: &str) -> Result<Config, Error> {
        let mut value: Value = serde_json::from_str(LEAST).unwrap();
        value[name] = serde_json::from_str(member).unwrap();
        run(&value.to_string())
    }

    #[test]
    fn the_least_configuration_has_the_documented_defaults() {
        let config = run(LEAST).unwrap();
        assert_eq!(config.prefixes, ["/v1", "/api/v1"]);
        assert_eq!(host(&config), "bedrock-runtime.us-east-1.amazonaws.com");
        assert_eq!((config.body_bytes, config.reply_bytes), (33_554_432, 33_554_432));
        assert_eq!(config.options.limits, Limits::default());
    }

    #[test]
    fn a_wrong_field_is_named_by_its_path() {
        for (name, member, path) in [
            ("regoin", r#""us-east-1""#, "regoin"),
            ("region", r#""us_east""#, "region"),
            ("region", "5", "region"),
            ("api_keys", "[]", "api_keys"),
            ("api_keys", r#"[{"name":"a","key":"k","sha256":"x"}]"#, "api_keys[0]"),
            ("api_keys", r#"[{"name":"a","sha256":"x"}]"#, "api_keys[0].sha256"),
            ("api_keys", r#"[{"name":"a","kye":"x"}]"#, "api_keys[0].kye"),
            ("api_keys", r#"[{"name":"a","key":"x"},{"name":"a","key":"y","models":[]}]"#, "api_keys[1]"),
            ("api_keys", r#"[{"name":"a","key":"x","team":"t"}]"#, "api_keys[0].team"),
            ("api_keys", r#"[{"name":"a","key":" "}]"#, "api_keys[0].key"),
            ("api_keys", r#"[{"name":"a","key":"x"},{"name":"b","key":"x\n"}]"#, "api_keys[1]"),
            ("models", r#"[{"name":"x","model":"gpt-4o"}]"#, "models[0].model"),
            (
                "models",
                r#"[{"name":"x","model":"a.b","capabilities":{"like":"nobody.knows"}}]"#,
                "models[0].capabilities.like",
            ),
            (
                "models",
                r#"[{"name":"x","model":"a.b","capabilities":{"cache":"2h"}}]"#,
                "models[0].capabilities.cache",
            ),
            ("families", r#"[{"capabilities":{}}]"#, "families[0]"),
            ("families", r#"[{"pattern":"a.b*"}]"#, "families[0]"),
            ("families", r#"[{"pattern":"a.b*","capabilities":{},"x":1}]"#, "families[0].x"),
            ("families", r#"[{"pattern":"us.a.b*","capabilities":{}}]"#, "families[0].pattern"),
            ("families", r#"[{"pattern":"claude*","capabilities":{}}]"#, "families[0].pattern"),
            (
                "families",
                r#"[{"pattern":"a.b","capabilities":{"stops":true}}]"#,
                "families[0].capabilities.stops",
            ),
            (
                "families",
                r#"[{"pattern":"a.b*","capabilities":{}},{"pattern":"a.b*","capabilities":{}}]"#,
                "families[1].pattern",
            ),
            (
                "families",
                r#"[{"pattern":"a.b*","capabilities":{"like":"nobody.knows"}}]"#,
                "families[0].capabilities.like",
            ),
            ("models", r#"[{"name":"x","model":"a.b","drop":["n","seed"]}]"#, "models[0].drop[1]"),
            (
                "models",
                r#"[{"name":"x","model":"a.b","drop":["n"]},{"name":"y","model":"a.b","drop":["stop"]}]"#,
                "models[1]",
            ),
            (
                "models",
                r#"[{"name":"x","model":"a.b","guardrail":{"identifier":"g"}}]"#,
                "models[0].guardrail.version",
            ),
            ("guardrail", r#"{"version":"1"}"#, "guardrail.identifier"),
            ("guardrail", r#"{"identifier":"g/..","version":"1"}"#, "guardrail.identifier"),
            ("guardrail", r#"{"identifier":"g","version":"1","trace":"on"}"#, "guardrail.trace"),
            ("default_model", r#""x""#, "default_model"),
            ("endpoint", r#""bedrock.example""#, "endpoint"),
            ("endpoint", r#""https://a/b""#, "endpoint"),
            ("credentials", "{}", "credentials"),
            ("credentials", r#"{"access_key_id":"a"}"#, "credentials.secret_access_key"),
            (
                "credentials",
                r#"{"access_key_id":"a","secret_access_key":" "}"#,
                "credentials.secret_access_key",
            ),
            ("credentials", r#"{"bearer_token":""}"#, "credentials"),
            (
                "models",
                r#"[{"name":"x","model":"a.b","cluster":"c","credentials":{"instance":{"cluster":"c"}}}]"#,
                "models[0].credentials",
            ),
            ("credentials", r#"{"bearer_token":"a\nb"}"#, "credentials.bearer_token"),
            ("credentials", r#"{"sign":"sigv4a","bearer_token":"t"}"#, "credentials.sign"),
            ("credentials", r#"{"sign":"token"}"#, "credentials"),
            ("credentials", r#"{"sign":"envoy","bearer_token":"t"}"#, "credentials.bearer_token"),
            ("credentials", r#"{"sign":"envoy","access_key_id":"a"}"#, "credentials.access_key_id"),
            (
                "credentials",
                r#"{"sign":"envoy","token_lifetime_seconds":60}"#,
                "credentials.token_lifetime_seconds",
            ),
            (
                "credentials",
                r#"{"bearer_token":"t","token_lifetime_seconds":60}"#,
                "credentials.token_lifetime_seconds",
            ),
            (
                "credentials",
                r#"{"sign":"token","bearer_token":"t","token_lifetime_seconds":59}"#,
                "credentials.token_lifetime_seconds",
            ),
            (
                "credentials",
                r#"{"sign":"token","bearer_token":"t","token_lifetime_seconds":43201}"#,
                "credentials.token_lifetime_seconds",
            ),
            ("prices", r#"[{"input":1}]"#, "prices[0]"),
            ("prices", r#"[{"pattern":"a.b"}]"#, "prices[0]"),
            ("prices", r#"[{"pattern":"a.*b","input":1}]"#, "prices[0].pattern"),
            ("prices", r#"[{"pattern":"","input":1}]"#, "prices[0].pattern"),
            ("prices", r#"[{"pattern":"a.b","input":1},{"pattern":"a.b","input":1}]"#, "prices[1].pattern"),
            ("prices", r#"[{"pattern":"a.b","input":-0.1}]"#, "prices[0].input"),
            ("prices", r#"[{"pattern":"a.b","input":1,"cache_write":-3}]"#, "prices[0].cache_write"),
            ("prices", r#"[{"pattern":"a.b","input":"much"}]"#, "prices[0].input"),
            ("prices", r#"[{"pattern":"a.b","input":1,"thought":1}]"#, "prices[0].thought"),
            ("limits", r#"{"tools":0}"#, "limits.tools"),
            ("limits", r#"{"tools":"many"}"#, "limits.tools"),
            ("unsupported_parameters", r#""drop""#, "unsupported_parameters"),
            ("prefixes", r#"["v1"]"#, "prefixes[0]"),
            ("forward_headers", r#"["traceparent","Authorization"]"#, "forward_headers[1]"),
            ("anthropic_betas", r#"["a-*","*"]"#, "anthropic_betas[1]"),
            ("anthropic_betas", r#"["a b"]"#, "anthropic_betas[0]"),
        ] {
            assert_eq!(with(name, member).unwrap_err().path, path, "{name}: {member}");
        }
    }

    #[test]
    fn a_rule_that_is_written_and_empty_is_refused() {
        let text = |member: &str| {
            let mut value: Value = serde_json::from_str(LEAST).unwrap();
            let more: Value = serde_json::from_str(member).unwrap();
            value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            value.to_string()
        };
        // A bare `name:` in YAML, and an undefined variable.
        for empty in ["null", r#""${NONE:-}""#] {
            for (member, path) in [
                (r#"{"api_keys":[{"name":"a","key":"k","models":EMPTY}]}"#, "api_keys[0].models"),
                (r#"{"api_keys":[{"name":"a","key":"k","models":[EMPTY]}]}"#, "api_keys[0].models[0]"),
                (r#"{"api_keys":EMPTY}"#, "api_keys"),
                (r#"{"prefixes":EMPTY}"#, "prefixes"),
                (r#"{"regions":EMPTY}"#, "regions"),
                (r#"{"regions":[EMPTY]}"#, "regions[0]"),
                (r#"{"fips":EMPTY}"#, "fips"),
                (r#"{"unsupported_parameters":EMPTY}"#, "unsupported_parameters"),
                (r#"{"guardrail":EMPTY}"#, "guardrail"),
                (r#"{"guardrail":{"identifier":EMPTY,"version":"1"}}"#, "guardrail.identifier"),
                (r#"{"guardrail":{"identifier":"g","version":EMPTY}}"#, "guardrail.version"),
                (
                    r#"{"guardrail":{"identifier":"g","version":"1","stream_mode":EMPTY}}"#,
                    "guardrail.stream_mode",
                ),
                (r#"{"guardrail":{"identifier":"g","version":"1","trace":EMPTY}}"#, "guardrail.trace"),
                (r#"{"models":[{"name":"x","model":"a.b","guardrail":EMPTY}]}"#, "models[0].guardrail"),
                (r#"{"models":[{"name":"x","model":"a.b","drop":EMPTY}]}"#, "models[0].drop"),
                (r#"{"models":[{"name":"x","model":"a.b","drop":[EMPTY]}]}"#, "models[0].drop[0]"),
                (r#"{"models":[{"name":"x","model":"a.b","region":EMPTY}]}"#, "models[0].region"),
                (r#"{"models":[{"name":"x","model":"a.b","cluster":EMPTY}]}"#, "models[0].cluster"),
                (r#"{"models":[{"name":"x","model":"a.b","credentials":EMPTY}]}"#, "models[0].credentials"),
                (
                    r#"{"models":[{"name":"x","targets":[{"model":"a.b","name":EMPTY}]}]}"#,
                    "models[0].targets[0].name",
                ),
                (r#"{"credentials":{"bearer_token":"t","assume_role":EMPTY}}"#, "credentials.assume_role"),
                (r#"{"credentials":{"bearer_token":"t","sign":EMPTY}}"#, "credentials.sign"),
                (r#"{"images":{"cluster":"i","hosts":EMPTY}}"#, "images"),
                (r#"{"images":{"cluster":"i","hosts":[EMPTY]}}"#, "images.hosts[0]"),
                (
                    r#"{"images":{"cluster":"i","hosts":["a.example"],"private_networks":EMPTY}}"#,
                    "images.private_networks",
                ),
                (r#"{"forward_headers":[EMPTY]}"#, "forward_headers[0]"),
            ] {
                let member = member.replace("EMPTY", empty);
                assert_eq!(run(&text(&member)).unwrap_err().path, path, "{member}");
            }
            // These restrict nothing, so empty counts as absent.
            for member in [
                r#"{"default_model":EMPTY}"#,
                r#"{"endpoint":EMPTY}"#,
                r#"{"forward_headers":EMPTY}"#,
                r#"{"images":EMPTY}"#,
                r#"{"discover":EMPTY}"#,
                r#"{"fan_out":EMPTY}"#,
                r#"{"credentials":{"bearer_token":"t","session_token":EMPTY}}"#,
            ] {
                assert!(run(&text(&member.replace("EMPTY", empty))).is_ok(), "{member}");
            }
        }
    }

    #[test]
    fn a_prefix_that_no_path_has_or_that_is_the_gateways_own_is_refused() {
        for prefix in ["/health", "/v 1", "/v1?x", "/v1#x", "/v1\u{e9}", "/v1\n"] {
            let prefixes = serde_json::to_string(&["/v1", prefix]).unwrap();
            assert_eq!(with("prefixes", &prefixes).unwrap_err().path, "prefixes[1]", "{prefix:?}");
        }
        assert!(with("prefixes", r#"["/v1","/health/v1"]"#).is_ok());
    }

    #[test]
    fn no_error_tells_a_secret() {
        let text =
            r#"{"api_keys":[{"name":"a","sha256":"s3cret"}],"credentials":{"bearer_token":"t0ken\n x"}}"#;
        let text = run(text).unwrap_err().to_string();
        assert!(!text.contains("s3cret") && !text.contains("t0ken"));
    }

    #[test]
    fn no_error_tells_a_value_that_stands_in_the_wrong_place() {
        const KEY: &str = r#"a "key`, expected"#;
        let variable = |name: &str| (name == "KEY").then(|| KEY.to_owned());
        for (text, path) in [
            (r#"{"api_keys":["${KEY}"]}"#, "api_keys[0]"),
            (r#"{"credentials":"${KEY}"}"#, "credentials"),
            (r#"{"credentials":{"sign":"${KEY}"}}"#, "credentials.sign"),
            (r#"{"limits":{"tools":"${KEY}"}}"#, "limits.tools"),
            (r#""${KEY}""#, ""),
        ] {
            let told = load(text.as_bytes(), &variable).unwrap_err();
            assert_eq!(told.path, path);
            assert!(!told.reason.is_empty() && !told.reason.contains("key"), "{told}");
        }
    }

    #[test]
    fn what_a_model_takes_is_its_own_entrys_then_its_patterns_then_the_tables() {
        let mut value: Value = serde_json::from_str(LEAST).unwrap();
        value["families"] = serde_json::json!([
            {"pattern": "newco.*", "capabilities": {"like": "anthropic.claude-sonnet-4-5", "max_tokens": 100}},
            {"pattern": "newco.model-2*", "capabilities": {"max_tokens": 200}},
            {"pattern": "anthropic.claude-opus-4-7", "capabilities": {"prefill": true}},
        ]);
        value["models"] = serde_json::json!([
            {"name": "own", "model": "newco.model-1", "capabilities": {"min_tokens": 7}},
            {"name": "arn", "model": "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/x",
             "capabilities": {"like": "newco.model-2"}},
        ]);
        let options = run(&value.to_string()).unwrap().options;
        let taken = |id: &str| *options.rules(id, None, None).capabilities;
        let claude = *capabilities("anthropic.claude-sonnet-4-5");
        assert_eq!(taken("us.newco.model-3"), Capabilities { max_tokens: Some(100), ..claude });
        let own = Capabilities { min_tokens: 7, max_tokens: Some(100), ..claude };
        assert_eq!(taken("newco.model-1"), own);
        // Only the longest pattern counts; what it leaves out comes from the table.
        let second = Capabilities { max_tokens: Some(200), ..*capabilities("newco.model-2") };
        assert_eq!(taken("eu.newco.model-2-v1:0"), second);
        assert_eq!(taken("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/x"), second);
        let opus = Capabilities { prefill: true, ..*capabilities("anthropic.claude-opus-4-7") };
        assert_eq!(taken("us.anthropic.claude-opus-4-7"), opus);
        assert_eq!(taken("us.anthropic.claude-opus-4-6-v1"), *capabilities("anthropic.claude-opus-4-6"));
        assert_eq!(options.known_as("us.newco.model-3"), "anthropic.claude-sonnet-4-5");
    }

    #[test]
    fn a_default_may_be_given_by_its_name() {
        let mut value: Value = serde_json::from_str(LEAST).unwrap();
        value["models"] = serde_json::json!([{"name": "fast", "model": "us.amazon.nova-lite-v1:0"}]);
        value["default_model"] = "fast".into();
        let models = run(&value.to_string()).unwrap().models;
        assert_eq!(models.default, Some(StandIn::Named("fast".into())));
    }

    #[test]
    fn the_signed_host_has_no_port_of_its_scheme() {
        for (endpoint, host) in [
            (
                "https://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com",
                "vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com",
            ),
            ("https://Example.com:443/", "example.com"),
            ("http://127.0.0.1:9100", "127.0.0.1:9100"),
        ] {
            assert_eq!(self::host(&with("endpoint", &format!("{endpoint:?}")).unwrap()), host);
        }
    }
}
