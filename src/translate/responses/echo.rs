//! The members of the request that a response repeats.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::openai::responses::request::{Reasoning, Request, Text};
use crate::wire::{self, Members, Number, Raw, Str};

/// These members, in the response's order.
#[derive(Serialize)]
struct Repeated<'r, 'a> {
    model: &'r str,
    background: bool,
    frequency_penalty: u8,
    instructions: &'r Option<Str<'a>>,
    max_output_tokens: Option<i64>,
    max_tool_calls: Option<i64>,
    metadata: &'r Members<'a, Str<'a>>,
    parallel_tool_calls: bool,
    presence_penalty: u8,
    previous_response_id: (),
    prompt_cache_key: &'r Option<Str<'a>>,
    prompt_cache_retention: &'r Option<Str<'a>>,
    reasoning: Thinking<'r, 'a>,
    safety_identifier: &'r Option<Str<'a>>,
    store: bool,
    temperature: Number<'a>,
    text: Form<'r, 'a>,
    tool_choice: Raw<'a>,
    tools: Raw<'a>,
    top_logprobs: i64,
    top_p: Number<'a>,
    truncation: &'r str,
    user: &'r Option<Str<'a>>,
}

#[derive(Serialize)]
struct Thinking<'r, 'a> {
    effort: Option<&'r Str<'a>>,
    summary: Option<&'r Str<'a>>,
}

#[derive(Serialize)]
struct Form<'r, 'a> {
    format: Raw<'a>,
    verbosity: &'r str,
}

/// The members that the response to `request` repeats, as an object on one line, because an event's data is one line.
pub(super) fn echo(request: &Request<'_>, model: &str) -> Vec<u8> {
    let constant = |json: &'static str| wire::from_str::<Raw<'_>>(json).unwrap_or(RawValue::NULL);
    let Text { format, verbosity, .. } = &request.text.clone().unwrap_or_default();
    let thinking = request.reasoning.as_ref();
    let none = Members(Vec::new());
    let repeated = Repeated {
        model,
        background: false,
        // OpenAI's responses have these members, although requests do not.
        frequency_penalty: 0,
        instructions: &request.instructions,
        max_output_tokens: request.max_output_tokens,
        max_tool_calls: request.max_tool_calls,
        metadata: request.metadata.as_ref().unwrap_or(&none),
        parallel_tool_calls: request.parallel_tool_calls.unwrap_or(true),
        presence_penalty: 0,
        previous_response_id: (),
        prompt_cache_key: &request.prompt_cache_key,
        prompt_cache_retention: &request.prompt_cache_retention,
        reasoning: Thinking {
            effort: thinking.and_then(|Reasoning { effort, .. }| effort.as_ref()),
            summary: thinking.and_then(|reasoning| reasoning.summary.as_ref()),
        },
        safety_identifier: &request.safety_identifier,
        // Nothing is stored, whatever the request says.
        store: false,
        temperature: request.temperature.unwrap_or(Number::ONE),
        text: Form {
            format: format.unwrap_or_else(|| constant(r#"{"type":"text"}"#)),
            verbosity: verbosity.as_deref().unwrap_or("medium"),
        },
        tool_choice: request.tool_choice.unwrap_or_else(|| constant("\"auto\"")),
        tools: request.tools.unwrap_or_else(|| constant("[]")),
        top_logprobs: 0,
        top_p: request.top_p.unwrap_or(Number::ONE),
        truncation: request.truncation.as_deref().unwrap_or("disabled"),
        user: &request.user,
    };
    let mut echo = wire::to_string(&repeated).into_bytes();
    // Line ends in the client's JSON can only be between tokens, where a space is equivalent.
    echo.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
    echo.shrink_to_fit();
    echo
}
