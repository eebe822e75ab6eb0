//! Tool calls that a model writes into its text or reasoning and Bedrock does not parse: Kimi's, in its own markup.
//!
//! ```text
//! <|tool_calls_section_begin|>
//!   <|tool_call_begin|>functions.NAME:0<|tool_call_argument_begin|>{…}<|tool_call_end|> …
//! <|tool_calls_section_end|>
//! ```

use crate::wire::{self, Raw};

use super::markers::{Place, find, split};

const SECTION: &str = "<|tool_calls_section_begin|>";
const SECTION_END: &str = "<|tool_calls_section_end|>";
const CALL: &str = "<|tool_call_begin|>";
const ARGUMENTS: &str = "<|tool_call_argument_begin|>";
const CALL_END: &str = "<|tool_call_end|>";

/// Longest tool name (service model).
const NAME: usize = 64;

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Plain text.
    Text(String),
    /// A tool call.
    Call(Written),
}

/// A tool call in the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// The model's id for the call.
    pub(super) id: String,
    /// The tool, by its name at Bedrock.
    pub(super) name: String,
    /// The arguments, a JSON object.
    pub(super) arguments: String,
}

/// Finds tool calls in a text that comes in parts. Malformed ones stay text.
#[derive(Debug)]
pub(super) struct Calls {
    /// Most bytes held back.
    limit: usize,
    /// Text that may be a marker, or that a marker has opened.
    held: String,
    /// The marker that closes the held text; `None`: none is open.
    end: Option<&'static str>,
    /// Bytes of the held text that are known not to contain that marker.
    searched: usize,
    /// Bytes at the end of a text to hold back, in case a marker begins there.
    kept: usize,
    /// A tool call came before: white space after it is dropped.
    is_behind: bool,
}

impl Calls {
    /// At most `limit` bytes of a call are held back.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, held: String::new(), end: None, searched: 0, kept: 0, is_behind: false }
    }

    /// Bytes held.
    pub(super) fn held(&self) -> usize {
        self.held.capacity()
    }

    /// Takes the next part of the text.
    pub(super) fn piece(&mut self, piece: &str) -> Vec<Found> {
        let mut found = Vec::new();
        let mut whole = std::mem::take(&mut self.held);
        whole.push_str(piece);
        let mut rest = whole.as_str();
        while let Some(next) = self.step(rest, &mut found) {
            rest = next;
        }
        let kept = std::mem::take(&mut self.kept);
        // Text that is held already is not copied: a long call may come in many parts.
        self.held = if kept == whole.len() {
            whole
        } else {
            let (_, end) = split(&whole, whole.len().saturating_sub(kept));
            end.to_owned()
        };
        found
    }

    /// The text is complete.
    pub(super) fn end(&mut self) -> Vec<Found> {
        let held = std::mem::take(&mut self.held);
        let was_begun = self.end.take().is_some();
        self.searched = 0;
        let mut found = Vec::new();
        match read(&held).filter(|_| was_begun) {
            Some(calls) => found.extend(calls.into_iter().map(Found::Call)),
            None => self.text(&held, &mut found),
        }
        self.is_behind = false;
        found
    }

    /// Takes one step from the beginning of a text; returns the rest. `None`: the rest is held until more comes.
    fn step<'t>(&mut self, text: &'t str, found: &mut Vec<Found>) -> Option<&'t str> {
        let Some(end) = self.end else { return self.look(text, found) };
        let (_, unseen) = split(text, self.searched);
        if let Some(at) = unseen.find(end) {
            let until = self.searched.saturating_add(at).saturating_add(end.len());
            let (marked, rest) = split(text, until);
            (self.end, self.searched) = (None, 0);
            match read(marked) {
                Some(calls) => {
                    found.extend(calls.into_iter().map(Found::Call));
                    self.is_behind = true;
                }
                None => self.text(marked, found),
            }
            return Some(rest);
        }
        if text.len() > self.limit {
            (self.end, self.searched) = (None, 0);
            self.text(text, found);
            return None;
        }
        // The marker may begin in the last bytes.
        let mut seen = text.len().saturating_sub(end.len());
        while !text.is_char_boundary(seen) {
            seen = seen.saturating_sub(1);
        }
        self.searched = seen;
        self.kept = text.len();
        None
    }

    /// Looks for a marker that opens a call.
    fn look<'t>(&mut self, text: &'t str, found: &mut Vec<Found>) -> Option<&'t str> {
        let (at, end) = match find(text, &[SECTION, CALL]) {
            Place::At(at, 0) => (at, Some(SECTION_END)),
            Place::At(at, _) => (at, Some(CALL_END)),
            Place::Maybe(at) => (at, None),
            Place::Nowhere => (text.len(), None),
        };
        let (text, rest) = split(text, at);
        self.text(text, found);
        self.end = end;
        if end.is_none() {
            self.kept = rest.len();
        }
        end.map(|_| rest)
    }

    fn text(&mut self, text: &str, found: &mut Vec<Found>) {
        let text = if self.is_behind { text.trim_start() } else { text };
        if !text.is_empty() {
            self.is_behind = false;
            found.push(Found::Text(text.to_owned()));
        }
    }
}

/// The calls of a section, or a single one; `None`: malformed.
fn read(marked: &str) -> Option<Vec<Written>> {
    let marked = marked.trim();
    let calls = match marked.strip_prefix(SECTION) {
        Some(rest) => rest.strip_suffix(SECTION_END).unwrap_or(rest),
        None => marked,
    };
    let mut read = Vec::new();
    let mut rest = calls.trim();
    while !rest.is_empty() {
        let (id, call) = rest.strip_prefix(CALL)?.split_once(ARGUMENTS)?;
        let (arguments, more) = call.split_once(CALL_END)?;
        let (id, arguments) = (id.trim(), arguments.trim());
        let name = id.strip_prefix("functions.").unwrap_or(id);
        let name = name.rsplit_once(':').map_or(name, |(name, _)| name);
        let is_legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
        let is_object = arguments.starts_with('{') && wire::from_str::<Raw<'_>>(arguments).is_ok();
        if name.is_empty() || name.len() > NAME || !id.chars().all(is_legal) || !is_object {
            return None;
        }
        read.push(Written { id: id.to_owned(), name: name.to_owned(), arguments: arguments.to_owned() });
        rest = more.trim_start();
    }
    (!read.is_empty()).then_some(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pieces: &[&str]) -> (String, Vec<Written>) {
        let mut calls = Calls::new(1_000);
        let mut found: Vec<_> = pieces.iter().flat_map(|piece| calls.piece(piece)).collect();
        found.extend(calls.end());
        let (mut text, mut written) = (String::new(), Vec::new());
        for found in found {
            match found {
                Found::Text(piece) => text += &piece,
                Found::Call(call) => written.push(call),
            }
        }
        (text, written)
    }

    #[test]
    fn a_long_call_in_many_pieces_is_not_copied_for_each() {
        let mut calls = Calls::new(1 << 20);
        calls.piece(CALL);
        let (mut place, mut moves) = (calls.held.as_ptr(), 0);
        for _ in 0..10_000 {
            assert_eq!(calls.piece("x"), []);
            moves += u32::from(place != calls.held.as_ptr());
            place = calls.held.as_ptr();
        }
        // The held text moves only when its buffer, which doubles, grows.
        assert!(moves < 20, "{moves}");
    }

    /// Checks the text whole, cut in two at every place, and character by character.
    #[track_caller]
    fn check(whole: &str, text: &str, calls: &[(&str, &str)]) {
        let calls = calls.iter().enumerate().map(|(at, (name, arguments))| Written {
            id: format!("functions.{name}:{at}"),
            name: (*name).to_owned(),
            arguments: (*arguments).to_owned(),
        });
        let expected = (text.to_owned(), calls.collect());
        for at in (0..=whole.len()).filter(|at| whole.is_char_boundary(*at)) {
            let (one, other) = whole.split_at(at);
            assert_eq!(told(&[one, other]), expected, "cut at {at}");
        }
        let letters: Vec<_> = whole.split_inclusive(|_| true).collect();
        assert_eq!(told(&letters), expected, "letter by letter");
    }

    fn call(at: usize, name: &str, arguments: &str) -> String {
        format!("{CALL} functions.{name}:{at} {ARGUMENTS} {arguments} {CALL_END}")
    }

    #[test]
    fn calls_of_a_section_are_read() {
        let (one, other) = (call(0, "f", r#"{"a":"<é>"}"#), call(1, "get_b-c", "{}"));
        let calls = [("f", r#"{"a":"<é>"}"#), ("get_b-c", "{}")];
        check(&format!("I é < call. {SECTION} {one}\n{other}{SECTION_END}\n"), "I é < call. ", &calls);
        check(&format!("{SECTION}{one} {SECTION_END}\nSo."), "So.", &calls[..1]);
        check(&format!("{SECTION}{one}{other}"), "", &calls);
        check(&format!("{one}\n{other} So."), "So.", &calls);
    }

    #[test]
    fn what_is_not_well_written_is_text() {
        for text in [
            format!("{SECTION}{}", &call(0, "f", "{}")[..30]),
            format!("{SECTION}{}{SECTION_END}", call(0, "f", "[1]")),
            format!("{SECTION}{}{SECTION_END}", call(0, "f", "{\"a\":")),
            format!("{SECTION}{}{SECTION_END}", call(0, "f g", "{}")),
            format!("{SECTION}{}{SECTION_END} and more", call(0, "", "{}")),
            format!("{SECTION} {SECTION_END}"),
            format!("{CALL}f{CALL_END}"),
            "The token <|tool_calls_section_beg".to_owned(),
            format!("The end {SECTION_END}"),
        ] {
            check(&text, &text, &[]);
        }
    }

    #[test]
    fn what_never_ends_is_given_out_as_text_at_a_limit() {
        let mut calls = Calls::new(1_000);
        let long = format!("{SECTION}{}", "x".repeat(2_000));
        assert_eq!(calls.piece(&long), [Found::Text(long.clone())]);
        assert_eq!(calls.piece("more"), [Found::Text("more".to_owned())]);
    }
}
