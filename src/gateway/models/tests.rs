//! Resolution by the configuration, and rights to the result.

use super::*;

use std::collections::BTreeSet;

use crate::gateway::attribution::{Attribution, Profile};
use crate::gateway::callers::Policy;
use crate::gateway::targets::Backend;

fn model(name: &str, id: &str, cluster: Option<&str>) -> Model {
    let targets = vec![Target { cluster: cluster.map(Into::into), ..Target::of_id(id) }];
    Model { name: name.into(), targets }
}

fn models() -> Models {
    let mut regions = Regions::default();
    regions.allow("us-east-1").unwrap();
    Models {
        regions,
        named: vec![
            model("fast", "us.amazon.nova-lite-v1:0", Some("eu")),
            model("gpt-4o", "us.anthropic.claude-x", None),
        ]
        .into(),
        default: Some(StandIn::Named("fast".into())),
        default_embedding: Some(StandIn::Id("amazon.titan-embed-text-v2:0".into())),
        ..Models::default()
    }
}

#[test]
fn names_ids_and_defaults_resolve() {
    let models = models();
    for (asked, id, cluster) in [
        (Some("fast"), "us.amazon.nova-lite-v1:0", Some("eu")),
        (Some("gpt-4o"), "us.anthropic.claude-x", None),
        (Some("gpt-5.1"), "us.amazon.nova-lite-v1:0", Some("eu")),
        (None, "us.amazon.nova-lite-v1:0", Some("eu")),
        (Some("us.amazon.nova-lite-v1:0"), "us.amazon.nova-lite-v1:0", Some("eu")),
        (Some("us-gov.meta.llama3-3"), "us-gov.meta.llama3-3", None),
        (
            Some("arn:aws:bedrock:us-east-1:1:inference-profile/us.x:0"),
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.x:0",
            None,
        ),
    ] {
        let resolved = models.resolve(asked, Endpoint::ChatCompletions).unwrap();
        assert_eq!(resolved.ids().collect::<Vec<_>>(), [id], "{asked:?}");
        assert_eq!(
            resolved.targets.first().and_then(|target| target.cluster.as_deref()),
            cluster,
            "{asked:?}"
        );
    }
    let embedding = models.resolve(Some("text-embedding-3-small"), Endpoint::Embeddings).unwrap();
    assert_eq!(embedding.ids().collect::<Vec<_>>(), ["amazon.titan-embed-text-v2:0"]);
}

#[test]
fn an_unknown_model_is_not_found_unless_there_is_a_fallback() {
    let mut models = models();
    let error = models.resolve(Some("claude-9-sonnet"), Endpoint::ChatCompletions).unwrap_err();
    assert_eq!((error.status, error.code), (404, Some("model_not_found")));
    models.fallback = Some(StandIn::Id("us.amazon.nova-micro-v1:0".into()));
    let resolved = models.resolve(Some("claude-9-sonnet"), Endpoint::ChatCompletions).unwrap();
    assert_eq!(resolved.ids().collect::<Vec<_>>(), ["us.amazon.nova-micro-v1:0"]);
    assert!(resolved.is_fallback);
}

#[test]
fn bedrocks_own_routes_know_names_and_ids_and_nothing_that_climbs() {
    let mut models = models();
    models.fallback = Some(StandIn::Id("us.amazon.nova-micro-v1:0".into()));
    let ids = |asked: &str| {
        models.native(asked).map(|resolved| resolved.ids().map(str::to_owned).collect::<Vec<_>>())
    };
    assert_eq!(ids("fast").unwrap(), ["us.amazon.nova-lite-v1:0"]);
    assert_eq!(ids("us.x.y").unwrap(), ["us.x.y"]);
    for asked in [
        "",
        "..",
        "../x",
        "a.b/../c",
        "a.b/converse",
        "a%2Fb",
        "us.x.y%2F..",
        "us.x.y\0",
        "us.x.y\r\n",
        "gpt-5",
        "nobody",
    ] {
        assert_eq!(ids(asked).unwrap_err().code, Some("model_not_found"), "{asked:?}");
    }
}

#[test]
fn what_speaks_openais_api_only_is_not_on_bedrocks_own_routes() {
    let mut models = models();
    let open = Target { backend: Backend::OpenAi, ..Target::of_id("openai.gpt-oss-120b-1:0") };
    let targets = vec![open.clone(), Target::of_id("us.x.y")];
    models.named.extend([Model { name: "both".into(), targets }]);
    models.named.extend([Model { name: "open".into(), targets: vec![open] }]);
    assert_eq!(models.native("both").unwrap().ids().collect::<Vec<_>>(), ["us.x.y"]);
    assert_eq!(models.native("open").unwrap_err().status, 400);
    let by_id = models.native("openai.gpt-oss-120b-1:0").unwrap();
    assert!(by_id.targets.iter().all(|target| target.backend == Backend::Converse));
}

#[test]
fn a_name_of_ten_megabytes_is_refused_whatever_it_begins_with() {
    for endpoint in [Endpoint::ChatCompletions, Endpoint::Embeddings] {
        for beginning in ["gpt-", "text-embedding-", "x"] {
            let name = format!("{beginning}{}", "x".repeat(10_000_000));
            assert_eq!(models().resolve(Some(&name), endpoint).unwrap_err().param.as_deref(), Some("model"));
        }
    }
}

#[test]
fn a_name_just_within_the_limit_is_looked_for() {
    let models = Models { name_bytes: 10, ..models() };
    let found = |name: &str| models.resolve(Some(name), Endpoint::ChatCompletions).is_ok();
    assert!(found("gpt-567890") && !found("gpt-5678901"));
}

#[test]
fn an_id_goes_where_the_models_with_it_go_but_not_to_what_has_a_name() {
    let mut models = models();
    let spare = Target { name: Some("spare".into()), ..Target::of_id("us.meta.llama4") };
    let west = Target { cluster: Some("west".into()), ..Target::of_id("us.meta.llama4") };
    let targets = vec![Target::of_id("us.x.y"), spare, west.clone()];
    models.named.extend([Model { name: "chat".into(), targets }]);
    let resolved = models.resolve(Some("us.meta.llama4"), Endpoint::ChatCompletions).unwrap();
    assert_eq!(resolved.targets, [west].as_slice());
}

#[test]
fn a_name_that_something_else_answers_for_gives_no_right() {
    let models = Models {
        named: vec![
            model("fast", "us.amazon.nova-lite-v1:0", None),
            model("gpt-4o", "us.anthropic.claude-x", None),
        ]
        .into(),
        default: Some(StandIn::Named("fast".into())),
        default_embedding: Some(StandIn::Id("amazon.titan-embed-text-v2:0".into())),
        fallback: Some(StandIn::Named("fast".into())),
        ..Models::default()
    };
    let check = |allowed: &[&str], asked: Option<&str>, endpoint: Endpoint| {
        let allowed = allowed.iter().map(|name| (*name).to_owned()).collect();
        let key = Caller {
            policy: Policy { models: Some(allowed), ..Policy::default() },
            ..Caller::of_models(None)
        };
        let resolved = models.resolve(asked, endpoint).unwrap();
        let told = resolved.check(&key, asked).map_err(|error| error.code);
        // The upstream role's check gives the same result, whatever has changed in between.
        let again = resolved.check_again(Some(&key), asked).map_err(|error| error.code);
        assert_eq!(told, again);
        told
    };
    let refused = Err(Some("model_not_allowed"));
    for endpoint in [Endpoint::ChatCompletions, Endpoint::Completions] {
        // The default, and the fallback.
        for asked in [Some("gpt-4o-cheap"), Some("gpt-4o-"), Some("claude-3"), None] {
            for allowed in [&["gpt-4o*"][..], &["gpt-4o-cheap", "claude-*"], &[]] {
                assert_eq!(check(allowed, asked, endpoint), refused, "{asked:?} {allowed:?}");
            }
            for allowed in [&["fast"][..], &["fa*"], &["us.amazon.*"], &["*"]] {
                assert_eq!(check(allowed, asked, endpoint), Ok(()), "{asked:?} {allowed:?}");
            }
        }
        assert_eq!(check(&["gpt-4o*"], Some("gpt-4o"), endpoint), Ok(()), "it has that name");
    }
    for asked in [Some("text-embedding-3-small"), None] {
        assert_eq!(check(&["text-embedding-3-small"], asked, Endpoint::Embeddings), refused);
        assert_eq!(check(&["amazon.titan-*"], asked, Endpoint::Embeddings), Ok(()));
    }
}

#[test]
fn on_bedrocks_own_routes_a_right_is_to_a_name_of_the_configurations_or_an_id() {
    let models = models();
    let check = |allowed: &str, asked: &str| {
        let key = Caller::of_models(Some(&[allowed]));
        let resolved = models.native(asked).unwrap();
        let told = resolved.check(&key, Some(asked)).map_err(|error| error.status);
        assert_eq!(told, resolved.check_again(Some(&key), Some(asked)).map_err(|error| error.status));
        told
    };
    assert_eq!(check("gpt-4o", "gpt-4o"), Ok(()));
    assert_eq!(check("us.anthropic.*", "gpt-4o"), Ok(()));
    assert_eq!(check("gpt-4o", "us.anthropic.claude-x"), Err(403));
    assert_eq!(check("fast", "gpt-4o"), Err(403));
}

#[test]
fn an_arn_of_no_model_of_bedrocks_is_refused_and_not_answered_by_another() {
    let mut models = models();
    models.fallback = Some(StandIn::Named("fast".into()));
    for asked in [
        "arn:aws:s3:us-east-1:123456789012:bedrock:x/y",
        "arn:aws:iam::123456789012:role/x",
        "arn:aws-iso:bedrock:us-east-1:123456789012:inference-profile/x.y",
        "arn:aws:bedrock:us-gov-west-1:123456789012:inference-profile/x.y",
    ] {
        for told in [models.resolve(Some(asked), Endpoint::ChatCompletions), models.native(asked)] {
            let error = told.unwrap_err();
            assert_eq!((error.status, error.param.as_deref()), (400, Some("model")), "{asked}");
        }
    }
    let elsewhere = "arn:aws:bedrock:us-west-2:123456789012:inference-profile/x.y";
    let all = Caller::of_models(None);
    assert_eq!(models.native(elsewhere).unwrap_err().code, Some("region_not_allowed"));
    assert_eq!(models.find(elsewhere, &all, |_| true).unwrap_err().status, 404);
}

#[test]
fn the_list_is_what_the_key_may_use() {
    let key = Caller::of_models(Some(&["fast", "amazon.*"]));
    let models = models();
    let ids: Vec<_> =
        models.list(&key, None, |_| true).data.iter().map(|model| (model.id, model.owned_by)).collect();
    assert_eq!(ids, [("fast", "amazon"), ("amazon.titan-embed-text-v2:0", "amazon")]);
    assert_eq!(models.find("gpt-4o", &key, |_| true).unwrap_err().status, 404);
    let found = models.find("amazon.nova-pro-v1:0", &key, |_| true).unwrap();
    assert_eq!(models.tell("amazon.nova-pro-v1:0", &found).owned_by, "amazon");
}

#[test]
fn what_is_reachable_for_a_caller_is_the_first_target_that_stays_where_the_caller_must() {
    let model = Model {
        name: "both".into(),
        targets: vec![
            Target { cluster: Some("us".into()), ..Target::of_id("us.amazon.nova-lite-v1:0") },
            Target { cluster: Some("eu".into()), ..Target::of_id("eu.amazon.nova-lite-v1:0") },
        ],
    };
    let models = Models { named: vec![model].into(), ..models() };
    let resolved = models.resolve(Some("both"), Endpoint::ChatCompletions).unwrap();
    let reached = |profiles: Option<&[&str]>| {
        let profiles = profiles.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        let caller = Caller { policy: Policy { profiles, ..Policy::default() }, ..Caller::of_models(None) };
        let found = resolved.reachable(&caller, &Options::default());
        found.map(|target| target.cluster.clone().unwrap()).map_err(|error| (error.status, error.code))
    };
    assert_eq!(reached(None), Ok("us".into()));
    assert_eq!(reached(Some(&["eu"])), Ok("eu".into()));
    assert_eq!(reached(Some(&["jp", "global"])), Err((403, Some("region_not_allowed"))));
    // A guardrail is called without a profile.
    let judged = models.resolve(None, Endpoint::Moderations).unwrap();
    let caller = Caller {
        policy: Policy { profiles: Some(BTreeSet::new()), ..Policy::default() },
        ..Caller::of_models(None)
    };
    assert!(judged.reachable(&caller, &Options::default()).is_ok());
}

#[test]
fn a_caller_with_profiles_of_its_own_names_no_application_profile_of_anothers() {
    let arn =
        |name: &str| format!("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/{name}");
    let mut regions = Regions::default();
    regions.allow("us-*").unwrap();
    let named = Model { name: "shared".into(), targets: vec![Target::of_id(&arn("shared"))] };
    let models = Models { named: vec![named].into(), regions, ..models() };
    let profile = Profile {
        pattern: "anthropic.*".into(),
        arns: vec![(Region::new("us-east-1").unwrap(), arn("own"))],
    };
    let attribution = Attribution { profiles: vec![profile], ..Attribution::default() };
    let policy = Policy { attribution: attribution.into(), ..Policy::default() };
    let caller = Caller { policy, ..Caller::of_models(None) };
    let told = |caller: &Caller, asked: &str| {
        let resolved = models.resolve(Some(asked), Endpoint::ChatCompletions).unwrap();
        resolved.check(caller, Some(asked)).map_err(|error| (error.status, error.code))
    };
    for asked in [&arn("own"), "shared", "us.anthropic.claude-sonnet-4-6"] {
        assert_eq!(told(&caller, asked), Ok(()), "{asked}");
    }
    assert_eq!(told(&caller, &arn("others")), Err((403, Some("model_not_allowed"))));
    assert_eq!(told(&Caller::of_models(None), &arn("others")), Ok(()));
}
