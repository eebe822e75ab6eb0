use serde_json::{Value, json};

use super::*;

const ME: Worker = Worker { id: 1, early: 0 };
const OTHER: Worker = Worker { id: 2, early: 0 };
const REFRESH: Duration = Duration::from_secs(300);

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 + seconds)
}

fn model(id: &str, output: &str, inference: &str, status: &str) -> Value {
    json!({
        "modelId": id, "modelArn": format!("arn:aws:bedrock:us-east-1::foundation-model/{id}"), "modelName": "N",
        "inputModalities": ["TEXT", "IMAGE"], "outputModalities": [output], "inferenceTypesSupported": [inference],
        "responseStreamingSupported": true, "somethingNew": {"a": [1]},
        "modelLifecycle": {"status": status, "startOfLifeTime": "2024-03-04T00:00:00Z", "endOfLifeTime": "2027-03-10T00:00:00Z"}})
}

fn profile(kind: &str, id: &str, name: &str, models: &[&str]) -> Value {
    let models = models.iter().enumerate().map(
        |(at, id)| json!({"modelArn": format!("arn:aws:bedrock:us-east-{}::foundation-model/{id}", at + 1)}),
    );
    json!({
        "inferenceProfileId": id, "inferenceProfileName": name, "status": "ACTIVE", "type": kind,
        "inferenceProfileArn": format!("arn:aws:bedrock:us-east-1:123456789012:{}/{id}",
            if kind == "APPLICATION" { "application-inference-profile" } else { "inference-profile" }),
        "createdAt": 1_735_689_600.5, "models": models.collect::<Vec<_>>()})
}

/// Runs a refresh against a control plane that answers by `answers`.
fn look(mut answers: impl FnMut(&Ask) -> (Option<u16>, String)) -> (usize, Result<Catalogue, String>) {
    let (mut fetch, mut step) = Fetch::begin();
    let mut calls = 0;
    loop {
        step = match step {
            Step::Ask(ask) => {
                let (status, body) = answers(&ask);
                fetch.answered(Answer { status, error_type: None, body: body.as_bytes() })
            }
            Step::Have(catalogue) => return (calls, Ok(catalogue)),
            Step::Failed(why) => return (calls, Err(why)),
        };
        calls += 1;
        assert!(calls <= CALLS, "it never ends");
    }
}

/// A refresh in which each list has one page.
fn lists(models: &[Value], system: &[Value], application: &[Value]) -> Result<Catalogue, String> {
    let (calls, found) = look(|ask| {
        let body = match (ask.path, ask.query.as_str()) {
            ("/foundation-models", "") => json!({"modelSummaries": models}),
            ("/inference-profiles", "maxResults=100&type=SYSTEM_DEFINED") => {
                json!({"inferenceProfileSummaries": system})
            }
            ("/inference-profiles", "maxResults=100&type=APPLICATION") => {
                json!({"inferenceProfileSummaries": application})
            }
            _ => panic!("{ask:?}"),
        };
        (Some(200), body.to_string())
    });
    assert_eq!(calls, 3);
    found
}

#[test]
fn what_can_be_called_is_found_with_what_helps_to_choose() {
    let models = [
        model("amazon.nova-lite-v1:0", "TEXT", "ON_DEMAND", "LEGACY"),
        model("anthropic.claude-x", "TEXT", "INFERENCE_PROFILE", "ACTIVE"),
        model("amazon.titan-embed-text-v2:0", "EMBEDDING", "ON_DEMAND", "ACTIVE"),
    ];
    let system = [profile("SYSTEM_DEFINED", "us.anthropic.claude-x", "Claude", &["anthropic.claude-x"; 2])];
    let application = [profile("APPLICATION", "abc123", "team search", &["anthropic.claude-x"])];
    let found = lists(&models, &system, &application).unwrap();
    let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123";
    let ids: Vec<_> =
        found.entries().iter().map(|entry| (entry.kind, entry.id.as_str(), entry.created)).collect();
    assert_eq!(
        ids,
        [
            (Kind::Model, "amazon.nova-lite-v1:0", 1_709_510_400),
            (Kind::Model, "amazon.titan-embed-text-v2:0", 1_709_510_400),
            (Kind::System, "us.anthropic.claude-x", 1_735_689_600),
            (Kind::Application, arn, 1_735_689_600),
        ]
    );
    let system = found.find("us.anthropic.claude-x").unwrap();
    assert_eq!(
        (system.model.as_str(), system.regions.as_str()),
        ("anthropic.claude-x", "us-east-1,us-east-2")
    );
    assert_eq!(
        (system.input.as_str(), system.output.as_str(), system.streaming),
        ("text,image", "text", Some(true))
    );
    assert_eq!((system.name.as_str(), system.shutdown.as_str()), ("", "2027-03-10"));
    assert_eq!(found.named("team search").unwrap().id, arn);
    assert_eq!(found.behind(arn), Some("anthropic.claude-x"));
}

#[test]
fn what_cannot_be_called_here_is_left_out() {
    let mut speech = model("amazon.nova-sonic-v1:0", "TEXT", "ON_DEMAND", "ACTIVE");
    speech["inputModalities"] = json!(["SPEECH"]);
    let models = [
        speech,
        model("stability.image-v1:0", "IMAGE", "ON_DEMAND", "ACTIVE"),
        model("amazon.nova-pro-v1:0:300k", "TEXT", "PROVISIONED", "ACTIVE"),
        model("meta.old-v1", "TEXT", "ON_DEMAND", "RETIRED"),
        model("no id", "TEXT", "ON_DEMAND", "ACTIVE"),
        model("a.b\tc\nd", "TEXT", "ON_DEMAND", "ACTIVE"),
        json!({}),
    ];
    let mut dead = profile("SYSTEM_DEFINED", "us.meta.x", "x", &[]);
    dead["status"] = json!("DELETED");
    let system = [
        profile("SYSTEM_DEFINED", "us.stability.image-v1:0", "x", &["stability.image-v1:0"]),
        dead,
        json!({}),
    ];
    let mut nameless = profile("APPLICATION", "a", "x", &["a.b", "c.d"]);
    nameless["inferenceProfileName"] = json!("two\nlines\tand a tab");
    let found =
        lists(&models, &system, &[nameless, json!({"inferenceProfileArn": "arn:aws:s3:::x"})]).unwrap();
    let [left] = found.entries() else { panic!("{found:?}") };
    // The profile's models differ, so it has no single model.
    assert_eq!((left.name.as_str(), left.model.as_str(), left.input.as_str()), ("", "", ""));
}

#[test]
fn pages_are_followed_with_their_tokens_encoded() {
    let mut queries = Vec::new();
    let (calls, found) = look(|ask| {
        queries.push(ask.query.clone());
        let body = match ask.query.as_str() {
            "" => json!({"modelSummaries": []}),
            "maxResults=100&type=SYSTEM_DEFINED" => {
                json!({"inferenceProfileSummaries": [profile("", "us.a.a", "", &[])], "nextToken": "a/b+c=="})
            }
            "maxResults=100&nextToken=a%2Fb%2Bc%3D%3D&type=SYSTEM_DEFINED" => {
                json!({"inferenceProfileSummaries": [profile("", "us.a.b", "", &[])], "nextToken": ""})
            }
            _ => json!({"inferenceProfileSummaries": [], "nextToken": null}),
        };
        (Some(200), body.to_string())
    });
    assert_eq!(found.unwrap().entries().len(), 2);
    assert_eq!((calls, queries.len()), (4, 4));
}

#[test]
fn a_list_without_an_end_is_a_failure_and_no_loop() {
    let mut count = 0;
    let mut paged = |token: fn(usize) -> usize| {
        look(|ask| {
            count += 1;
            let body = match ask.path {
                "/foundation-models" => json!({"modelSummaries": []}),
                _ => json!({"inferenceProfileSummaries": [], "nextToken": format!("t{}", token(count))}),
            };
            (Some(200), body.to_string())
        })
    };
    let (calls, same) = paged(|_| 1);
    assert_eq!(
        (calls, same.unwrap_err().as_str()),
        (3, "ListInferenceProfiles: a nextToken came a second time")
    );
    let (calls, turns) = paged(|count| count % 3);
    assert_eq!(
        (calls, turns.unwrap_err().as_str()),
        (5, "ListInferenceProfiles: a nextToken came a second time")
    );
    let (calls, endless) = paged(|count| count);
    assert_eq!(
        (calls, endless.unwrap_err()),
        (CALLS, format!("ListInferenceProfiles: there is no end after {CALLS} calls"))
    );
}

#[test]
fn what_is_too_much_is_a_failure() {
    let many: Vec<Value> =
        (0..=ENTRIES).map(|n| model(&format!("a.b{n}"), "TEXT", "ON_DEMAND", "ACTIVE")).collect();
    let (_, found) = look(|_| (Some(200), json!({"modelSummaries": many}).to_string()));
    assert_eq!(
        found.unwrap_err(),
        format!("ListFoundationModels: there are more than {ENTRIES} models and profiles")
    );
    let (_, found) = look(|_| (Some(200), " ".repeat(ANSWER_BYTES + 1)));
    assert_eq!(
        found.unwrap_err(),
        format!("ListFoundationModels: the answer has more than {ANSWER_BYTES} bytes")
    );
    let long: Vec<Value> = (0..600)
        .map(|n| model(&format!("a.{}{n}", "b".repeat(1000)), "TEXT", "ON_DEMAND", "ACTIVE"))
        .collect();
    let error = lists(&long, &[], &[]).unwrap_err();
    assert_eq!(error, format!("ListInferenceProfiles: all of it has more than {CATALOGUE_BYTES} bytes"));
}

#[test]
fn an_answer_that_is_none_is_a_failure_that_says_why() {
    let denied =
        r#"{"message":"User: x is not authorized to perform: bedrock:ListFoundationModels\nand more"}"#;
    for (status, body, why) in [
        (None, "", "no answer"),
        (Some(200), "", "the answer is not what it should be"),
        (Some(200), "<html>", "the answer is not what it should be"),
        (Some(200), "[]", "the answer is not what it should be"),
        (Some(200), "{}", "the answer has no modelSummaries"),
        (Some(200), r#"{"modelSummaries":null}"#, "the answer has no modelSummaries"),
        (Some(200), r#"{"modelSummaries":[{"modelId":5}]}"#, "the answer is not what it should be"),
        (
            Some(200),
            r#"{"modelSummaries":[],"nextToken":"x"}"#,
            "the answer is one page of several, which is not known of it",
        ),
        (Some(503), "oops", "503"),
    ] {
        let (calls, found) = look(|_| (status, body.to_owned()));
        assert_eq!((calls, found.unwrap_err()), (1, format!("ListFoundationModels: {why}")));
    }
    let (mut fetch, _) = Fetch::begin();
    let answer =
        Answer { status: Some(403), error_type: Some("AccessDeniedException"), body: denied.as_bytes() };
    let Step::Failed(why) = fetch.answered(answer) else { panic!("not failed") };
    assert_eq!(
        why,
        "ListFoundationModels: 403 AccessDeniedException: User: x is not authorized to perform: \
         bedrock:ListFoundationModels"
    );
}

#[test]
fn one_worker_looks_at_once_and_again_when_what_was_found_is_old() {
    let record = Record::default();
    assert!(record.is_due(ME, at(0), REFRESH));
    let leased = record.leased(ME, at(0));
    assert!(!leased.is_due(OTHER, at(9), REFRESH));
    assert!(leased.is_due(OTHER, at(10), REFRESH), "whoever has it is gone");
    let found = leased.found(ME, at(1), 7);
    assert!(!found.is_due(OTHER, at(300), REFRESH) && found.is_due(OTHER, at(301), REFRESH));
    // The catalogue was found in the future, so a clock was wrong.
    assert!(found.is_due(OTHER, at(1) - Duration::from_secs(3600), REFRESH));
}

#[test]
fn what_is_known_stays_while_refreshes_fail_less_and_less_often() {
    let mut record = Record::default().found(ME, at(0), 7);
    for n in 0..20 {
        record = record.leased(ME, at(300 + n)).failed(ME, at(300 + n));
    }
    assert_eq!((record.number, record.turn.failures), (7, 20));
    assert!(!record.is_due(OTHER, at(319 + 255), REFRESH), "it waits five minutes by now");
    assert!(record.is_due(OTHER, at(319 + 300), REFRESH));
    for record in [&record, &record.leased(OTHER, at(5)), &Record::default()] {
        let text = record.to_text();
        assert_eq!(Record::from_text(&text), *record);
        for end in 0..text.rfind(' ').unwrap() {
            assert_eq!(Record::from_text(&text[..end]), Record::default(), "cut at {end}");
        }
    }
    assert_eq!(Record::from_text("nobody wrote this"), Record::default());
    assert_eq!(record.found(OTHER, at(900), 8).turn.failures, 0);
}

#[test]
fn a_catalogue_is_told_from_another_by_its_text() {
    assert_eq!(number("a"), number("a"));
    assert_ne!(number("a"), number("b"));
    assert_ne!(number(""), 0);
}
