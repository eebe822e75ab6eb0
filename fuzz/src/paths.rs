//! Methods, paths, model names and headers of any bytes: what path Bedrock is asked for, and what goes along.

use bedrock_filter::aws::path::encode_label;
use bedrock_filter::bedrock::operation::Operation;
use bedrock_filter::config::Config;
use bedrock_filter::gateway::handoff::{Handoff, Purpose};
use bedrock_filter::gateway::headers::{Headers, may_be_forwarded};
use bedrock_filter::gateway::identities::Properties;
use bedrock_filter::gateway::models::Resolved;
use bedrock_filter::gateway::native;
use bedrock_filter::gateway::route::{Route, route};
use bedrock_filter::openai::Endpoint;

use super::allocation::{Bound, bounded};
use super::judge;

const BOUND: Bound = Bound { per_byte: 50, any: 64 << 10 };
const KEY: &str = "key-of-this-gateway";
const SECRET: &str = "-end-of-a-secret";

thread_local! {
    static CONFIG: Config = config();
}

fn config() -> Config {
    let text = format!(
        r#"{{"region":"us-east-1","credentials":{{"bearer_token":"t"}},
        "api_keys":[{{"name":"all","key":"{KEY}"}},{{"name":"few","key":"another","models":["fast","amazon.*"]}}],
        "models":[{{"name":"fast","model":"us.amazon.nova-lite-v1:0","cluster":"c"}},
            {{"name":"open","model":"openai.gpt-oss-120b-1:0","backend":"openai"}}],
        "default_model":"fast","fallback_model":"amazon.nova-pro-v1:0"}}"#
    );
    Config::load(text.as_bytes(), |_| None).expect("a configuration")
}

/// Lines: the method, the path, and headers as `name: value`. What is no line of text is left out.
pub fn check(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let text =
        |line: Option<&'_ [u8]>| line.and_then(|line| std::str::from_utf8(line).ok().map(str::to_owned));
    let (Some(method), Some(path)) = (text(lines.next()), text(lines.next())) else { return };
    let pair = |line: &[u8]| {
        let at = line.windows(2).position(|pair| pair == b": ")?;
        Some((line[..at].to_ascii_lowercase(), line[at + 2..].to_vec()))
    };
    let headers: Headers = lines.filter_map(pair).collect();
    CONFIG.with(|config| {
        routed(config, &method, &path);
        asked_for(config, &path);
        carried(config, &headers);
    });
}

fn routed(config: &Config, method: &str, path: &str) {
    let found =
        bounded("a route", path.len() + method.len(), BOUND, || route(method, path, &config.prefixes));
    assert_eq!(found, route(method, path, &config.prefixes));
    match found {
        Ok(Route::Native(request)) => {
            assert_eq!(method, "POST");
            handed_over(Purpose::Native(request.clone()));
            if let Ok(resolved) = config.models.native(&request.model) {
                sent(&resolved, request.operation.segment());
            }
        }
        Ok(Route::Model(id)) => {
            let caller = config.keys.callers.named("few").expect("is configured");
            if let Err(error) = config.models.find(&id, caller, |_| true) {
                judge::refused(&error, 404..405);
            }
        }
        Ok(Route::Bedrock(endpoint)) => handed_over(Purpose::OpenAi(endpoint)),
        Ok(Route::Deployment(endpoint, model)) => {
            assert!(!model.trim().is_empty());
            handed_over(Purpose::OpenAi(endpoint));
        }
        Ok(Route::Health | Route::Models(_)) => {}
        Err(error) => judge::refused(&error, 400..406),
    }
}

/// Whatever a client calls a model.
fn asked_for(config: &Config, name: &str) {
    for endpoint in [Endpoint::ChatCompletions, Endpoint::Embeddings, Endpoint::Completions] {
        match config.models.resolve(Some(name), endpoint) {
            Ok(resolved) => sent(&resolved, "converse"),
            Err(error) => judge::refused(&error, 400..405),
        }
    }
    if let Err(error) = config.models.native(name) {
        judge::refused(&error, 400..405);
    }
}

/// The path to Bedrock is one operation on one model.
fn sent(resolved: &Resolved<'_>, operation: &str) {
    for id in resolved.ids() {
        let path = format!("/model/{}/{operation}", encode_label(id));
        let segments: Vec<&str> = path.split('/').collect();
        let ["", "model", label, last] = segments[..] else { panic!("{path:?} has other segments") };
        assert_eq!(last, operation);
        assert!(!["", ".", ".."].contains(&label), "{path:?} climbs");
        let is_clean = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
        assert!(label.bytes().all(is_clean), "{path:?}");
        assert_eq!(percent_encoding::percent_decode_str(label).decode_utf8().as_deref(), Ok(id));
    }
}

fn handed_over(purpose: Purpose<'_>) {
    let handoff = Handoff { purpose, caller: "c\"\r\n".into(), is_bound: true, is_part: true, id: 1 };
    assert_eq!(Handoff::from_bytes(&handoff.to_bytes()).as_ref(), Some(&handoff));
}

/// Envoy, where it knows nothing of a request.
struct Nothing;

impl Properties for Nothing {
    fn text(&self, _: &[&str]) -> Option<String> {
        None
    }

    fn list(&self, _: &[&str]) -> Option<Vec<String>> {
        None
    }
}

fn carried(config: &Config, headers: &Headers) {
    match config.keys.authenticate(headers, || 0, &Nothing) {
        Ok(found) => {
            let has = |value: &[u8]| {
                headers.iter().any(|(_, given)| given.windows(value.len()).any(|part| part == value))
            };
            assert!(
                if found.caller.name == "all" { has(KEY.as_bytes()) } else { has(b"another") },
                "let in without a key"
            );
        }
        Err(refused) => {
            judge::refused(&refused.error, 401..402);
            // With an end that no message has.
            let marked: Headers =
                headers.iter().map(|(name, value)| (name, [value, SECRET.as_bytes()].concat())).collect();
            let refused = config.keys.authenticate(&marked, || 0, &Nothing).expect_err("a longer key is let in");
            let told = String::from_utf8(refused.error.body()).expect("UTF-8");
            assert!(!told.contains(SECRET), "a key is told: {told}");
        }
    }
    for (name, _) in headers.iter() {
        let stripped: Vec<&[u8]> = headers.stripped().collect();
        let must_go = [&b"authorization"[..], b"cookie", b"x-api-key"].contains(&name)
            || name.starts_with(b"x-amz-")
            || name.starts_with(b"x-envoy-");
        assert!(!must_go || stripped.contains(&name), "{name:?} stays");
        if let Ok(name) = std::str::from_utf8(name) {
            assert!(!(must_go && may_be_forwarded(name)), "{name} may go on");
        }
    }
    for operation in Operation::ALL {
        let sent = native::headers(operation, headers, "team \"a\"\r\n", &[]);
        let labels = sent.all("x-amzn-bedrock-request-metadata");
        assert_eq!(labels.is_some(), operation.invokes());
        if let Some(labels) = labels {
            assert!(
                labels.bytes().all(|byte| (0x20..0x7f).contains(&byte)) && labels.len() <= 8_500,
                "{labels}"
            );
            let labels: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(&labels).expect("JSON");
            assert_eq!(labels["api_key"], "team _a___");
            assert!(labels.len() <= 16);
        }
    }
}
