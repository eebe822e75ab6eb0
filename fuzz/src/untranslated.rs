//! What goes on as it is: bodies of any bytes whose model is found and replaced, that a forced guardrail must hold for, and
//! answers of any bytes.

use bedrock_filter::bedrock::operation::Operation;
use bedrock_filter::gateway::native;
use bedrock_filter::openai::model_member::ModelMember;
use bedrock_filter::translate::chat::Guardrail;
use bedrock_filter::translate::passthrough::{self, Beginning, FirstEvent, FirstFrame};
use bedrock_filter::translate::{errors, forced_guardrail};
use serde_json::Value;

use super::allocation::{Bound, bounded};
use super::judge;

const BOUND: Bound = Bound { per_byte: 100, any: 64 << 10 };

/// The first two bytes are a status; the rest is a body.
pub fn check(bytes: &[u8]) {
    let [high, low, body @ ..] = bytes else { return };
    bounded("a body", body.len(), BOUND, || {
        named(body);
        guarded(body);
    });
    answered(400 + u16::from_be_bytes([*high, *low]) % 200, body);
}

fn named(body: &[u8]) {
    let member = match ModelMember::find(body) {
        Ok(member) => member,
        Err(error) => return judge::refused(&error, 400..401),
    };
    let Some(replaced) = member.replaced(body, "new \"name\"") else { panic!("no place for the model") };
    let (Some(was), Some(mut is)) = (judge::value(body), judge::value(&replaced)) else { return };
    assert_eq!(is["model"], "new \"name\"");
    match was.get("model") {
        Some(name) => is["model"] = name.clone(),
        None => drop(is.as_object_mut().expect("an object").remove("model")),
    }
    assert_eq!(is, was, "more than the model is another");
    // Whoever reads it after us must read the same name, also one who does not mind its letters.
    let others =
        was.as_object().expect("an object").keys().filter(|name| name.eq_ignore_ascii_case("model")).count();
    assert!(others <= 1);
}

fn guarded(body: &[u8]) {
    let guardrail =
        Guardrail { identifier: "own1".to_owned(), version: "7".to_owned(), trace: None, stream_mode: None };
    for operation in Operation::ALL {
        if let Err(error) = forced_guardrail::check(operation, body, &guardrail) {
            judge::refused(&error, 400..404);
            continue;
        }
        if operation == Operation::CountTokens {
            continue;
        }
        let Some(value) = judge::value(body) else { continue };
        if operation.invokes() {
            assert!(value.get("amazon-bedrock-guardrailConfig").is_none());
        } else {
            assert_eq!(value["guardrailConfig"]["guardrailIdentifier"], "own1");
            assert_eq!(value["guardrailConfig"]["guardrailVersion"], "7");
            assert!(!has_member(&value, "guardContent"), "a part of the text only is guarded");
        }
    }
}

fn has_member(value: &Value, wanted: &str) -> bool {
    match value {
        Value::Object(members) => {
            members.iter().any(|(name, value)| name.eq_ignore_ascii_case(wanted) || has_member(value, wanted))
        }
        Value::Array(items) => items.iter().any(|item| has_member(item, wanted)),
        _ => false,
    }
}

fn answered(status: u16, body: &[u8]) {
    let bedrock = bounded("an error", body.len(), BOUND, || passthrough::openai_error(status, None, body));
    judge::refused(&passthrough::told(&bedrock, body), 400..600);
    judge::refused(&errors::error(&bedrock), 400..600);
    assert!(bedrock.summary().lines().count() <= 1);
    let (kind, told) = native::as_aws(status, body);
    assert!(kind.ends_with("Exception"));
    let told: Value = serde_json::from_slice(&told).expect("JSON");
    assert!(told["message"].is_string());
    bounded("an event", body.len(), BOUND, || {
        FirstEvent::default().look(body.len(), |from, length| body[from..from + length].to_vec())
    });
    // However much of the first frame is there, it does not change its mind.
    let look = |first: &mut FirstFrame, have: usize| first.look(have, |most| body[..have.min(most)].to_vec());
    let all = look(&mut FirstFrame::new(1 << 20), body.len());
    match &all {
        Err(error) => judge::refused(error, 502..503),
        Ok(Beginning::Failed(exception)) => assert!(exception.error.status >= 400),
        Ok(_) => {}
    }
    let mut first = FirstFrame::new(1 << 20);
    for have in [0, 11, 12, body.len() / 2] {
        let some = look(&mut first, have.min(body.len()));
        match (&some, &all) {
            (Ok(Beginning::Incomplete), _)
            | (Ok(Beginning::Event), Ok(Beginning::Event))
            | (Ok(Beginning::Failed(_)), Ok(Beginning::Failed(_))) => {}
            (Err(one), Err(other)) => assert_eq!(one, other),
            (some, all) => panic!("{some:?} of a part, {all:?} of all"),
        }
    }
}
