//! Random chat requests: valid by OpenAI's rules, unkind by any other.

use serde_json::{Map, Value, json};

use super::random::Random;

/// A model of every row of the table of families, and of no row.
pub(crate) const MODELS: &[&str] = &[
    "ai21.jamba-1-5-large-v1:0",
    "ai21.jamba-instruct-v1:0",
    "amazon.titan-text-express-v1",
    "us.amazon.nova-pro-v1:0",
    "us.amazon.nova-premier-v1:0",
    "us.amazon.nova-2-lite-v1:0",
    "us.amazon.nova-2-omni-v1:0",
    "anthropic.claude-v2:1",
    "anthropic.claude-instant-v1",
    "anthropic.claude-3-haiku-20240307-v1:0",
    "anthropic.claude-3-opus-20240229-v1:0",
    "us.anthropic.claude-3-5-haiku-20241022-v1:0",
    "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
    "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
    "us.anthropic.claude-sonnet-4-20250514-v1:0",
    "us.anthropic.claude-opus-4-20250514-v1:0",
    "us.anthropic.claude-opus-4-1-20250805-v1:0",
    "global.anthropic.claude-haiku-4-5-20251001-v1:0",
    "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "global.anthropic.claude-opus-4-5-20251101-v1:0",
    "us.anthropic.claude-sonnet-4-6",
    "us.anthropic.claude-opus-4-6-v1",
    "us.anthropic.claude-opus-4-7",
    "us.anthropic.claude-opus-5",
    "us.anthropic.claude-opus-5-5",
    "global.anthropic.claude-sonnet-5",
    "us.anthropic.claude-sonnet-5-5",
    "us.anthropic.claude-haiku-5-5",
    "us.anthropic.claude-fable-5",
    "us.anthropic.claude-fable-5-1",
    "us.anthropic.claude-mythos-5",
    "us.anthropic.claude-mythos-5-1",
    "us.anthropic.claude-mythos-preview",
    "us.anthropic.claude-verse-6",
    "cohere.command-r-plus-v1:0",
    "deepseek.v3-v1:0",
    "us.deepseek.r1-v1:0",
    "meta.llama2-70b-chat-v1",
    "meta.llama3-8b-instruct-v1:0",
    "meta.llama3-70b-instruct-v1:0",
    "us.meta.llama3-2-1b-instruct-v1:0",
    "us.meta.llama3-2-3b-instruct-v1:0",
    "us.meta.llama3-3-70b-instruct-v1:0",
    "us.meta.llama4-maverick-17b-instruct-v1:0",
    "mistral.mistral-7b-instruct-v0:2",
    "mistral.mixtral-8x7b-instruct-v0:1",
    "mistral.mistral-large-2407-v1:0",
    "mistral.mistral-large-3-675b-instruct",
    "mistral.mistral-small-2402-v1:0",
    "us.mistral.pixtral-large-2502-v1:0",
    "mistral.mistral-medium-2508",
    "mistral.magistral-small-2509",
    "mistral.ministral-3-8b-instruct",
    "mistral.devstral-2-123b",
    "mistral.voxtral-mini-3b-2507",
    "us.writer.palmyra-x5-v1:0",
    "moonshot.kimi-k2-thinking",
    "moonshotai.kimi-k2.5",
    "minimax.minimax-m2.5",
    "openai.gpt-oss-120b-1:0",
    "us.openai.gpt-5.4",
    "us.openai.gpt-5.5",
    "us.openai.gpt-5.6-sol",
    "us.openai.gpt-6-astra",
    "us.openai.gpt-6.1-sol",
    "qwen.qwen3-32b-v1:0",
    "qwen.qwen3-vl-235b-a22b",
    "qwen.qwen3-coder-480b-a35b-v1:0",
    "google.gemma-3-4b-it",
    "google.gemma-3-12b-it",
    "google.gemma-3-27b-it",
    "minimax.minimax-m2.5",
    "mistral.magistral-small-2509",
    "mistral.mistral-medium-2600",
    "mistral.ministral-3-8b-instruct",
    "mistral.mistral-large-3-675b-instruct",
    "mistral.devstral-2-123b",
    "mistral.voxtral-small-24b-2507",
    "moonshot.kimi-k2-thinking",
    "moonshotai.kimi-k2.5",
    "us.moonshotai.kimi-k3",
    "nvidia.nemotron-nano-3-30b",
    "nvidia.nemotron-super-3-120b",
    "us.writer.palmyra-x5-v1:0",
    "us.xai.grok-4.6",
    "zai.glm-4.7",
    "us.zai.glm-5.3",
    "newco.model-1",
];

/// Longer than Bedrock takes for a name or an id.
const LONG: &str = "long_long_long_long_long_long_long_long_long_long_long_long_long_long_long_long_long";
const TEXTS: &[&str] = &[
    "Hi",
    "Go on",
    "",
    " ",
    "\n\t",
    "\u{3000}",
    "Grüße 🎉",
    " padded \n",
    "\"quoted\" \\ \u{7}",
    "{\"a\":1}",
    "null",
];
const NAMES: &[&str] =
    &["f", "get_weather", "a.b", "a b", "a_b", "größe", "json_answer", "mcp:x/y", "日本", LONG];
const IDS: &[&str] = &["a", "b", "call_1", "call 1", "call00000", "AbC123xyz", "tooluse_Ü", "fc/1", LONG];
const ARGUMENTS: &[&str] =
    &["", " ", "{}", "{\"a\":0.10}", "[1]", "{\"a\":", "text", "{\"z\":1e9,\"a\":{}}", "null"];
const PNG: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
const PDF: &str = "data:application/pdf;base64,JVBERi0xLjQgdGlueQ==";
const MP4: &str = "data:video/mp4;base64,AAAAIGZ0eXBpc29tAAACAGlzb21pc28y";

/// A request in which the user says something, at least once.
pub(crate) fn request(random: &mut Random) -> Value {
    let mut request = Map::new();
    request.insert("model".to_owned(), "my-model".into());
    let tools = tools(random);
    request.insert("messages".to_owned(), messages(random));
    parameters(random, &mut request);
    if random.once_in(2) && !tools.is_empty() {
        let choice = tool_choice(random, &tools);
        request.insert("tools".to_owned(), tools.into());
        maybe(random, &mut request, "tool_choice", |_| choice);
        maybe(random, &mut request, "parallel_tool_calls", |random| random.once_in(2).into());
    } else if random.once_in(6) {
        request.insert("functions".to_owned(), functions(random));
        maybe(random, &mut request, "function_call", |random| {
            [json!("none"), json!("auto"), json!({ "name": "a.b" })][random.below(3)].clone()
        });
    }
    request.into()
}

fn maybe(
    random: &mut Random,
    into: &mut Map<String, Value>,
    name: &str,
    value: impl FnOnce(&mut Random) -> Value,
) {
    if random.once_in(3) {
        let value = value(random);
        into.insert(name.to_owned(), value);
    }
}

fn seldom(random: &mut Random, into: &mut Map<String, Value>, name: &str, value: Value) {
    if random.once_in(10) {
        into.insert(name.to_owned(), value);
    }
}

fn parameters(random: &mut Random, request: &mut Map<String, Value>) {
    let hundredths = |random: &mut Random, end: usize| {
        (f64::from(u16::try_from(random.below(end)).unwrap()) / 100.0).into()
    };
    let word = |random: &mut Random, words: &[&str]| Value::from(random.pick(words));
    let number = |random: &mut Random, end: usize| Value::from(random.below(end));
    maybe(random, request, "max_tokens", |random| {
        [1, 100, 1_024, 1_025, 5_000, 64_000][random.below(6)].into()
    });
    maybe(random, request, "max_completion_tokens", |random| [0, 1, 1_030, 20_000][random.below(4)].into());
    maybe(random, request, "temperature", |random| hundredths(random, 201));
    maybe(random, request, "top_p", |random| hundredths(random, 101));
    maybe(random, request, "stop", |random| {
        [json!("END"), json!(["", " ", "a"]), json!([]), json!([""]), json!("")][random.below(5)].clone()
    });
    maybe(random, request, "stream", |random| random.once_in(2).into());
    maybe(
        random,
        request,
        "stream_options",
        |_| json!({ "include_usage": true, "include_obfuscation": false }),
    );
    maybe(random, request, "n", |random| number(random, 3).as_u64().map(|n| n + 1).into());
    maybe(random, request, "reasoning_effort", |random| {
        word(random, &["none", "minimal", "low", "medium", "high", "xhigh", "max"])
    });
    maybe(random, request, "service_tier", |random| {
        word(random, &["auto", "default", "flex", "priority", "scale"])
    });
    maybe(random, request, "verbosity", |random| word(random, &["low", "medium", "high"]));
    maybe(random, request, "user", |random| word(random, TEXTS));
    maybe(random, request, "safety_identifier", |random| word(random, TEXTS));
    maybe(random, request, "metadata", |random| {
        let key = |random: &mut Random| format!("{}{}", random.pick(TEXTS), random.below(100));
        (0..random.below(20)).map(|_| (key(random), word(random, TEXTS))).collect::<Map<_, _>>().into()
    });
    maybe(random, request, "seed", |random| number(random, 100));
    maybe(random, request, "frequency_penalty", |random| hundredths(random, 200));
    maybe(random, request, "logprobs", |random| random.once_in(2).into());
    maybe(random, request, "top_k", |random| (random.below(100) + 1).into());
    maybe(random, request, "modalities", |random| {
        [json!(["text"]), json!(["text", "audio"])][random.below(2)].clone()
    });
    maybe(random, request, "web_search_options", |random| {
        let place = json!({ "type": "approximate", "approximate": { "country": "GB" } });
        [json!({}), json!({ "search_context_size": "high", "user_location": place })][random.below(2)].clone()
    });
    if random.once_in(4) {
        let ttl = random.pick(&["5m", "1h", "30m", "forever"]);
        let control = json!({ "type": "ephemeral", "ttl": ttl, "mode": "explicit" });
        request.insert("cache_control".to_owned(), control);
    }
    without_counterpart(random, request);
    bedrocks_own(random, request);
    if random.once_in(10) {
        let budget = 1_024 + random.below(10_000);
        request.insert("thinking".to_owned(), json!({ "type": "enabled", "budget_tokens": budget }));
    }
    maybe(random, request, "response_format", |random| {
        let schema = json!({ "type": "object", "properties": { "x": { "type": "string" } }, "additionalProperties": false });
        [
            json!({ "type": "text" }),
            json!({ "type": "json_object" }),
            json!({ "type": "json_schema", "json_schema": { "name": "p", "schema": schema, "strict": true } }),
            json!({ "type": "json_schema", "json_schema": { "name": "p", "schema": {} } }),
            json!({ "type": "json_schema", "json_schema": { "name": "p", "description": random.pick(TEXTS) } }),
        ][random.below(5)]
        .clone()
    });
    if random.once_in(8) {
        let caching = json!({ "system": random.once_in(2), "messages": random.once_in(2) });
        request.insert("extra_body".to_owned(), json!({ "prompt_caching": caching }));
    }
    if random.once_in(8) {
        request.insert("newer".to_owned(), json(random, 3));
    }
}

/// What Bedrock has nothing for.
fn without_counterpart(random: &mut Random, request: &mut Map<String, Value>) {
    for (name, value) in [
        ("presence_penalty", json!(-0.5)),
        ("top_logprobs", random.below(3).into()),
        ("logit_bias", json!({ "50256": -100 })),
        ("prediction", json!({ "type": "content", "content": "x" })),
        ("store", random.once_in(2).into()),
        ("audio", json!({ "voice": "alloy", "format": "wav" })),
        ("moderation", json!({ "type": "x" })),
        ("prompt_cache_key", "k".into()),
        ("prompt_cache_retention", "24h".into()),
        ("prompt_cache_options", json!({ "mode": "explicit" })),
    ] {
        seldom(random, request, name, value);
    }
}

/// Members that Bedrock has by the same name.
fn bedrocks_own(random: &mut Random, request: &mut Map<String, Value>) {
    let guardrail = json!({ "guardrailIdentifier": "abc", "guardrailVersion": "1", "trace": "enabled" });
    let mut streamed = guardrail.clone();
    streamed["streamProcessingMode"] = "async".into();
    for (name, value) in [
        ("guardrailConfig", if random.once_in(2) { guardrail } else { streamed }),
        ("performanceConfig", json!({ "latency": "optimized" })),
        ("promptVariables", json!({ "x": { "text": "y" } })),
        ("requestMetadata", json!({ "job": random.pick(TEXTS), "größe": "b" })),
        ("additionalModelRequestFields", json!({ "field": json(random, 2), "stop": null })),
        ("additionalModelResponseFieldPaths", json!(["/stop_sequence"])),
        ("outputConfig", json!({ "effort": "low" })),
    ] {
        seldom(random, request, name, value);
    }
}

fn functions(random: &mut Random) -> Value {
    let mut first = json!({ "name": "f", "description": random.pick(TEXTS), "strict": random.once_in(2) });
    cached(random, &mut first);
    json!([first, { "name": "a.b", "parameters": {} }])
}

fn tools(random: &mut Random) -> Vec<Value> {
    let mut names: Vec<&str> = NAMES.to_vec();
    (0..random.below(6))
        .map(|_| {
            let name = names.swap_remove(random.below(names.len()));
            let description = random.pick(TEXTS);
            let mut tool = if random.once_in(6) {
                let format = [
                    json!({ "type": "text" }),
                    json!({ "type": "grammar", "grammar": { "syntax": "regex", "definition": "a+" } }),
                ];
                let mut custom = json!({ "name": name, "description": description });
                if random.once_in(2) {
                    custom["format"] = format[random.below(2)].clone();
                }
                json!({ "type": "custom", "custom": custom })
            } else {
                let schema = [
                    json!({ "type": "object", "properties": { "a": { "type": "number" } } }),
                    json!({}),
                    json!({ "properties": {} }),
                    json!({ "type": ["null", "object"] }),
                ][random.below(4)]
                .clone();
                let mut function =
                    json!({ "name": name, "description": description, "strict": random.once_in(2) });
                if random.once_in(2) {
                    function["parameters"] = schema;
                }
                cached(random, &mut function);
                json!({ "type": "function", "function": function })
            };
            cached(random, &mut tool);
            tool
        })
        .collect()
}

fn tool_choice(random: &mut Random, tools: &[Value]) -> Value {
    let chosen = &tools[random.below(tools.len())];
    let kind = chosen["type"].as_str().unwrap();
    let named = json!({ "type": kind, kind: { "name": chosen[kind]["name"] } });
    match random.below(5) {
        0 => "none".into(),
        1 => "auto".into(),
        2 => "required".into(),
        3 => named,
        _ => {
            let mode = random.pick(&["auto", "required"]);
            json!({ "type": "allowed_tools", "allowed_tools": { "mode": mode, "tools": [named] } })
        }
    }
}

fn messages(random: &mut Random) -> Value {
    let mut messages = Vec::new();
    let spoken = random.below(4);
    for turn in 0..spoken + 1 + random.below(5) {
        if turn == spoken {
            messages.push(json!({ "role": "user", "content": "Hello" }));
            continue;
        }
        match random.below(6) {
            0 => {
                let role = random.pick(&["system", "developer"]);
                let mut message = json!({ "role": role, "content": texts(random) });
                cached(random, &mut message);
                messages.push(message);
            }
            1 | 2 => {
                let mut message = json!({ "role": "user", "content": content(random, true) });
                if random.once_in(8) {
                    message["name"] = random.pick(NAMES).into();
                }
                cached(random, &mut message);
                messages.push(message);
            }
            3 => {
                messages.push(assistant(random));
            }
            4 if random.once_in(4) => older_call(random, &mut messages),
            4 => calls(random, &mut messages),
            _ => messages
                .push(json!({ "role": "tool", "tool_call_id": random.pick(IDS), "content": texts(random) })),
        }
    }
    messages.into()
}

fn assistant(random: &mut Random) -> Value {
    let mut message = json!({ "role": "assistant", "content": texts(random) });
    if random.once_in(4) {
        message["content"] = said(random);
    }
    let object = message.as_object_mut().unwrap();
    maybe(random, object, "reasoning_content", |random| random.pick(TEXTS).into());
    maybe(random, object, "signature", |_| "c2ln".into());
    maybe(random, object, "refusal", |random| random.pick(TEXTS).into());
    maybe(random, object, "thinking_blocks", thinking_blocks);
    seldom(random, object, "audio", json!({ "id": "audio-1" }));
    seldom(random, object, "annotations", json!([{ "type": "url_citation" }]));
    cached(random, &mut message);
    message
}

/// Parts that only the assistant has.
fn said(random: &mut Random) -> Value {
    let parts = [
        json!({ "type": "thinking", "thinking": random.pick(TEXTS), "signature": random.pick(&["c2ln", ""]) }),
        json!({ "type": "thinking", "thinking": random.pick(TEXTS) }),
        json!({ "type": "redacted_thinking", "data": random.pick(&["cmVk", "", " "]) }),
        json!({ "type": "refusal", "refusal": random.pick(TEXTS) }),
        json!({ "type": "text", "text": random.pick(TEXTS) }),
    ];
    (0..random.below(4)).map(|_| parts[random.below(parts.len())].clone()).collect()
}

/// Whole ones, or the pieces of a stream.
fn thinking_blocks(random: &mut Random) -> Value {
    [
        json!([{ "type": "thinking", "thinking": "Hm.", "signature": "c2ln" }, { "type": "redacted_thinking", "data": "cmVk" }]),
        json!([
            { "type": "thinking", "index": 0, "thinking": "Hm" },
            { "type": "thinking", "index": 0, "thinking": ".", "signature": "" },
            { "type": "thinking", "index": 0, "thinking": "", "signature": "c2ln" },
        ]),
        json!([{ "type": "thinking", "thinking": random.pick(TEXTS) }]),
    ][random.below(3)]
    .clone()
}

/// A call of the older form, and now and then its result.
fn older_call(random: &mut Random, messages: &mut Vec<Value>) {
    let mut message = assistant(random);
    let name = random.pick(NAMES);
    message["function_call"] = json!({ "name": name, "arguments": random.pick(ARGUMENTS) });
    messages.push(message);
    if !random.once_in(4) {
        messages.push(json!({ "role": "function", "name": name, "content": texts(random) }));
    }
}

/// Calls, and results for some of them, in any order, now and then too many.
fn calls(random: &mut Random, messages: &mut Vec<Value>) {
    let mut message = assistant(random);
    let ids: Vec<&str> = (0..=random.below(3)).map(|_| random.pick(IDS)).collect();
    let calls = ids.iter().enumerate().map(|(at, id)| {
        if random.once_in(6) {
            return json!({ "id": id, "type": "custom", "custom": { "name": random.pick(NAMES), "input": random.pick(TEXTS) } });
        }
        let function = json!({ "name": random.pick(NAMES), "arguments": random.pick(ARGUMENTS) });
        let mut call = json!({ "id": id, "type": "function", "function": function });
        if random.once_in(4) {
            call["index"] = at.into();
        }
        cached(random, &mut call);
        call
    });
    message["tool_calls"] = calls.collect();
    messages.push(message);
    let mut left = ids.clone();
    while !left.is_empty() && !random.once_in(6) {
        let id = left.swap_remove(random.below(left.len()));
        let mut result = json!({ "role": "tool", "tool_call_id": id, "content": content(random, false) });
        if random.once_in(4) {
            result["is_error"] = random.once_in(2).into();
        }
        if random.once_in(4) {
            result["status"] = random.pick(&["success", "error"]).into();
        }
        cached(random, &mut result);
        messages.push(result);
    }
}

fn texts(random: &mut Random) -> Value {
    if random.once_in(2) {
        return random.pick(TEXTS).into();
    }
    let part = |random: &mut Random| {
        let mut part = json!({ "type": "text", "text": random.pick(TEXTS) });
        cached(random, &mut part);
        guarded(random, &mut part);
        part
    };
    (0..random.below(3)).map(|_| part(random)).collect()
}

/// Text and media; sound only where it is `heard`.
fn content(random: &mut Random, heard: bool) -> Value {
    if random.once_in(2) {
        return texts(random);
    }
    let part = |random: &mut Random| {
        let mut part = match random.below(8) {
            0 => json!({ "type": "image_url", "image_url": { "url": PNG, "detail": "low" } }),
            1 => {
                let url = random.pick(&["s3://bucket/a.jpg", PNG]);
                json!({ "type": "image_url", "image_url": { "url": url, "format": "image/png" } })
            }
            2 => {
                let url = random.pick(&["s3://bucket/a.mov", MP4]);
                json!({ "type": "video_url", "video_url": { "url": url, "detail": "auto", "format": "video/mp4" } })
            }
            3 if heard => {
                json!({ "type": "input_audio", "input_audio": { "data": "UklGRg==", "format": "wav" } })
            }
            4 => {
                let name = random.pick(&["a.pdf", "Größe  (1).pdf", "a.txt", "...", LONG]);
                let mut file = json!({ "file_data": PDF, "filename": name });
                if random.once_in(4) {
                    file["file_id"] = "file-1".into();
                }
                json!({ "type": "file", "file": file })
            }
            _ => json!({ "type": "text", "text": random.pick(TEXTS) }),
        };
        cached(random, &mut part);
        guarded(random, &mut part);
        if random.once_in(4) {
            part["citations"] = json!({ "enabled": random.once_in(2) });
        }
        if random.once_in(8) {
            part["context"] = random.pick(TEXTS).into();
        }
        part
    };
    (0..random.below(4)).map(|_| part(random)).collect()
}

/// Marks a part for a guardrail.
fn guarded(random: &mut Random, part: &mut Value) {
    let is_in_s3 = part.pointer("/image_url/url").is_some_and(|url| url != PNG);
    if random.once_in(6) && !is_in_s3 {
        let names = ["grounding_source", "query", "guard_content"];
        let qualifiers = [json!(null), json!([]), json!([random.pick(&names), random.pick(&names)])];
        part["guard_content"] = json!({ "qualifiers": qualifiers[random.below(3)] });
    }
}

/// Asks for a cache point, in one of both spellings where there are two.
fn cached(random: &mut Random, object: &mut Value) {
    if random.once_in(8) {
        let ttl = random.pick(&["5m", "1h", "30m", "forever"]);
        object["cache_control"] = json!({ "type": "ephemeral", "ttl": ttl });
        if random.once_in(4) {
            object["cache_control"]["mode"] = "explicit".into();
        }
    }
    // Only parts have OpenAI's spelling.
    if object.get("text").is_some() && random.once_in(8) {
        object["prompt_cache_breakpoint"] =
            json!({ "mode": "explicit", "type": "ephemeral", "ttl": random.pick(&["30m", "24h"]) });
    }
}

/// Any JSON at all.
pub(crate) fn json(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth == 0 { 6 } else { 8 }) {
        0 => Value::Null,
        1 => random.once_in(2).into(),
        2 => [json!(0), json!(-1), json!(1), json!(1e300), json!(-0.5), json!(u64::MAX), json!(i64::MIN)]
            [random.below(7)]
        .clone(),
        3 => random.pick(TEXTS).into(),
        4 => random.pick(NAMES).into(),
        5 => [json!([]), json!({})][random.below(2)].clone(),
        6 => (0..random.below(4)).map(|_| json(random, depth - 1)).collect(),
        _ => {
            let names = ["type", "text", "name", "id", "role", "content", "x"];
            let member = |random: &mut Random| (random.pick(&names).to_owned(), json(random, depth - 1));
            (0..random.below(4)).map(|_| member(random)).collect::<Map<_, _>>().into()
        }
    }
}

/// Puts random JSON in the place of a random member or entry, or takes it away, or adds one.
pub(crate) fn mutate(random: &mut Random, value: &mut Value) {
    let deeper = !random.once_in(4);
    match value {
        Value::Object(members) if !members.is_empty() => {
            let name = members.keys().nth(random.below(members.len())).unwrap().clone();
            match random.below(8) {
                _ if deeper => mutate(random, &mut members[&name]),
                0 => drop(members.remove(&name)),
                1 => drop(members.insert("content".to_owned(), json(random, 2))),
                _ => members[&name] = json(random, 3),
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let at = random.below(items.len());
            match random.below(8) {
                _ if deeper => mutate(random, &mut items[at]),
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                _ => items[at] = json(random, 3),
            }
        }
        other => *other = json(random, 3),
    }
}

/// The smallest of `value` that is still `wanted`: members and entries are taken away as long as it is.
pub(crate) fn shrunk(value: Value, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut smallest = value;
    loop {
        let mut places = Vec::new();
        collect(&smallest, &mut Vec::new(), &mut places);
        let smaller = places.iter().map(|place| without(&smallest, place)).find(|smaller| wanted(smaller));
        match smaller {
            Some(smaller) => smallest = smaller,
            None => return smallest,
        }
    }
}

/// The places of all members and entries, the outer before the inner.
fn collect(value: &Value, place: &mut Vec<String>, places: &mut Vec<Vec<String>>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        _ => return,
    };
    for (name, value) in inner {
        place.push(name);
        places.push(place.clone());
        collect(value, place, places);
        place.pop();
    }
}

fn without(value: &Value, place: &[String]) -> Value {
    let mut value = value.clone();
    let (last, outer) = place.split_last().unwrap();
    let inner = outer.iter().fold(&mut value, |value, name| match value {
        Value::Array(items) => &mut items[name.parse::<usize>().unwrap()],
        other => &mut other[name.as_str()],
    });
    match inner {
        Value::Object(members) => drop(members.remove(last)),
        Value::Array(items) => drop(items.remove(last.parse().unwrap())),
        _ => {}
    }
    value
}
