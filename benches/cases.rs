//! What is timed (`core.rs`) and counted (`instructions.rs`): the steps of a request's way, on inputs that are always the same.

use std::hint::black_box;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bedrock_filter::aws::Credentials;
use bedrock_filter::aws::sign::{BEDROCK, Request, sign};
use bedrock_filter::openai::Endpoint;
use bedrock_filter::translate::{Answered, Client, Limits, Options, Outgoing, Reply, chat, request};
use bench_load::frames;
use serde_json::{Value, json};

const MODEL: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const CHAT: Endpoint = Endpoint::ChatCompletions;
const ANSWERED: Answered<'static> = Answered {
    request_id: "7f3c1a52-8d0e-4b9a-9a67-0c5d2e1f4b38",
    created: 1_700_000_000,
    input_tokens: None,
};

/// All there are, in the order in which they are counted.
pub(crate) const NAMES: &[&str] = &[
    "request-chat-1k",
    "request-chat-16k",
    "request-responses-1k",
    "request-tools",
    "request-image-1m",
    "reply-1k",
    "reply-tools",
    "stream-200-events",
    "stream-responses",
    "sign-1k",
    "sign-1m",
];

/// One step, ready to be run as often as one likes.
pub(crate) struct Case(Box<dyn Fn()>);

impl Case {
    /// Makes the input of the case of that name.
    pub(crate) fn of(name: &str) -> Self {
        Self(match name {
            "request-chat-1k" => translates(CHAT, conversation(1 << 10)),
            "request-chat-16k" => translates(CHAT, conversation(16 << 10)),
            "request-responses-1k" => translates(Endpoint::Responses, response(conversation(1 << 10))),
            "request-tools" => translates(CHAT, tools(json!({}))),
            "request-image-1m" => translates(CHAT, image(1 << 20)),
            "reply-1k" => replies(json!([{"text": sentence(1 << 10)}])),
            "reply-tools" => replies(json!([
                {"text": sentence(100)},
                {"toolUse": {"toolUseId": "tooluse_1", "name": "file_tool_1", "input": {"path": "src/lib.rs", "limit": 20}}},
                {"toolUse": {"toolUseId": "tooluse_2", "name": "file_tool_2", "input": {"path": "src/json.rs"}}},
            ])),
            "stream-200-events" => streams(CHAT),
            "stream-responses" => streams(Endpoint::Responses),
            "sign-1k" => signs(1 << 10),
            "sign-1m" => signs(1 << 20),
            unknown => panic!("no such case: {unknown}"),
        })
    }

    /// Runs it once.
    pub(crate) fn run(&self) {
        (self.0)();
    }
}

fn translates(endpoint: Endpoint, body: Value) -> Box<dyn Fn()> {
    let (body, options) = (body.to_string(), Options::default());
    Box::new(move || {
        black_box(translated(endpoint, body.as_bytes(), &options));
    })
}

fn translated<'a>(endpoint: Endpoint, body: &'a [u8], options: &Options) -> Outgoing<'a, Reply> {
    let resolve = |_: Option<&str>| Ok(MODEL.to_owned());
    let client =
        Client { name: "team-a", terms: None, chat: chat::Headers::default(), recall: None, is_part: false };
    let (_, outgoing) = request(endpoint, body, &client, options, resolve).unwrap();
    outgoing
}

fn replies(content: Value) -> Box<dyn Fn()> {
    let context = translated(CHAT, tools(json!({})).to_string().as_bytes(), &Options::default()).reply;
    let answer = json!({
        "metrics": {"latencyMs": 512},
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 230, "outputTokens": 210, "totalTokens": 440},
    })
    .to_string();
    Box::new(move || {
        black_box(context.whole(answer.as_bytes(), ANSWERED).unwrap());
    })
}

/// Each event comes by itself, and its chunk is written at once.
fn streams(endpoint: Endpoint) -> Box<dyn Fn()> {
    let mut asked = tools(json!({"stream": true, "stream_options": {"include_usage": true}}));
    if endpoint == Endpoint::Responses {
        asked = response(asked);
    }
    let reply = translated(endpoint, asked.to_string().as_bytes(), &Options::default()).reply;
    let events = frames::answer(200, 5);
    Box::new(move || {
        let mut stream = reply.clone().stream(ANSWERED, &Limits::default()).unwrap();
        for event in &events {
            let mut out = Vec::new();
            stream.bytes(event, &mut out).unwrap();
            black_box(out);
        }
        let mut out = Vec::new();
        stream.end(&mut out).unwrap();
        black_box(out);
    })
}

fn signs(size: usize) -> Box<dyn Fn()> {
    let body = translated(CHAT, image(size).to_string().as_bytes(), &Options::default()).body.into_vec();
    let credentials = Credentials {
        access_key_id: "AKIDBENCHMARKS000000".to_owned(),
        secret_access_key: "benchmarks/secret/0123456789".to_owned(),
        session_token: None,
    };
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    Box::new(move || {
        let request = Request {
            method: "POST",
            host: "bedrock-runtime.us-east-1.amazonaws.com",
            path: "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
            query: "",
            content_type: Some("application/json"),
            body: &[&body],
        };
        let signed = sign(&credentials, &request, "us-east-1", BEDROCK, now).unwrap();
        black_box(signed);
    })
}

// Inputs.

fn sentence(length: usize) -> String {
    "The gateway reads a request once and writes it as the model takes it.\n"
        .chars()
        .cycle()
        .take(length)
        .collect()
}

/// Turns of about 500 bytes, `size` bytes in all.
fn conversation(size: usize) -> Value {
    let mut messages = vec![json!({"role": "system", "content": "You are a helpful assistant."})];
    for turn in 0..(size / 512).max(1) {
        let role = if turn % 2 == 0 { "user" } else { "assistant" };
        messages.push(json!({"role": role, "content": sentence(size.min(900) / 2)}));
    }
    messages.push(json!({"role": "user", "content": "And now?"}));
    json!({"model": MODEL, "messages": messages, "max_tokens": 500, "temperature": 0.5})
}

/// The same as a request for a response.
fn response(chat: Value) -> Value {
    let mut items = Vec::new();
    for message in chat["messages"].as_array().unwrap() {
        if let Some(calls) = message["tool_calls"].as_array() {
            items.extend(calls.iter().map(|call| {
                let function = &call["function"];
                json!({"type": "function_call", "call_id": call["id"], "name": function["name"], "arguments": function["arguments"]})
            }));
        } else if let Some(id) = message.get("tool_call_id") {
            items.push(json!({"type": "function_call_output", "call_id": id, "output": message["content"]}));
        } else {
            items.push(message.clone());
        }
    }
    let mut body = json!({"model": MODEL, "input": items});
    for (name, ours) in
        [("stream", "stream"), ("max_tokens", "max_output_tokens"), ("temperature", "temperature")]
    {
        if let Some(value) = chat.get(name) {
            body[ours] = value.clone();
        }
    }
    if let Some(tools) = chat["tools"].as_array() {
        let tools = tools.iter().map(|tool| {
            let mut flat = tool["function"].clone();
            flat["type"] = "function".into();
            flat
        });
        body["tools"] = tools.collect();
    }
    body
}

/// An agent's turn: ten tools, a call and its result.
fn tools(more: Value) -> Value {
    let schema = json!({
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "The file's path, from the root of the project."},
            "limit": {"type": "integer", "description": "How many lines at most."},
        },
        "required": ["path"],
        "additionalProperties": false,
    });
    let tools: Vec<Value> = (0..10)
        .map(|index| {
            let name = format!("file_tool_{index}");
            json!({"type": "function", "function": {"name": name, "description": sentence(100), "parameters": schema}})
        })
        .collect();
    let call = json!({"name": "file_tool_3", "arguments": r#"{"path": "src/lib.rs", "limit": 20}"#});
    let mut body = json!({
        "model": MODEL,
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": "What does the crate do?"},
            {"role": "assistant", "content": null, "tool_calls": [{"id": "call_1", "type": "function", "function": call}]},
            {"role": "tool", "tool_call_id": "call_1", "content": sentence(400)},
        ],
        "tools": tools,
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// A question about a picture, about `size` bytes of base64.
fn image(size: usize) -> Value {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    let mut random = 1_u32;
    bytes.resize_with(size * 3 / 4, || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 24) as u8
    });
    let url = format!("data:image/png;base64,{}", STANDARD.encode(bytes));
    let content =
        json!([{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]);
    json!({"model": MODEL, "messages": [{"role": "user", "content": content}]})
}
