//! Requests that are wrong in one place: each is refused naming that place, or becomes something that Bedrock takes.

use std::collections::BTreeSet;

use bedrock_filter::translate::fit::family::{self, Capabilities};
use bedrock_filter::translate::notes::Unsupported;
use bedrock_filter::translate::{Model, Options};
use serde_json::{Value, json};

use super::{CALLER, bedrock_rules, options, translate, wire};

const MODELS: &[&str] = &[
    "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
    "us.anthropic.claude-opus-4-6-v1",
    "us.amazon.nova-pro-v1:0",
    "mistral.mistral-large-2407-v1:0",
];
const PNG: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
const MP4: &str = "data:video/mp4;base64,AAAAIGZ0eXBpc29tAAACAGlzb21pc28y";
const PDF: &str = "data:application/pdf;base64,JVBERi0xLjQgdGlueQ==";

/// A request with every member that there is.
fn everything() -> Value {
    let mut request = json!({
        "model": "my-model",
        "max_completion_tokens": 9_000,
        "max_tokens": 8_000,
        "temperature": 0.5,
        "top_p": 0.5,
        "stop": ["END"],
        "n": 1,
        "stream": true,
        "stream_options": { "include_usage": true, "include_obfuscation": false },
        "parallel_tool_calls": false,
        "reasoning_effort": "low",
        "verbosity": "low",
        "service_tier": "flex",
        "metadata": { "team": "a" },
        "user": "me",
        "safety_identifier": "me",
        "prompt_cache_key": "k",
        "prompt_cache_retention": "24h",
        "prompt_cache_options": {},
        "moderation": {},
    });
    let more = json!({
        "logprobs": false,
        "top_logprobs": 0,
        "logit_bias": { "50256": -100 },
        "seed": 1,
        "frequency_penalty": 0.5,
        "presence_penalty": 0.5,
        "prediction": { "type": "content", "content": "x" },
        "audio": { "voice": "alloy", "format": "wav" },
        "modalities": ["text"],
        "web_search_options": { "search_context_size": "low", "user_location": { "type": "approximate" } },
        "cache_control": { "type": "ephemeral", "mode": "explicit", "ttl": "5m" },
        "store": true,
        "top_k": 5,
        "thinking": { "type": "enabled", "budget_tokens": 2_000 },
        "guardrailConfig": { "guardrailIdentifier": "abc", "guardrailVersion": "1" },
        "performanceConfig": { "latency": "standard" },
        "promptVariables": { "x": { "text": "y" } },
        "requestMetadata": { "job": "b" },
        "additionalModelRequestFields": { "field": 1 },
        "additionalModelResponseFieldPaths": ["/stop_sequence"],
        "outputConfig": {},
        "extra_body": { "prompt_caching": { "system": true, "messages": true } },
    });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request["messages"] = messages();
    request["tools"] = json!([
        {
            "type": "function",
            "cache_control": { "type": "ephemeral", "mode": "explicit", "ttl": "5m" },
            "function": {
                "name": "f",
                "description": "Does f.",
                "parameters": { "type": "object", "properties": {} },
                "strict": true,
                "cache_control": { "type": "ephemeral", "mode": "explicit", "ttl": "1h" },
            },
        },
        { "type": "custom", "custom": { "name": "sql", "description": "Asks.", "format": { "type": "text" } } },
        { "type": "function", "function": { "name": "chosen" } },
    ]);
    request["functions"] = json!([{
        "name": "older",
        "description": "Does it.",
        "parameters": { "type": "object" },
        "strict": false,
        "cache_control": { "type": "ephemeral", "mode": "explicit", "ttl": "5m" },
    }]);
    let chosen =
        json!({ "type": "function", "function": { "name": "chosen" }, "custom": { "name": "chosen" } });
    request["tool_choice"] = json!({
        "type": "allowed_tools",
        "function": { "name": "chosen" },
        "custom": { "name": "chosen" },
        "allowed_tools": { "mode": "auto", "tools": [chosen] },
    });
    request["function_call"] = json!({ "name": "older" });
    request["response_format"] = json!({
        "type": "json_schema",
        "json_schema": { "name": "p", "description": "A p.", "schema": { "type": "object" }, "strict": true },
    });
    request
}

fn messages() -> Value {
    let cached = json!({ "type": "ephemeral", "mode": "explicit", "ttl": "5m" });
    let media = json!([
        { "type": "text", "text": "Look.", "cache_control": cached, "prompt_cache_breakpoint": cached },
        { "type": "text", "text": "What?", "guard_content": { "qualifiers": ["query"] } },
        { "type": "image_url", "image_url": { "url": PNG, "detail": "low", "format": "image/png" } },
        { "type": "video_url", "video_url": { "url": MP4, "detail": "low", "format": "video/mp4" } },
        { "type": "input_audio", "input_audio": { "data": "UklGRg==", "format": "wav" } },
        {
            "type": "file",
            "file": { "file_data": PDF, "file_id": "file-1", "filename": "a.pdf" },
            "citations": { "enabled": true },
            "context": "A report.",
        },
    ]);
    let said = json!([
        { "type": "thinking", "thinking": "Hm.", "signature": "c2ln" },
        { "type": "redacted_thinking", "data": "cmVk" },
        { "type": "text", "text": "Well." },
        { "type": "refusal", "refusal": "No." },
    ]);
    let calls = json!([
        {
            "id": "a",
            "type": "function",
            "index": 0,
            "function": { "name": "f", "arguments": "{}" },
            "cache_control": cached,
        },
        { "id": "b", "type": "custom", "index": 1, "custom": { "name": "sql", "input": "SELECT 1" } },
    ]);
    let thoughts = json!([
        { "type": "thinking", "index": 0, "thinking": "Hm.", "signature": "c2ln" },
        { "type": "redacted_thinking", "index": 1, "data": "cmVk" },
    ]);
    json!([
        { "role": "system", "content": "Be brief." },
        { "role": "user", "name": "Ada", "content": media, "cache_control": cached },
        {
            "role": "assistant",
            "content": said,
            "refusal": "Not that.",
            "reasoning_content": "Hm.",
            "signature": "c2ln",
            "thinking_blocks": thoughts,
            "tool_calls": calls,
            "function_call": { "name": "older", "arguments": "{}" },
            "audio": { "id": "audio-1" },
            "annotations": [{ "type": "url_citation" }],
        },
        { "role": "tool", "tool_call_id": "a", "content": "Done.", "is_error": true, "status": "error" },
        { "role": "tool", "tool_call_id": "b", "content": [{ "type": "text", "text": "Done." }] },
        { "role": "function", "name": "older", "content": "Done." },
        { "role": "user", "content": "Thanks." },
    ])
}

#[test]
fn a_request_with_every_member_is_taken() {
    let request = everything();
    let mut paths = BTreeSet::new();
    wire::collect(&request, "", &mut paths);
    let missing: Vec<_> = wire::known().difference(&paths).cloned().collect();
    assert!(missing.is_empty(), "not in the request: {missing:?}");
    for model in MODELS {
        assert_eq!(outcome(model, &request), Ok(Outcome::Taken));
    }
}

/// What a client says is repeated to it, but not megabytes of it.
#[test]
fn an_error_repeats_little_of_what_is_long() {
    let long = "x".repeat(1 << 20);
    let deep = "[".repeat(1_000) + &"]".repeat(1_000);
    let message = r#""messages":[{"role":"user","content":"Hi"}]"#;
    let tool = r#""tools":[{"type":"function","function":{"name":"f"}}]"#;
    for body in [
        format!(r#"{{{message},{tool},"tool_choice":{{"type":"function","function":{{"name":"{long}"}}}}}}"#),
        format!(r#"{{{message},"additionalModelRequestFields":{{"{long}":{deep}}}}}"#),
        format!(r#"{{{message},"{long}":{deep}}}"#),
        format!(r#"{{{message},"metadata":{{"{long}":5}}}}"#),
        format!(r#"{{{message},"reasoning_effort":"{long}"}}"#),
        format!(r#"{{"messages":[{{"role":"{long}","content":"Hi"}}]}}"#),
        format!(r#"{{"messages":[{{"role":"user","content":[{{"type":"{long}"}}]}}]}}"#),
        format!(r#"{{{message},"tools":[{{"type":"{long}"}}]}}"#),
        format!(
            r#"{{{message},"tools":[{{"type":"function","function":{{"name":"f","parameters":{{"{long}":1,"type":"{long}"}}}}}}]}}"#
        ),
        format!(r#"{{{message},"response_format":{{"type":"{long}"}}}}"#),
    ] {
        let error = translate(MODELS[0], body.as_bytes(), &bedrock_filter::translate::Options::default())
            .unwrap_err();
        assert!(error.body().len() < 1_500, "{} bytes: {:.300}", error.body().len(), error.message);
    }
}

/// What stands in the place of each member in turn.
pub(crate) fn substitutes() -> Vec<Value> {
    vec![
        Value::Null,
        "".into(),
        " ".into(),
        "text".into(),
        0.into(),
        (-1).into(),
        json!(1.5),
        json!(1e300),
        u64::MAX.into(),
        true.into(),
        false.into(),
        json!([]),
        json!([null]),
        json!(["text"]),
        json!([[]]),
        json!([{}]),
        json!({}),
        json!({ "text": null }),
        json!({ "text": "text" }),
    ]
}

/// Where the trouble with a member shows in another: the choice names a tool that is there no more, or what is left
/// makes no sense.
const ELSEWHERE: &[(&str, &str)] = &[
    ("messages[1].content[5].file.file_data", "messages[1].content[5].file.file_id"),
    ("tools", "tool_choice.allowed_tools.tools"),
    ("tools[2]", "tool_choice.allowed_tools.tools"),
    ("tools[2].type", "tools[2].custom"),
    ("tools[2].function", "tool_choice.allowed_tools.tools"),
    ("tools[2].function.name", "tool_choice.allowed_tools.tools"),
];

#[test]
fn whatever_stands_in_a_members_place_is_taken_or_refused_naming_it() {
    let request = everything();
    let mut places = Vec::new();
    places_in(&request, "", "", &mut places);
    assert!(places.len() > 240, "only {} places", places.len());
    let known = wire::known();
    let mut wrong = Vec::new();
    let (mut taken, mut refused) = (0, 0);
    // Each with one that thinks and caches, and with another, in turns.
    let (first, others) = MODELS.split_first().unwrap();
    let mut others = others.iter().cycle();
    for (pointer, path) in &places {
        let holder = holder(path, &known);
        for (substitute, other) in substitutes().iter().zip(&mut others) {
            let mut request = request.clone();
            *request.pointer_mut(pointer).unwrap() = substitute.clone();
            for model in [first, other] {
                match outcome(model, &request) {
                    Ok(Outcome::Taken) => taken += 1,
                    Ok(Outcome::Refused(param)) if param == holder || is_told(path, &param) => refused += 1,
                    Ok(Outcome::Refused(param)) => {
                        wrong.push(format!("{path} = {substitute}: {param} refused"))
                    }
                    Err(reason) => wrong.push(format!("{path} = {substitute}: {reason}")),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(taken > 1_000 && refused > 1_000, "{taken} taken, {refused} refused");
}

/// What became of a request.
#[derive(Debug, PartialEq)]
enum Outcome {
    Taken,
    /// By a 400 with this `param`.
    Refused(String),
}

/// What became of the request; an error where that breaks a rule.
fn outcome(model: &str, request: &Value) -> Result<Outcome, String> {
    let options =
        Options { models: [(model.to_owned(), listening(model))].into(), ..options(Unsupported::Refuse) };
    match translate(model, request.to_string().as_bytes(), &options) {
        Ok(outgoing) => {
            let body: Value = serde_json::from_slice(&outgoing.body).map_err(|error| error.to_string())?;
            bedrock_rules::broken(&format!("{model}, {}", bedrock_rules::LISTENS), &body, CALLER)
                .map_err(|rule| format!("{model}: {rule}"))?;
            Ok(Outcome::Taken)
        }
        Err(error) if error.status == 400 && error.kind == "invalid_request_error" => {
            Ok(Outcome::Refused(error.param.unwrap_or_default()))
        }
        Err(error) => Err(format!("{error:?}")),
    }
}

/// The model, taking sound: where it does not, nothing else of a request would be tried.
fn listening(model: &str) -> Model {
    let capabilities = Some(Capabilities { audio: true, ..*family::capabilities(model) });
    Model { like: None, capabilities, drop: Vec::new(), guardrail: None, automatic_caching: None }
}

/// True where `param` names the member, something in it, or what it is known to show in.
fn is_told(path: &str, param: &str) -> bool {
    let rest = param.strip_prefix(path);
    let parent = |path: &str| path.rsplit_once('.').map_or(String::new(), |(parent, _)| parent.to_owned());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        // The type says which of the members beside it is needed.
        || path.ends_with(".type") && parent(path) == parent(param)
        || ELSEWHERE.contains(&(path, param))
}

/// The innermost member around a place that the code knows by name: what lies deeper goes over as it is.
fn holder<'p>(path: &'p str, known: &BTreeSet<String>) -> &'p str {
    let ends = path.match_indices(['.', '[']).map(|(at, _)| at).chain([path.len()]);
    let is_known = |end: &usize| {
        let pattern: String = path[..*end].chars().filter(|c| !c.is_ascii_digit()).collect();
        known.contains(&pattern)
    };
    ends.rev().find(is_known).map_or("", |end| &path[..end])
}

/// Pointers and paths of all members and entries.
pub(crate) fn places_in(value: &Value, pointer: &str, path: &str, into: &mut Vec<(String, String)>) {
    let inner: Vec<(String, String, &Value)> = match value {
        Value::Object(members) => {
            let dot = if path.is_empty() { "" } else { "." };
            let members = members.iter();
            members
                .map(|(name, value)| (format!("{pointer}/{name}"), format!("{path}{dot}{name}"), value))
                .collect()
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.map(|(at, item)| (format!("{pointer}/{at}"), format!("{path}[{at}]"), item)).collect()
        }
        _ => return,
    };
    for (pointer, path, value) in inner {
        places_in(value, &pointer, &path, into);
        into.push((pointer, path));
    }
}

#[test]
fn a_body_of_a_text_completion_is_told_where_to_go() {
    let body = json!({"model": "x", "prompt": "hello"});
    let error = translate(MODELS[0], body.to_string().as_bytes(), &options(Unsupported::Refuse)).unwrap_err();
    assert_eq!((error.status, error.param.as_deref()), (400, Some("messages")));
    assert!(error.message.contains("'completions'"), "{}", error.message);
}

#[test]
fn as_many_tools_as_the_limit_are_taken_and_one_more_is_refused() {
    let tools = |count: usize| -> Value {
        (0..count).map(|at| json!({ "type": "function", "function": { "name": format!("f{at}") } })).collect()
    };
    let messages = json!([{ "role": "user", "content": "Hi" }]);
    for model in MODELS {
        let request = |count| json!({ "messages": messages, "tools": tools(count) });
        assert_eq!(outcome(model, &request(1_000)), Ok(Outcome::Taken));
        assert_eq!(outcome(model, &request(1_001)), Ok(Outcome::Refused("tools".to_owned())));
    }
}

#[test]
fn ids_and_names_of_ten_kilobytes_are_cut_and_stay_paired() {
    let long = |end: &str| "x".repeat(10_000) + end;
    let call = |end: &str| json!({ "id": long(end), "type": "function", "function": { "name": long(end), "arguments": "{}" } });
    let result = |end: &str| json!({ "role": "tool", "tool_call_id": long(end), "content": end });
    let request = json!({ "messages": [
        { "role": "user", "content": "Hi" },
        { "role": "assistant", "tool_calls": [call("1"), call("2")] },
        result("2"),
        result("1"),
    ] });
    for model in MODELS {
        assert_eq!(outcome(model, &request), Ok(Outcome::Taken));
        let outgoing =
            translate(model, request.to_string().as_bytes(), &options(Unsupported::Refuse)).unwrap();
        let body: Value = serde_json::from_slice(&outgoing.body).unwrap();
        let call = |at: usize| &body["messages"][1]["content"][at]["toolUse"];
        let result = |at: usize| &body["messages"][2]["content"][at]["toolResult"];
        assert_ne!(call(0)["name"], call(1)["name"]);
        assert_eq!(result(0)["toolUseId"], call(1)["toolUseId"]);
        assert_eq!(result(0)["content"][0]["text"], "2");
        assert_eq!(result(1)["toolUseId"], call(0)["toolUseId"]);
    }
}
