//! The JSON object in a text: of a model that was asked for one in words, and may put words or a code fence around it.

use crate::bedrock::converse::{self, Block, Message, Role, SystemBlock};
use crate::wire::Raw;

use super::family::Capabilities;

/// What is asked of the model.
pub(super) const INSTRUCTION: &str =
    "Answer with one JSON object and nothing else: no words before or behind it, and no code fence.";

/// How the answer of a model that goes on from a given text begins.
pub(super) const BEGINNING: &str = "{";

/// Most text before an object that is held, bytes.
const HELD: usize = 16 << 10;

/// Asks for an object in words, `schema` being of it. True where the model goes on from the object's [`BEGINNING`], which it can
/// where nothing else than the answer may come.
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

/// Finds the object while the text comes in pieces.
#[derive(Debug)]
pub struct JsonObject(Place);

#[derive(Debug)]
enum Place {
    /// No object has begun; the text so far.
    Before(String),
    /// The answer goes on from [`BEGINNING`], which has not been given out.
    Begun,
    /// Within an object.
    Within(Within),
    /// Behind the object, or there was none.
    Behind { drop: bool },
}

/// Where within an object a text ends.
#[derive(Clone, Copy, Debug, Default)]
struct Within {
    depth: usize,
    is_string: bool,
    is_escaped: bool,
}

impl JsonObject {
    /// Of an answer that goes on from [`BEGINNING`], or begins itself.
    pub(super) fn new(is_begun: bool) -> Self {
        Self(if is_begun { Place::Begun } else { Place::Before(String::new()) })
    }

    /// Memory that is held, bytes.
    pub fn held(&self) -> usize {
        match &self.0 {
            Place::Before(held) => held.capacity(),
            Place::Begun | Place::Within(_) | Place::Behind { .. } => 0,
        }
    }

    /// What of the next piece is the client's.
    pub fn piece(&mut self, piece: &str) -> String {
        let mut out = String::new();
        let mut rest = piece;
        if let Place::Begun = self.0
            && let Some(first) = piece.trim_start().chars().next()
        {
            // Behind the beginning stands a name or the end; all else is an answer from the start.
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

    /// What is left when the text is over: all of one that holds no object, which is given out as it came.
    pub fn end(&mut self) -> String {
        match std::mem::replace(&mut self.0, Place::Behind { drop: true }) {
            Place::Before(held) => held,
            Place::Begun | Place::Within(_) | Place::Behind { .. } => String::new(),
        }
    }
}

impl Within {
    /// Where in `text` the object ends, as the number of bytes up to there.
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

    /// The whole text, cut at each byte.
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
