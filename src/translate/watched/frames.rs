//! Watches an untranslated event stream of Bedrock's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;

use super::members::Members;
use super::tell;
use crate::bedrock::eventstream::{Decoder, Frame};
use crate::bedrock::operation::Operation;
use crate::translate::noted::Noted;

/// Bytes around the text of an event: headers, checksums, members, and the padding that hides its length.
const AROUND: usize = 200;

/// `amazon-bedrock-invocationMetrics` and `"stop_reason":"` in base64, at each offset modulo three.
const ENCODED: [&[u8]; 6] = [
    b"aW52b2NhdGlvbk1ldHJpY3",
    b"ludm9jYXRpb25NZXRyaWNz",
    b"pbnZvY2F0aW9uTWV0cmlj",
    b"c3RvcF9yZWFzb2",
    b"N0b3BfcmVhc29u",
    b"zdG9wX3JlYXNvb",
];

/// The state of the stream.
#[derive(Debug)]
pub struct Frames {
    operation: Operation,
    noted: Noted,
}

impl Frames {
    /// For the response of an operation.
    pub fn new(operation: Operation) -> Self {
        Self { operation, noted: Noted::default() }
    }

    /// Whether an event must be read as a whole; `begin` is its beginning.
    pub fn wants(&self, begin: &[u8]) -> bool {
        let has = |text: &[u8]| memmem::find(begin, text).is_some();
        match self.operation {
            Operation::ConverseStream => has(b"metadata") || has(b"messageStop"),
            _ => ENCODED.iter().any(|text| has(text)),
        }
    }

    /// An event of this many bytes passes unread.
    pub fn passes(&mut self, length: usize) {
        self.noted.flows(length.saturating_sub(AROUND));
    }

    /// Reads a whole event.
    pub fn event(&mut self, bytes: &[u8]) {
        let mut decoder = Decoder::new(bytes.len());
        decoder.push(bytes);
        if let Ok(Some(frame)) = decoder.next_frame() {
            self.frame(&frame);
        }
    }

    fn frame(&mut self, frame: &Frame<'_>) {
        match frame.header(":event-type") {
            Some("metadata" | "messageStop") => self.read(frame.payload, &[]),
            Some("chunk") => {
                const BYTES: &[u8] = br#""bytes":""#;
                let at = memmem::find(frame.payload, BYTES).and_then(|at| at.checked_add(BYTES.len()));
                let text = at.and_then(|at| frame.payload.get(at..)).unwrap_or_default();
                let text = text.split(|byte| *byte == b'"').next().unwrap_or_default();
                if let Ok(event) = STANDARD.decode(text) {
                    // `usage` in these events is preliminary: Bedrock's own metrics at the end have the totals.
                    self.read(&event, &["usage"]);
                }
            }
            _ => {}
        }
    }

    fn read(&mut self, json: &[u8], but: &[&str]) {
        let noted = &mut self.noted;
        Members::default().piece(json, &mut |name, value| {
            if !but.contains(&name) {
                tell(noted, name, value);
            }
        });
    }

    /// Facts for the record so far.
    pub fn noted(&self) -> Noted {
        self.noted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bedrock::eventstream::test_frame as frame;

    fn event(kind: &str, payload: &str) -> Vec<u8> {
        frame(&[(":event-type", kind), (":message-type", "event")], payload.as_bytes())
    }

    fn read(operation: Operation, events: &[Vec<u8>]) -> (Vec<bool>, Noted) {
        let mut frames = Frames::new(operation);
        let wanted = events.iter().map(|bytes| {
            let is_wanted = frames.wants(bytes);
            if is_wanted {
                frames.event(bytes);
            } else {
                frames.passes(bytes.len());
            }
            is_wanted
        });
        (wanted.collect(), frames.noted())
    }

    #[test]
    fn of_converse_only_the_end_is_read() {
        let events = [
            event("contentBlockDelta", r#"{"delta":{"text":"\"usage\":{}"},"p":"abc"}"#),
            event("messageStop", r#"{"stopReason":"max_tokens","p":"abc"}"#),
            event("metadata", r#"{"usage":{"inputTokens":1,"outputTokens":2},"metrics":{"latencyMs":1}}"#),
        ];
        let (wanted, noted) = read(Operation::ConverseStream, &events);
        assert_eq!(wanted, [false, true, true]);
        assert_eq!(noted.usage.map(|usage| usage.total_tokens), Some(3));
        assert_eq!(noted.finish_reason, Some("length"));
    }

    #[test]
    fn of_a_models_own_chunks_only_those_are_read_that_end_it_wherever_their_words_begin() {
        for blanks in ["", " ", "  "] {
            let chunk = |json: &str| {
                let bytes = STANDARD.encode(format!("{blanks}{json}"));
                event("chunk", &format!(r#"{{"bytes":"{bytes}","p":"abc"}}"#))
            };
            let events = [
                chunk(r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"hello"}}"#),
                chunk(
                    r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9}}"#,
                ),
                chunk(
                    r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":1,"outputTokenCount":2}}"#,
                ),
            ];
            let (wanted, noted) = read(Operation::InvokeStream, &events);
            assert_eq!(wanted, [false, true, true], "{blanks:?}");
            assert_eq!(noted.usage.map(|usage| usage.total_tokens), Some(3));
            assert_eq!(noted.finish_reason, Some("tool_calls"));
        }
    }

    #[test]
    fn what_is_no_frame_tells_nothing() {
        let mut bytes = event("metadata", r#"{"usage":{"inputTokens":1}}"#);
        *bytes.last_mut().unwrap() ^= 1;
        for bytes in [&b""[..], b"metadata", &bytes, &event("chunk", r#"{"bytes":"!"}"#)] {
            let mut frames = Frames::new(Operation::ConverseStream);
            frames.event(bytes);
            assert_eq!(frames.noted(), Noted::default());
        }
    }
}
