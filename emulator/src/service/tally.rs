//! Token counts of an answer, and the position of each count in its bytes.

use crate::account::{Cost, Counter, Mark};
use crate::answer::Usage;
use crate::faults::Faults;
use crate::stream::Event;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

/// The state after an event of an answer: output tokens so far, and whether the token counts have been sent.
pub(super) type Progress = (u64, bool);

/// An answer's entry for the account.
pub(super) struct Tally {
    pub(super) cost: Cost,
    pub(super) marks: Vec<Mark>,
}

impl Tally {
    /// For an answer in one body.
    pub(super) fn of_body(usage: Usage, length: usize, is_told: bool) -> Self {
        let marks = vec![Mark { bytes: length, output: usage.output, is_told }];
        Self { cost: cost(&usage), marks }
    }

    /// For an answer in frames, one per event. Frames that a fault has damaged, and later ones, count for nothing.
    pub(super) fn of_frames(
        usage: Usage,
        progress: Vec<Progress>,
        frames: &[Bytes],
        faults: &Faults,
    ) -> Self {
        let of_exception = faults.exception.as_ref().map(|(at, _)| *at);
        let spoiled = [
            of_exception,
            faults.error_frame,
            faults.cut,
            faults.bad_crc,
            faults.bad_prelude,
            faults.huge_frame,
        ];
        let good = spoiled.into_iter().flatten().min().unwrap_or(frames.len());
        let mut bytes = 0;
        let mark = |(frame, (output, is_told)): (&Bytes, Progress)| {
            bytes += frame.len();
            Mark { bytes, output, is_told }
        };
        let marks = frames.iter().zip(progress).take(good).map(mark).collect();
        Self { cost: cost(&usage), marks }
    }
}

fn cost(usage: &Usage) -> Cost {
    let (cache_read, cache_write) = usage.cache.unwrap_or_default();
    Cost { input: usage.input, output: usage.output, cache_read, cache_write }
}

/// For the events of ConverseStream: the counts are in `metadata`.
pub(super) fn of_events(events: &[Event]) -> Vec<Progress> {
    let mut counter = Counter::default();
    let mut is_told = false;
    let one = |(name, payload): &Event| {
        is_told |= *name == "metadata";
        let pieces = ["/delta/text", "/delta/reasoningContent/text", "/delta/toolUse/input"];
        (counted(&mut counter, payload, &pieces), is_told)
    };
    events.iter().map(one).collect()
}

/// For Anthropic's events: input tokens are in the first, output tokens in `message_delta`.
pub(super) fn of_chunks(events: &[Event], output: u64) -> Vec<Progress> {
    let mut counter = Counter::default();
    let mut is_told = false;
    let one = |(_, payload): &Event| {
        let bytes = payload.get("bytes").and_then(Value::as_str).and_then(|text| STANDARD.decode(text).ok());
        let inner: Value = bytes.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        is_told |= inner.get("type").is_some_and(|kind| kind == "message_delta");
        let pieces = ["/delta/text", "/delta/thinking", "/delta/partial_json"];
        let so_far = counted(&mut counter, &inner, &pieces);
        (if is_told { output } else { so_far }, is_told)
    };
    events.iter().map(one).collect()
}

fn counted(counter: &mut Counter, event: &Value, pieces: &[&str]) -> u64 {
    let piece = pieces.iter().find_map(|pointer| event.pointer(pointer)).and_then(Value::as_str);
    counter.add(piece.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn events() -> Vec<Event> {
        vec![
            ("messageStart", json!({"role": "assistant"})),
            ("contentBlockDelta", json!({"delta": {"text": "one two"}})),
            ("contentBlockDelta", json!({"delta": {"text": " three"}})),
            ("messageStop", json!({"stopReason": "end_turn"})),
            ("metadata", json!({"usage": {}})),
        ]
    }

    fn marks(fault: &str) -> Vec<(usize, u64, bool)> {
        let frames: Vec<Bytes> = (1..=5).map(|n| Bytes::from(vec![0; n])).collect();
        let usage = Usage { output: 4, ..Usage::default() };
        let tally = Tally::of_frames(usage, of_events(&events()), &frames, &Faults::parse(fault).unwrap());
        tally.marks.iter().map(|mark| (mark.bytes, mark.output, mark.is_told)).collect()
    }

    #[test]
    fn the_counts_are_told_by_the_last_event() {
        let all = [(1, 0, false), (3, 2, false), (6, 4, false), (10, 4, false), (15, 4, true)];
        assert_eq!(marks(""), all);
    }

    #[test]
    fn what_a_fault_has_spoiled_says_nothing() {
        for fault in ["cut=2", "badcrc=2", "exception=2:throttlingException", "errorframe=2"] {
            assert_eq!(marks(fault), [(1, 0, false), (3, 2, false)], "{fault}");
        }
    }
}
