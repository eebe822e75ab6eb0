//! Makes the bodies of a technique's calls: the client's own chat with the changes in a [`Call`].

use std::ops::Range;

use serde::Deserialize;

use super::content::Content;
use super::edit::{Edit, Piece, place};
use super::object::Object;
use super::{Call, Kind, Role, Turn};
use crate::openai::chat::StreamOptions;
use crate::openai::{self, Error};
use crate::translate::terms::is_limit;
use crate::wire::{self, List, Members, Raw, Str, object};

/// Members that no call has: each makes one choice, and only the last may stream.
const NEVER: &[&str] = &["n"];
const STREAM: &[&str] = &["stream", "stream_options"];
/// Members that shape the client's answer, and do not apply to judges.
const OF_THE_ANSWER: &[&str] = &[
    "stop",
    "response_format",
    "reasoning_effort",
    "thinking",
    "verbosity",
    "logprobs",
    "top_logprobs",
    "tool_choice",
    "function_call",
    "parallel_tool_calls",
    "web_search_options",
    "prediction",
    "modalities",
    "audio",
    "outputConfig",
    "additionalModelRequestFields",
    "extra_body",
];
const TOOLS: &[&str] = &["tools", "functions"];
const SAMPLING: &[&str] = &["temperature", "top_p"];
const LIMIT: &[&str] = &["max_tokens", "max_completion_tokens"];
const MODEL: &[&str] = &["model"];
pub(super) const MESSAGES: &str = "messages";

object! {
    /// The members read of a message.
    struct Message<'a> {
        role: Str<'a>,
        content: Raw<'a>,
        tool_calls: Raw<'a>,
        function_call: Raw<'a>,
    }
}

/// The members that shape the client's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    /// Whether it is a stream.
    pub stream: bool,
    /// Whether the stream has the usage.
    pub include_usage: bool,
    /// The limit on tokens.
    pub max_tokens: Option<u64>,
    /// Whether native fields have a limit on tokens of their own, which may be higher.
    pub has_own_limit: bool,
    /// The number of choices.
    pub n: Option<i64>,
}

/// The positions of a chat's parts in its body. The text itself is not held.
#[derive(Debug)]
pub struct Question {
    /// The members that shape the client's answer.
    pub wants: Wants,
    object: Object,
    /// The list of messages, including its brackets.
    messages: Range<usize>,
    is_empty: bool,
    /// The end of the last system text.
    system: Option<usize>,
    /// The content of the last user turn.
    asked: Option<Range<usize>>,
    /// Whether that turn is the last message.
    is_last: bool,
    /// Whether the conversation contains tool calls.
    holds_calls: bool,
}

impl Question {
    /// Finds the parts of a chat's body.
    ///
    /// # Errors
    /// 400 where it is not an object, its messages are not a list of messages, or a member that shapes the answer has a wrong
    /// type.
    pub fn read(body: &[u8]) -> Result<Self, Error> {
        let (mut messages, mut n) = (None, None);
        let (mut stream, mut options) = (None, None);
        let (mut limit, mut older_limit) = (None, None);
        let mut has_own_limit = false;
        let object = Object::read(body, changed, |name, value| match name {
            MESSAGES => messages = Some(value),
            "stream" => stream = Some(value),
            "stream_options" => options = Some(value),
            "max_completion_tokens" => limit = Some(value),
            "max_tokens" => older_limit = Some(value),
            "n" => n = Some(value),
            "additionalModelRequestFields" | "extra_body" => has_own_limit |= has_limit(value),
            _ => {}
        })?;
        let options: Option<StreamOptions<'_>> = wanted(options, "stream_options")?;
        let limits = [wanted(limit, "max_completion_tokens")?, wanted(older_limit, "max_tokens")?];
        let wants = Wants {
            stream: wanted(stream, "stream")?.unwrap_or(false),
            include_usage: options.and_then(|options| options.include_usage).unwrap_or(false),
            // The larger of both limits, since either may apply.
            max_tokens: limits.into_iter().flatten().filter_map(|limit: i64| u64::try_from(limit).ok()).max(),
            n: wanted(n, "n")?,
            has_own_limit,
        };
        let messages = messages.ok_or_else(|| Error::missing(MESSAGES))?;
        let mut this = Self {
            wants,
            object,
            messages: place(body, messages),
            is_empty: true,
            system: None,
            asked: None,
            is_last: false,
            holds_calls: false,
        };
        let List(list) = openai::member::<List<Raw<'_>>>(messages, MESSAGES)?;
        for (at, message) in list.into_iter().enumerate() {
            this.message(body, message, at)?;
        }
        Ok(this)
    }

    fn message(&mut self, body: &[u8], message: Raw<'_>, at: usize) -> Result<(), Error> {
        let Message { role, content, tool_calls, function_call, unknown: _ } =
            openai::member(message, &format!("{MESSAGES}[{at}]"))?;
        self.is_empty = false;
        self.holds_calls |= tool_calls.is_some() || function_call.is_some();
        match role.as_deref() {
            Some("system" | "developer") => self.system = Some(place(body, message).end),
            Some("user") => {
                self.asked = content.map(|content| place(body, content));
                self.is_last = self.asked.is_some();
            }
            role => {
                self.is_last = false;
                self.holds_calls |= matches!(role, Some("tool" | "function"));
            }
        }
        Ok(())
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.object.held()
    }

    /// The body of a call; the last one streams if the client asked for it. `body` is the body that this was read from.
    ///
    /// # Errors
    /// 400 where the last turn's content is neither a string nor a list.
    pub fn body(&self, body: &[u8], call: &Call, is_last: bool) -> Result<Vec<u8>, Error> {
        let Call { kind, system: _, turn: _, then: _, temperature, max_tokens, model, parted: _ } = call;
        let is_judge = *kind == Kind::Judge;
        let gone = |name: &str| {
            NEVER.contains(&name)
                || !is_last && STREAM.contains(&name)
                || is_judge && OF_THE_ANSWER.contains(&name)
                || is_judge && !self.holds_calls && TOOLS.contains(&name)
                || temperature.is_some() && SAMPLING.contains(&name)
                || max_tokens.is_some() && LIMIT.contains(&name)
                || model.is_some() && MODEL.contains(&name)
        };
        let more = [
            ("model", model.as_ref().map(wire::to_string)),
            ("temperature", temperature.as_ref().map(wire::to_string)),
            ("max_completion_tokens", max_tokens.as_ref().map(u64::to_string)),
        ];
        let more: Vec<(&str, String)> =
            more.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        Ok(self.object.written(body, gone, &self.edits(body, call)?, &more))
    }

    /// The edits to the messages, in order.
    fn edits(&self, body: &[u8], call: &Call) -> Result<Vec<Edit>, Error> {
        let Call { system, turn, then, .. } = call;
        let mut edits = Vec::new();
        let first = self.messages.start.saturating_add(1);
        if let Some(system) = system {
            let message = told("system", &wire::to_string(system));
            edits.push(match self.system {
                Some(end) => Edit::new(end..end, [",", &message].concat()),
                None if self.is_empty => Edit::new(first..first, message),
                None => Edit::new(first..first, [&message, ","].concat()),
            });
        }
        let mut behind: Vec<Piece> = Vec::new();
        let asked = self.asked.as_ref().and_then(|at| Content::of(body, at));
        match (turn, asked) {
            (Turn::AsItIs, _) => {}
            (turn, Some(asked)) if self.is_last => asked.turned(turn, &mut edits)?,
            (Turn::Repeated(text), Some(asked)) => {
                behind.push(Piece::Own(r#",{"role":"user","content":"#.to_owned()));
                asked.again(text, &mut behind)?;
                behind.push(Piece::Own("}".to_owned()));
            }
            (Turn::Followed(text) | Turn::Replaced(text) | Turn::Repeated(text), _) => {
                behind.push(Piece::Own([",", &told("user", &wire::to_string(text))].concat()));
            }
        }
        behind.extend(then.iter().map(|(role, text)| {
            let role = match role {
                Role::Assistant => "assistant",
                Role::User => "user",
            };
            Piece::Own([",", &told(role, &wire::to_string(text))].concat())
        }));
        if self.is_empty
            && system.is_none()
            && let Some(Piece::Own(first)) = behind.first_mut()
        {
            first.remove(0);
        }
        let end = self.messages.end.saturating_sub(1);
        edits.push(Edit { at: end..end, pieces: behind });
        edits.sort_by_key(|edit| edit.at.start);
        Ok(edits)
    }
}

/// A member of a body, unless it is `null` or absent. A wrong type is reported here, because the calls lack the member.
fn wanted<'a, T: Deserialize<'a>>(value: Option<Raw<'a>>, name: &str) -> Result<Option<T>, Error> {
    value.map_or(Ok(None), |value| openai::member::<Option<T>>(value, name))
}

/// Whether native fields contain a limit on the answer, or are not an object.
fn has_limit(fields: Raw<'_>) -> bool {
    match wire::from_str::<Option<Members<'_, Raw<'_>>>>(fields.get()) {
        Ok(members) => members.is_some_and(|Members(members)| members.iter().any(|(name, _)| is_limit(name))),
        Err(_) => true,
    }
}

/// The name of a member that a call may change; empty for any other.
fn changed(name: &str) -> &'static str {
    let lists = [NEVER, STREAM, OF_THE_ANSWER, TOOLS, SAMPLING, LIMIT, MODEL, &[MESSAGES]];
    lists.into_iter().flatten().find(|known| **known == name).copied().unwrap_or_default()
}

/// A message with this JSON content.
fn told(role: &str, content: &str) -> String {
    [r#"{"role":""#, role, r#"","content":"#, content, "}"].concat()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn made(body: &str, call: &Call, is_last: bool) -> Value {
        let question = Question::read(body.as_bytes()).unwrap();
        let made = question.body(body.as_bytes(), call, is_last).unwrap();
        serde_json::from_slice(&made)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&made)))
    }

    fn messages(messages: Value, call: &Call) -> Value {
        made(&json!({ "messages": messages }).to_string(), call, false)["messages"].take()
    }

    fn turn(turn: Turn) -> Call {
        Call { turn, ..Call::default() }
    }

    #[test]
    fn a_call_without_changes_is_the_clients_own_bytes() {
        let body =
            r#"{ "x" : 1.50, "messages" :[ {"role":"user","content":"\u00e9"} ] ,"model":"m","y":[ 1 ] }"#;
        let question = Question::read(body.as_bytes()).unwrap();
        let made = question.body(body.as_bytes(), &Call::default(), true).unwrap();
        let expected =
            r#"{"x" : 1.50,"messages" :[ {"role":"user","content":"\u00e9"} ],"model":"m","y":[ 1 ]}"#;
        assert_eq!(String::from_utf8(made).unwrap(), expected);
    }

    #[test]
    fn only_the_last_call_streams_and_none_has_several_choices() {
        let body = r#"{"n":3,"stream":true,"stream_options":{"include_usage":true},"messages":[]}"#;
        assert_eq!(made(body, &Call::default(), false), json!({"messages": []}));
        assert_eq!(
            made(body, &Call::default(), true),
            json!({"messages": [], "stream": true, "stream_options": {"include_usage": true}})
        );
    }

    #[test]
    fn what_a_call_says_otherwise_takes_the_clients_away() {
        let body = r#"{"model":"a","temperature":0,"top_p":0.5,"max_tokens":5,"max_completion_tokens":6,"messages":[]}"#;
        let call =
            Call { temperature: Some(0.25), max_tokens: Some(7), model: Some("b".into()), ..Call::default() };
        assert_eq!(
            made(body, &call, false),
            json!({"messages": [], "model": "b", "temperature": 0.25, "max_completion_tokens": 7})
        );
        assert_eq!(made(body, &Call::default(), false), serde_json::from_str::<Value>(body).unwrap());
    }

    #[test]
    fn a_judge_has_nothing_that_shapes_the_clients_answer() {
        let judge = Call { kind: Kind::Judge, ..Call::default() };
        let mut body: Value = OF_THE_ANSWER.iter().map(|name| ((*name).to_owned(), json!("x"))).collect();
        body["seed"] = json!(1);
        body["tools"] = json!([1]);
        body["messages"] = json!([{"role": "user", "content": "q"}]);
        let left = made(&body.to_string(), &judge, false);
        assert_eq!(left, json!({"messages": body["messages"], "seed": 1}));
        // Bedrock requires declarations of the tools that the history calls.
        for message in [
            json!({"role": "assistant", "tool_calls": []}),
            json!({"role": "tool", "content": "r"}),
            json!({"role": "assistant", "function_call": {}}),
        ] {
            body["messages"] = json!([message]);
            assert_eq!(made(&body.to_string(), &judge, false)["tools"], json!([1]), "{message}");
        }
    }

    #[test]
    fn a_system_text_comes_behind_the_clients_own() {
        let call = Call { system: Some("s \"2\"".into()), ..Call::default() };
        let ours = json!({"role": "system", "content": "s \"2\""});
        let user = json!({"role": "user", "content": "q"});
        let theirs = json!({"role": "developer", "content": "s1"});
        assert_eq!(messages(json!([theirs, user]), &call), json!([theirs, ours, user]));
        assert_eq!(messages(json!([user, theirs]), &call), json!([user, theirs, ours]));
        assert_eq!(messages(json!([user]), &call), json!([ours, user]));
        assert_eq!(messages(json!([]), &call), json!([ours]));
    }

    #[test]
    fn a_system_text_behind_the_last_turn_does_not_hide_it() {
        let made = messages(
            json!([{"role": "user", "content": "q"}, {"role": "system", "content": "s"}]),
            &Call { system: Some("t".into()), ..turn(Turn::Followed("x".into())) },
        );
        assert_eq!(made[0]["content"], "q\n\nx");
        assert_eq!(made[2]["content"], "t");
    }

    #[test]
    fn further_turns_come_behind() {
        let then = vec![(Role::Assistant, "a".to_owned()), (Role::User, "rate\n".to_owned())];
        let made = messages(json!([{"role": "user", "content": "q"}]), &Call { then, ..Call::default() });
        assert_eq!(made[1], json!({"role": "assistant", "content": "a"}));
        assert_eq!(made[2], json!({"role": "user", "content": "rate\n"}));
    }

    #[test]
    fn of_members_that_are_there_twice_the_last_holds() {
        let body = r#"{"messages":[{"role":"user","content":"a"}],"n":1,"n":2,"messages":[{"role":"user","content":"b"}]}"#;
        let made = made(body, &turn(Turn::Followed("x".into())), false);
        assert_eq!(made, json!({"messages": [{"role": "user", "content": "b\n\nx"}]}));
    }

    #[test]
    fn a_large_image_is_copied_into_the_body_alone() {
        let image = "x".repeat(1 << 20);
        let body = json!({"messages": [
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": image}}]},
            {"role": "assistant", "content": "a"}, {"role": "user", "content": "q"},
        ]});
        let body = body.to_string();
        let question = Question::read(body.as_bytes()).unwrap();
        assert!(question.held() < 1_000);
        let made = question.body(body.as_bytes(), &turn(Turn::Followed("x".into())), true).unwrap();
        assert!(made.capacity() < body.len() + 1_000);
    }

    #[test]
    fn many_small_members_are_held_in_a_few_places() {
        let members: Vec<String> = (0..10_000).map(|at| format!("\"a{at}\":1")).collect();
        let body = format!("{{{},\"messages\":[]}}", members.join(","));
        assert!(Question::read(body.as_bytes()).unwrap().held() < 1_000);
    }

    #[test]
    fn what_the_client_wants_is_known() {
        let wants = |body: &str| Question::read(body.as_bytes()).unwrap().wants;
        assert_eq!(
            wants(r#"{"messages":[],"stream":null,"stream_options":null,"max_tokens":null,"n":null}"#),
            Wants::default()
        );
        assert_eq!(
            wants(
                r#"{"stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":2,"max_tokens":3,"n":0,"messages":[]}"#
            ),
            Wants {
                stream: true,
                include_usage: true,
                max_tokens: Some(3),
                n: Some(0),
                has_own_limit: false
            }
        );
        let limit = r#"{"messages":[],"max_tokens":2,"max_completion_tokens":5}"#;
        assert_eq!(wants(limit).max_tokens, Some(5), "the larger");
        for (fields, has_own_limit) in [
            (r#""extra_body":{"top_k":5},"additionalModelRequestFields":null"#, false),
            (r#""extra_body":{"max_tokens":5}"#, true),
            (r#""additionalModelRequestFields":{"inferenceConfig":{}}"#, true),
            (r#""additionalModelRequestFields":{"Max_Tokens":5},"additionalModelRequestFields":{}"#, true),
            (r#""additionalModelRequestFields":[]"#, true),
        ] {
            let body = format!(r#"{{"messages":[],{fields}}}"#);
            assert_eq!(wants(&body).has_own_limit, has_own_limit, "{body}");
        }
    }

    #[test]
    fn what_is_no_chat_is_refused_by_its_place() {
        for (body, param) in [
            (r#"{"messages":[],"n":"2"}"#, Some("n")),
            (r#"{"messages":[],"stream":1}"#, Some("stream")),
            (r#"{"messages":[],"stream_options":[]}"#, Some("stream_options")),
            (r#"{"messages":[],"stream_options":{"include_usage":1}}"#, Some("stream_options.include_usage")),
            (r#"{"messages":[],"max_tokens":1.5}"#, Some("max_tokens")),
            (r#"{"messages":[],"max_completion_tokens":{}}"#, Some("max_completion_tokens")),
            ("{}", Some("messages")),
            ("[]", None),
            (r#"{"messages":5}"#, Some("messages")),
            (r#"{"messages":[5]}"#, Some("messages[0]")),
            (r#"{"messages":[{"role":5}]}"#, Some("messages[0].role")),
        ] {
            let error = Question::read(body.as_bytes()).unwrap_err();
            assert_eq!((error.status, error.param.as_deref()), (400, param), "{body}");
        }
    }
}
