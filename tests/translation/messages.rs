//! What holds of every message of Anthropic's that Converse gave, tried on thousands of random answers: whole and as a stream it is
//! the same, and its events come in Anthropic's order.

use std::collections::BTreeMap;

use bedrock_filter::openai::Endpoint;
use bedrock_filter::translate::notes::Unsupported;
use bedrock_filter::translate::{Reply, chat};
use serde_json::{Map, Value, json};

use super::answers::answer;
use super::random::Random;
use super::responses::stream;
use super::{ANSWERED, options, translate_to};

const NOVA: &str = "us.amazon.nova-pro-v1:0";
const OSS: &str = "openai.gpt-oss-120b-1:0";

/// Requests, and the names that Bedrock knows their tools by.
const CLIENTS: &[(&str, &str, &[&str])] = &[
    (
        NOVA,
        r#""tools":[{"name":"f","input_schema":{"type":"object"}},{"name":"a.b","input_schema":{"type":"object"}}]"#,
        &["f", "a_b", "never_declared"],
    ),
    (NOVA, r#""stop_sequences":["END"]"#, &[]),
    (OSS, r#""thinking":{"type":"enabled","budget_tokens":1024},"max_tokens":2000"#, &[]),
];

/// What is kept of a request with these members for its answer.
fn reply(model: &str, members: &str) -> Reply {
    let request = format!(
        r#"{{"max_tokens":9,"messages":[{{"role":"user","content":"Hi"}}],"stream":true,{members}}}"#
    );
    let headers = chat::Headers::default();
    let options = options(Unsupported::Refuse);
    translate_to(Endpoint::Messages, headers, model, request.as_bytes(), &options).unwrap().reply
}

/// The events, each with its name and its type checked.
fn events(out: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(out).unwrap();
    assert!(text.is_empty() || text.ends_with("\n\n"));
    let read = |event: &str| {
        let (name, data) = event.split_once('\n').expect("two lines");
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").expect("data")).unwrap();
        assert_eq!(name.strip_prefix("event: "), data["type"].as_str(), "{event}");
        data
    };
    text.split_terminator("\n\n").map(read).collect()
}

#[test]
fn a_message_is_the_same_whole_and_as_a_stream() {
    let clients: Vec<_> =
        CLIENTS.iter().map(|(model, members, names)| (reply(model, members), *names)).collect();
    let mut kinds = BTreeMap::new();
    for seed in 0..1_000 {
        let mut random = Random::new(7_000_000 + seed);
        let (reply, names) = &clients[random.below(clients.len())];
        let answer = answer(&mut random, names);
        let body = answer.body(&mut random);
        let whole = reply.whole(body.as_bytes(), ANSWERED);
        let bytes = answer.stream(&mut random);
        match (whole, stream(&mut random, reply, &bytes)) {
            (Ok(whole), (out, Ok(()))) => {
                let whole: Value = serde_json::from_slice(&whole).unwrap();
                assert_eq!(same(&told(&events(&out))), same(&whole), "seed {seed}: {body}");
                *kinds.entry(whole["stop_reason"].as_str().unwrap().to_owned()).or_insert(0) += 1;
            }
            (Err(whole), (out, Err(streamed))) => {
                assert_eq!(whole, streamed, "seed {seed}");
                let events = events(&out);
                if let Some(last) = events.last() {
                    assert_eq!(last["type"], "error", "seed {seed}");
                    assert!(events.iter().all(|event| event["type"] != "message_stop"));
                    *kinds.entry("error".to_owned()).or_insert(0) += 1;
                }
            }
            (whole, streamed) => panic!("seed {seed}: {whole:?}, {streamed:?}: {body}"),
        }
    }
    for kind in ["end_turn", "tool_use", "max_tokens", "stop_sequence", "refusal", "error"] {
        assert!(kinds.get(kind).is_some_and(|count| *count > 20), "{kind}: {kinds:?}");
    }
}

#[test]
fn what_was_written_to_the_cache_is_told_by_how_long_it_is_kept() {
    let reply = reply(NOVA, r#""stop_sequences":["END"]"#);
    let usage = |usage: &str| -> Value {
        let body = format!(
            r#"{{"output":{{"message":{{"role":"assistant","content":[{{"text":"Hi"}}]}}}},"stopReason":"end_turn","usage":{usage}}}"#
        );
        let whole: Value = serde_json::from_slice(&reply.whole(body.as_bytes(), ANSWERED).unwrap()).unwrap();
        whole["usage"].clone()
    };
    assert_eq!(
        usage(
            r#"{"inputTokens":1,"outputTokens":2,"cacheWriteInputTokens":33,
            "cacheDetails":[{"ttl":"1h","inputTokens":30},{"ttl":"5m","inputTokens":3},{"ttl":"1w","inputTokens":9},{}]}"#
        ),
        json!({"input_tokens": 1, "output_tokens": 2, "cache_creation_input_tokens": 33, "cache_read_input_tokens": 0,
               "cache_creation": {"ephemeral_1h_input_tokens": 30, "ephemeral_5m_input_tokens": 3}})
    );
    for without in [r#"{"cacheWriteInputTokens":3}"#, r#"{"cacheWriteInputTokens":3,"cacheDetails":null}"#] {
        assert_eq!(usage(without)["cache_creation"], Value::Null);
    }
}

/// What has to be the same however the blocks of an answer were woven together in its stream: all that is said, its sources, and the
/// other blocks in any order.
fn same(message: &Value) -> Value {
    let (mut text, mut sources, mut others) = (String::new(), Vec::new(), Vec::new());
    for block in message["content"].as_array().unwrap() {
        if block["type"] != "text" {
            others.push(block.to_string());
            continue;
        }
        text += block["text"].as_str().unwrap();
        sources.extend(block["citations"].as_array().into_iter().flatten().cloned());
    }
    others.sort();
    let mut rest = message.clone();
    rest["content"] = json!({ "text": text, "sources": sources, "others": others });
    rest
}

/// The message as a client puts it together, which holds each event to its place in the order.
fn told(events: &[Value]) -> Value {
    let [start, ping, middle @ .., delta, stop] = events else { panic!("{events:?}") };
    let kinds = [start, ping, delta, stop].map(|event| event["type"].as_str().unwrap());
    assert_eq!(kinds, ["message_start", "ping", "message_delta", "message_stop"]);
    let mut message = start["message"].clone();
    assert_eq!((&message["content"], &message["stop_reason"]), (&json!([]), &Value::Null));
    let mut blocks: Vec<Value> = Vec::new();
    let mut open = Map::new();
    for event in middle {
        let at = event["index"].as_u64().unwrap() as usize;
        match event["type"].as_str().unwrap() {
            "content_block_start" => {
                assert_eq!(at, blocks.len(), "blocks begin in their order");
                blocks.push(event["content_block"].clone());
                open.insert(at.to_string(), "".into());
            }
            "content_block_delta" => {
                let json = open.get_mut(&at.to_string()).expect("an open block");
                add(&mut blocks[at], json, &event["delta"]);
            }
            "content_block_stop" => {
                let json = open.remove(&at.to_string()).expect("an open block");
                if blocks[at]["type"] == "tool_use" && json != "" {
                    blocks[at]["input"] = serde_json::from_str(json.as_str().unwrap()).unwrap();
                }
            }
            other => panic!("{other}"),
        }
    }
    assert!(open.is_empty(), "a block without an end");
    message["content"] = blocks.into();
    for name in ["stop_reason", "stop_sequence"] {
        message[name] = delta["delta"][name].clone();
    }
    message["usage"] = delta["usage"].clone();
    message
}

fn add(block: &mut Value, json: &mut Value, delta: &Value) {
    let (member, piece) = match delta["type"].as_str().unwrap() {
        "text_delta" => (&mut block["text"], &delta["text"]),
        "thinking_delta" => (&mut block["thinking"], &delta["thinking"]),
        "signature_delta" => (&mut block["signature"], &delta["signature"]),
        "input_json_delta" => (json, &delta["partial_json"]),
        "citations_delta" => {
            if block["citations"].is_null() {
                block["citations"] = json!([]);
            }
            block["citations"].as_array_mut().unwrap().push(delta["citation"].clone());
            return;
        }
        other => panic!("{other}"),
    };
    *member = (member.as_str().unwrap().to_owned() + piece.as_str().unwrap()).into();
}
