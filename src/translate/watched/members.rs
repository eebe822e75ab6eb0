//! Finds some members in JSON that comes in parts, without holding or validating it.

use memchr::memchr2;

/// Longest value and longest name that are read, bytes.
const VALUE: usize = 2 << 10;
const NAME: usize = 40;

/// The wanted members: name, and nesting depth.
const WANTED: &[(&str, u32)] = &[
    ("usage", 1),
    ("stopReason", 1),
    ("stop_reason", 1),
    ("amazon-bedrock-guardrailAction", 1),
    ("amazon-bedrock-invocationMetrics", 1),
    // In an event's `delta`, in Anthropic's API.
    ("stop_reason", 2),
    // In a choice.
    ("finish_reason", 3),
];
/// The largest of these depths.
const DEEPEST: u32 = 3;

/// The state of the text.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// Current nesting depth.
    depth: u32,
    in_string: bool,
    /// Whether the last byte was a backslash.
    escaped: bool,
    /// The current or last string, where it may be a member's name.
    name: Vec<u8>,
    /// The member whose value is being read: index in [`WANTED`], and the value so far.
    open: Option<(usize, Vec<u8>)>,
}

impl Members {
    /// Reads the next part, and passes each complete wanted member to `tell`: name, and value in its written form.
    pub(super) fn piece(&mut self, mut bytes: &[u8], tell: &mut dyn FnMut(&str, &[u8])) {
        while !bytes.is_empty() {
            bytes = if self.in_string { self.string(bytes) } else { self.other(bytes, tell) };
        }
    }

    /// Reads within a string; returns the rest.
    fn string<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        if std::mem::take(&mut self.escaped) {
            return self.pass(bytes, 1);
        }
        match memchr2(b'"', b'\\', bytes) {
            Some(at) => {
                let is_escape = bytes.get(at) == Some(&b'\\');
                (self.escaped, self.in_string) = (is_escape, is_escape);
                if !is_escape {
                    self.read(bytes.get(..at).unwrap_or_default());
                    self.keep(bytes.get(at..at.saturating_add(1)).unwrap_or_default());
                    return bytes.get(at.saturating_add(1)..).unwrap_or_default();
                }
                self.pass(bytes, at.saturating_add(1))
            }
            None => self.pass(bytes, bytes.len()),
        }
    }

    /// Skips bytes of a string.
    fn pass<'b>(&mut self, bytes: &'b [u8], count: usize) -> &'b [u8] {
        let (passed, rest) = bytes.split_at_checked(count).unwrap_or((bytes, &[]));
        self.read(passed);
        rest
    }

    /// Reads a part of a string.
    fn read(&mut self, piece: &[u8]) {
        self.keep(piece);
        if self.depth <= DEEPEST && self.name.len() <= NAME {
            self.name.extend_from_slice(piece.get(..NAME.saturating_add(1)).unwrap_or(piece));
        }
    }

    /// Adds to the current value. One that becomes too long is dropped.
    fn keep(&mut self, piece: &[u8]) {
        if let Some((_, value)) = &mut self.open {
            if value.len().saturating_add(piece.len()) > VALUE {
                self.open = None;
            } else {
                value.extend_from_slice(piece);
            }
        }
    }

    /// Reads one byte outside of strings.
    fn other<'b>(&mut self, bytes: &'b [u8], tell: &mut dyn FnMut(&str, &[u8])) -> &'b [u8] {
        let Some((&byte, rest)) = bytes.split_first() else { return bytes };
        match byte {
            b'"' => {
                self.in_string = true;
                self.name.clear();
            }
            b':' => {
                let found = WANTED.iter().position(|(name, depth)| {
                    *depth == self.depth && name.as_bytes() == self.name.as_slice()
                });
                if self.open.is_none()
                    && let Some(found) = found
                {
                    self.open = Some((found, Vec::new()));
                    return rest;
                }
            }
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b',' => self.close(self.depth, tell),
            b'}' | b']' => {
                self.close(self.depth, tell);
                self.depth = self.depth.saturating_sub(1);
            }
            _ => {}
        }
        self.keep(&[byte]);
        rest
    }

    /// Ends a member at this depth.
    fn close(&mut self, depth: u32, tell: &mut dyn FnMut(&str, &[u8])) {
        let of = |(at, _): &(usize, Vec<u8>)| WANTED.get(*at).copied();
        if let Some((name, wanted)) = self.open.as_ref().and_then(of)
            && wanted == depth
            && let Some((_, value)) = self.open.take()
        {
            tell(name, value.trim_ascii());
        }
    }

    /// Bytes held.
    pub(super) fn held(&self) -> usize {
        let value = self.open.as_ref().map_or(0, |(_, value)| value.capacity());
        self.name.capacity().saturating_add(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'p>(pieces: impl IntoIterator<Item = &'p [u8]>) -> Vec<String> {
        let (mut members, mut found) = (Members::default(), Vec::new());
        for piece in pieces {
            members.piece(piece, &mut |name, value| {
                found.push(format!("{name}={}", String::from_utf8_lossy(value)));
            });
            assert!(members.held() < 4 * VALUE);
        }
        found
    }

    #[test]
    fn members_are_found_at_their_depth_alone_however_the_text_is_cut() {
        let text = r#" {"a":{"usage":{"no":1}},"b":"\"usage\":{\"no\":2}\\","choices":[{"finish_reason" : "stop","usage":3}],
            "usage" : {"inputTokens":1,"x":[{"y":"}"}]} ,"stopReason":"end_turn","stop_reason":null}"#;
        let expected = [
            r#"finish_reason="stop""#,
            r#"usage={"inputTokens":1,"x":[{"y":"}"}]}"#,
            r#"stopReason="end_turn""#,
            "stop_reason=null",
        ];
        assert_eq!(found([text.as_bytes()]), expected);
        for at in 0..text.len() {
            let (one, other) = text.as_bytes().split_at(at);
            assert_eq!(found([one, other]), expected, "cut at {at}");
        }
        assert_eq!(found(text.as_bytes().chunks(1)), expected);
    }

    #[test]
    fn what_is_too_long_is_passed_over_and_what_is_no_json_harms_nobody() {
        let long = format!(r#"{{"usage":"{}","stopReason":"end_turn"}}"#, "x".repeat(10_000));
        assert_eq!(found([long.as_bytes()]), [r#"stopReason="end_turn""#]);
        let name = format!(r#"{{"{}usage":1,"usage":2}}"#, "x".repeat(10_000));
        assert_eq!(found([name.as_bytes()]), ["usage=2"]);
        for text in ["}}}}]]]", "\"\\", ":::,,,", "{\"usage\":", "{\"usage\":1", "\u{0}\u{ff}", ""] {
            assert_eq!(found([text.as_bytes()]), [""; 0], "{text}");
        }
    }
}
