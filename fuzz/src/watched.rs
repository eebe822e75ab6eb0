//! Answers that pass and are looked at: what they tell of themselves does not depend on how they were cut, is what somebody reads who
//! has all of it, is bounded, and nothing of them is lost but what is meant to be.

use bedrock_filter::bedrock::operation::Operation;
use bedrock_filter::translate::later_frames::{LaterFrames, Piece};
use bedrock_filter::translate::noted::Noted;
use bedrock_filter::translate::watched::{Body, Events, Frames};

use super::allocation::{Bound, bounded};
use super::frames;
use super::json::Json;
use super::random::Random;

/// Looking costs no more than copies of what passes.
const BOUND: Bound = Bound { per_byte: 100, any: 64 << 10 };
/// What may be held of a value or a name that is read, bytes.
const HELD: usize = 8 << 10;
/// The longest value of a member that has to be read, bytes.
const VALUE: usize = 2 << 10;
/// Between the payloads of events.
const BETWEEN: u8 = 0xff;
/// The longest frame that is looked into.
const FRAME: usize = 1 << 20;

/// The first byte says what passes, the second how it is cut; the rest passes.
pub fn check(bytes: &[u8]) {
    let [what, cut, rest @ ..] = bytes else { return };
    match what % 4 {
        0 => body(*cut, rest),
        1 => events(*cut, rest),
        2 => framed(what / 4 % 2 == 0, *cut, rest),
        _ => of_noise(*cut, rest),
    }
}

/// The same in one piece, in bytes, and in pieces that `cut` chooses.
fn in_pieces<T: PartialEq + std::fmt::Debug>(cut: u8, whole: &[u8], run: impl Fn(&[&[u8]]) -> T) -> T {
    let all = bounded("what passes", whole.len(), BOUND, || run(&[whole]));
    let mut random = Random::of(std::slice::from_ref(&cut));
    let (mut pieces, mut rest) = (Vec::new(), whole);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(1 + random.below(rest.len().min(1 + usize::from(cut))));
        pieces.push(piece);
        rest = after;
    }
    assert_eq!(all, run(&pieces), "it depends on how it was cut");
    let single: Vec<&[u8]> = whole.chunks(1).collect();
    assert_eq!(all, run(&single), "it depends on how it was cut");
    all
}

fn body(cut: u8, text: &[u8]) {
    let noted = in_pieces(cut, text, |pieces| {
        let mut body = Body::default();
        for piece in pieces {
            body.piece(piece);
            assert!(body.held() <= HELD, "{} bytes are held", body.held());
        }
        body.noted()
    });
    assert_eq!(noted.flowed, text.len());
    if let Some(expected) = read(text) {
        assert_eq!(tokens(&noted), expected, "{}", text.escape_ascii());
    }
}

/// Input and output.
type Tokens = Option<(u64, u64)>;

fn tokens(noted: &Noted) -> Tokens {
    noted.usage.map(|usage| (usage.prompt_tokens, usage.completion_tokens))
}

/// The tokens that JSON tells, read from all of it; `None`: nobody can say.
fn read(text: &[u8]) -> Option<Tokens> {
    let json = plain(text)?;
    let Json::Object(members) = &json else { return Some(None) };
    let mut found = None;
    for (name, value) in members {
        if name == "usage" || name == "amazon-bedrock-invocationMetrics" {
            // What is too long is passed over, and written with blanks it is longer than here.
            if value.to_string().len() > VALUE / 2 || text.len() > VALUE && blanks(text) > 64 {
                return None;
            }
            found = counted(value).or(found);
        }
    }
    Some(found)
}

/// JSON whose names have no escapes: those that are looked for have none.
fn plain(text: &[u8]) -> Option<Json> {
    let text = std::str::from_utf8(text).ok().filter(|text| !text.contains('\\'))?;
    Json::parse(text).ok()
}

fn blanks(text: &[u8]) -> usize {
    text.iter().filter(|byte| byte.is_ascii_whitespace()).count()
}

fn counted(usage: &Json) -> Tokens {
    let Json::Object(members) = usage else { return None };
    let of = |names: &[&str]| {
        let values = members.iter().filter(|(name, _)| names.contains(&name.as_str()));
        values.filter_map(|(_, value)| number(value)).next_back()
    };
    let of_detail = |names: &[&str], detail: &str| {
        let details = members.iter().filter(|(name, _)| names.contains(&name.as_str()));
        details.filter_map(|(_, value)| number(value.member(detail)?)).next()
    };
    let input = of(&["inputTokens", "input_tokens", "inputTokenCount"]);
    let all = of(&["prompt_tokens"]);
    let output = of(&["outputTokens", "output_tokens", "outputTokenCount", "completion_tokens"]);
    input.or(all).or(output)?;
    let details = &["prompt_tokens_details"];
    let read = of(&["cacheReadInputTokens", "cache_read_input_tokens", "cacheReadInputTokenCount"])
        .or_else(|| of_detail(details, "cached_tokens"));
    let written = of(&["cacheWriteInputTokens", "cache_creation_input_tokens", "cacheWriteInputTokenCount"])
        .or_else(|| of_detail(details, "cache_write_tokens"));
    let beside = |number: Option<u64>| number.unwrap_or(0);
    let sum = beside(input).saturating_add(beside(read)).saturating_add(beside(written));
    Some((all.unwrap_or(sum), beside(output)))
}

fn number(value: &Json) -> Option<u64> {
    match value {
        Json::Number(text) => text.parse().ok(),
        _ => None,
    }
}

fn events(cut: u8, text: &[u8]) {
    for hides in [false, true] {
        let (out, noted) = in_pieces(cut, text, |pieces| {
            let (mut events, mut out) = (Events::new(hides), Vec::new());
            for piece in pieces {
                let instead = events.piece(piece, false);
                assert_eq!(instead.is_some(), hides);
                out.extend(instead.unwrap_or_else(|| piece.to_vec()));
                assert!(events.held() <= 2 * text.len() + HELD);
            }
            out.extend(events.piece(b"", true).unwrap_or_default());
            (out, events.noted())
        });
        assert!(noted.flowed <= text.len());
        if !hides {
            assert_eq!(out, text, "what goes on as it is does not");
            continue;
        }
        // Whoever has all of it takes the same away. What is no whole event is none.
        let mut expected = Vec::new();
        let (whole, rest) = split(text);
        for event in whole {
            match is_of_tokens_alone(event) {
                Some(true) => {}
                Some(false) => expected.extend_from_slice(event),
                // Nobody can say of this one.
                None => return,
            }
        }
        expected.extend_from_slice(rest);
        assert_eq!(out, expected, "{}", text.escape_ascii());
    }
}

/// Events with the empty line behind each, and what is left.
fn split(mut text: &[u8]) -> (Vec<&[u8]>, &[u8]) {
    let mut events = Vec::new();
    while let Some(end) = (1..=text.len()).find(|end| {
        let before = &text[..*end];
        before.ends_with(b"\n\n") || before.ends_with(b"\r\n\r\n")
    }) {
        let (event, rest) = text.split_at(end);
        events.push(event);
        text = rest;
    }
    (events, text)
}

/// Whether an event has tokens and no choice; `None`: it is none of OpenAI's, or not whole.
fn is_of_tokens_alone(event: &[u8]) -> Option<bool> {
    let event = event.trim_ascii_end();
    let has = |word: &[u8]| event.windows(word.len()).filter(|window| *window == word).count();
    if has(b"\"usage\"") == 0 {
        return Some(false);
    }
    // Which of several are the event's is not looked for.
    if has(b"\"choices\"") > 1 {
        return None;
    }
    let data = event.strip_prefix(b"data:").filter(|data| !data.contains(&b'\n'))?;
    let json = plain(data)?;
    let Json::Object(members) = &json else { return None };
    let of = |wanted: &str| {
        members.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value).collect::<Vec<_>>()
    };
    match (of("usage").as_slice(), of("choices").as_slice()) {
        ([usage], [choices]) if usage.to_string().len() < VALUE / 2 && blanks(data) < 64 => {
            Some(matches!(usage, Json::Object(_)) && matches!(choices, Json::List(items) if items.is_empty()))
        }
        ([_], []) => Some(false),
        _ => None,
    }
}

/// Frames of Converse's, or of a model's own chunks: their payloads are what is between [`BETWEEN`], and what each begins with says of
/// what kind it is.
fn framed(is_converse: bool, cut: u8, bytes: &[u8]) {
    const KINDS: [&str; 4] = ["contentBlockDelta", "messageStop", "metadata", "contentBlockStart"];
    let (mut stream, mut expected, mut is_known) = (Vec::new(), None, true);
    for part in bytes.split(|byte| *byte == BETWEEN) {
        let Some((kind, payload)) = part.split_first() else { continue };
        let Ok(payload) = std::str::from_utf8(payload) else { return };
        if !is_converse {
            stream.extend(frames::event("chunk", payload));
            is_known = false;
            continue;
        }
        let kind = KINDS[usize::from(*kind) % KINDS.len()];
        stream.extend(frames::event(kind, payload));
        if kind == "metadata" || kind == "messageStop" {
            match read(payload.as_bytes()) {
                Some(told) => expected = told.or(expected),
                None => is_known = false,
            }
        }
    }
    let operation = if is_converse { Operation::ConverseStream } else { Operation::InvokeStream };
    let (out, noted) = in_pieces(cut, &stream, |pieces| through(operation, pieces));
    assert_eq!(out, stream, "what goes on as it is does not");
    assert!(noted.flowed <= stream.len());
    if is_known {
        assert_eq!(tokens(&noted), expected, "{}", stream.escape_ascii());
    }
}

/// Bytes that need be no frames go on, as many as came.
fn of_noise(cut: u8, bytes: &[u8]) {
    let (out, _) = in_pieces(cut, bytes, |pieces| through(Operation::ConverseStream, pieces));
    assert_eq!(out.len(), bytes.len());
}

/// The stream in these pieces, as Envoy and the upstream role have it: what came out, and what it told.
fn through(operation: Operation, pieces: &[&[u8]]) -> (Vec<u8>, Noted) {
    let mut frames = LaterFrames::new(FRAME).watched(Frames::new(operation));
    let (mut out, mut waiting) = (Vec::new(), Vec::new());
    for (number, piece) in pieces.iter().chain([&&b""[..]]).enumerate() {
        let kept = frames.take_kept();
        assert!(kept.is_empty() || waiting.is_empty());
        waiting.extend_from_slice(&kept);
        waiting.extend_from_slice(piece);
        let there = std::cell::RefCell::new(std::mem::take(&mut waiting));
        let size = there.borrow().len();
        let found = frames.piece(
            size,
            number == pieces.len(),
            |from, length| there.borrow()[from..from + length].to_vec(),
            |at, bytes| there.borrow_mut()[at..at + bytes.len()].copy_from_slice(bytes),
        );
        waiting = there.into_inner();
        match found {
            Piece::Passes => out.append(&mut waiting),
            Piece::PassesUntil(at) => {
                frames.keep(waiting.split_off(at));
                out.append(&mut waiting);
            }
            Piece::Waits => {}
        }
    }
    assert!(waiting.is_empty() && frames.held() == 0, "something was kept at the end");
    (out, frames.noted())
}
