//! The content of the client's last turn, and its changes in a call.

use std::ops::Range;

use super::Turn;
use super::edit::{Edit, Piece, place};
use super::question::MESSAGES;
use crate::openai::{self, Error};
use crate::wire::{self, List, Members, Raw, Str, object};

/// Separates texts of one turn.
const BETWEEN: &str = "\n\n";

/// The content of the client's last turn.
pub(super) struct Content<'a> {
    body: &'a [u8],
    at: &'a Range<usize>,
    said: &'a str,
}

impl<'a> Content<'a> {
    /// The content at that position; `None` where there is none.
    pub(super) fn of(body: &'a [u8], at: &'a Range<usize>) -> Option<Self> {
        Some(Self { body, at, said: std::str::from_utf8(body.get(at.clone())?).ok()? })
    }

    fn is_text(&self) -> bool {
        self.said.starts_with('"')
    }

    /// The position before its closing quote or bracket.
    fn end(&self) -> usize {
        self.at.end.saturating_sub(1)
    }

    /// The range within its quotes or brackets.
    fn inside(&self) -> Range<usize> {
        self.at.start.saturating_add(1)..self.end()
    }

    /// Adds the changes of a call to the edits.
    pub(super) fn turned(&self, turn: &Turn, edits: &mut Vec<Edit>) -> Result<(), Error> {
        let end = self.end()..self.end();
        match turn {
            Turn::AsItIs => {}
            Turn::Followed(text) if self.is_text() => {
                edits.push(Edit::new(end, quoted(&[BETWEEN, text])));
            }
            Turn::Repeated(text) if self.is_text() => {
                let words = quoted(&[BETWEEN, text, BETWEEN]);
                edits.push(Edit { at: end, pieces: vec![Piece::Own(words), Piece::Same(self.inside())] });
            }
            Turn::Replaced(text) if self.is_text() => {
                edits.push(Edit::new(self.inside(), quoted(&[text])));
            }
            Turn::Followed(text) => {
                let begins = if self.items()?.is_empty() { "" } else { "," };
                edits.push(Edit::new(end, [begins, &part(text)].concat()));
            }
            Turn::Repeated(text) => {
                let begins = if self.items()?.is_empty() { "" } else { "," };
                let mut pieces = vec![Piece::Own([begins, &part(text)].concat())];
                self.texts(&mut pieces)?;
                edits.push(Edit { at: end, pieces });
            }
            Turn::Replaced(text) => self.replaced(text, edits)?,
        }
        Ok(())
    }

    /// Replaces all texts among its parts by one text.
    fn replaced(&self, text: &str, edits: &mut Vec<Edit>) -> Result<(), Error> {
        let items = self.items()?;
        let mut text = Some(part(text));
        let mut behind = None;
        for item in &items {
            let at = place(self.body, item);
            if is_a_text(item)? {
                edits.push(match (text.take(), behind) {
                    (Some(text), _) => Edit::new(at.clone(), text),
                    // Includes the comma before it.
                    (None, behind) => Edit::new(behind.unwrap_or(at.start)..at.end, String::new()),
                });
            }
            behind = Some(at.end);
        }
        if let Some(text) = text {
            let first = self.inside().start;
            edits.push(Edit::new(
                first..first,
                [text.as_str(), if items.is_empty() { "" } else { "," }].concat(),
            ));
        }
        Ok(())
    }

    /// The content of a further turn: a text, followed by this content.
    pub(super) fn again(&self, text: &str, pieces: &mut Vec<Piece>) -> Result<(), Error> {
        if self.is_text() {
            pieces.push(Piece::Own(["\"", &quoted(&[text, BETWEEN])].concat()));
            pieces.push(Piece::Same(self.inside()));
            pieces.push(Piece::Own("\"".to_owned()));
        } else {
            pieces.push(Piece::Own(["[", &part(text)].concat()));
            self.texts(pieces)?;
            pieces.push(Piece::Own("]".to_owned()));
        }
        Ok(())
    }

    /// Its texts again, each after a comma, without cache points, whose number is limited.
    fn texts(&self, pieces: &mut Vec<Piece>) -> Result<(), Error> {
        const CACHE: &[&str] = &["cache_control", "prompt_cache_breakpoint"];
        for item in self.items()? {
            if !is_a_text(item)? {
                continue;
            }
            let Members(members) = openai::member::<Members<'_, Raw<'_>>>(item, MESSAGES)?;
            let kept = members.iter().filter(|(name, _)| !CACHE.contains(&&**name));
            let mut begins = ",{";
            for (name, value) in kept {
                pieces.push(Piece::Own([begins, &wire::to_string(name), ":"].concat()));
                pieces.push(Piece::Same(place(self.body, value)));
                begins = ",";
            }
            pieces.push(Piece::Own("}".to_owned()));
        }
        Ok(())
    }

    fn items(&self) -> Result<Vec<Raw<'a>>, Error> {
        let List(items) = wire::from_str::<List<Raw<'_>>>(self.said).map_err(|_| {
            Error::invalid_param(
                MESSAGES,
                "The last message's content is neither a text nor a list of parts.",
            )
        })?;
        Ok(items)
    }
}

/// A text part as JSON.
fn part(text: &str) -> String {
    [r#"{"type":"text","text":"#, &wire::to_string(&text), "}"].concat()
}

/// Several texts as the inside of one JSON string.
fn quoted(texts: &[&str]) -> String {
    let mut written = wire::to_string(&texts.concat());
    written.pop();
    if !written.is_empty() {
        written.remove(0);
    }
    written
}

object! {
    /// The members that tell which parts are texts.
    struct Kinds<'a> {
        kind = "type": Str<'a>,
    }
}

fn is_a_text(part: Raw<'_>) -> Result<bool, Error> {
    let kinds: Kinds<'_> = openai::member(part, MESSAGES)?;
    Ok(kinds.kind.as_deref() == Some("text"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{Call, Question};
    use super::*;

    fn turn(turn: Turn) -> Call {
        Call { turn, ..Call::default() }
    }

    fn messages(messages: Value, call: &Call) -> Value {
        let body = json!({ "messages": messages }).to_string();
        let made = Question::read(body.as_bytes()).unwrap().body(body.as_bytes(), call, false).unwrap();
        let mut made: Value = serde_json::from_slice(&made).unwrap();
        made["messages"].take()
    }

    #[test]
    fn the_last_turn_is_followed_repeated_or_replaced() {
        let history = json!([{"role": "user", "content": "old"}, {"role": "assistant", "content": "a"}]);
        for (change, expected) in [
            (Turn::AsItIs, "q\n?"),
            (Turn::Followed("more \"".into()), "q\n?\n\nmore \""),
            (Turn::Repeated("Again:".into()), "q\n?\n\nAgain:\n\nq\n?"),
            (Turn::Replaced("other".into()), "other"),
        ] {
            let mut all = history.as_array().unwrap().clone();
            all.push(json!({"role": "user", "content": "q\n?"}));
            let made = messages(json!(all), &turn(change.clone()));
            all[2]["content"] = json!(expected);
            assert_eq!(made, json!(all), "{change:?}");
        }
    }

    #[test]
    fn images_stay_and_texts_among_parts_are_changed() {
        let image = json!({"type": "image_url", "image_url": {"url": "data:,"}});
        let first = json!({"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}});
        let (second, plain) = (json!({"type": "text", "text": "b"}), json!({"type": "text", "text": "a"}));
        let text = |text: &str| json!({"type": "text", "text": text});
        let all = json!([{"role": "user", "content": [first, image, second]}]);
        for (change, expected) in [
            (Turn::Followed("x".into()), json!([first, image, second, text("x")])),
            (Turn::Repeated("x".into()), json!([first, image, second, text("x"), plain, second])),
            (Turn::Replaced("x".into()), json!([text("x"), image])),
        ] {
            assert_eq!(messages(all.clone(), &turn(change))[0]["content"], expected);
        }
        for content in [json!([]), json!([image])] {
            let all = json!([{"role": "user", "content": content}]);
            let made = messages(all, &turn(Turn::Replaced("x".into())));
            assert_eq!(made[0]["content"][0], text("x"));
        }
        let made = messages(json!([{"role": "user", "content": []}]), &turn(Turn::Followed("x".into())));
        assert_eq!(made[0]["content"], json!([text("x")]));
    }

    #[test]
    fn behind_a_tools_result_or_an_assistants_text_the_words_are_a_turn_of_their_own() {
        let user = json!({"role": "user", "content": "q"});
        for last in
            [json!({"role": "tool", "content": "r"}), json!({"role": "assistant", "content": "Well,"})]
        {
            for (change, expected) in [
                (Turn::Followed("x".into()), "x"),
                (Turn::Repeated("x".into()), "x\n\nq"),
                (Turn::Replaced("x".into()), "x"),
            ] {
                let made = messages(json!([user, last]), &turn(change));
                assert_eq!(made, json!([user, last, {"role": "user", "content": expected}]));
            }
            assert_eq!(messages(json!([user, last]), &Call::default()), json!([user, last]));
        }
        let made = messages(json!([]), &turn(Turn::Repeated("x".into())));
        assert_eq!(made, json!([{"role": "user", "content": "x"}]));
    }

    #[test]
    fn a_content_that_is_none_is_refused() {
        let body = br#"{"messages":[{"role":"user","content":5}]}"#;
        let question = Question::read(body).unwrap();
        let error = question.body(body, &turn(Turn::Followed("x".into())), true).unwrap_err();
        assert_eq!((error.status, error.param.as_deref()), (400, Some("messages")));
    }
}
