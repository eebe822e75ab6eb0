//! Numbers and switches of a request.

use serde::Serialize;

use crate::bedrock::converse::{self, Document, OutputConfig, ServiceTier};
use crate::openai::{Error, member};
use crate::translate::family::{Capabilities, TopK};
use crate::translate::notes::Notes;
use crate::wire::{self, List, Members, Number, OneOrMany, Raw, Str, object};

/// OpenAI's sampling parameters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sampling<'a> {
    pub(super) temperature: Option<Number<'a>>,
    pub(super) top_p: Option<Number<'a>>,
    pub(super) top_k: Option<i64>,
}

/// Bedrock's own members, as a client gives them beside OpenAI's.
#[derive(Debug)]
pub(super) struct BedrockMembers<'a> {
    pub(super) performance_config: Option<Raw<'a>>,
    pub(super) prompt_variables: Option<Raw<'a>>,
    pub(super) additional_model_request_fields: Option<Members<'a, Raw<'a>>>,
    pub(super) additional_model_response_field_paths: Option<Raw<'a>>,
    pub(super) output_config: Option<Raw<'a>>,
}

/// Bedrock's limit on stop sequences (service model).
const STOP_SEQUENCES: usize = 2_500;

/// Nova's own `inferenceConfig`, among the additional fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NovaInference {
    top_k: i64,
}

/// Only one choice can be had.
pub(super) fn one_choice(n: Option<i64>, notes: &mut Notes<'_>) -> Result<(), Error> {
    match n {
        None | Some(1) => Ok(()),
        Some(..1) => Err(Error::invalid_param("n", "'n' must be at least 1.")),
        Some(_) => notes.unsupported("n", "Bedrock gives one choice per request; 'n' must be 1."),
    }
}

/// Only text can be had.
pub(super) fn text_only(
    modalities: Option<List<Str<'_>>>,
    audio: Option<Raw<'_>>,
    notes: &mut Notes<'_>,
) -> Result<(), Error> {
    if modalities.is_some_and(|kinds| kinds.0.iter().any(|kind| &**kind != "text")) {
        notes.unsupported("modalities", "Only text output is available on Bedrock Converse.")?;
    }
    notes.ignore_if(audio.is_some(), "audio");
    Ok(())
}

/// The limit and what the client calls it; the newer name wins.
pub(super) fn max_tokens(
    max_completion_tokens: Option<i64>,
    max_tokens: Option<i64>,
    notes: &mut Notes<'_>,
) -> Result<Option<(&'static str, i64)>, Error> {
    let (name, value) = match (max_completion_tokens, max_tokens) {
        (Some(value), _) => ("max_completion_tokens", value),
        (None, Some(value)) => ("max_tokens", value),
        (None, None) => return Ok(None),
    };
    if value < 1 {
        notes.unsupported(name, "Bedrock generates at least one token; this must be 1 or more.")?;
        return Ok(None);
    }
    if value > i64::from(i32::MAX) {
        return Err(Error::invalid_param(name, format!("'{name}' is too large.")));
    }
    Ok(Some((name, value)))
}

/// Everything in `inferenceConfig`, and `top_k`.
pub(super) fn inference<'a>(
    body: &mut converse::Request<'a>,
    max_tokens: Option<i64>,
    sampling: Sampling<'a>,
    stop: Option<OneOrMany<'a, Str<'a>>>,
    capabilities: &Capabilities,
    notes: &mut Notes<'_>,
) -> Result<(), Error> {
    let Sampling { temperature, top_p, top_k } = sampling;
    body.inference_config.max_tokens = max_tokens;
    if let Some(temperature) = temperature {
        if !(0.0..=2.0).contains(&temperature.value) {
            return Err(Error::invalid_param("temperature", "'temperature' must be between 0 and 2."));
        }
        if capabilities.temperature {
            // OpenAI's scale goes on where Bedrock's ends.
            let is_above = temperature.value > 1.0;
            notes.ignore_if(is_above, "temperature");
            body.inference_config.temperature = Some(if is_above { Number::ONE } else { temperature });
        } else {
            notes.ignore_if(temperature.value != 1.0, "temperature");
        }
    }
    if let Some(top_p) = top_p {
        if !(0.0..=1.0).contains(&top_p.value) {
            return Err(Error::invalid_param("top_p", "'top_p' must be between 0 and 1."));
        }
        let pair = body.inference_config.temperature.is_some() && !capabilities.temperature_with_top_p;
        if capabilities.top_p && !pair {
            body.inference_config.top_p = Some(top_p);
        } else {
            notes.ignore_if(top_p.value != 1.0, "top_p");
        }
    }
    if let Some(top_k) = top_k {
        if top_k < 1 {
            return Err(Error::invalid_param("top_k", "'top_k' must be at least 1."));
        }
        let fields = &mut body.additional_model_request_fields;
        match capabilities.top_k {
            TopK::None => notes.ignore("top_k"),
            TopK::Field(name) => {
                fields.set(name, Document::ours(&top_k));
            }
            TopK::Nova => {
                fields.set("inferenceConfig", Document::ours(&NovaInference { top_k }));
            }
        }
    }
    stop_sequences(body, stop, capabilities, notes)
}

fn stop_sequences<'a>(
    body: &mut converse::Request<'a>,
    stop: Option<OneOrMany<'a, Str<'a>>>,
    capabilities: &Capabilities,
    notes: &mut Notes<'_>,
) -> Result<(), Error> {
    let mut sequences = match stop {
        None => return Ok(()),
        Some(OneOrMany::One(sequence)) => vec![sequence],
        Some(OneOrMany::Many(sequences)) => sequences,
    };
    sequences.retain(|sequence| !sequence.is_empty());
    if sequences.len() > STOP_SEQUENCES {
        let message = format!("'stop' has more than {STOP_SEQUENCES} sequences.");
        return Err(Error::invalid(message).param("stop"));
    }
    if !capabilities.blank_stop && sequences.iter().any(Str::is_blank) {
        notes.ignore("stop");
        sequences.retain(|sequence| !sequence.is_blank());
    }
    if capabilities.stop {
        body.inference_config.stop_sequences = sequences;
    } else {
        notes.ignore_if(!sequences.is_empty(), "stop");
    }
    Ok(())
}

/// The tiers that both know; `auto` is Bedrock's default.
pub(super) fn service_tier<'a>(
    body: &mut converse::Request<'a>,
    tier: Option<Str<'a>>,
    notes: &mut Notes<'_>,
) {
    let Some(tier) = tier else { return };
    match &*tier {
        "auto" => {}
        "default" | "flex" | "priority" => body.service_tier = Some(ServiceTier { kind: tier }),
        _ => notes.ignore("service_tier"),
    }
}

/// Bedrock's members go where they belong, their form checked as far as a wrong one would go unnoticed.
pub(super) fn bedrock_members<'a>(
    body: &mut converse::Request<'a>,
    members: BedrockMembers<'a>,
    notes: &mut Notes<'_>,
) -> Result<(), Error> {
    let BedrockMembers {
        performance_config,
        prompt_variables,
        additional_model_request_fields,
        additional_model_response_field_paths,
        output_config,
    } = members;
    body.performance_config = object(performance_config, "performanceConfig", notes)?;
    body.prompt_variables = object(prompt_variables, "promptVariables", notes)?;
    if let Some(config) = object(output_config, "outputConfig", notes)? {
        body.output_config = Some(output_config_beside(config, body.output_config.take(), notes)?);
    }
    if let Some(paths) = additional_model_response_field_paths {
        let name = "additionalModelResponseFieldPaths";
        if !paths.get().starts_with('[') {
            return Err(Error::invalid(format!("Invalid value for '{name}': expected a list.")).param(name));
        }
        notes.check_depth(paths, || name.to_owned())?;
        body.additional_model_response_field_paths = Some(paths);
    }
    additional_fields(body, additional_model_request_fields, "additionalModelRequestFields", notes)
}

/// A member that has to be an object, where it is there.
pub(super) fn object<'a>(
    value: Option<Raw<'a>>,
    name: &str,
    notes: &Notes<'_>,
) -> Result<Option<Raw<'a>>, Error> {
    if let Some(value) = value {
        if !value.get().starts_with('{') {
            return Err(
                Error::invalid(format!("Invalid value for '{name}': expected an object.")).param(name)
            );
        }
        notes.check_depth(value, || name.to_owned())?;
    }
    Ok(value)
}

/// The client's `outputConfig`, and the form of the answer where `response_format` asked for one.
fn output_config_beside<'a>(
    raw: Raw<'a>,
    ours: Option<OutputConfig<'a>>,
    notes: &mut Notes<'_>,
) -> Result<OutputConfig<'a>, Error> {
    const PARAM: &str = "outputConfig";
    let Some(OutputConfig::TextFormat { text_format }) = ours else {
        return Ok(OutputConfig::Raw(raw));
    };
    let Members(mut members): Members<'_, Raw<'_>> = member(raw, PARAM)?;
    if members.iter().any(|(name, _)| *name == "textFormat") {
        notes.ignore("response_format");
        return Ok(OutputConfig::Raw(raw));
    }
    let text_format = wire::raw_of(&text_format);
    members.push(("textFormat".into(), &text_format));
    Ok(OutputConfig::Mended(wire::raw_of(&Members(members))))
}

fn additional_fields<'a>(
    body: &mut converse::Request<'a>,
    members: Option<Members<'a, Raw<'a>>>,
    param: &str,
    notes: &mut Notes<'_>,
) -> Result<(), Error> {
    for (name, value) in members.map(|members| members.0).unwrap_or_default() {
        notes.check_depth(value, || format!("{param}.{}", &*name))?;
        // What the client says in the model's own words holds over what we would have made of its OpenAI parameters.
        let lost = if &*name == "tool_choice" { "parallel_tool_calls" } else { "top_k" };
        let replaced = body.additional_model_request_fields.set(name, Document::Raw(value));
        notes.ignore_if(matches!(replaced, Some(Document::Ours(_))), lost);
    }
    Ok(())
}

/// The header `anthropic-beta`, for Claude; what the client says among the additional fields holds.
pub(super) fn anthropic_beta(
    body: &mut converse::Request<'_>,
    header: Option<&str>,
    capabilities: &Capabilities,
    notes: &mut Notes<'_>,
) -> Result<(), Error> {
    const HEADER: &str = "anthropic-beta";
    const FIELD: &str = "anthropic_beta";
    let Some(header) = header else { return Ok(()) };
    let names: Vec<&str> = header.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let is_legal = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    if !names.iter().all(|name| name.bytes().all(is_legal)) {
        let message = format!("Invalid value for '{HEADER}': names, separated by commas, are expected.");
        return Err(Error::invalid(message).param(HEADER));
    }
    let fields = &mut body.additional_model_request_fields;
    if !capabilities.anthropic_beta || fields.value(FIELD).is_some() {
        notes.ignore(HEADER);
    } else if !names.is_empty() {
        fields.set(FIELD, Document::ours(&names));
    }
    Ok(())
}

/// Where the client asks for automatic cache points (the Bedrock access gateway's convention).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CacheSwitches {
    pub(super) system: bool,
    pub(super) messages: bool,
}

object! {
    /// `extra_body.prompt_caching`.
    struct PromptCaching<'a> {
        system: bool,
        messages: bool,
    }
}

/// A literal `extra_body`: additional fields, but for the access gateway's `prompt_caching`.
pub(super) fn extra_body<'a>(
    body: &mut converse::Request<'a>,
    members: Option<Members<'a, Raw<'a>>>,
    notes: &mut Notes<'_>,
) -> Result<CacheSwitches, Error> {
    let mut switches = CacheSwitches::default();
    let Some(Members(mut members)) = members else {
        return Ok(switches);
    };
    if let Some(at) = members.iter().position(|(name, _)| *name == "prompt_caching") {
        let (_, value) = members.remove(at);
        let PromptCaching { system, messages, unknown } = member(value, "extra_body.prompt_caching")?;
        notes.unknown("extra_body.prompt_caching.", unknown)?;
        switches = CacheSwitches { system: system.unwrap_or(false), messages: messages.unwrap_or(false) };
    }
    additional_fields(body, Some(Members(members)), "extra_body", notes)?;
    Ok(switches)
}
