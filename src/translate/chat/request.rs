//! Translates a chat request: each member is mapped, or noted as ignored.

use crate::openai::Error;
use crate::openai::chat::{Request, StreamOptions};
use crate::translate::answer::Context;
use crate::translate::conversation::{Caching, Conversation, Sampling};
use crate::translate::fit::notes::Field;
use crate::translate::front::bedrock_members::{self, Beside};
use crate::translate::front::named::Names;
use crate::translate::front::{self, Finished, Purpose, cache};
use crate::translate::notes::Notes;
use crate::translate::{Client, Outgoing, Rules};
use crate::wire::Unknown;

use super::{Reply, choice, drop, format, functions, messages, parameters, tools};

/// Translates a request for a model by its `rules`. `asked` is the client's name for the model, which the reply repeats.
/// `source` is the body that the request borrows from: its large strings are not copied.
///
/// # Errors
/// 400 with the path of a member that is wrong, too large, or without a counterpart.
pub fn request<'a>(
    mut request: Request<'a>,
    asked: &str,
    client: &Client<'_>,
    rules: Rules<'_>,
    source: &'a [u8],
) -> Result<Outgoing<'a, Reply>, Error> {
    let mut notes = Notes::new(rules.unsupported, rules.limits);
    drop::drop(&mut request, rules.drop, &mut notes);
    let Request {
        messages,
        model: _,
        max_completion_tokens,
        max_tokens,
        temperature,
        top_p,
        stop,
        n,
        stream,
        stream_options,
        tools,
        functions,
        tool_choice,
        function_call,
        parallel_tool_calls,
        response_format,
        reasoning_effort,
        verbosity,
        service_tier,
        metadata,
        user,
        safety_identifier,
        prompt_cache_key,
        prompt_cache_retention,
        prompt_cache_options,
        moderation,
        logprobs,
        top_logprobs,
        logit_bias,
        seed,
        frequency_penalty,
        presence_penalty,
        prediction,
        audio,
        modalities,
        web_search_options,
        store,
        cache_control,
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
    let messages = messages.ok_or_else(|| no_messages(&unknown))?;
    let stream = stream.unwrap_or(false);

    // Parameters without a counterpart.
    parameters::one_choice(n, &mut notes)?;
    if logprobs == Some(true) {
        notes.unsupported("logprobs", "Bedrock returns no log probabilities.")?;
    }
    if top_logprobs.is_some_and(|count| count != 0) {
        notes.unsupported("top_logprobs", "Bedrock returns no log probabilities.")?;
    }
    parameters::text_only(modalities, audio, &mut notes)?;
    notes.ignore_if(seed.is_some(), "seed");
    notes.ignore_if(frequency_penalty.is_some_and(|penalty| penalty != 0.0), "frequency_penalty");
    notes.ignore_if(presence_penalty.is_some_and(|penalty| penalty != 0.0), "presence_penalty");
    notes.ignore_if(logit_bias.is_some_and(|bias| !bias.0.is_empty()), "logit_bias");
    notes.ignore_if(prediction.is_some(), "prediction");
    notes.ignore_if(store == Some(true), "store");
    notes.ignore_if(verbosity.is_some_and(|verbosity| &*verbosity != "medium"), "verbosity");
    notes.ignore_if(moderation.is_some(), "moderation");
    notes.ignore_if(prompt_cache_key.is_some(), "prompt_cache_key");
    notes.ignore_if(prompt_cache_retention.is_some(), "prompt_cache_retention");
    notes.ignore_if(prompt_cache_options.is_some(), "prompt_cache_options");
    notes.unknown("", unknown)?;

    let functions = functions::beside(tools.as_ref(), functions)?;
    let legacy_functions = functions.is_some() && tools.is_none();
    let of_tools = tools.as_ref().map_or(0, |tools| tools.0.len());
    let mut cache = cache::Names::default();
    let last = cache::point(cache_control, cache::CONTROL, &mut cache, &mut notes)?;
    let declared = tools::read(tools, functions, &mut cache, &mut notes)?;
    let choice = choice::read(tool_choice, function_call, &declared.names, &mut notes)?;
    let messages = messages::read(messages.0, &mut cache, &mut notes)?;
    front::guarded::check(rules.guardrail, &messages, |at| format!("messages[{at}].content"))?;
    let limit = parameters::max_tokens(max_completion_tokens, max_tokens, &mut notes)?;
    let (limit_name, max_tokens) = limit.unzip();
    let sampling = front::parameters::sampling(temperature, top_p, top_k, (stop, "stop"), &mut notes)?;
    let answer = format::read(response_format, &mut notes)?;
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
    let include_usage = stream_options_usage(stream_options, stream, &mut notes)?;
    let mut conversation = Conversation {
        messages,
        tools: declared.tools,
        choice,
        web_search: parameters::web_search(web_search_options, &mut notes)?,
        single_call: parallel_tool_calls == Some(false),
        answer,
        sampling: Sampling { max_tokens, ..sampling },
        effort: front::parameters::effort(reasoning_effort, "reasoning_effort")?,
        caching: Caching { last, ..Caching::default() },
        ..Conversation::default()
    };
    bedrock_members::set(&mut conversation, beside, client, &rules, stream, &mut notes)?;
    let names = Names {
        said: "messages",
        max_tokens: limit_name.unwrap_or("max_tokens"),
        web_search: parameters::WEB_SEARCH,
        cache,
        own,
    };
    let tool_schema = |place: usize| match place.checked_sub(of_tools) {
        None => format!("tools[{place}].function.parameters"),
        Some(place) => format!("functions[{place}].parameters"),
    };
    let finished =
        front::finish(conversation, rules, &names, source, tool_schema, Purpose::Answer, &mut notes)?;
    let operation = finished.operation(stream);
    let Finished { body, undo, json_beside_calls, .. } = finished;

    let reply = Reply {
        model: asked.to_owned(),
        stream,
        include_usage,
        context: Context {
            undo,
            custom: declared.custom,
            one_call: legacy_functions,
            json_beside_calls,
            ..Context::default()
        },
        legacy_functions,
        before: None,
        text: None,
    };
    Ok(Outgoing { operation, guardrail: None, body, ignored: notes.into_ignored(), reply })
}

/// Names of fields that only a chat has.
fn own(field: &Field) -> Option<&'static str> {
    Some(match field {
        Field::Strict => "tools[].function.strict",
        Field::SchemaMember(_) => "tools[].function.parameters",
        Field::AnswerMember(_) => format::SCHEMA,
        Field::Answer => "response_format",
        Field::Effort => "reasoning_effort",
        Field::Replay => "messages[].reasoning_content",
        Field::Audio => "messages[].content[].input_audio",
        Field::Citations => "messages[].content[].citations",
        Field::DocumentContext => "messages[].content[].context",
        Field::GuardContent => "messages[].content[].guard_content",
        _ => return None,
    })
}

/// The error for a chat without messages; it says so where the body is that of a text completion.
fn no_messages(unknown: &Unknown<'_>) -> Error {
    if unknown.iter().all(|(name, _)| name != "prompt") {
        return Error::missing("messages");
    }
    let message = "Missing required parameter: 'messages'. A body with a 'prompt' is one for 'completions'.";
    Error::invalid_param("messages", message).code("missing_required_parameter")
}

fn stream_options_usage(
    options: Option<StreamOptions<'_>>,
    stream: bool,
    notes: &mut Notes<'_>,
) -> Result<bool, Error> {
    let Some(StreamOptions { include_usage, include_obfuscation: _, unknown }) = options else {
        return Ok(false);
    };
    notes.unknown("stream_options.", unknown)?;
    Ok(stream && include_usage.unwrap_or(false))
}
