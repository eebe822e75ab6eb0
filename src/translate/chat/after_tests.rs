//! The answer to a technique's last call.

use serde_json::{Value, json};

use super::{Reply, at_once, reply};
use crate::openai::completion::{PromptTokensDetails, Usage};
use crate::translate::Answered;
use crate::translate::answer::Context;

const ANSWERED: Answered<'static> = Answered { request_id: "r", created: 7, input_tokens: None };

fn last(stream: bool, parted: bool) -> Reply {
    let before = Usage {
        prompt_tokens: 100,
        completion_tokens: 20,
        total_tokens: 120,
        prompt_tokens_details: Some(PromptTokensDetails { cached_tokens: 8, cache_write_tokens: 9 }),
        ..Usage::default()
    };
    Reply::of("m", Context::default(), stream, true).after(before, parted)
}

fn converse(text: &str) -> Vec<u8> {
    let message = json!({"role": "assistant", "content": [{"text": text}]});
    let usage = json!({"inputTokens": 3, "outputTokens": 4, "totalTokens": 7});
    json!({"output": {"message": message}, "stopReason": "end_turn", "usage": usage}).to_string().into_bytes()
}

fn whole(body: &[u8], parted: bool) -> Value {
    serde_json::from_slice(&reply(&last(false, parted), body, ANSWERED).unwrap()).unwrap()
}

fn chunks(body: &[u8], parted: bool) -> Vec<Value> {
    let stream = String::from_utf8(at_once(&last(true, parted), body, ANSWERED).unwrap()).unwrap();
    let data = stream.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
    data.filter(|data| *data != "[DONE]").map(|data| serde_json::from_str(data).unwrap()).collect()
}

#[test]
fn its_tokens_are_told_with_those_of_the_calls_before() {
    let expected = json!({"prompt_tokens": 103, "completion_tokens": 24, "total_tokens": 127,
        "prompt_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 9}});
    let body = converse("a");
    assert_eq!(whole(&body, false)["usage"], expected);
    assert_eq!(chunks(&body, false).last().unwrap()["usage"], expected);
}

#[test]
fn thoughts_between_tags_are_reasoning_where_the_technique_has_asked_for_them() {
    let body = converse("<thinking>t1</thinking>\n<output>\na < b\n</output>\n");
    let message = &whole(&body, true)["choices"][0]["message"];
    assert_eq!(
        (message["content"].as_str(), message["reasoning_content"].as_str()),
        (Some("a < b"), Some("t1"))
    );
    let (mut text, mut thoughts) = (String::new(), String::new());
    for chunk in chunks(&body, true) {
        let delta = &chunk["choices"][0]["delta"];
        text += delta["content"].as_str().unwrap_or_default();
        thoughts += delta["reasoning_content"].as_str().unwrap_or_default();
    }
    assert_eq!((text.as_str(), thoughts.as_str()), ("a < b", "t1"));
    let plain = &whole(&body, false)["choices"][0]["message"];
    assert!(plain["content"].as_str().unwrap().starts_with("<thinking>"));
}
