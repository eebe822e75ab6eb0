//! Techniques that another server has: one call, and its reply is the answer.

use super::choose::MEMBER;
use super::{Call, Expression, Reply, Step, Technique};
use crate::openai::Error;
use crate::wire;

/// One request to another server.
#[derive(Clone, Copy, Debug)]
pub struct Away;

/// The chat in `body` as that server is asked: what is chosen there is a member.
pub fn asked(body: &[u8], chosen: &Expression) -> Vec<u8> {
    let start = body.iter().position(|byte| *byte == b'{').map_or(0, |at| at.saturating_add(1));
    let rest = body.get(start..).unwrap_or_default();
    let comma = if rest.trim_ascii_start().starts_with(b"}") { "" } else { "," };
    let member = ["{\"", MEMBER, "\":", &wire::to_string(&chosen.to_string()), comma].concat();
    [member.as_bytes(), rest].concat()
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
    fn its_one_reply_is_the_answer() {
        let reply = Reply { text: "a".into(), ..Reply::default() };
        let mut away = Away;
        assert_eq!(away.next(Vec::new()), Ok(Step::Calls(vec![Call::default()])));
        assert_eq!(away.next(vec![Some(reply.clone())]), Ok(Step::Answer(vec![reply])));
        assert_eq!(away.next(vec![None]).unwrap_err().status, 502);
    }
}
