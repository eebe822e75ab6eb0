//! Resolution with discovered models, beside the configured ones.

use super::*;
use crate::bedrock::catalogue::Kind;

const NOVA: &str = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/nova";
const CLAUDE: &str = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/claude";

fn entry(kind: Kind, id: &str, name: &str, model: &str) -> Entry {
    Entry {
        kind,
        id: id.into(),
        name: name.into(),
        model: model.into(),
        regions: "us-east-1".into(),
        input: "text,image".into(),
        output: "text".into(),
        streaming: Some(true),
        created: 7,
        shutdown: "2027-03-10".into(),
    }
}

fn models() -> Models {
    let found = vec![
        entry(Kind::Model, "amazon.nova-lite-v1:0", "", "amazon.nova-lite-v1:0"),
        entry(Kind::Model, "meta.llama-v1:0", "", "meta.llama-v1:0"),
        entry(Kind::System, "kr.amazon.nova-lite-v1:0", "", "amazon.nova-lite-v1:0"),
        entry(Kind::Application, NOVA, "team search", "amazon.nova-lite-v1:0"),
        entry(Kind::Application, CLAUDE, "fast", "anthropic.claude-x"),
        entry(Kind::Application, &format!("{CLAUDE}2"), "amazon.claude", "anthropic.claude-x"),
        entry(Kind::Application, &format!("{CLAUDE}3"), "twice", "anthropic.claude-x"),
        entry(Kind::Application, &format!("{CLAUDE}4"), "twice", "anthropic.claude-x"),
        entry(Kind::Application, &format!("{CLAUDE}5"), "gpt-team", "anthropic.claude-x"),
    ];
    let named = Model { name: "fast".into(), targets: vec![Target::of_id("amazon.nova-lite-v1:0")] };
    let mut regions = Regions::default();
    regions.allow("us-east-1").unwrap();
    Models {
        regions,
        named: vec![named].into(),
        default: Some(StandIn::Id("meta.llama-v1:0".into())),
        discovered: Rc::new(Catalogue::of(found)),
        ..Models::default()
    }
}

fn key(models: Option<&[&str]>) -> Caller {
    Caller::of_models(models)
}

fn listed(models: Option<&[&str]>) -> Vec<String> {
    self::models().list(&key(models), None, |_| true).data.iter().map(|model| model.id.to_owned()).collect()
}

/// The ids of the targets, or the status of the refusal.
fn ask(asked: &str, allowed: Option<&[&str]>) -> Result<Vec<String>, u16> {
    let models = models();
    let resolved = models.resolve(Some(asked), Endpoint::ChatCompletions).map_err(|error| error.status)?;
    resolved.check(&key(allowed), Some(asked)).map_err(|error| error.status)?;
    // The second check allows no more than the first.
    resolved.check_again(Some(&key(allowed)), Some(asked)).map_err(|error| error.status)?;
    Ok(resolved.ids().map(str::to_owned).collect())
}

#[test]
fn what_is_configured_is_listed_first_and_each_id_once() {
    let found = listed(None);
    assert_eq!(found[..3], ["fast", "meta.llama-v1:0", "amazon.nova-lite-v1:0"]);
    assert_eq!(found.len(), 10);
    let mut once = found.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), found.len());
}

#[test]
fn what_helps_to_choose_is_told_of_names_ids_and_profiles() {
    let models = models();
    let key = key(None);
    for (id, owner, kind, model) in [
        ("fast", "amazon", "model", "amazon.nova-lite-v1:0"),
        ("meta.llama-v1:0", "meta", "model", "meta.llama-v1:0"),
        ("kr.amazon.nova-lite-v1:0", "amazon", "system_profile", "amazon.nova-lite-v1:0"),
        (CLAUDE, "anthropic", "application_profile", "anthropic.claude-x"),
        ("team search", "amazon", "application_profile", "amazon.nova-lite-v1:0"),
    ] {
        let found = models.find(id, &key, |_| true).unwrap();
        let one = models.tell(id, &found);
        assert_eq!(
            (one.id, one.owned_by, one.kind, one.model, one.created),
            (id, owner, Some(kind), Some(model), 7)
        );
        let written: serde_json::Value = serde_json::from_str(&crate::wire::to_string(&one)).unwrap();
        assert_eq!(written["x-input"], serde_json::json!(["text", "image"]));
        assert_eq!(
            (&written["x-streaming"], &written["shutdown_date"]),
            (&true.into(), &"2027-03-10".into())
        );
    }
    // Nothing is said of a model that is unknown.
    let found = models.find("newco.model-1", &key, |_| true).unwrap();
    let unknown = crate::wire::to_string(&models.tell("newco.model-1", &found));
    assert_eq!(
        unknown,
        r#"{"id":"newco.model-1","object":"model","created":0,"owned_by":"newco","type":"chat"}"#
    );
}

#[test]
fn a_profile_is_reached_by_its_arn_and_by_its_name_where_that_means_one() {
    assert_eq!(ask(NOVA, None).unwrap(), [NOVA]);
    assert_eq!(ask("team search", None).unwrap(), [NOVA]);
    assert_eq!(ask("twice", None), Err(404));
    assert_eq!(ask("nobody", None), Err(404));
    // The configuration's names come first, and so does the default.
    assert_eq!(ask("fast", None).unwrap(), ["amazon.nova-lite-v1:0"]);
    assert_eq!(ask("gpt-team", None).unwrap(), ["meta.llama-v1:0"]);
    // A new model works before the next refresh.
    assert_eq!(ask("newco.model-1", None).unwrap(), ["newco.model-1"]);
    let models = models();
    assert_eq!(models.native("team search").unwrap().ids().collect::<Vec<_>>(), [NOVA]);
    assert!(models.native("twice").is_err() && models.native("gpt-team").unwrap().is_discovered);
}

#[test]
fn a_profile_goes_before_the_fallback_and_a_fallback_gives_no_right() {
    let mut models = models();
    models.fallback = Some(StandIn::Id("meta.llama-v1:0".into()));
    let resolve = |asked| models.resolve(Some(asked), Endpoint::ChatCompletions).unwrap();
    assert!(resolve("team search").is_discovered);
    assert!(resolve("twice").is_fallback);
    let key = key(Some(&["tw*"]));
    assert_eq!(resolve("twice").check(&key, Some("twice")).unwrap_err().status, 403);
}

#[test]
fn a_key_held_to_a_provider_neither_sees_nor_uses_others_profiles() {
    let amazon: Option<&[&str]> = Some(&["amazon.*"]);
    assert_eq!(listed(amazon), ["fast", "amazon.nova-lite-v1:0"]);
    // A profile may be named like the provider's models: what looks like an id is one, and not that profile.
    assert_eq!(ask("amazon.claude", amazon).unwrap(), ["amazon.claude"]);
    for asked in [CLAUDE, NOVA, "kr.amazon.nova-lite-v1:0"] {
        assert!(matches!(ask(asked, amazon), Err(403 | 404)), "{asked}");
    }
    let models = models();
    for hidden in [CLAUDE, NOVA, "team search", "kr.amazon.nova-lite-v1:0"] {
        assert_eq!(models.find(hidden, &key(amazon), |_| true).unwrap_err().status, 404, "{hidden}");
    }
}

#[test]
fn a_name_of_a_profile_gives_no_right_and_its_arn_does() {
    for by_name in [&["team search"][..], &["team*"], &["t*", "amazon.nova-lite-v1:0"]] {
        assert_eq!(ask("team search", Some(by_name)), Err(404), "{by_name:?}");
        assert_eq!(listed(Some(by_name)).iter().filter(|id| id.starts_with("arn:")).count(), 0);
    }
    assert_eq!(ask("team search", Some(&[NOVA])).unwrap(), [NOVA]);
    assert_eq!(listed(Some(&[NOVA])), [NOVA]);
    // Nobody sees an ARN of another caller's profile.
    let models = models();
    let resolved = models.resolve(Some("team search"), Endpoint::ChatCompletions).unwrap();
    let error = resolved.check(&key(Some(&["x"])), Some("team search")).unwrap_err();
    assert!(!error.message.contains("arn:"), "{}", error.message);
}

#[test]
fn a_name_that_means_another_profile_by_now_is_checked_again() {
    let models = models();
    let resolved = models.resolve(Some("team search"), Endpoint::ChatCompletions).unwrap();
    let again = |caller: Option<&Caller>| resolved.check_again(caller, Some("team search")).is_ok();
    assert!(again(Some(&key(Some(&[NOVA])))));
    assert!(!again(Some(&key(Some(&[CLAUDE])))) && !again(None));
}
