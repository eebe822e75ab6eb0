//! Names that people type for models: which model answers, and for whom.

use super::*;
use crate::bedrock::model_id::base_model;

const SONNET: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const CHAT: Endpoint = Endpoint::ChatCompletions;

fn models() -> Models {
    let model = |name: &str, ids: &[&str]| Model {
        name: name.into(),
        targets: ids.iter().map(|id| Target::of_id(id)).collect(),
    };
    let mut regions = Regions::default();
    regions.allow("us-east-1").unwrap();
    Models {
        named: vec![
            model("gpt-4o", &[SONNET]),
            model("o3", &["us.amazon.nova-pro-v1:0"]),
            model("fast", &["us.amazon.nova-lite-v1:0"]),
            model("both", &["eu.anthropic.claude-haiku-4-5-20251001-v1:0", "us.amazon.nova-micro-v1:0"]),
        ]
        .into(),
        default: Some(StandIn::Named("fast".into())),
        default_embedding: Some(StandIn::Id("amazon.titan-embed-text-v2:0".into())),
        region: "us-east-1".into(),
        regions,
        ..Models::default()
    }
}

fn answers(models: &Models, asked: &str, endpoint: Endpoint) -> Vec<String> {
    models.resolve(Some(asked), endpoint).unwrap().ids().map(str::to_owned).collect()
}

#[test]
fn a_name_that_people_type_is_the_model_or_the_default() {
    let models = models();
    for (asked, id) in [
        // Names of OpenAI's: the default.
        ("o4-mini", "us.amazon.nova-lite-v1:0"),
        ("chatgpt-4o-latest", "us.amazon.nova-lite-v1:0"),
        ("openai/gpt-5", "us.amazon.nova-lite-v1:0"),
        ("openai/o1", "us.amazon.nova-lite-v1:0"),
        // The configuration's names, with or without a provider prefix.
        ("o3", "us.amazon.nova-pro-v1:0"),
        ("openai/o3", "us.amazon.nova-pro-v1:0"),
        ("openai/gpt-4o", SONNET),
        ("bedrock/fast", "us.amazon.nova-lite-v1:0"),
        // Bedrock's ids as LiteLLM writes them.
        ("bedrock/us.anthropic.claude-x", "us.anthropic.claude-x"),
        ("bedrock/converse/us.anthropic.claude-x", "us.anthropic.claude-x"),
        // The vendors' names.
        ("claude-sonnet-4-5", SONNET),
        ("anthropic/claude-sonnet-4.5", SONNET),
        ("claude-haiku-4-5", "eu.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("claude-opus-4-1", "us.anthropic.claude-opus-4-1-20250805-v1:0"),
        ("claude-3-5-sonnet-latest", "us.anthropic.claude-3-5-sonnet-20241022-v2:0"),
        ("openai/gpt-oss-120b", "openai.gpt-oss-120b-1:0"),
    ] {
        assert_eq!(answers(&models, asked, CHAT), [id], "{asked}");
    }
    let embeddings = answers(&models, "openai/text-embedding-3-small", Endpoint::Embeddings);
    assert_eq!(embeddings, ["amazon.titan-embed-text-v2:0"]);
    for asked in ["openai/nobody", "bedrock/", "openai/openai/gpt-4o", "claude"] {
        assert_eq!(models.resolve(Some(asked), CHAT).unwrap_err().code, Some("model_not_found"), "{asked}");
    }
    assert_eq!(models.resolve(Some("bedrock/arn:aws:s3:us-east-1:1:x/y"), CHAT).unwrap_err().status, 400);
}

#[test]
fn a_name_that_is_typed_gives_no_right_to_what_answers() {
    let models = models();
    let check = |allowed: &str, asked: &str| {
        let key = Caller::of_models(Some(&[allowed]));
        let resolved = models.resolve(Some(asked), CHAT).unwrap();
        let told = resolved.check(&key, Some(asked)).map_err(|error| error.code);
        let again = resolved.check_again(Some(&key), Some(asked)).map_err(|error| error.code);
        assert_eq!(told, again);
        told
    };
    let refused = Err(Some("model_not_allowed"));
    for (allowed, asked) in [
        ("claude-*", "claude-sonnet-4-5"),
        ("anthropic/*", "anthropic/claude-sonnet-4.5"),
        ("bedrock/*", "bedrock/us.x.y"),
        ("o4-mini", "o4-mini"),
        ("openai/*", "openai/gpt-5"),
        ("claude-opus-4-1", "claude-opus-4-1"),
        // The name belongs to a list of targets, so another model may answer.
        ("both", "claude-haiku-4-5"),
    ] {
        assert_eq!(check(allowed, asked), refused, "{allowed} {asked}");
    }
    for (allowed, asked) in [
        ("gpt-4o", "claude-sonnet-4-5"),
        ("us.anthropic.*", "claude-sonnet-4-5"),
        ("us.anthropic.*", "claude-opus-4-1"),
        ("fast", "o4-mini"),
        ("gpt-4o", "openai/gpt-4o"),
        ("us.x.y", "bedrock/us.x.y"),
        ("eu.anthropic.*", "claude-haiku-4-5"),
    ] {
        assert_eq!(check(allowed, asked), Ok(()), "{allowed} {asked}");
    }
}

#[test]
fn what_discovery_has_found_answers_to_its_vendors_name_in_the_regions_geography_first() {
    let entry = |kind, id: &str, name: &str| Entry {
        kind,
        id: id.into(),
        name: name.into(),
        model: base_model(id).into(),
        regions: String::new(),
        input: String::new(),
        output: String::new(),
        streaming: None,
        created: 0,
        shutdown: String::new(),
    };
    let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/x";
    let found = vec![
        entry(Kind::System, "apac.anthropic.claude-opus-9-20300101-v1:0", ""),
        entry(Kind::System, "global.anthropic.claude-opus-9-20300101-v1:0", ""),
        entry(Kind::System, "us.anthropic.claude-opus-9-20300101-v1:0", ""),
        entry(Kind::System, "eu.anthropic.claude-opus-9-5-20300101-v1:0", ""),
        entry(Kind::System, "global.anthropic.claude-opus-9-5-20300101-v1:0", ""),
        entry(Kind::System, "jp.acme.talker-v1:0", ""),
        entry(Kind::Model, "acme.talker-v1:0", ""),
        entry(Kind::Model, "mistral.mistral-large-2402-v1:0", ""),
        entry(Kind::Application, arn, "claude-opus-8"),
    ];
    let models = Models { discovered: Rc::new(Catalogue::of(found)), ..models() };
    for (asked, id) in [
        ("claude-opus-9", "us.anthropic.claude-opus-9-20300101-v1:0"),
        // A profile of another geography cannot be called here.
        ("claude-opus-9-5", "global.anthropic.claude-opus-9-5-20300101-v1:0"),
        ("talker", "acme.talker-v1:0"),
        ("mistral-large-2402", "mistral.mistral-large-2402-v1:0"),
        ("claude-opus-8", arn),
    ] {
        assert_eq!(answers(&models, asked, CHAT), [id], "{asked}");
    }
}

#[test]
fn whatever_answers_to_a_name_is_told_by_it_and_nothing_else_is() {
    let models = Models { fallback: Some(StandIn::Named("fast".into())), ..models() };
    let key = Caller::of_models;
    let arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0";
    for (asked, owner, task) in [
        ("fast", "amazon", "chat"),
        ("gpt-4o", "anthropic", "chat"),
        ("openai/gpt-4o", "anthropic", "chat"),
        ("o4-mini", "amazon", "chat"),
        ("claude-opus-4-1", "anthropic", "chat"),
        ("bedrock/us.x.y", "x", "chat"),
        ("bedrock/converse/us.x.y", "x", "chat"),
        ("text-embedding-3-small", "amazon", "embedding"),
        ("titan-embed-text", "amazon", "embedding"),
        ("both", "anthropic", "chat"),
        (arn, "amazon", "chat"),
    ] {
        let found = models.find(asked, &key(None), |_| true).unwrap();
        let told = models.tell(asked, &found);
        assert_eq!((told.id, told.owned_by, told.task), (asked, owner, task));
        // A typed name gives no right, and a model that may not be used is not found.
        let error = models.find(asked, &key(Some(&["nothing"])), |_| true).unwrap_err();
        assert_eq!((error.status, error.code), (404, Some("model_not_found")), "{asked}");
    }
    assert!(models.find("claude-opus-4-1", &key(Some(&["us.anthropic.*"])), |_| true).is_ok());
    for nobody in ["nobody", "openai/nobody", "", " ", "arn:aws:s3:us-east-1:1:x/y", "claude"] {
        assert_eq!(models.find(nobody, &key(None), |_| true).unwrap_err().status, 404, "{nobody}");
    }
}
