//! What holds of every reply, tried on thousands of random ones: whole and as a stream it is the same answer.

use std::collections::BTreeMap;

use bedrock_filter::openai::Error;
use bedrock_filter::translate::Streamed as _;
use bedrock_filter::translate::chat::Stream;
use bedrock_filter::translate::notes::Unsupported;
use bedrock_filter::translate::told::told;
use bedrock_filter::translate::{Limits, Reply, chat};
use serde_json::{Value, json};

use super::answers::answer;
use super::random::Random;
use super::{ANSWERED, chat_reply, dump_answer, options, translate};

/// What the client's message is in the end.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Message {
    pub(crate) content: String,
    pub(crate) reasoning: String,
    /// By index: type, text or data, signature.
    thinking_blocks: BTreeMap<u64, [String; 3]>,
    /// By index: id, type, name, arguments or input.
    pub(crate) calls: BTreeMap<u64, [String; 4]>,
    function_call: Option<(String, String)>,
    annotations: Vec<Value>,
    finish_reason: String,
    usage: Value,
    service_tier: Value,
}

/// Requests, and the names that Bedrock knows their tools by.
const CLIENTS: &[(&str, &[&str])] = &[
    (
        r#""tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"a.b"}},
        {"type":"custom","custom":{"name":"sql"}}]"#,
        &["f", "a_b", "sql", "never_declared"],
    ),
    (r#""functions":[{"name":"f"},{"name":"a.b"}]"#, &["f", "a_b"]),
    (r#""user":"me""#, &[]),
];

/// A client that wants JSON, by the answer tool.
const JSON: &str =
    r#""response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"}}}"#;

#[test]
fn a_reply_is_the_same_whole_and_as_a_stream() {
    let contexts: Vec<_> = CLIENTS.iter().map(|(request, names)| (context(request), *names)).collect();
    let json = [JSON.to_owned(), format!("{JSON},{}", CLIENTS[0].0)].map(|request| context(&request));
    let mut reasons = BTreeMap::new();
    for seed in 0..3_000 {
        let mut random = Random::new(3_000_000 + seed);
        let (context, names) = match random.below(contexts.len() + 1) {
            // The answer is called for once.
            0 if random.once_in(2) => (&json[0], &["json_answer"][..]),
            0 => (&json[1], &["f", "sql", "json_answer"][..]),
            at => (&contexts[at - 1].0, contexts[at - 1].1),
        };
        let answer = answer(&mut random, names);
        let body = answer.body(&mut random);
        if body.matches("\"json_answer\"").count() > 1 {
            continue;
        }
        let whole = Reply::Chat(context.clone()).whole(body.as_bytes(), ANSWERED);
        let bytes = answer.stream(&mut random);
        match (whole, stream(&mut random, context, &bytes)) {
            (Ok(whole), Ok(chunks)) => {
                let told = events(&told(&whole, true).unwrap());
                let whole: Value = serde_json::from_slice(&whole).unwrap();
                let chunks = events(&chunks);
                let message = message(&whole);
                assert_eq!(message, accumulated(&chunks), "seed {seed}: {body}");
                let at_once = Reply::Chat(context.clone()).at_once(body.as_bytes(), ANSWERED).unwrap();
                assert_eq!(message, accumulated(&events(&at_once)), "seed {seed}, at once: {body}");
                assert_eq!(message, accumulated(&told), "seed {seed}, told: {body}");
                *reasons.entry(message.finish_reason).or_insert(0) += 1;
                dump_answer(&format!("{seed:05}-told"), Some(&whole), Some(&told));
                dump_answer(&format!("{seed:05}"), Some(&whole), Some(&chunks));
            }
            (Err(whole), Err(streamed)) => {
                assert_eq!(whole, streamed, "seed {seed}");
                *reasons.entry("error".to_owned()).or_insert(0) += 1;
            }
            (whole, streamed) => panic!("seed {seed}: {whole:?}, {streamed:?}: {body}"),
        }
    }
    for reason in ["stop", "length", "tool_calls", "function_call", "content_filter", "error"] {
        assert!(reasons.get(reason).is_some_and(|count| *count > 30), "{reason}: {reasons:?}");
    }
}

fn context(members: &str) -> chat::Reply {
    let request = format!(
        r#"{{"messages":[{{"role":"user","content":"Hi"}}],"stream":true,
            "stream_options":{{"include_usage":true}},{members}}}"#
    );
    let options = options(Unsupported::Refuse);
    chat_reply(
        &translate("anthropic.claude-3-haiku-20240307-v1:0", request.as_bytes(), &options).unwrap().reply,
    )
}

pub(crate) fn stream(random: &mut Random, context: &chat::Reply, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let mut stream = Stream::new(context.clone(), ANSWERED, &Limits::default());
    let mut out = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((random.below(300) + 1).min(rest.len()));
        stream.bytes(piece, &mut out)?;
        rest = after;
    }
    stream.end(&mut out)?;
    Ok(out)
}

/// The chunks of a stream that ended well.
pub(crate) fn events(out: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(out).unwrap();
    let text = text.strip_suffix("data: [DONE]\n\n").expect("a stream that is done");
    let data = text.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").expect("an event"));
    data.map(|data| serde_json::from_str(data).unwrap()).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(crate) fn message(completion: &Value) -> Message {
    let choice = &completion["choices"][0];
    let said = &choice["message"];
    let list = |name: &str| said[name].as_array().into_iter().flatten().zip(0..);
    let calls = list("tool_calls").map(|(call, index)| {
        let kind = text(&call["type"]);
        let called = [text(&call["id"]), kind, text(&call[kind]["name"]), input(&call[kind])];
        (index, called.map(str::to_owned))
    });
    let thoughts = list("thinking_blocks").map(|(block, index)| (index, thought(block).map(str::to_owned)));
    let function = &said["function_call"];
    Message {
        content: text(&said["content"]).to_owned(),
        reasoning: text(&said["reasoning_content"]).to_owned(),
        thinking_blocks: thoughts.collect(),
        calls: calls.collect(),
        function_call: function
            .is_object()
            .then(|| (text(&function["name"]).to_owned(), input(function).to_owned())),
        annotations: list("annotations").map(|(annotation, _)| annotation.clone()).collect(),
        finish_reason: text(&choice["finish_reason"]).to_owned(),
        usage: completion["usage"].clone(),
        // A stream has it beside the usage.
        service_tier: if completion["usage"].is_null() {
            Value::Null
        } else {
            completion["service_tier"].clone()
        },
    }
}

fn input(call: &Value) -> &str {
    call["arguments"].as_str().or(call["input"].as_str()).unwrap_or_default()
}

fn thought(block: &Value) -> [&str; 3] {
    let said = block["thinking"].as_str().or(block["data"].as_str()).unwrap_or_default();
    [text(&block["type"]), said, text(&block["signature"])]
}

/// As a client puts chunks together.
pub(crate) fn accumulated(chunks: &[Value]) -> Message {
    let mut message = Message::default();
    let mut sources = BTreeMap::new();
    for chunk in chunks {
        assert_eq!(head(chunk), head(&chunks[0]));
        if chunk["usage"].is_object() {
            assert_eq!(message.usage, Value::Null, "usage twice");
            assert_eq!(chunk["choices"], json!([]));
            message.usage = chunk["usage"].clone();
            message.service_tier = chunk["service_tier"].clone();
            continue;
        }
        let (choice, delta) = (&chunk["choices"][0], &chunk["choices"][0]["delta"]);
        assert_eq!(message.finish_reason, "", "a chunk after the finish reason");
        message.content += text(&delta["content"]);
        message.reasoning += text(&delta["reasoning_content"]);
        let list = |name: &str| delta[name].as_array().into_iter().flatten();
        for block in list("thinking_blocks") {
            let into = message.thinking_blocks.entry(block["index"].as_u64().unwrap()).or_default();
            let [kind, said, signature] = thought(block);
            into[0] = kind.to_owned();
            into[1] += said;
            into[2] += signature;
        }
        for call in list("tool_calls") {
            let [id, kind, name, arguments] =
                message.calls.entry(call["index"].as_u64().unwrap()).or_default();
            *id += text(&call["id"]);
            *kind += text(&call["type"]);
            let inner = &call[kind.as_str()];
            *name += text(&inner["name"]);
            *arguments += input(inner);
        }
        if delta["function_call"].is_object() {
            let (name, arguments) = message.function_call.get_or_insert_default();
            *name += text(&delta["function_call"]["name"]);
            *arguments += input(&delta["function_call"]);
        }
        for annotation in list("annotations") {
            let mut annotation = annotation.clone();
            let index = annotation.as_object_mut().unwrap().remove("index").unwrap();
            assert!(sources.insert(index.as_u64().unwrap(), annotation).is_none(), "a source twice");
        }
        message.finish_reason += text(&choice["finish_reason"]);
    }
    message.annotations = sources.into_values().collect();
    message
}

/// What is the same in all chunks.
fn head(chunk: &Value) -> [&Value; 4] {
    ["id", "object", "created", "model"].map(|name| &chunk[name])
}
