//! Chats of any bytes that may choose a technique: what chose it is gone, what is left is JSON that says what it said, and so is each
//! call.

use bedrock_filter::techniques::choose::{Chosen, MEMBER, Rules, choose};
use bedrock_filter::techniques::{Call, Expression, Question, Reply, Role, Tunables, Turn};
use serde_json::Value;

use super::allocation::{Bound, bounded};

const BOUND: Bound = Bound { per_byte: 200, any: 512 << 10 };

/// The bytes are a body, an expression and a reply.
pub fn check(bytes: &[u8]) {
    bounded("a reply", bytes.len(), BOUND, || drop(Reply::read(bytes)));
    let elsewhere = ["z3".to_owned()];
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(Some(expression)) = Expression::read(text, &elsewhere)
    {
        let again = Expression::read(&expression.to_string(), &elsewhere);
        assert_eq!(again.ok().flatten().as_ref(), Some(&expression), "read again it is another");
    }
    let usual = |_: Option<&str>| Expression::read("re2", &[]).ok().flatten();
    let tunables = Tunables::default();
    let rules =
        Rules { is_model: &|name| name == "m", usual: &usual, elsewhere: &elsewhere, tunables: &tunables };
    let chosen = bounded("a choice", bytes.len(), BOUND, || choose(bytes, &rules));
    let Ok(Chosen { technique, tunables, body, is_usual: _ }) = chosen else { return };
    if let Some(technique) = technique
        && !technique.is_elsewhere()
    {
        assert!(technique.make(&tunables, 1).expect("a technique").most_calls() > 0);
        assert!(technique.make(&Tunables::default(), 2).is_some());
    }
    let body = body.as_deref().unwrap_or(bytes);
    let Ok(question) = bounded("a question", body.len(), BOUND, || Question::read(body)) else { return };
    let Ok(left) = serde_json::from_slice::<Value>(body) else { return };
    assert!(left.get(MEMBER).is_none(), "what chose is gone");
    let before = left["messages"].as_array().map_or(0, Vec::len);
    for turn in [
        Turn::AsItIs,
        Turn::Followed("x\"".into()),
        Turn::Repeated("x\"".into()),
        Turn::Replaced("x\"".into()),
    ] {
        let then = vec![(Role::Assistant, "a".to_owned()), (Role::User, "u\n".to_owned())];
        let call = Call { turn, system: Some("s".into()), then, temperature: Some(0.5), ..Call::default() };
        let Ok(made) = question.body(body, &call, false) else { continue };
        let made: Value = serde_json::from_slice(&made).expect("a call is JSON");
        let messages = made["messages"].as_array().expect("a list of messages");
        assert!((before + 3..=before + 4).contains(&messages.len()), "turns come or go");
        assert_eq!((&made["temperature"], made.get("stream"), made.get("n")), (&0.5.into(), None, None));
        assert_eq!(messages.last().map(|last| &last["content"]), Some(&"u\n".into()));
    }
    let plain = question.body(body, &Call::default(), true).expect("it changes nothing");
    let plain: Value = serde_json::from_slice(&plain).expect("a call is JSON");
    for (name, value) in plain.as_object().expect("an object") {
        assert_eq!(left.get(name), Some(value), "{name}");
    }
}
