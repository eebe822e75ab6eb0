//! A chat request, whole: each member goes where it belongs, or its name goes into the notes.

use std::borrow::Cow;

use crate::bedrock::converse;
use crate::openai::Error;
use crate::openai::chat::{Request, StreamOptions};
use crate::translate::notes::Notes;
use crate::translate::{Client, Outgoing, Rules};
use crate::wire;

use super::parameters::{self, Sampling};
use super::tools::{self, Given};
use super::{Reply, betas, cache, drop, functions, guardrail, metadata, reasoning, structured, turns};

/// Most room that is made for a body before it is needed, bytes.
const AT_ONCE: usize = 64 << 10;
/// What Converse's form needs beside the client's own bytes, about.
const BESIDE: usize = 1_024;

/// Translates a request for a model by its `rules`. `asked` is what the client called the model; the reply repeats it.
/// `source` is the body that the request was read from: its large texts stay there.
///
/// # Errors
/// 400 naming the member that is wrong, too large, or without a counterpart.
pub fn request<'a>(
    mut request: Request<'a>,
    asked: &str,
    client: &Client<'_>,
    rules: Rules<'_>,
    source: &'a [u8],
) -> Result<Outgoing<'a, Reply>, Error> {
    let Rules { unsupported, limits, capabilities, drop, guardrail, automatic_caching, anthropic_betas } =
        rules;
    let mut notes = Notes::new(unsupported, limits);
    drop::drop(&mut request, drop, &mut notes);
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
    guardrail::check_fields(
        guardrail,
        [("additionalModelRequestFields", &additional_model_request_fields), ("extra_body", &extra_body)],
    )?;
    let messages = messages.ok_or_else(|| Error::missing("messages"))?;
    let stream = stream.unwrap_or(false);

    // What has no counterpart.
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
    notes.ignore_if(web_search_options.is_some(), "web_search_options");
    notes.ignore_if(moderation.is_some(), "moderation");
    notes.ignore_if(prompt_cache_key.is_some(), "prompt_cache_key");
    notes.ignore_if(prompt_cache_retention.is_some(), "prompt_cache_retention");
    notes.ignore_if(prompt_cache_options.is_some(), "prompt_cache_options");
    notes.unknown("", unknown)?;

    // Tools come before turns: the turns speak of them by their legal names.
    let functions = functions::beside(tools.as_ref(), functions)?;
    let given = Given { tools, functions, tool_choice, function_call, parallel_tool_calls };
    let legacy_functions = given.functions.is_some() && given.tools.is_none();
    tools::check_count(&given, &notes)?;
    let mut names = tools::names(&given);
    let reasoning = reasoning::Asked { effort: reasoning_effort, thinking };
    let prefill = capabilities.prefill && !reasoning.may_think(capabilities);
    let turns::Turns { messages, system, called, is_called } =
        turns::turns(messages.0, prefill, capabilities, &mut names, &mut notes)?;
    let limit = parameters::max_tokens(max_completion_tokens, max_tokens, &mut notes)?;
    let (limit_name, max_tokens) = limit.unzip();
    let reasoning = reasoning::plan(reasoning, max_tokens, &messages, capabilities, &mut notes)?;
    let mut body = converse::Request { messages, system, ..converse::Request::default() };
    let plan = structured::plan(response_format, capabilities, &mut notes)?;
    let may_call = given.tools.is_some() || given.functions.is_some() || !called.is_empty();
    let json_beside_calls = may_call && !matches!(plan, structured::Plan::Text);
    let circumstances = tools::Circumstances {
        called: &called,
        is_called: &is_called,
        thinks: reasoning.thinks(),
        capabilities,
    };
    let answer_tool = tools::tool_config(&mut body, given, plan, &mut names, circumstances, &mut notes)?;

    // Numbers, then reasoning, which overrules some of them.
    let sampling = Sampling { temperature, top_p, top_k };
    parameters::inference(&mut body, max_tokens, sampling, stop, capabilities, &mut notes)?;
    parameters::service_tier(&mut body, service_tier, &mut notes);
    parameters::bedrock_members(
        &mut body,
        parameters::BedrockMembers {
            performance_config,
            prompt_variables,
            additional_model_request_fields,
            additional_model_response_field_paths,
            output_config,
        },
        &mut notes,
    )?;
    body.guardrail_config = guardrail::config(guardrail, guardrail_config, &client.chat, stream, &mut notes)?;
    let switches = parameters::extra_body(&mut body, extra_body, &mut notes)?;
    reasoning::apply(&mut body, reasoning, limit_name.unwrap_or("max_tokens"), &mut notes);
    let beta = client.chat.anthropic_beta;
    let beta = beta
        .filter(|_| capabilities.anthropic_beta)
        .map(|beta| betas::taken(beta, anthropic_betas, &mut notes))
        .or(beta.map(Cow::Borrowed));
    parameters::anthropic_beta(&mut body, beta.as_deref(), capabilities, &mut notes)?;
    metadata::apply(
        &mut body,
        client.name,
        request_metadata,
        metadata,
        [user, safety_identifier],
        &mut notes,
    );
    cache::apply(&mut body, switches, automatic_caching, capabilities, &mut notes);

    let include_usage = stream_options_usage(stream_options, stream, &mut notes)?;
    let reply = Reply {
        model: asked.to_owned(),
        stream,
        include_usage,
        tools: names.into_changed(),
        answer_tool,
        legacy_functions,
        json_beside_calls,
        text: None,
    };
    let body = wire::pieces(source, source.len().saturating_add(BESIDE).min(AT_ONCE), &body);
    let operation = if stream { "converse-stream" } else { "converse" };
    Ok(Outgoing { operation, guardrail: None, body, ignored: notes.into_ignored(), reply })
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
