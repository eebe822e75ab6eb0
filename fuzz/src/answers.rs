//! Answers that models give, whole and as a stream in pieces: the same for the client either way, also in their errors.

use bedrock_filter::openai::Endpoint;
use bedrock_filter::translate::Reply;
use serde_json::Value;

use super::random::Random;
use super::replies::contexts;
use super::{ANSWERED, answer, generate, replies, streams};

/// The tools of the chats in [`replies::CHATS`], by the names that Bedrock knows.
const NAMES: &[&[&str]] = &[&[], &["f", "a_b", "sql", "other"], &["f", "a_b"], &["json_answer"]];

pub fn check(bytes: &[u8]) {
    let mut random = Random::of(bytes);
    let at = random.below(NAMES.len());
    let (endpoint, context) = &contexts()[at];
    let (Endpoint::ChatCompletions, Reply::Chat(chat)) = (endpoint, context) else {
        panic!("chats come first")
    };
    let answer = answer::answer(&mut random, NAMES[at]);
    let body = answer.body(&mut random);
    if random.once_in(3) {
        // Something of it is not as it should be.
        let mut body: Value = serde_json::from_str(&body).expect("an answer is JSON");
        generate::mutate(&mut random, &mut body);
        let mut bytes = vec![at as u8];
        bytes.extend_from_slice(body.to_string().as_bytes());
        return replies::check(&bytes);
    }
    let events = answer.stream(&mut random);
    let cut = streams::run(chat, &events, 1 << 20, |left| random.below(left.min(300)) + 1);
    let whole = context.whole(body.as_bytes(), ANSWERED);
    match (whole, cut.error) {
        (Ok(whole), None) => {
            // The answer tool is called once.
            if body.matches("\"json_answer\"").count() > 1 {
                return;
            }
            let whole: Value = serde_json::from_slice(&whole).expect("JSON");
            let message = &whole["choices"][0]["message"];
            let chunks = streams::chunks(&cut.out);
            let deltas = || chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]);
            let text: String = deltas().filter_map(|delta| delta["content"].as_str()).collect();
            assert_eq!(text, message["content"].as_str().unwrap_or_default(), "{body}");
            let thought: String = deltas().filter_map(|delta| delta["reasoning_content"].as_str()).collect();
            assert_eq!(thought, message["reasoning_content"].as_str().unwrap_or_default(), "{body}");
            let reason = chunks.iter().find_map(|chunk| chunk["choices"][0]["finish_reason"].as_str());
            assert_eq!(reason, whole["choices"][0]["finish_reason"].as_str(), "{body}");
        }
        (Err(whole), Some(streamed)) => assert_eq!(whole, streamed, "{body}"),
        (whole, streamed) => panic!("whole {:?}, as a stream {streamed:?}: {body}", whole.map(|_| ())),
    }
}
