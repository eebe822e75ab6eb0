//! What must hold whatever comes in, a module per fuzz target; `fuzz_targets/` only calls `check` of each.
//!
//! The generators and the rules are those of `tests/translation/`: here the fuzzer chooses in the stead of random numbers.

pub mod allocation;
pub mod answers;
mod chance;
pub mod chats;
pub mod chosen;
pub mod configurations;
pub mod cost;
pub mod credentials;
pub mod headers;
pub mod image_urls;
mod judge;
pub mod messages;
pub mod others;
pub mod paths;
mod random;
pub mod reader;
pub mod replies;
pub mod requests;
pub mod responses;
pub mod schemas;
pub mod signatures;
pub mod streams;
pub mod techniques;
pub mod untranslated;
pub mod watched;

#[allow(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../../tests/translation/answers.rs"]
mod answer;
#[path = "../../tests/translation/bedrock_rules.rs"]
mod bedrock_rules;
#[path = "../../tests/cost/clock.rs"]
mod clock;
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../../tests/translation/frames.rs"]
mod frames;
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../../tests/translation/generate.rs"]
mod generate;
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../../tests/translation/json.rs"]
mod json;
#[allow(dead_code, reason = "shared with the tests, which use more of it")]
#[path = "../../tests/cost/subject.rs"]
mod subject;

use bedrock_filter::translate::Answered;

/// The name of the key that every request here comes with.
const CALLER: &str = "team-a";

/// What is known of every answer here before its body.
const ANSWERED: Answered<'static> =
    Answered { request_id: "req-1", created: 1_700_000_000, input_tokens: None };
