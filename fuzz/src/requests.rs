//! Bodies of any bytes, as chats and as older completions, for every family.

use bedrock_filter::openai::Endpoint;
use bedrock_filter::translate::chat::{Guardrail, Headers};
use bedrock_filter::translate::notes::Unsupported;
use bedrock_filter::translate::{Limits, Options};

use super::generate::MODELS;
use super::judge;

/// The first byte chooses the family, the second what is configured; the rest is the body.
pub fn check(bytes: &[u8]) {
    let [family, choices, body @ ..] = bytes else { return };
    let model = MODELS[usize::from(*family) % MODELS.len()];
    let endpoint = if choices & 1 == 0 { Endpoint::ChatCompletions } else { Endpoint::Completions };
    let options = options(choices >> 1);
    let headers = if choices & 64 == 0 {
        Headers::default()
    } else {
        Headers {
            guardrail_identifier: Some("abc1"),
            guardrail_version: Some("1"),
            guardrail_trace: Some("enabled"),
            anthropic_beta: Some("a,b"),
        }
    };
    let _ = judge::request(endpoint, model, body, &headers, &options);
}

/// Options by a number's bits.
pub(crate) fn options(choices: u8) -> Options {
    let guardrail = Guardrail {
        identifier: "own1".to_owned(),
        version: "7".to_owned(),
        trace: Some("enabled"),
        stream_mode: Some("async"),
    };
    let tight = Limits { messages: 3, tools: 2, json_depth: 4, embedding_inputs: 3, ..Limits::default() };
    Options {
        unsupported: if choices & 1 == 0 { Unsupported::Ignore } else { Unsupported::Refuse },
        automatic_caching: (choices & 2 != 0).then_some(true),
        guardrail: (choices & 4 != 0).then_some(guardrail),
        limits: if choices & 8 == 0 { Limits::default() } else { tight },
        ..Options::default()
    }
}
