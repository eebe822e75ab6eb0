//! What holds of every response, tried on thousands of random answers: whole and as a stream it is the same, and its events come in
//! OpenAI's order.

use std::collections::BTreeMap;

use bedrock_filter::openai::{Endpoint, Error};
use bedrock_filter::translate::notes::Unsupported;
use bedrock_filter::translate::{Limits, Reply, chat};
use serde_json::{Value, json};

use super::answers::answer;
use super::frames;
use super::random::Random;
use super::{ANSWERED, dump_response, options, translate_to};

const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const NOVA_2: &str = "us.amazon.nova-2-lite-v1:0";

/// Models, requests for them, and the names that Bedrock knows their tools by.
const CLIENTS: &[(&str, &str, &[&str])] = &[
    (
        CLAUDE,
        r#""tools":[{"type":"function","name":"f"},{"type":"function","name":"a.b"},{"type":"custom","name":"sql"},
        {"type":"namespace","name":"crm","description":"","tools":[{"type":"function","name":"find"}]},
        {"type":"local_shell"},{"type":"shell"},{"type":"apply_patch"},{"type":"web_search"}]"#,
        &["f", "a_b", "sql", "crm_find", "local_shell", "shell", "apply_patch", "never_declared"],
    ),
    (
        CLAUDE,
        r#""reasoning":{"effort":"low","summary":"auto"},"instructions":"Be brief.\n","metadata":{"a":"b"}"#,
        &[],
    ),
    (CLAUDE, r#""user":"me""#, &[]),
    (NOVA_2, r#""tools":[{"type":"web_search"},{"type":"function","name":"f"}]"#, &["nova_grounding", "f"]),
];

/// What is kept of a request with these members for its response.
fn reply(model: &str, members: &str) -> Reply {
    let request = format!(r#"{{"input":"Hi","stream":true,{members}}}"#);
    let headers = chat::Headers::default();
    let options = options(Unsupported::Refuse);
    translate_to(Endpoint::Responses, headers, model, request.as_bytes(), &options).unwrap().reply
}

/// The events of a stream that is cut anywhere, and how it ended.
pub(crate) fn stream(random: &mut Random, reply: &Reply, bytes: &[u8]) -> (Vec<u8>, Result<(), Error>) {
    let mut stream = reply.clone().stream(ANSWERED, &Limits::default()).expect("a stream");
    let mut out = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((random.below(300) + 1).min(rest.len()));
        if let Err(error) = stream.bytes(piece, &mut out) {
            if stream.has_begun() {
                stream.fail(&error, &mut out);
            }
            return (out, Err(error));
        }
        rest = after;
    }
    let end = stream.end(&mut out);
    (out, end)
}

/// The events, each with its name, its type and its number checked.
pub(crate) fn events(out: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(out).unwrap();
    assert!(text.is_empty() || text.ends_with("\n\n"));
    let mut events = Vec::new();
    for event in text.split_terminator("\n\n") {
        let (name, data) = event.split_once('\n').expect("two lines");
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").expect("data")).unwrap();
        assert_eq!(name.strip_prefix("event: "), data["type"].as_str(), "{event}");
        assert_eq!(data["sequence_number"], events.len(), "{event}");
        events.push(data);
    }
    events
}

#[test]
fn a_response_is_the_same_whole_and_as_a_stream() {
    let clients = CLIENTS.iter().map(|(model, request, names)| (reply(model, request), *names));
    let clients: Vec<_> = clients.collect();
    let mut kinds = BTreeMap::new();
    for seed in 0..1_000 {
        let mut random = Random::new(5_000_000 + seed);
        let (reply, names) = &clients[random.below(clients.len())];
        let answer = answer(&mut random, names);
        let body = answer.body(&mut random);
        let whole = reply.whole(body.as_bytes(), ANSWERED);
        let bytes = answer.stream(&mut random);
        match (whole, stream(&mut random, reply, &bytes)) {
            (Ok(whole), (out, Ok(()))) => {
                let whole: Value = serde_json::from_slice(&whole).unwrap();
                let events = events(&out);
                let last = events.last().unwrap();
                let kind = last["type"].as_str().unwrap().strip_prefix("response.").unwrap();
                assert_eq!(kind, whole["status"].as_str().unwrap(), "seed {seed}: {body}");
                assert_eq!(same(&last["response"]), same(&whole), "seed {seed}: {body}");
                assert_eq!(told(&events), last["response"]["output"], "seed {seed}: {body}");
                *kinds.entry(kind.to_owned()).or_insert(0) += 1;
                dump_response(&format!("response-{seed:05}"), &last["response"], &events);
            }
            (Err(whole), (out, Err(streamed))) => {
                assert_eq!(whole, streamed, "seed {seed}");
                let events = events(&out);
                if let Some(last) = events.last() {
                    assert_eq!(last["type"], "response.failed", "seed {seed}");
                    assert_eq!(last["response"]["status"], "failed");
                    assert_eq!(last["response"]["error"]["code"], "server_error");
                    *kinds.entry("failed".to_owned()).or_insert(0) += 1;
                }
            }
            (whole, streamed) => panic!("seed {seed}: {whole:?}, {streamed:?}: {body}"),
        }
    }
    for kind in ["completed", "incomplete", "failed"] {
        assert!(kinds.get(kind).is_some_and(|count| *count > 30), "{kind}: {kinds:?}");
    }
}

/// What has to be the same however the blocks of an answer were woven together in its stream: all that is said, its sources, the
/// other items in any order, and the rest of the response.
fn same(response: &Value) -> Value {
    let (mut text, mut sources, mut others) = (String::new(), Vec::new(), Vec::new());
    for item in response["output"].as_array().unwrap() {
        if item["type"] != "message" {
            let mut item = item.clone();
            item.as_object_mut().unwrap().retain(|name, _| name != "id" && name != "status");
            others.push(item.to_string());
            continue;
        }
        let before = text.chars().count() as u64;
        for part in item["content"].as_array().unwrap() {
            text += part["text"].as_str().or(part["refusal"].as_str()).unwrap();
            for source in part["annotations"].as_array().into_iter().flatten() {
                let mut source = source.clone();
                for at in ["start_index", "end_index", "index"] {
                    if let Some(index) = source.get_mut(at) {
                        *index = (index.as_u64().unwrap() + before).into();
                    }
                }
                sources.push(source);
            }
        }
    }
    others.sort();
    let mut rest = response.clone();
    rest["output"] = json!({ "text": text, "sources": sources, "others": others });
    rest
}

/// The output as a client puts it together that looks at nothing but pieces, and holds each event to its place in the order.
fn told(events: &[Value]) -> Value {
    let mut output: Vec<Value> = Vec::new();
    let mut done: Vec<bool> = Vec::new();
    assert_eq!(events[0]["type"], "response.created");
    assert_eq!(events[1]["type"], "response.in_progress");
    for event in &events[..2] {
        assert_eq!(
            (&event["response"]["status"], &event["response"]["output"]),
            (&json!("in_progress"), &json!([]))
        );
    }
    for event in &events[2..events.len() - 1] {
        let kind = event["type"].as_str().unwrap().strip_prefix("response.").unwrap();
        let at = event["output_index"].as_u64().unwrap() as usize;
        if kind == "output_item.added" {
            assert_eq!(at, output.len(), "items begin in their order");
            output.push(event["item"].clone());
            done.push(false);
            continue;
        }
        assert!(!done[at], "{event} comes after its item's end");
        let item = &mut output[at];
        if kind == "output_item.done" {
            assert_eq!(item["id"], event["item"]["id"]);
            let own = event["item"]["type"].as_str().unwrap();
            for member in ["content", "summary", "arguments", "input"] {
                assert_eq!(item[member], event["item"][member], "{own} {member}");
            }
            *item = event["item"].clone();
            done[at] = true;
            continue;
        }
        assert_eq!(item["id"], event["item_id"], "{event}");
        let part = |list: &str| (list.to_owned(), event[format!("{list}_index")].as_u64().unwrap() as usize);
        let add = |place: &mut Value| {
            *place = (place.as_str().unwrap().to_owned() + event["delta"].as_str().unwrap()).into();
        };
        match kind {
            "content_part.added" | "reasoning_summary_part.added" => {
                let (list, index) = part(if kind.starts_with('c') { "content" } else { "summary" });
                if item[&list].is_null() {
                    item[&list] = json!([]);
                }
                let parts = item[&list].as_array_mut().unwrap();
                assert_eq!(index, parts.len());
                parts.push(event["part"].clone());
            }
            "content_part.done" | "reasoning_summary_part.done" => {
                let (list, index) = part(if kind.starts_with('c') { "content" } else { "summary" });
                assert_eq!(item[&list][index], event["part"]);
            }
            "output_text.delta" | "reasoning_text.delta" => {
                add(&mut item["content"][part("content").1]["text"])
            }
            "refusal.delta" => add(&mut item["content"][part("content").1]["refusal"]),
            "reasoning_summary_text.delta" => add(&mut item["summary"][part("summary").1]["text"]),
            "function_call_arguments.delta" => add(&mut item["arguments"]),
            "custom_tool_call_input.delta" => add(&mut item["input"]),
            "output_text.done" | "reasoning_text.done" => {
                assert_eq!(item["content"][part("content").1]["text"], event["text"]);
            }
            "refusal.done" => assert_eq!(item["content"][part("content").1]["refusal"], event["refusal"]),
            "reasoning_summary_text.done" => {
                assert_eq!(item["summary"][part("summary").1]["text"], event["text"])
            }
            "function_call_arguments.done" => assert_eq!(item["arguments"], event["arguments"]),
            "custom_tool_call_input.done" => assert_eq!(item["input"], event["input"]),
            "output_text.annotation.added" => {
                let sources = item["content"][part("content").1]["annotations"].as_array_mut().unwrap();
                assert_eq!(event["annotation_index"], sources.len());
                sources.push(event["annotation"].clone());
            }
            "web_search_call.in_progress" | "web_search_call.searching" | "web_search_call.completed" => {}
            other => panic!("an event of an unknown kind: {other}"),
        }
    }
    assert!(done.iter().all(|done| *done), "every item ends");
    Value::Array(output)
}

#[test]
fn a_search_is_an_item_of_its_own_and_its_pages_are_sources() {
    let reply = reply(NOVA_2, r#""tools":[{"type":"web_search"}]"#);
    let call = r#"{"toolUseId":"s","name":"nova_grounding","type":"server_tool_use"}"#;
    let page = r#"{"location":{"web":{"url":"https://example.com/a","domain":"example.com"}}}"#;
    let delta = |block: u32, delta: &str| {
        frames::event("contentBlockDelta", &format!(r#"{{"contentBlockIndex":{block},"delta":{delta}}}"#))
    };
    let bytes = [
        frames::event(
            "contentBlockStart",
            &format!(r#"{{"contentBlockIndex":0,"start":{{"toolUse":{call}}}}}"#),
        ),
        delta(0, r#"{"toolUse":{"input":"{\"query\":\"a \\\"b"}}"#),
        delta(0, r#"{"toolUse":{"input":"\\\"\"}"}}"#),
        frames::event("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        frames::event(
            "contentBlockStart",
            r#"{"contentBlockIndex":1,"start":{"toolResult":{"toolUseId":"s"}}}"#,
        ),
        frames::event("contentBlockStop", r#"{"contentBlockIndex":1}"#),
        delta(2, r#"{"text":"Yes."}"#),
        delta(3, &format!(r#"{{"citation":{page}}}"#)),
        frames::event("messageStop", r#"{"stopReason":"end_turn"}"#),
    ];
    let (out, end) = stream(&mut Random::new(1), &reply, &bytes.concat());
    assert_eq!(end, Ok(()));
    let events = events(&out);
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let expected = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.web_search_call.in_progress",
        "response.web_search_call.searching",
        "response.web_search_call.completed",
        "response.output_item.done",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.annotation.added",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ];
    assert_eq!(kinds, expected);
    let output = told(&events);
    let action = json!({ "type": "search", "query": "a \"b\"" });
    assert_eq!((&output[0]["type"], &output[0]["action"]), (&json!("web_search_call"), &action));
    assert_eq!(output[0]["status"], "completed");
    let source = json!({ "type": "url_citation", "start_index": 0, "end_index": 4, "title": "example.com", "url": "https://example.com/a" });
    assert_eq!(output[1]["content"][0]["annotations"], json!([source]));
    let content = format!(
        r#"[{{"toolUse":{{{},"input":{{"query":"a \"b\""}}}}}},{{"text":"Yes."}},{{"citationsContent":{{"citations":[{page}]}}}}]"#,
        &call[1..call.len() - 1]
    );
    let body = format!(r#"{{"output":{{"message":{{"content":{content}}}}},"stopReason":"end_turn"}}"#);
    let whole: Value = serde_json::from_slice(&reply.whole(body.as_bytes(), ANSWERED).unwrap()).unwrap();
    assert_eq!(whole["output"], output);
}

#[test]
fn a_search_that_is_cut_off_is_incomplete() {
    let reply = reply(NOVA_2, r#""tools":[{"type":"web_search"}]"#);
    let call = r#"{"toolUseId":"s","name":"nova_grounding"}"#;
    let bytes = [
        frames::event(
            "contentBlockStart",
            &format!(r#"{{"contentBlockIndex":0,"start":{{"toolUse":{call}}}}}"#),
        ),
        frames::event("messageStop", r#"{"stopReason":"max_tokens"}"#),
    ];
    let (out, _) = stream(&mut Random::new(1), &reply, &bytes.concat());
    let events = events(&out);
    assert!(!events.iter().any(|event| event["type"] == "response.web_search_call.completed"));
    let item = &told(&events)[0];
    assert_eq!((&item["status"], &item["action"]["query"]), (&json!("incomplete"), &json!("")));
}

#[test]
fn what_a_stream_holds_of_its_output_is_counted() {
    let reply = reply(CLAUDE, CLIENTS[0].1);
    let mut stream = reply.clone().stream(ANSWERED, &Limits::default()).expect("a stream");
    let before = stream.held();
    let text = "x".repeat(10_000);
    let piece = frames::event(
        "contentBlockDelta",
        &json!({ "contentBlockIndex": 0, "delta": { "text": text } }).to_string(),
    );
    let mut out = Vec::new();
    for pieces in 1..=20 {
        stream.bytes(&piece, &mut out).unwrap();
        let held = stream.held() - before;
        assert!((pieces * 10_000..pieces * 40_000 + 40_000).contains(&held), "{held} of {pieces} pieces");
    }
}

#[test]
fn what_a_response_repeats_stands_on_one_line() {
    let tools = "[\n  {\n    \"type\": \"function\",\r\n    \"name\": \"f\",\n    \"parameters\": {}\n  }\n]";
    let reply = reply(CLAUDE, &format!(r#""instructions":"a\nb","tools":{tools}"#));
    let stop = frames::event("messageStop", r#"{"stopReason":"end_turn"}"#);
    let (out, end) = stream(&mut Random::new(1), &reply, &stop);
    assert_eq!(end, Ok(()));
    let events = events(&out);
    assert_eq!(events.len(), 3);
    let response = &events[2]["response"];
    assert_eq!((&response["instructions"], &response["tools"][0]["name"]), (&json!("a\nb"), &json!("f")));
}

#[test]
fn an_error_in_a_stream_says_no_more_than_openais_codes() {
    let reply = reply(CLAUDE, CLIENTS[2].1);
    for (exception, code) in [
        ("throttlingException", "rate_limit_exceeded"),
        ("validationException", "invalid_prompt"),
        ("internalServerException", "server_error"),
    ] {
        let bytes = [
            frames::event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"Hi"}}"#),
            frames::exception(exception, r#"{"message":"Why."}"#),
        ];
        let (out, end) = stream(&mut Random::new(1), &reply, &bytes.concat());
        assert!(end.is_err());
        let last = events(&out).pop().unwrap();
        assert_eq!(
            (&last["type"], &last["response"]["error"]["code"]),
            (&json!("response.failed"), &json!(code))
        );
        assert_eq!(last["response"]["usage"], Value::Null);
    }
}
