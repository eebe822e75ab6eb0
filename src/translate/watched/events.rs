//! Watches an untranslated stream of OpenAI's server-sent events.

use memchr::memmem;

use super::members::Members;
use super::tell;
use crate::translate::noted::Noted;

/// Bytes around the text in an event.
const AROUND: usize = 200;
/// Longest event that is read, bytes.
const LONGEST: usize = 64 << 10;

/// The state of the stream.
#[derive(Debug)]
pub struct Events {
    /// Whether an event with only the usage is removed, because the client did not ask for it.
    hides: bool,
    /// The beginning of an incomplete event.
    begun: Vec<u8>,
    /// The current event is too long to be read.
    is_long: bool,
    noted: Noted,
}

impl Events {
    /// At the beginning of a stream.
    pub fn new(hides: bool) -> Self {
        Self { hides, begun: Vec::new(), is_long: false, noted: Noted::default() }
    }

    /// Reads the next part; `None`: it passes unchanged, else the returned bytes replace it.
    pub fn piece(&mut self, bytes: &[u8], is_end: bool) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut rest = bytes;
        while let Some(end) = self.end_of_event(rest) {
            let (piece, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            rest = after;
            if std::mem::take(&mut self.is_long) {
                out.extend_from_slice(piece);
                continue;
            }
            self.begun.extend_from_slice(piece);
            let event = std::mem::take(&mut self.begun);
            if !(self.event(&event) && self.hides) {
                out.extend_from_slice(&event);
            }
        }
        if self.is_long {
            out.extend_from_slice(rest);
        } else {
            self.begun.extend_from_slice(rest);
            if self.begun.len() > LONGEST || is_end {
                self.is_long = true;
                out.append(&mut self.begun);
            }
        }
        self.hides.then_some(out)
    }

    /// The end of the event that began in earlier parts; `None`: not in these bytes.
    fn end_of_event(&self, bytes: &[u8]) -> Option<usize> {
        // The end may have begun in an earlier part.
        let before = self.begun.len().min(3);
        let tail = self.begun.get(self.begun.len().saturating_sub(before)..).unwrap_or_default();
        let joined;
        let (text, before) = if before == 0 || bytes.is_empty() {
            (bytes, 0)
        } else {
            joined = [tail, bytes.get(..3).unwrap_or(bytes)].concat();
            if let Some(end) = end(&joined).and_then(|end| end.checked_sub(before)).filter(|end| *end > 0) {
                return Some(end);
            }
            (bytes, 0)
        };
        end(text).map(|end| end.saturating_sub(before))
    }

    /// Reads a whole event; true where it has only the usage.
    fn event(&mut self, event: &[u8]) -> bool {
        self.noted.flows(event.len().saturating_sub(AROUND));
        let is_about = |member: &[u8]| memmem::find(event, member).is_some();
        if !is_about(b"\"usage\"") && !is_about(b"\"finish_reason\"") && !is_about(b"guardrailAction") {
            return false;
        }
        let data = event.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"data:"));
        let Some(data) = data else { return false };
        let (mut members, mut has_usage) = (Members::default(), false);
        let noted = &mut self.noted;
        members.piece(data, &mut |name, value| {
            has_usage |= name == "usage" && value.starts_with(b"{");
            tell(noted, name, value);
        });
        has_usage && has_no_choices(event)
    }

    /// Facts for the record so far.
    pub fn noted(&self) -> Noted {
        self.noted
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.begun.capacity()
    }
}

/// Whether `choices` is an empty list, with any white space.
fn has_no_choices(event: &[u8]) -> bool {
    const CHOICES: &[u8] = b"\"choices\"";
    let rest = memmem::find(event, CHOICES).and_then(|at| event.get(at.saturating_add(CHOICES.len())..));
    let empty = [b":", b"[", b"]"];
    empty
        .iter()
        .try_fold(rest.unwrap_or_default(), |rest, sign| {
            rest.trim_ascii_start().strip_prefix(sign.as_slice())
        })
        .is_some()
}

/// The position after the first event, including its empty line.
fn end(bytes: &[u8]) -> Option<usize> {
    const ENDS: [&[u8]; 2] = [b"\n\n", b"\r\n\r\n"];
    let ends = ENDS.iter().filter_map(|end| memmem::find(bytes, end)?.checked_add(end.len()));
    ends.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":null}],\"usage\":null}\n\n\
        data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\r\n\r\n\
        data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n\
        data: [DONE]\n\n";

    fn run<'p>(hides: bool, pieces: impl IntoIterator<Item = &'p [u8]>) -> (String, Noted) {
        let (mut events, mut out) = (Events::new(hides), Vec::new());
        for piece in pieces {
            out.extend(events.piece(piece, false).unwrap_or_else(|| piece.to_vec()));
            assert!(events.held() <= 4 * LONGEST);
        }
        out.extend(events.piece(b"", true).unwrap_or_default());
        (String::from_utf8(out).unwrap(), events.noted())
    }

    #[test]
    fn a_chunk_of_tokens_alone_is_one_whatever_blanks_are_written() {
        for (event, is_one) in [
            (r#"{"choices":[],"usage":{}}"#, true),
            (r#"{"choices" : [ ], "usage": {}}"#, true),
            (r#"{"choices":[{}],"usage":{}}"#, false),
            (r#"{"usage":{}}"#, false),
        ] {
            assert_eq!(has_no_choices(event.as_bytes()), is_one, "{event}");
        }
    }

    #[test]
    fn a_stream_tells_its_tokens_and_goes_on_as_it_is_or_without_them_however_it_is_cut() {
        let (before, rest) = STREAM.split_once("data: {\"choices\":[],").unwrap();
        let without = [before, rest.split_once("\n\n").unwrap().1].concat();
        for (hides, expected) in [(false, STREAM), (true, without.as_str())] {
            for at in 0..=STREAM.len() {
                let (one, other) = STREAM.as_bytes().split_at(at);
                let (told, noted) = run(hides, [one, other]);
                assert_eq!(told, expected, "cut at {at}");
                assert_eq!(noted.usage.map(|usage| usage.total_tokens), Some(7), "cut at {at}");
                assert_eq!(noted.finish_reason, Some("stop"));
            }
            assert_eq!(run(hides, STREAM.as_bytes().chunks(1)).0, expected);
        }
    }

    #[test]
    fn an_event_that_is_too_long_passes_unread_and_an_end_that_is_cut_off_is_given() {
        let long = format!("data: {{\"x\":\"{}\"}}\n\n", "y".repeat(3 * LONGEST));
        let text = [long.as_str(), STREAM, "data: {\"cut"].concat();
        let pieces = text.as_bytes().chunks(10_000);
        let (told, noted) = run(true, pieces);
        assert!(told.starts_with(&long) && told.ends_with("data: {\"cut") && noted.usage.is_some());
    }
}
