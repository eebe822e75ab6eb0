//! Random answers of a model, each as the body of Converse and as the events of ConverseStream.

use serde_json::{Value, json};

use super::frames;
use super::random::Random;

/// An answer, from which the reply and the events are made.
pub(crate) struct Answer {
    blocks: Vec<Block>,
    stop_reason: &'static str,
    usage: Option<Value>,
    tier: Option<&'static str>,
}

enum Block {
    Text(&'static str),
    /// Text in pieces, and its sources.
    Cited(Vec<&'static str>, Vec<Value>),
    Thought {
        text: &'static str,
        signature: Option<&'static str>,
    },
    Redacted,
    Call {
        id: String,
        name: &'static str,
        input: &'static str,
    },
    /// A block that nobody here knows.
    New,
}

const STOPS: &[&str] = &[
    "end_turn",
    "tool_use",
    "max_tokens",
    "stop_sequence",
    "guardrail_intervened",
    "content_filtered",
    "malformed_model_output",
    "malformed_tool_use",
    "model_context_window_exceeded",
    "something_new",
];
const INPUTS: &[&str] = &[
    "{}",
    "{\"input\":\"SELECT 1\"}",
    "{ \"a\":0.10,\"b\":[1,{}] }",
    "{\"t\":\"Gr\\u00fc\u{df}e\\n\"}",
    "{\"n\":12345678901234567890}",
];
const TEXTS: &[&str] = &["Hello", " ", "Grüße 🎉", "\n", "\"x\" \\", "e\u{301}"];

/// An answer of any blocks that a model which knows these tools may give.
pub(crate) fn answer(random: &mut Random, names: &[&'static str]) -> Answer {
    let mut blocks = Vec::new();
    for index in 0..random.below(6) {
        blocks.push(block(random, index, names));
    }
    let calls = blocks.iter().any(|block| matches!(block, Block::Call { .. }));
    let stop_reason = if calls && !random.once_in(4) { "tool_use" } else { random.pick(STOPS) };
    let tier = random.once_in(4).then(|| random.pick(&["default", "flex", "priority"]));
    Answer { blocks, stop_reason, usage: usage(random), tier }
}

fn block(random: &mut Random, index: usize, names: &[&'static str]) -> Block {
    match random.below(8) {
        0..=2 if !names.is_empty() => Block::Call {
            id: format!("tooluse_{index}"),
            name: random.pick(names),
            input: random.pick(INPUTS),
        },
        3 => Block::Thought { text: random.pick(TEXTS), signature: (!random.once_in(4)).then_some("c2ln") },
        4 => Block::Redacted,
        5 => {
            let texts = (0..=random.below(2)).map(|_| random.pick(TEXTS)).collect();
            Block::Cited(texts, (0..=random.below(2)).map(|_| citation(random)).collect())
        }
        6 if random.once_in(2) => Block::New,
        _ => Block::Text(random.pick(TEXTS)),
    }
}

fn citation(random: &mut Random) -> Value {
    let locations = [
        json!({ "web": { "url": "https://example.com/w", "domain": "example.com" } }),
        json!({ "documentPage": { "documentIndex": 0, "start": 1, "end": 2 } }),
        json!({ "documentChar": { "documentIndex": 1, "start": 0, "end": 16 } }),
        json!({ "documentChunk": { "documentIndex": 2 } }),
        json!({ "somethingNew": {} }),
    ];
    let quote: Value = (0..random.below(3)).map(|_| json!({ "text": random.pick(TEXTS) })).collect();
    let mut citation = json!({ "sourceContent": quote });
    if random.once_in(2) {
        citation["location"] = locations[random.below(locations.len())].clone();
    }
    if random.once_in(2) {
        citation["title"] = "Wiki".into();
    }
    if random.once_in(2) {
        citation["source"] = "doc.pdf".into();
    }
    citation
}

fn usage(random: &mut Random) -> Option<Value> {
    if random.once_in(8) {
        return None;
    }
    let mut usage =
        json!({ "inputTokens": random.below(99), "outputTokens": random.below(99), "totalTokens": 7 });
    if random.once_in(2) {
        usage["cacheReadInputTokens"] = random.below(99).into();
    }
    if random.once_in(2) {
        usage["cacheWriteInputTokens"] = random.below(99).into();
        let hour = json!({ "ttl": "1h", "inputTokens": random.below(9) });
        usage["cacheDetails"] = json!([hour, { "ttl": "5m", "inputTokens": 3 }]);
    }
    if random.once_in(3) {
        usage["serverToolUsage"] = json!({});
        usage["cacheReadInputTokenCount"] = 0.into();
    }
    Some(usage)
}

/// What may stand beside anything, and means nothing here.
fn strange(random: &mut Random, object: &mut Value) {
    if random.once_in(4) {
        object["p"] = "abcdefgh".into();
    }
    if random.once_in(8) {
        object["somethingNew"] = json!([{ "deep": null }, 1.5]);
    }
}

impl Answer {
    /// The body of a 200.
    pub(crate) fn body(&self, random: &mut Random) -> String {
        let blocks: Vec<String> = self.blocks.iter().map(Block::whole).collect();
        let mut rest = json!({ "stopReason": self.stop_reason, "metrics": { "latencyMs": 1 } });
        strange(random, &mut rest);
        if let Some(usage) = &self.usage {
            rest["usage"] = usage.clone();
        }
        if let Some(tier) = self.tier {
            rest["serviceTier"] = json!({ "type": tier });
        }
        let rest = rest.to_string();
        format!(
            r#"{{"output":{{"message":{{"role":"assistant","content":[{}]}}}},{}"#,
            blocks.join(","),
            &rest[1..]
        )
    }

    /// The bytes of the stream: blocks one after the other or in turns, in pieces of any size.
    pub(crate) fn stream(&self, random: &mut Random) -> Vec<u8> {
        let mut events = vec![("messageStart", json!({ "role": "assistant" }))];
        events.extend(self.blocks_in_turns(random));
        let mut metadata = json!({ "metrics": { "latencyMs": 1 }, "trace": {} });
        if let Some(usage) = &self.usage {
            metadata["usage"] = usage.clone();
        }
        if let Some(tier) = self.tier {
            metadata["serviceTier"] = json!({ "type": tier });
        }
        events.push(("messageStop", json!({ "stopReason": self.stop_reason })));
        // It may be missing altogether where it has nothing to say.
        if self.usage.is_some() || self.tier.is_some() || random.once_in(2) {
            let last = events.len();
            events.insert(last - usize::from(random.once_in(4)), ("metadata", metadata));
        }
        let mut bytes = Vec::new();
        for (kind, mut payload) in events {
            if random.once_in(12) {
                bytes.extend(frames::event("somethingNew", r#"{"contentBlockIndex":0,"new":[]}"#));
            }
            strange(random, &mut payload);
            bytes.extend(frames::event(kind, &payload.to_string()));
        }
        bytes
    }

    /// The events of the blocks. Those of one block keep their order; so does all text, all reasoning, and the
    /// beginnings of calls, which is all that makes an answer the same answer.
    fn blocks_in_turns(&self, random: &mut Random) -> Vec<(&'static str, Value)> {
        let in_turns = random.once_in(2);
        let (mut text, mut thoughts, mut calls) = (Queue::default(), Queue::default(), Vec::new());
        let mut one_by_one = Vec::new();
        for (index, block) in self.blocks.iter().enumerate() {
            let events = block.events(random, index);
            match block {
                _ if !in_turns => one_by_one.extend(events),
                Block::Thought { .. } | Block::Redacted => thoughts.extend(events),
                Block::Call { .. } => calls.push(Queue::from(events)),
                Block::Text(_) | Block::Cited(..) | Block::New => text.extend(events),
            }
        }
        let mut queues = vec![text, thoughts];
        queues.extend(calls);
        let mut events = one_by_one;
        // A call may begin when those before it have.
        let mut begun = 2;
        while queues.iter().any(|queue| !queue.is_empty()) {
            let at = random.below(queues.len().min(begun + 1));
            events.extend(queues[at].pop_front());
            begun = begun.max(at + 1);
        }
        events
    }
}

type Queue = std::collections::VecDeque<(&'static str, Value)>;

impl Block {
    fn whole(&self) -> String {
        match self {
            Self::Text(text) => json!({ "text": text }).to_string(),
            Self::Cited(texts, citations) => {
                let content: Vec<_> = texts.iter().map(|text| json!({ "text": text })).collect();
                json!({ "citationsContent": { "content": content, "citations": citations } }).to_string()
            }
            Self::Thought { text, signature } => {
                let mut thought = json!({ "text": text });
                if let Some(signature) = signature {
                    thought["signature"] = (*signature).into();
                }
                json!({ "reasoningContent": { "reasoningText": thought } }).to_string()
            }
            Self::Redacted => json!({ "reasoningContent": { "redactedContent": "cmVk" } }).to_string(),
            // The input's text must stay as it is.
            Self::Call { id, name, input } => {
                format!(r#"{{"toolUse":{{"toolUseId":"{id}","name":"{name}","input":{input}}}}}"#)
            }
            Self::New => json!({ "somethingNew": { "format": "png" } }).to_string(),
        }
    }

    fn events(&self, random: &mut Random, index: usize) -> Vec<(&'static str, Value)> {
        let start =
            |start: Value| ("contentBlockStart", json!({ "contentBlockIndex": index, "start": start }));
        let delta =
            |delta: Value| ("contentBlockDelta", json!({ "contentBlockIndex": index, "delta": delta }));
        let mut events = Vec::new();
        // Blocks of text have no start, or an empty one.
        if !matches!(self, Self::Call { .. }) && random.once_in(3) {
            events.push(start(json!({})));
        }
        let mut said = |events: &mut Vec<_>, text: &str| {
            events.extend(cut(random, text).into_iter().map(|text| delta(json!({ "text": text }))));
        };
        match self {
            Self::Text(text) => said(&mut events, text),
            Self::Cited(texts, citations) => {
                texts.iter().for_each(|text| said(&mut events, text));
                events.extend(citations.iter().map(|citation| delta(json!({ "citation": citation }))));
            }
            Self::Thought { text, signature } => {
                let thought = |thought: Value| delta(json!({ "reasoningContent": thought }));
                let pieces = cut(random, text).into_iter().map(|text| thought(json!({ "text": text })));
                events.extend(pieces);
                events.extend(signature.map(|signature| thought(json!({ "signature": signature }))));
            }
            Self::Redacted => {
                events.push(delta(json!({ "reasoningContent": { "redactedContent": "cmVk" } })));
            }
            Self::Call { id, name, input } => {
                events.push(start(json!({ "toolUse": { "toolUseId": id, "name": name } })));
                // No arguments are no delta, or an empty one.
                let silent = *input == "{}" && random.once_in(2);
                let pieces = match silent {
                    true if random.once_in(2) => Vec::new(),
                    true => vec![String::new()],
                    false => cut(random, input),
                };
                events
                    .extend(pieces.into_iter().map(|piece| delta(json!({ "toolUse": { "input": piece } }))));
            }
            Self::New => events.push(delta(json!({ "somethingNew": {} }))),
        }
        // Only calls are waited for.
        if matches!(self, Self::Call { .. }) || random.once_in(2) {
            events.push(("contentBlockStop", json!({ "contentBlockIndex": index })));
        }
        events
    }
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
