//! A ConverseStream answer: its events and frames.

use crate::answer::{Answer, Block};
use crate::errors::AwsError;
use crate::faults::Faults;
use crate::frame;
use crate::reply;
use bytes::Bytes;
use serde_json::{Value, json};

/// One event: its type and its payload.
pub type Event = (&'static str, Value);

/// Lengths of the parts of a text, in characters, repeated.
const TEXT_PIECES: &[usize] = &[3, 1, 5, 2, 8, 4];
/// Lengths of the parts of a tool's input.
const INPUT_PIECES: &[usize] = &[1, 7, 3, 11, 2];

/// The events of an answer, in the order they are sent.
pub fn events(answer: &Answer, faults: &Faults, latency: u64) -> Vec<Event> {
    let mut events = vec![("messageStart", json!({"role": "assistant"}))];
    let blocks: Vec<Vec<Event>> =
        answer.blocks.iter().enumerate().map(|(i, b)| block(i, b, faults)).collect();
    if faults.interleave {
        let longest = blocks.iter().map(Vec::len).max().unwrap_or(0);
        for turn in 0..longest {
            events.extend(blocks.iter().filter_map(|b| b.get(turn).cloned()));
        }
    } else {
        events.extend(blocks.into_iter().flatten());
    }
    if faults.unknown_event {
        events.push(("somethingNew", json!({"contentBlockIndex": 0, "new": {"deep": [1, null]}})));
    }
    let mut stop = json!({"stopReason": answer.stop});
    if let (Some(fields), Value::Object(map)) = (&answer.fields, &mut stop) {
        map.insert("additionalModelResponseFields".into(), fields.clone());
    }
    events.push(("messageStop", stop));
    if !faults.no_metadata {
        let mut metadata = answer.beside.clone();
        metadata.insert("usage".into(), reply::usage(&answer.usage, faults));
        metadata.insert("metrics".into(), json!({"latencyMs": latency}));
        let at = if faults.metadata_first { events.len() - 1 } else { events.len() };
        events.insert(at, ("metadata", Value::Object(metadata)));
    }
    if faults.unknown_event {
        for (_, payload) in &mut events {
            if let Value::Object(map) = payload {
                map.insert("aaaNew".into(), json!({"x": 1}));
            }
        }
    }
    events
}

fn block(index: usize, block: &Block, faults: &Faults) -> Vec<Event> {
    let delta = |delta: Value| ("contentBlockDelta", json!({"contentBlockIndex": index, "delta": delta}));
    let mut out = Vec::new();
    if faults.empty_start
        && !matches!(block, Block::Tool(..) | Block::ServerCall(..) | Block::ServerResult(..))
    {
        out.push(("contentBlockStart", json!({"contentBlockIndex": index, "start": {}})));
    }
    match block {
        Block::Text(text) => out.extend(pieces(text, TEXT_PIECES).map(|t| delta(json!({"text": t})))),
        Block::Reasoning(text, signature) => {
            out.extend(pieces(text, TEXT_PIECES).map(|t| delta(json!({"reasoningContent": {"text": t}}))));
            out.extend(signature.iter().map(|s| delta(json!({"reasoningContent": {"signature": s}}))));
        }
        Block::Redacted(data) => out.push(delta(json!({"reasoningContent": {"redactedContent": data}}))),
        Block::Cited(text, citations) => {
            out.extend(pieces(text, TEXT_PIECES).map(|t| delta(json!({"text": t}))));
            out.extend(citations.iter().map(|c| delta(json!({"citation": c}))));
        }
        Block::ServerCall(id, name, input) => {
            let start = json!({"toolUse": {"toolUseId": id, "name": name, "type": "server_tool_use"}});
            out.push(("contentBlockStart", json!({"contentBlockIndex": index, "start": start})));
            out.extend(
                pieces(&input.to_string(), INPUT_PIECES).map(|t| delta(json!({"toolUse": {"input": t}}))),
            );
        }
        Block::ServerResult(id, kind) => {
            let start = json!({"toolResult": {"toolUseId": id, "type": kind, "status": "success"}});
            out.push(("contentBlockStart", json!({"contentBlockIndex": index, "start": start})));
        }
        Block::Tool(id, name, input) => {
            let start = json!({"toolUse": {"toolUseId": id, "name": name}});
            out.push(("contentBlockStart", json!({"contentBlockIndex": index, "start": start})));
            let text = input.to_string();
            if faults.tool_empty {
            } else if text == "{}" {
                out.push(delta(json!({"toolUse": {"input": ""}})));
            } else {
                out.extend(pieces(&text, INPUT_PIECES).map(|t| delta(json!({"toolUse": {"input": t}}))));
            }
        }
    }
    out.push(("contentBlockStop", json!({"contentBlockIndex": index})));
    out
}

/// `text` in parts of these lengths, repeated.
fn pieces<'a>(text: &'a str, lengths: &'static [usize]) -> impl Iterator<Item = &'a str> {
    let mut rest = text;
    let mut lengths = lengths.iter().cycle();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let n = lengths.next().copied().unwrap_or(1);
        let at = rest.char_indices().nth(n).map_or(rest.len(), |(i, _)| i);
        let (piece, after) = rest.split_at_checked(at)?;
        rest = after;
        Some(piece)
    })
}

/// The frames of the events, with Bedrock's padding.
pub fn frames(events: Vec<Event>, faults: &Faults) -> Vec<Bytes> {
    let frames = events.into_iter().enumerate().map(|(i, (kind, mut payload))| {
        if let Value::Object(map) = &mut payload {
            map.insert("p".to_owned(), padding(i).into());
        }
        let payload = payload.to_string();
        let kind = (":event-type", kind);
        let content = (":content-type", "application/json");
        let message = (":message-type", "event");
        if faults.header_order {
            frame::encode(&[message, content, kind], payload.as_bytes())
        } else {
            frame::encode(&[kind, content, message], payload.as_bytes())
        }
    });
    spoil(frames.collect(), faults)
}

/// Damages a frame.
type Defect = fn(&Bytes) -> Bytes;

/// Applies the faults on frames.
fn spoil(mut frames: Vec<Bytes>, faults: &Faults) -> Vec<Bytes> {
    let defects: [(Option<usize>, Defect); 3] = [
        (faults.bad_crc, frame::with_bad_crc),
        (faults.bad_prelude, frame::with_bad_prelude),
        (faults.huge_frame, frame::with_huge_length),
    ];
    for (at, defect) in defects {
        if let Some(frame) = at.and_then(|at| frames.get_mut(at)) {
            *frame = defect(frame);
        }
    }
    if let Some((at, error)) = &faults.exception {
        frames.truncate(*at);
        frames.push(exception(error));
    }
    if let Some(at) = faults.error_frame {
        frames.truncate(at);
        frames.push(frame::encode(
            &[
                (":message-type", "error"),
                (":error-code", "InternalError"),
                (":error-message", "An internal server error occurred"),
            ],
            b"",
        ));
    }
    if let Some(at) = faults.cut {
        frames.truncate(at);
    }
    frames
}

/// The frame of an exception.
fn exception(error: &AwsError) -> Bytes {
    frame::encode(
        &[
            (":exception-type", &error.member()),
            (":content-type", "application/json"),
            (":message-type", "exception"),
        ],
        error.body().to_string().as_bytes(),
    )
}

/// The value of `p`: a prefix of the alphabet of varying length.
fn padding(index: usize) -> &'static str {
    const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    ALPHABET.get(..(index * 17 + 9) % ALPHABET.len() + 1).unwrap_or(ALPHABET)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Usage;
    use serde_json::Map;

    fn answer(blocks: Vec<Block>) -> Answer {
        Answer { blocks, stop: "end_turn".into(), usage: Usage::default(), beside: Map::new(), fields: None }
    }

    fn names(events: &[Event]) -> Vec<&str> {
        let mut names: Vec<&str> = events.iter().map(|e| e.0).collect();
        names.dedup();
        names
    }

    #[test]
    fn text_comes_without_a_start_and_whole() {
        let text = "Grüße, 日本! And more.";
        let events = events(&answer(vec![Block::Text(text.into())]), &Faults::default(), 1);
        assert_eq!(
            names(&events),
            ["messageStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"]
        );
        let joined: String =
            events.iter().filter_map(|e| e.1.pointer("/delta/text").and_then(Value::as_str)).collect();
        assert_eq!(joined, text);
    }

    #[test]
    fn a_tool_starts_and_its_input_is_cut() {
        let tool = Block::Tool("id".into(), "f".into(), json!({"a": "bcdefghijkl"}));
        let events = events(&answer(vec![tool]), &Faults::default(), 1);
        assert_eq!(events[1].0, "contentBlockStart");
        let parts: Vec<&str> = events
            .iter()
            .filter_map(|e| e.1.pointer("/delta/toolUse/input").and_then(Value::as_str))
            .collect();
        assert!(parts.len() > 2);
        assert_eq!(parts.concat(), "{\"a\":\"bcdefghijkl\"}");
    }

    #[test]
    fn faults_change_the_frames() {
        let plain = || events(&answer(vec![Block::Text("hi".into())]), &Faults::default(), 1);
        assert_eq!(frames(plain(), &Faults::parse("cut=2").unwrap()).len(), 2);
        let with = frames(plain(), &Faults::parse("exception=0:throttlingException").unwrap());
        assert_eq!(with.len(), 1);
        assert!(String::from_utf8_lossy(&with[0]).contains("throttlingException"));
    }

    #[test]
    fn interleaved_blocks_take_turns() {
        let two = answer(vec![Block::Text("aaaa".into()), Block::Text("bbbb".into())]);
        let events = events(&two, &Faults::parse("interleave").unwrap(), 1);
        assert_eq!(events[1].1["contentBlockIndex"], 0);
        assert_eq!(events[2].1["contentBlockIndex"], 1);
    }
}
