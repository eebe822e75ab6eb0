//! Lone surrogates in servers' strings become U+FFFD, as in browsers, so that one letter does not cost an answer. In clients'
//! strings they are refused.

use std::cell::Cell;
use std::char::{REPLACEMENT_CHARACTER, decode_utf16};

thread_local! {
    /// Whether the text that is being parsed is a server's.
    static IS_SERVERS: Cell<bool> = const { Cell::new(false) };
}

/// Runs `read` on a text that a server has sent.
pub(super) fn of_server<T>(read: impl FnOnce() -> T) -> T {
    let before = IS_SERVERS.replace(true);
    let result = read();
    IS_SERVERS.set(before);
    result
}

/// The decoded string, without its quotes, with U+FFFD for each lone surrogate; `None` for a client's.
pub(super) fn text(written: &str) -> Option<String> {
    IS_SERVERS.get().then(|| mended(written))
}

fn mended(written: &str) -> String {
    let mut out = String::with_capacity(written.len());
    let mut rest = written;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        // Surrogate pairs are adjacent, so code units are collected and decoded together.
        let mut units = Vec::new();
        let mut behind = escape;
        while let Some((unit, more)) = behind.strip_prefix('u').and_then(unit) {
            units.push(unit);
            rest = more;
            match more.strip_prefix('\\') {
                Some(next) => behind = next,
                None => break,
            }
        }
        if units.is_empty() {
            let mut letters = escape.chars();
            out.extend(letters.next().map(plain_escape));
            rest = letters.as_str();
        } else {
            out.extend(decode_utf16(units).map(|read| read.unwrap_or(REPLACEMENT_CHARACTER)));
        }
    }
    out.push_str(rest);
    out
}

/// The four hexadecimal digits that `text` begins with, and the rest.
fn unit(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, rest))
}

/// Single-letter escapes (RFC 8259, section 7).
fn plain_escape(letter: char) -> char {
    match letter {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        same => same,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Str, from_str, object, object_from_slice, to_string};

    object! {
        struct Reply<'a> {
            text: Str<'a>,
        }
    }

    fn read(written: &str) -> Option<String> {
        let body = format!(r#"{{"text":"{written}"}}"#);
        object_from_slice::<Reply<'_>>(body.as_bytes()).ok()?.text.map(|text| text.to_string())
    }

    #[test]
    fn half_of_a_character_in_a_reply_becomes_the_replacement_character() {
        for (written, text) in [
            (r"\ud83d", "\u{fffd}"),
            (r"a\ude00b", "a\u{fffd}b"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}\u{1f600}"),
            (r"\ude00\ud83d", "\u{fffd}\u{fffd}"),
            (r#"\ud83dx\ude00\n\u0041\\\"\/"#, "\u{fffd}x\u{fffd}\nA\\\"/"),
            (r"\uD83D\n\t\b\f\r", "\u{fffd}\n\t\u{8}\u{c}\r"),
            (r"ä\\ud83d \ud83d", "ä\\ud83d \u{fffd}"),
            (r"\ud83d\ude00", "\u{1f600}"),
        ] {
            assert_eq!(read(written).as_deref(), Some(text), "{written}");
        }
        assert_eq!(read(r"\u12"), None, "still no JSON");
    }

    #[test]
    fn what_was_mended_is_written_mended() {
        let body = br#"{"text":"a\ud83d"}"#;
        let text = object_from_slice::<Reply<'_>>(body).unwrap().text.unwrap();
        assert_eq!(to_string(&text), "\"a\u{fffd}\"");
    }

    #[test]
    fn what_a_client_sends_is_still_refused_after_a_reply_was_read() {
        assert!(read(r"\ud83d").is_some());
        assert!(from_str::<Str<'_>>(r#""\ud83d""#).is_err());
    }
}
