//! Event streams of any bytes, in any pieces: the same chunks and the same error however they were cut, and one end.

use bedrock_filter::openai::Error;
use bedrock_filter::translate::Streamed as _;
use bedrock_filter::translate::chat::{self, Stream};
use bedrock_filter::translate::{Limits, Reply};
use libfuzzer_sys::fuzzer_mutate;
use serde_json::Value;

use super::allocation::{Bound, bounded};
use super::random::Random;
use super::replies::contexts;
use super::{ANSWERED, frames, judge};

/// A chunk repeats the model's name and its kind: some hundred bytes for an event of one letter.
const BOUND: Bound = Bound { per_byte: 100, any: 64 << 10 };

/// What came of a stream.
#[derive(Debug, PartialEq)]
pub(crate) struct Ended {
    pub(crate) out: Vec<u8>,
    pub(crate) error: Option<Error>,
}

/// Two bytes choose the request and the limit, the next how the stream is cut; the rest are its bytes.
pub fn check(bytes: &[u8]) {
    let [context, limit, cut, stream @ ..] = bytes else { return };
    let contexts: Vec<_> = contexts()
        .iter()
        .filter_map(|(_, reply)| match reply {
            Reply::Chat(context) => Some(context),
            _ => None,
        })
        .collect();
    let context = contexts[usize::from(*context) % contexts.len()];
    let limit = if limit & 1 == 0 { 16 << 20 } else { 256 };
    let whole = bounded("a stream", stream.len(), BOUND, || run(context, stream, limit, |left| left));
    let mut random = Random::of(std::slice::from_ref(cut));
    let longest = 1 + usize::from(*cut) % 60;
    let pieces = run(context, stream, limit, |left| 1 + random.below(longest.min(left)));
    assert_eq!(whole, pieces, "what comes out depends on how it was cut");
    assert_eq!(whole, run(context, stream, limit, |_| 1), "what comes out depends on how it was cut");
    judge(&whole);
}

/// Server-sent events, each of JSON, and one end: `[DONE]`, or an error in its stead.
fn judge(Ended { out, error }: &Ended) {
    if let Some(error) = error {
        judge::refused(error, 400..600);
        assert!(!out.ends_with(b"data: [DONE]\n\n"), "an error after the end");
    }
    for chunk in chunks(out) {
        assert!(
            chunk["id"].is_string() && chunk["model"].is_string() && chunk["choices"].is_array(),
            "{chunk}"
        );
        assert!(["chat.completion.chunk", "text_completion"].iter().any(|kind| chunk["object"] == *kind));
    }
}

/// The chunks of a stream: `[DONE]` stands once, at the end, or nowhere.
pub(crate) fn chunks(out: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(out).expect("UTF-8");
    let text = text.strip_suffix("data: [DONE]\n\n").unwrap_or(text);
    assert!(text.is_empty() || text.ends_with("\n\n"), "half an event: {text}");
    let data = text.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").expect("an event"));
    data.map(|data| serde_json::from_str(data).unwrap_or_else(|error| panic!("{error}: {data}"))).collect()
}

/// Runs a stream in pieces, `cut` says how long the next is of so many bytes left.
pub(crate) fn run(
    context: &chat::Reply,
    bytes: &[u8],
    limit: usize,
    mut cut: impl FnMut(usize) -> usize,
) -> Ended {
    let limits = Limits { frame_bytes: limit, ..Limits::default() };
    let mut stream = Stream::new(context.clone(), ANSWERED, &limits);
    let mut out = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(cut(rest.len()).clamp(1, rest.len()));
        if let Err(error) = stream.bytes(piece, &mut out) {
            assert!(stream.has_begun() || out.is_empty(), "chunks before the stream has begun");
            return Ended { out, error: Some(error) };
        }
        rest = after;
    }
    let error = stream.end(&mut out).err();
    if error.is_none() {
        assert!(out.ends_with(b"data: [DONE]\n\n"), "an end without [DONE]");
        let end = out.len();
        stream.bytes(b"more", &mut out).expect("nothing counts after the end");
        assert_eq!(out.len(), end, "more after the end");
    }
    Ended { out, error }
}

/// Headers and payload.
type Frame = (Vec<u8>, Vec<u8>);

/// Changes frames as such, and mends their lengths and checksums; now and then bytes are left as wrong as they became.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let seed_bytes = seed.to_le_bytes();
    let mut random = Random::of(&seed_bytes);
    if size < 4 || random.once_in(8) {
        return fuzzer_mutate(data, size, max_size);
    }
    let (head, stream) = data[..size].split_at(3);
    let mut head = head.to_vec();
    let (mut list, rest) = split(stream);
    if list.is_empty() {
        list.push((header_block("contentBlockDelta"), rest.to_vec()));
    }
    let at = random.below(list.len());
    match random.below(8) {
        0 => list.remove(at).0.clear(),
        1 => list.insert(at, list[at].clone()),
        2 => {
            let other = random.below(list.len());
            list.swap(at, other);
        }
        3 => mutated(&mut list[at].0),
        4 => list[at].0 = header_block(random.pick(EVENTS)),
        5 => mutated(&mut head),
        _ => mutated(&mut list[at].1),
    }
    head.resize(3, 0);
    let mut out = head;
    for (headers, payload) in &list {
        out.extend_from_slice(&frames::raw_frame(headers, payload));
    }
    let length = out.len().min(max_size);
    data[..length].copy_from_slice(&out[..length]);
    length
}

const EVENTS: &[&str] = &[
    "messageStart",
    "contentBlockStart",
    "contentBlockDelta",
    "contentBlockStop",
    "messageStop",
    "metadata",
    "new",
];

fn header_block(event: &str) -> Vec<u8> {
    let frame = frames::event(event, "");
    frame[12..frame.len() - 4].to_vec()
}

fn mutated(bytes: &mut Vec<u8>) {
    let size = bytes.len();
    let most = size + 32;
    bytes.resize(most, 0);
    let size = fuzzer_mutate(bytes, size, most);
    bytes.truncate(size);
}

/// Frames as far as their lengths can be followed, and what is left.
fn split(mut bytes: &[u8]) -> (Vec<Frame>, &[u8]) {
    let mut frames = Vec::new();
    while let Some((prelude, _)) = bytes.split_first_chunk::<12>() {
        let number = |at: usize| {
            u32::from_be_bytes([prelude[at], prelude[at + 1], prelude[at + 2], prelude[at + 3]]) as usize
        };
        let (total, headers) = (number(0), number(4));
        if total > bytes.len() || total < 16 || headers > total - 16 {
            break;
        }
        let (frame, rest) = bytes.split_at(total);
        frames.push((frame[12..12 + headers].to_vec(), frame[12 + headers..total - 4].to_vec()));
        bytes = rest;
    }
    (frames, bytes)
}
