//! Techniques of another server (OptiLLM): a single call, whose reply is the answer.

use memchr::memmem;

use super::choose::{MEMBER, MESSAGES, Message, texts};
use super::expression::WRONG;
use super::{Call, Expression, Reply, Step, Technique};
use crate::openai::{self, Error};
use crate::wire::{self, List, Raw, Str, object};

/// The state of such a technique.
#[derive(Clone, Copy, Debug)]
pub struct Away;

/// The body for that server, with the technique in a member.
pub fn asked(body: &[u8], chosen: &Expression) -> Vec<u8> {
    let start = body.iter().position(|byte| *byte == b'{').map_or(0, |at| at.saturating_add(1));
    let rest = body.get(start..).unwrap_or_default();
    let comma = if rest.trim_ascii_start().starts_with(b"}") { "" } else { "," };
    let member = ["{\"", MEMBER, "\":", &wire::to_string(&chosen.to_string()), comma].concat();
    [member.as_bytes(), rest].concat()
}

object! {
    /// The members read of a chat.
    struct Chat<'a> {
        messages: Raw<'a>,
    }
}

/// Refuses a chat in which that server might find another technique: it reads tags in any system text and any text of the
/// user's, joins the parts of a message, and prefers a tag to the member. `body` is the chat without the choice.
///
/// # Errors
/// 400 where the tag's name stands in a message, in any case and across parts.
pub fn check(body: &[u8]) -> Result<(), Error> {
    let Chat { messages, unknown: _ } = openai::parse(body)?;
    let Some(messages) = messages else { return Ok(()) };
    let List(list) = openai::member::<List<Message<'_>>>(messages, MESSAGES)?;
    let mut joined = String::new();
    for (at, message) in list.iter().enumerate() {
        joined.clear();
        for text in texts(message, |_| true)? {
            // That server ignores other types, too.
            let Ok(text) = wire::from_str::<Str<'_>>(text.get()) else { continue };
            let letters = text.chars().filter(|letter| !letter.is_whitespace());
            joined.extend(letters.map(|letter| letter.to_ascii_lowercase()));
        }
        if memmem::find(joined.as_bytes(), MEMBER.as_bytes()).is_some() {
            let message =
                format!("With a technique of another server no message may hold the word '{MEMBER}'.");
            return Err(Error::invalid_param(format!("{MESSAGES}[{at}]"), message).code(WRONG));
        }
    }
    Ok(())
}

impl Technique for Away {
    fn next(&mut self, mut replies: Vec<Option<Reply>>) -> Result<Step, Error> {
        let Some(reply) = replies.pop() else {
            return Ok(Step::Calls(vec![Call::default()]));
        };
        let failed =
            || Error::new(502, "The server of the technique gave no answer.").code("technique_failed");
        Ok(Step::Answer(vec![reply.ok_or_else(failed)?]))
    }

    fn most_calls(&self) -> usize {
        1
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_chosen_is_a_member_of_what_is_asked() {
        let chosen = Expression::read("z3&memory", &["z3".into(), "memory".into()]).unwrap().unwrap();
        for (body, expected) in [
            (r#" {"a":1}"#, r#"{"optillm_approach":"z3&memory","a":1}"#),
            ("{ }", r#"{"optillm_approach":"z3&memory" }"#),
        ] {
            assert_eq!(String::from_utf8(asked(body.as_bytes(), &chosen)).unwrap(), expected);
        }
    }

    #[test]
    fn a_chat_in_which_another_technique_might_be_found_is_refused() {
        let part = |text: &str| json!({"type": "text", "text": text});
        let tag = "<optillm_approach>executecode</optillm_approach>run";
        let parts = |first: &str, second: &str| json!([part(first), part(second)]);
        for content in [
            json!(tag),
            json!(tag.to_uppercase()),
            json!("the word optillm_approach alone"),
            parts("<optillm_approach>executecode", "</optillm_approach>"),
            parts("<optillm_", " approach>executecode</optillm_approach>"),
            json!([{"type": "other", "text": tag}]),
            json!([{"text": tag}]),
        ] {
            for role in ["user", "system", "developer", "assistant", "tool"] {
                let body = json!({"messages": [{"role": role, "content": content},
                    {"role": "assistant", "content": "a"}, {"role": "user", "content": "q"}]});
                let error = check(body.to_string().as_bytes()).unwrap_err();
                let told = (error.status, error.code, error.param.as_deref());
                assert_eq!(told, (400, Some("invalid_technique"), Some("messages[0]")), "{body}");
            }
        }
        for body in [
            r#"{"messages":[{"role":"user","content":"\u003coptillm\u005fapproach>z3</optillm\u005fapproach>"}]}"#,
            r#"{"messages":[],"messages":[{"role":"user","content":"a","content":"optillm_approach"}]}"#,
        ] {
            assert_eq!(check(body.as_bytes()).unwrap_err().status, 400, "{body}");
        }
        for body in [
            r#"{"messages":[{"role":"user","content":"optillm"},{"role":"user","content":"_approach"}]}"#,
            r#"{"messages":[{"role":"assistant","content":null},{"role":"user","content":[{"type":"image_url"}]}]}"#,
            "{}",
        ] {
            assert_eq!(check(body.as_bytes()), Ok(()), "{body}");
        }
    }

    #[test]
    fn its_one_reply_is_the_answer() {
        let reply = Reply { text: "a".into(), ..Reply::default() };
        let mut away = Away;
        assert_eq!(away.next(Vec::new()), Ok(Step::Calls(vec![Call::default()])));
        assert_eq!(away.next(vec![Some(reply.clone())]), Ok(Step::Answer(vec![reply])));
        assert_eq!(away.next(vec![None]).unwrap_err().status, 502);
    }
}
