//! Finds the JSON object in a text: a model asked for one in the prompt may put words or a code fence around it.

use crate::bedrock::converse::{self, Block, Message, Role, SystemBlock};
use crate::wire::Raw;

use super::family::Capabilities;

/// The instruction in the prompt.
pub(super) const INSTRUCTION: &str =
    "Answer with one JSON object and nothing else: no words before or behind it, and no code fence.";

/// The prefill: the beginning of the answer, which the model continues.
pub(super) const BEGINNING: &str = "{";

/// Most text before an object that is held, bytes.
const HELD: usize = 16 << 10;

/// Asks for an object in the prompt, with its `schema`. True where the answer is prefilled with [`BEGINNING`], which is
/// possible if nothing but the answer may come.
pub(super) fn ask(
    body: &mut converse::Request<'_>,
    schema: Option<Raw<'_>>,
    is_alone: bool,
    capabilities: &Capabilities,
) -> bool {
    let mut words = INSTRUCTION.to_owned();
    if let Some(schema) = schema {
        words.push_str(" It follows this JSON schema: ");
        words.push_str(schema.get());
    }
    if capabilities.system {
        body.system.push(SystemBlock::Text(words.into()));
    } else if let Some(last) = body.messages.last_mut().filter(|last| last.role == Role::User) {
        last.content.push(Block::Text(words.into()));
    }
    let is_users_turn = body.messages.last().is_some_and(|last| last.role == Role::User);
    let begins = is_alone && is_users_turn && capabilities.prefill;
    if begins {
        let content = vec![Block::Text(BEGINNING.into())];
        body.messages.push(Message { role: Role::Assistant, content });
    }
    begins
}

/// Finds the object in a text that comes in parts.
#[derive(Debug)]
pub struct JsonObject(Place);

#[derive(Debug)]
enum Place {
    /// Before the object; the text so far.
    Before(String),
    /// The answer is prefilled with [`BEGINNING`], which has not been passed on yet.
    Begun,
    /// Within the object.
    Within(Within),
    /// After the object, or there was none.
    Behind { drop: bool },
}

/// The state within an object.
#[derive(Clone, Copy, Debug, Default)]
struct Within {
    depth: usize,
    is_string: bool,
    is_escaped: bool,
}

impl JsonObject {
    /// For an answer that is prefilled with [`BEGINNING`], or not.
    pub(super) fn new(is_begun: bool) -> Self {
        Self(if is_begun { Place::Begun } else { Place::Before(String::new()) })
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        match &self.0 {
            Place::Before(held) => held.capacity(),
            Place::Begun | Place::Within(_) | Place::Behind { .. } => 0,
        }
    }

    /// The part of the next text that belongs to the answer.
    pub fn piece(&mut self, piece: &str) -> String {
        let mut out = String::new();
        let mut rest = piece;
        if let Place::Begun = self.0
            && let Some(first) = piece.trim_start().chars().next()
        {
            // After the prefill comes a name or the end; anything else is an answer that begins anew.
            self.0 = if matches!(first, '"' | '}') {
                out.push_str(BEGINNING);
                Place::Within(Within { depth: 1, ..Within::default() })
            } else {
                Place::Before(String::new())
            };
        }
        if let Place::Before(held) = &mut self.0 {
            let Some(at) = piece.find('{') else {
                held.push_str(piece);
                if held.len() <= HELD {
                    return out;
                }
                out = std::mem::take(held);
                self.0 = Place::Behind { drop: false };
                return out;
            };
            rest = piece.get(at..).unwrap_or_default();
            self.0 = Place::Within(Within::default());
        }
        match &mut self.0 {
            Place::Within(within) => match within.end(rest) {
                Some(end) => {
                    out.push_str(rest.get(..end).unwrap_or_default());
                    self.0 = Place::Behind { drop: true };
                }
                None => out.push_str(rest),
            },
            Place::Behind { drop: false } => out.push_str(rest),
            Place::Behind { drop: true } | Place::Before(_) | Place::Begun => {}
        }
        out
    }

    /// The held text at the end: all of it where it contains no object.
    pub fn end(&mut self) -> String {
        match std::mem::replace(&mut self.0, Place::Behind { drop: true }) {
            Place::Before(held) => held,
            Place::Begun | Place::Within(_) | Place::Behind { .. } => String::new(),
        }
    }
}

impl Within {
    /// The position in `text` after the object's end.
    fn end(&mut self, text: &str) -> Option<usize> {
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' if self.is_string => self.is_escaped = true,
                b'"' => self.is_string = !self.is_string,
                b'{' if !self.is_string => self.depth = self.depth.saturating_add(1),
                b'}' if !self.is_string => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return at.checked_add(1);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the text cut at each byte.
    #[track_caller]
    fn check(is_begun: bool, text: &str, expected: &str) {
        for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
            let mut object = JsonObject::new(is_begun);
            let out = object.piece(&text[..at]) + &object.piece(&text[at..]) + &object.end();
            assert_eq!(out, expected, "cut at {at}");
        }
    }

    #[test]
    fn the_object_is_found_among_words_and_fences() {
        let object = r#"{"a":"}\"{ é","b":[{}]}"#;
        check(false, object, object);
        check(false, &format!("Here you are:\n```json\n{object}\n```\nAnything {{else}}?"), object);
        check(true, &format!("{}\n```", &object[1..]), object);
        check(true, &format!("```json\n{object}\n```"), object);
        check(true, object, object);
    }

    #[test]
    fn a_text_without_an_object_is_given_out_as_it_came() {
        check(false, "I cannot do that.", "I cannot do that.");
        check(false, "", "");
        check(true, "", "");
        let long = "x".repeat(HELD * 2);
        check_once(&long);
    }

    fn check_once(text: &str) {
        let mut object = JsonObject::new(false);
        let out = object.piece(text) + &object.piece("{}") + &object.end();
        assert_eq!(out, format!("{text}{{}}"));
    }

    #[test]
    fn an_object_that_is_cut_is_given_out_as_far_as_there_is() {
        check(false, r#"```{"a":"x"#, r#"{"a":"x"#);
    }
}
