//! Translates a request for a response: each member is mapped, or noted as ignored.

use crate::openai::Error;
use crate::openai::responses::request::{Reasoning, Request, StreamOptions};
use crate::translate::answer::Context;
use crate::translate::conversation::{Content, Conversation, Message, Sampling, Speaker};
use crate::translate::fit::notes::Field;
use crate::translate::front::bedrock_members::{self, Beside};
use crate::translate::front::named::Names;
use crate::translate::front::{self, Finished, Purpose, cache, parameters};
use crate::translate::notes::Notes;
use crate::translate::{Client, Outgoing, Rules};
use crate::wire::Str;

use super::items::Reading;
use super::tools::{self, Declared, Special};
use super::{Known, choice, drop, echo, format};

/// The parts of the request that its answer needs.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) context: Context,
    pub(super) special: Vec<Special>,
    pub(super) stream: bool,
    pub(super) include_usage: bool,
    /// Whether reasoning is sent as a summary.
    pub(super) summary: bool,
    /// The members that the response repeats.
    pub(super) echo: Vec<u8>,
}

/// Translates a request for a model by its `rules`. `source` is the body that the request borrows from.
///
/// # Errors
/// 400 with the path of a member that is wrong, too large, or without a counterpart.
pub(super) fn request<'a>(
    mut request: Request<'a>,
    known: Known<'_>,
    client: &Client<'_>,
    rules: Rules<'_>,
    purpose: Purpose,
    source: &'a [u8],
) -> Result<Outgoing<'a, Kept>, Error> {
    let mut notes = Notes::new(rules.unsupported, rules.limits);
    drop::drop(&mut request, rules.drop, &mut notes);
    let echo = echo::echo(&request, known.asked);
    let Request {
        input,
        model: _,
        instructions,
        tools,
        tool_choice,
        parallel_tool_calls,
        max_tool_calls,
        max_output_tokens,
        text,
        reasoning,
        include,
        truncation,
        temperature,
        top_p,
        top_logprobs,
        stream,
        stream_options,
        metadata,
        service_tier,
        user,
        safety_identifier,
        prompt_cache_key,
        prompt_cache_retention,
        prompt_cache_options,
        previous_response_id,
        conversation,
        prompt,
        background,
        background_options,
        store,
        context_management,
        moderation,
        access_programs,
        image,
        top_k,
        thinking,
        guardrail_config,
        performance_config,
        prompt_variables,
        request_metadata,
        additional_model_request_fields,
        additional_model_response_field_paths,
        output_config,
        extra_body,
        unknown,
    } = request;
    let stream = stream.unwrap_or(false);

    // Parameters for a server that stores responses.
    for (given, param, message) in [
        (previous_response_id.is_some(), "previous_response_id", "send the whole conversation as 'input'"),
        (conversation.is_some(), "conversation", "send the whole conversation as 'input'"),
        (prompt.is_some(), "prompt", "send what it says as 'instructions' and 'input'"),
        (background == Some(true), "background", "wait for the response, or stream it"),
    ] {
        if given {
            let message = format!(
                "This gateway keeps nothing between requests, so '{param}' is not available; {message}."
            );
            return Err(Error::invalid(message).param(param).code("unsupported_parameter"));
        }
    }
    // Parameters without a counterpart.
    let mut logprobs = top_logprobs.is_some_and(|count| count != 0);
    for name in include.into_iter().flatten() {
        match &*name {
            // Always included.
            "reasoning.encrypted_content" => {}
            "message.output_text.logprobs" => logprobs = true,
            _ => notes.ignore("include"),
        }
    }
    if logprobs {
        notes.unsupported("top_logprobs", "Bedrock returns no log probabilities.")?;
    }
    for (given, name) in [
        (store == Some(true), "store"),
        (truncation.is_some_and(|truncation| &*truncation != "disabled"), "truncation"),
        (max_tool_calls.is_some(), "max_tool_calls"),
        (background_options.is_some(), "background_options"),
        (context_management.is_some(), "context_management"),
        (moderation.is_some(), "moderation"),
        (access_programs.is_some(), "access_programs"),
        (image.is_some(), "image"),
        (prompt_cache_key.is_some(), "prompt_cache_key"),
        (prompt_cache_retention.is_some(), "prompt_cache_retention"),
        (prompt_cache_options.is_some(), "prompt_cache_options"),
    ] {
        notes.ignore_if(given, name);
    }
    notes.unknown("", unknown)?;

    let mut declared = Declared::default();
    if let Some(list) = tools {
        declared.read(list, "tools", &mut notes)?;
    }
    let input = input.ok_or_else(|| Error::missing("input"))?;
    let mut reading = Reading {
        model: known.thinker,
        messages: instructed(instructions),
        declared,
        cache: cache::Names::default(),
        notes: &mut notes,
    };
    reading.input(input)?;
    let Reading { messages, declared, cache, .. } = reading;
    front::guarded::check(rules.guardrail, &messages, |_| "input".to_owned())?;
    let (choice, web_search) = choice::read(tool_choice, &declared, &mut notes)?;
    let limit = max_output_tokens.map(|limit| parameters::limit(limit, LIMIT, &mut notes)).transpose()?;
    let sampling = parameters::sampling(temperature, top_p, top_k, (None, "stop"), &mut notes)?;
    let answer = format::read(&mut text.unwrap_or_default(), &mut notes)?;
    let (effort, summary) = thought(reasoning, &mut notes)?;
    let beside = Beside {
        guardrail_config,
        performance_config,
        prompt_variables,
        request_metadata,
        additional_model_request_fields,
        additional_model_response_field_paths,
        output_config,
        extra_body,
        thinking,
        metadata,
        service_tier,
        people: [user, safety_identifier],
    };
    let include_usage = include_usage(stream_options, &mut notes)?;
    let Declared { all, special, places, search, .. } = declared;
    let mut conversation = Conversation {
        messages,
        tools: all.tools,
        choice,
        web_search,
        single_call: parallel_tool_calls == Some(false),
        answer,
        sampling: Sampling { max_tokens: limit.flatten(), ..sampling },
        effort: parameters::effort(effort, "reasoning.effort")?,
        ..Conversation::default()
    };
    bedrock_members::set(&mut conversation, beside, client, &rules, stream, &mut notes)?;
    let web_search = search.unwrap_or_default();
    let names = Names { said: "input", max_tokens: LIMIT, web_search, cache, own };
    let place = |tool: usize| tools::schema_place(&places, tool);
    let finished = front::finish(conversation, rules, &names, source, place, purpose, &mut notes)?;
    let operation = match purpose {
        Purpose::Count => "count-tokens",
        Purpose::Answer => finished.operation(stream),
    };
    let Finished { body, undo, json_beside_calls, .. } = finished;
    let context =
        Context { undo, custom: all.custom, one_call: false, json_beside_calls, ..Context::default() };
    let kept = Kept { context, special, stream, include_usage, summary, echo };
    Ok(Outgoing { operation, guardrail: None, body, ignored: notes.into_ignored(), reply: kept })
}

const LIMIT: &str = "max_output_tokens";

/// The `instructions` as messages.
fn instructed(instructions: Option<Str<'_>>) -> Vec<Message<'_>> {
    let text = instructions.filter(|text| !text.is_blank());
    let said = |text| Message { speaker: Speaker::System, content: vec![Content::Text(text)] };
    text.map(said).into_iter().collect()
}

/// The effort of reasoning, and whether reasoning is sent as a summary.
fn thought<'a>(
    reasoning: Option<Reasoning<'a>>,
    notes: &mut Notes<'_>,
) -> Result<(Option<Str<'a>>, bool), Error> {
    let Some(Reasoning { effort, summary, generate_summary, context, mode, unknown }) = reasoning else {
        return Ok((None, false));
    };
    notes.unknown("reasoning.", unknown)?;
    notes.ignore_if(context.is_some_and(|context| &*context != "auto"), "reasoning.context");
    notes.ignore_if(mode.is_some_and(|mode| &*mode != "standard"), "reasoning.mode");
    Ok((effort, summary.or(generate_summary).is_some()))
}

fn include_usage(options: Option<StreamOptions<'_>>, notes: &mut Notes<'_>) -> Result<bool, Error> {
    let Some(StreamOptions { include_obfuscation: _, include_usage, unknown }) = options else {
        return Ok(false);
    };
    notes.unknown("stream_options.", unknown)?;
    Ok(include_usage.unwrap_or(false))
}

/// Names of fields that only this API has.
fn own(field: &Field) -> Option<&'static str> {
    Some(match field {
        Field::AnswerMember(_) => format::SCHEMA,
        Field::Answer => "text.format",
        Field::Audio => "input[].content[].input_audio",
        Field::Citations => "input[].content[].citations",
        Field::DocumentContext => "input[].content[].context",
        Field::GuardContent => "input[].content[].guard_content",
        Field::Effort => "reasoning.effort",
        Field::Replay => "input[].encrypted_content",
        Field::CachePoint | Field::CacheHour | Field::ToolCachePoint => cache::BREAKPOINT,
        _ => return None,
    })
}
