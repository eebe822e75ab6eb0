//! What holds of every request and every reply, tried on thousands of random ones: the same in every run.

use std::collections::BTreeMap;

use bedrock_filter::translate::chat::Stream;
use bedrock_filter::translate::notes::Unsupported;
use bedrock_filter::translate::{Limits, Outgoing, Reply, chat};
use serde_json::{Value, json};

use super::generate::{self, MODELS, mutate, shrunk};
use super::json::Json;
use super::random::Random;
use super::{ANSWERED, CALLER, bedrock_rules, chat_reply, dump, frames, options, translate};

/// What fails, by the rule that is broken: how often, and a smallest request that breaks it.
#[derive(Default)]
struct Failures(BTreeMap<String, (usize, String)>);

impl Failures {
    /// Notes a broken rule. `check` breaks it again with the same request, and hopefully with a smaller one.
    fn note(
        &mut self,
        rule: &str,
        model: &str,
        request: &Value,
        check: impl Fn(&Value) -> Result<(), String>,
    ) {
        // Where it is broken, and by what, makes no other rule.
        let kind = |rule: &str| {
            let bare = rule.split('"').next().unwrap_or_default().split('\'').next().unwrap_or_default();
            bare.replace(|c: char| c.is_ascii_digit(), "")
        };
        let (count, first) = self.0.entry(kind(rule)).or_default();
        *count += 1;
        if *count == 1 {
            let same = |request: &Value| check(request).is_err_and(|other| kind(&other) == kind(rule));
            *first = format!("{rule} ({model})\n        {}", shrunk(request.clone(), same));
        }
    }

    fn report(self) {
        let lines = self.0.into_values().map(|(count, first)| format!("{count} times: {first}\n"));
        let report: String = lines.collect();
        assert!(report.is_empty(), "\n{report}");
    }
}

#[test]
fn bedrock_takes_whatever_a_valid_request_becomes() {
    let options = options(Unsupported::Ignore);
    let mut failures = Failures::default();
    for seed in 0..150 {
        let request = generate::request(&mut Random::new(seed));
        for model in MODELS {
            match translate(model, request.to_string().as_bytes(), &options) {
                Ok(outgoing) => dump(&format!("{seed:05}-{model}"), model, &outgoing),
                Err(error) => {
                    let rule = format!("refused, {:?}: {}", error.param, error.message);
                    failures.note(&rule, model, &request, |_| Ok(()));
                }
            }
            let check = |request: &Value| {
                translate(model, request.to_string().as_bytes(), &options)
                    .map_or(Ok(()), |outgoing| broken(model, &outgoing))
            };
            if let Err(rule) = check(&request) {
                failures.note(&rule, model, &request, check);
            }
        }
    }
    failures.report();
}

#[test]
fn any_json_is_translated_or_refused_and_never_a_panic() {
    let (refuse, ignore) = (options(Unsupported::Refuse), options(Unsupported::Ignore));
    let mut failures = Failures::default();
    let mut taken = 0;
    for seed in 0..4_000 {
        let mut random = Random::new(1_000_000 + seed);
        let mut request = generate::request(&mut random);
        for _ in 0..=random.below(3) {
            mutate(&mut random, &mut request);
        }
        let model = random.pick(MODELS);
        let options = if random.once_in(2) { &refuse } else { &ignore };
        // Whether it was taken, and what is wrong with that.
        let attempt = |request: &Value| match translate(model, request.to_string().as_bytes(), options) {
            Ok(outgoing) => (1, broken(model, &outgoing)),
            Err(error) => {
                let told = error.status == 400 && error.kind == "invalid_request_error";
                (0, if told && !error.message.is_empty() { Ok(()) } else { Err(format!("{error:?}")) })
            }
        };
        let (counts, result) = attempt(&request);
        taken += counts;
        if let Err(rule) = result {
            failures.note(&rule, model, &request, |request| attempt(request).1);
        }
    }
    failures.report();
    assert!(taken > 400, "only {taken} of the requests were taken");
}

#[test]
fn bytes_that_are_no_request_are_refused_and_never_a_panic() {
    let options = options(Unsupported::Refuse);
    for seed in 0..2_000 {
        let mut random = Random::new(2_000_000 + seed);
        let mut text = generate::request(&mut random).to_string().into_bytes();
        for _ in 0..=random.below(4) {
            let at = random.below(text.len());
            match random.below(3) {
                0 => text.truncate(at.max(1)),
                1 => text[at] = b"{}[]\",:\\0e\xff"[random.below(11)],
                _ => text.insert(at, b"{}[]\",:\\0e\xff"[random.below(11)]),
            }
        }
        if let Err(error) = translate(random.pick(MODELS), &text, &options) {
            assert_eq!((error.status, error.kind), (400, "invalid_request_error"));
        }
    }
}

fn broken(model: &str, outgoing: &Outgoing<Reply>) -> Result<(), String> {
    let text = std::str::from_utf8(&outgoing.body).map_err(|error| format!("not UTF-8: {error}"))?;
    let body: Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    no_twins(&Json::parse(text).unwrap()).map_err(|name| format!("{name} is there twice"))?;
    bedrock_rules::broken(model, &body, CALLER)?;
    for name in &outgoing.ignored {
        let fits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
        fits.then_some(()).ok_or_else(|| format!("ignored: {name:?} does not fit a header"))?;
    }
    Ok(())
}

fn no_twins(json: &Json) -> Result<(), String> {
    match json {
        Json::List(items) => items.iter().try_for_each(no_twins),
        Json::Object(members) => {
            let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            let twin = names.windows(2).find(|pair| pair[0] == pair[1]);
            twin.map_or(Ok(()), |pair| Err(pair[0].to_owned()))?;
            members.iter().try_for_each(|(_, value)| no_twins(value))
        }
        _ => Ok(()),
    }
}

/// A random answer of the model, from which the reply and the events are made.
struct Answer {
    blocks: Vec<Block>,
    stop_reason: &'static str,
    usage: Value,
}

enum Block {
    Text(String),
    Thought(String),
    Redacted,
    Call { id: String, name: &'static str, input: &'static str },
}

/// What the client's message is in the end.
#[derive(Debug, Default, PartialEq)]
struct Message {
    content: String,
    reasoning: String,
    /// By index: id, type, name, arguments or input.
    calls: BTreeMap<u64, [String; 4]>,
    function_call: Option<(String, String)>,
    finish_reason: String,
    usage: Value,
}

#[test]
fn a_reply_is_the_same_whole_and_as_a_stream() {
    let contexts: Vec<_> = CLIENTS.iter().map(|(request, names)| (context(request), *names)).collect();
    for seed in 0..3_000 {
        let mut random = Random::new(3_000_000 + seed);
        let (context, names) = &contexts[random.below(contexts.len())];
        let answer = answer(&mut random, names);
        let whole = Reply::Chat(context.clone()).whole(reply(&answer).as_bytes(), ANSWERED);
        let streamed = stream(&mut random, context, &answer);
        match (whole, streamed) {
            (Ok(whole), Ok(chunks)) => {
                let whole = message(&serde_json::from_slice(&whole).unwrap());
                assert_eq!(whole, accumulated(&chunks), "seed {seed}: {}", reply(&answer));
            }
            (Err(whole), Err(streamed)) => assert_eq!(whole, streamed, "seed {seed}"),
            (whole, streamed) => panic!("seed {seed}: {whole:?}, {streamed:?}: {}", reply(&answer)),
        }
    }
}

/// Requests, and the names that Bedrock knows their tools by.
const CLIENTS: &[(&str, &[&str])] = &[
    (
        r#""tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"a.b"}},
        {"type":"custom","custom":{"name":"sql"}}]"#,
        &["f", "a_b", "sql", "never_declared"],
    ),
    (r#""functions":[{"name":"f"},{"name":"a.b"}]"#, &["f", "a_b"]),
    (r#""response_format":{"type":"json_object"}"#, &["json_answer"]),
    (r#""user":"me""#, &[]),
];

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

fn answer(random: &mut Random, names: &[&'static str]) -> Answer {
    let inputs =
        ["{}", "{\"input\":\"SELECT 1\"}", "{ \"a\":0.10,\"b\":[1,{}] }", "{\"t\":\"Gr\\u00fc\u{df}e\\n\"}"];
    let texts = ["Hello", " ", "Grüße 🎉", "\n", "\"x\" \\"];
    let answers = names == ["json_answer"];
    let blocks: Vec<Block> = (0..random.below(if answers { 2 } else { 6 }))
        .map(|index| match random.below(4) {
            _ if answers => {
                Block::Call { id: "t".to_owned(), name: names[0], input: inputs[random.below(inputs.len())] }
            }
            0 | 1 if !names.is_empty() => {
                let input = inputs[random.below(inputs.len())];
                Block::Call { id: format!("tooluse_{index}"), name: names[random.below(names.len())], input }
            }
            2 => Block::Thought(random.pick(&texts).to_owned()),
            3 if random.once_in(3) => Block::Redacted,
            _ => Block::Text(random.pick(&texts).to_owned()),
        })
        .collect();
    let stops = [
        "end_turn",
        "tool_use",
        "max_tokens",
        "stop_sequence",
        "guardrail_intervened",
        "malformed_tool_use",
        "new",
    ];
    let mut usage =
        json!({ "inputTokens": random.below(99), "outputTokens": random.below(99), "totalTokens": 7 });
    if random.once_in(2) {
        usage["cacheReadInputTokens"] = random.below(99).into();
        usage["cacheWriteInputTokens"] = random.below(99).into();
    }
    let calls = blocks.iter().any(|block| matches!(block, Block::Call { .. }));
    let stop_reason = if calls && !random.once_in(4) { "tool_use" } else { stops[random.below(stops.len())] };
    Answer { blocks, stop_reason, usage }
}

fn reply(answer: &Answer) -> String {
    let blocks = answer.blocks.iter().map(|block| match block {
        Block::Text(text) => json!({ "text": text }).to_string(),
        Block::Thought(text) => {
            json!({ "reasoningContent": { "reasoningText": { "text": text, "signature": "c2ln" } } })
                .to_string()
        }
        Block::Redacted => json!({ "reasoningContent": { "redactedContent": "cmVk" } }).to_string(),
        // The input's text must stay as it is.
        Block::Call { id, name, input } => {
            format!(r#"{{"toolUse":{{"toolUseId":"{id}","name":"{name}","input":{input}}}}}"#)
        }
    });
    let blocks: Vec<String> = blocks.collect();
    let Answer { stop_reason, usage, .. } = answer;
    format!(
        r#"{{"output":{{"message":{{"role":"assistant","content":[{}]}}}},"stopReason":"{stop_reason}","usage":{usage}}}"#,
        blocks.join(",")
    )
}

/// The events of the answer, calls one after the other or in turns, in pieces of any size.
fn stream(
    random: &mut Random,
    context: &chat::Reply,
    answer: &Answer,
) -> Result<Vec<u8>, bedrock_filter::openai::Error> {
    let mut events = vec![event("messageStart", json!({ "role": "assistant" }))];
    let mut late = Vec::new();
    let in_turns = random.once_in(2);
    for (index, block) in answer.blocks.iter().enumerate() {
        let delta = |delta: Value| {
            event("contentBlockDelta", json!({ "contentBlockIndex": index, "delta": delta, "p": "abc" }))
        };
        let stop = event("contentBlockStop", json!({ "contentBlockIndex": index }));
        match block {
            Block::Text(text) => {
                events.extend(cut(random, text).into_iter().map(|text| delta(json!({ "text": text }))))
            }
            Block::Thought(text) => {
                let pieces = cut(random, text);
                events.extend(
                    pieces.into_iter().map(|text| delta(json!({ "reasoningContent": { "text": text } }))),
                );
                events.push(delta(json!({ "reasoningContent": { "signature": "c2ln" } })));
            }
            Block::Redacted => {
                events.push(delta(json!({ "reasoningContent": { "redactedContent": "cmVk" } })))
            }
            Block::Call { id, name, input } => {
                let start = json!({ "contentBlockIndex": index, "start": { "toolUse": { "toolUseId": id, "name": name } } });
                events.push(event("contentBlockStart", start));
                let silent = *input == "{}" && random.once_in(2);
                let pieces = if silent { Vec::new() } else { cut(random, input) };
                let mut rest: Vec<_> =
                    pieces.into_iter().map(|piece| delta(json!({ "toolUse": { "input": piece } }))).collect();
                rest.push(stop);
                if in_turns {
                    late.push(rest)
                } else {
                    events.extend(rest)
                }
                continue;
            }
        }
        if random.once_in(2) {
            events.push(stop);
        }
    }
    while !late.is_empty() {
        let at = random.below(late.len());
        events.push(late[at].remove(0));
        late.retain(|events| !events.is_empty());
    }
    let mut last = [
        event("messageStop", json!({ "stopReason": answer.stop_reason })),
        event("metadata", json!({ "usage": answer.usage, "metrics": { "latencyMs": 1 } })),
    ];
    if random.once_in(4) {
        last.reverse();
    }
    events.extend(last);
    let bytes = events.concat();
    let mut stream = Stream::new(context.clone(), ANSWERED, &Limits::default());
    let mut out = Vec::new();
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((random.below(300) + 1).min(rest.len()));
        stream.bytes(piece, &mut out)?;
        rest = after;
    }
    stream.end(&mut out)?;
    Ok(out)
}

fn event(kind: &str, payload: Value) -> Vec<u8> {
    frames::event(kind, &payload.to_string())
}

fn cut(random: &mut Random, text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for c in text.chars() {
        if random.once_in(3) {
            pieces.push(String::new());
        }
        pieces.last_mut().unwrap().push(c);
    }
    pieces
}

fn message(completion: &Value) -> Message {
    let choice = &completion["choices"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let calls = choice["message"]["tool_calls"].as_array().into_iter().flatten().zip(0..);
    let calls = calls.map(|(call, index)| {
        let kind = text(&call["type"]);
        let (name, input) = (text(&call[&kind]["name"]), input(&call[&kind]));
        (index, [text(&call["id"]), kind, name, input])
    });
    let function = &choice["message"]["function_call"];
    Message {
        content: text(&choice["message"]["content"]),
        reasoning: text(&choice["message"]["reasoning_content"]),
        calls: calls.collect(),
        function_call: function.is_object().then(|| (text(&function["name"]), text(&function["arguments"]))),
        finish_reason: text(&choice["finish_reason"]),
        usage: completion["usage"].clone(),
    }
}

fn input(call: &Value) -> String {
    call["arguments"].as_str().or(call["input"].as_str()).unwrap_or_default().to_owned()
}

/// As a client puts chunks together.
fn accumulated(chunks: &[u8]) -> Message {
    let mut message = Message::default();
    let text = std::str::from_utf8(chunks).unwrap();
    assert!(text.ends_with("data: [DONE]\n\n"));
    for data in
        text.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).filter(|data| *data != "[DONE]")
    {
        let chunk: Value = serde_json::from_str(data).unwrap();
        if chunk["usage"].is_object() {
            assert_eq!(message.usage, Value::Null, "usage twice");
            assert_eq!(chunk["choices"], json!([]));
            message.usage = chunk["usage"].clone();
            continue;
        }
        let (choice, delta) = (&chunk["choices"][0], &chunk["choices"][0]["delta"]);
        assert_eq!(message.finish_reason, "", "a chunk after the finish reason");
        message.content += delta["content"].as_str().unwrap_or_default();
        message.reasoning += delta["reasoning_content"].as_str().unwrap_or_default();
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            let [id, kind, name, arguments] =
                message.calls.entry(call["index"].as_u64().unwrap()).or_default();
            *id += call["id"].as_str().unwrap_or_default();
            *kind += call["type"].as_str().unwrap_or_default();
            let inner = if kind == "custom" { &call["custom"] } else { &call["function"] };
            *name += inner["name"].as_str().unwrap_or_default();
            *arguments += &input(inner);
        }
        if delta["function_call"].is_object() {
            let (name, arguments) = message.function_call.get_or_insert_default();
            *name += delta["function_call"]["name"].as_str().unwrap_or_default();
            *arguments += &input(&delta["function_call"]);
        }
        message.finish_reason += choice["finish_reason"].as_str().unwrap_or_default();
    }
    message
}
