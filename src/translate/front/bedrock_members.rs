//! Bedrock's own members in OpenAI's requests. Their form is checked as far as Bedrock would not report an error itself.

use std::borrow::Cow;

use crate::openai::{Error, member};
use crate::translate::chat::guardrail;
use crate::translate::conversation::{Caching, Conversation, Rest, Written};
use crate::translate::notes::Notes;
use crate::translate::{Client, Rules};
use crate::wire::{Members, Raw, Str, object};

use super::{metadata, parameters};

/// Members of the model's native body.
type Fields<'a> = Vec<(Cow<'a, str>, Raw<'a>)>;

/// Members beside OpenAI's own, and those that only label or bill a request.
#[derive(Debug, Default)]
pub(in crate::translate) struct Beside<'a> {
    pub(in crate::translate) guardrail_config: Option<Raw<'a>>,
    pub(in crate::translate) performance_config: Option<Raw<'a>>,
    pub(in crate::translate) prompt_variables: Option<Raw<'a>>,
    pub(in crate::translate) request_metadata: Option<Members<'a, Str<'a>>>,
    pub(in crate::translate) additional_model_request_fields: Option<Members<'a, Raw<'a>>>,
    pub(in crate::translate) additional_model_response_field_paths: Option<Raw<'a>>,
    pub(in crate::translate) output_config: Option<Raw<'a>>,
    pub(in crate::translate) extra_body: Option<Members<'a, Raw<'a>>>,
    pub(in crate::translate) thinking: Option<Raw<'a>>,
    pub(in crate::translate) metadata: Option<Members<'a, Str<'a>>>,
    pub(in crate::translate) service_tier: Option<Str<'a>>,
    /// `user` and `safety_identifier`.
    pub(in crate::translate) people: [Option<Str<'a>>; 2],
}

/// Adds these members to a conversation. `stream` says whether the client asked for a stream.
///
/// # Errors
/// 400 with the path of a wrong member; 403 for one that would evade the configured guardrail.
pub(in crate::translate) fn set<'a>(
    into: &mut Conversation<'a>,
    beside: Beside<'a>,
    client: &Client<'_>,
    rules: &Rules<'_>,
    stream: bool,
    notes: &mut Notes<'_>,
) -> Result<(), Error> {
    const FIELDS: &str = "additionalModelRequestFields";
    guardrail::check_fields(
        rules.guardrail,
        [(FIELDS, &beside.additional_model_request_fields), ("extra_body", &beside.extra_body)],
    )?;
    fields(&mut into.fields, beside.additional_model_request_fields, FIELDS, notes)?;
    let caching = extra_body(&mut into.fields, beside.extra_body, notes)?;
    let automatic = if client.is_part { Some(false) } else { rules.automatic_caching };
    into.caching = Caching { automatic, last: into.caching.last, ..caching };
    into.rest = Rest {
        guardrail: guardrail::config(rules.guardrail, beside.guardrail_config, &client.chat, stream, notes)?,
        labels: metadata::labels(client, beside.request_metadata, beside.metadata, beside.people, notes),
        performance: object(beside.performance_config, "performanceConfig", notes)?,
        prompt_variables: object(beside.prompt_variables, "promptVariables", notes)?,
        response_paths: response_paths(beside.additional_model_response_field_paths, notes)?,
        service_tier: parameters::service_tier(beside.service_tier, notes),
    };
    into.thinking = parameters::thinking(beside.thinking, notes)?;
    into.betas = betas(client.chat.anthropic_beta)?;
    into.output_config = output_config(beside.output_config, notes)?;
    Ok(())
}

/// A member that must be an object, where present.
pub(in crate::translate) fn object<'a>(
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

/// The client's `outputConfig`.
fn output_config<'a>(raw: Option<Raw<'a>>, notes: &Notes<'_>) -> Result<Option<Written<'a>>, Error> {
    const PARAM: &str = "outputConfig";
    let Some(raw) = object(raw, PARAM, notes)? else { return Ok(None) };
    let Members(members) = member(raw, PARAM)?;
    Ok(Some(Written { raw, members }))
}

/// `additionalModelResponseFieldPaths`, a list.
fn response_paths<'a>(paths: Option<Raw<'a>>, notes: &Notes<'_>) -> Result<Option<Raw<'a>>, Error> {
    let Some(paths) = paths else { return Ok(None) };
    let name = "additionalModelResponseFieldPaths";
    if !paths.get().starts_with('[') {
        return Err(Error::invalid(format!("Invalid value for '{name}': expected a list.")).param(name));
    }
    notes.check_depth(paths, || name.to_owned())?;
    Ok(Some(paths))
}

/// Adds native fields. `param` is their path.
fn fields<'a>(
    into: &mut Fields<'a>,
    members: Option<Members<'a, Raw<'a>>>,
    param: &str,
    notes: &Notes<'_>,
) -> Result<(), Error> {
    let Members(members) = members.unwrap_or(Members(Vec::new()));
    for (name, value) in &members {
        notes.check_depth(value, || format!("{param}.{}", &**name))?;
    }
    into.extend(members);
    Ok(())
}

/// Parses the header `anthropic-beta`: names, separated by commas.
pub(in crate::translate) fn betas(header: Option<&str>) -> Result<Option<Vec<String>>, Error> {
    const HEADER: &str = "anthropic-beta";
    let Some(header) = header else { return Ok(None) };
    let names = header.split(',').map(str::trim).filter(|name| !name.is_empty());
    let names: Vec<String> = names.map(str::to_owned).collect();
    let is_legal = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    if !names.iter().all(|name| name.bytes().all(is_legal)) {
        let message = format!("Invalid value for '{HEADER}': names, separated by commas, are expected.");
        return Err(Error::invalid(message).param(HEADER));
    }
    Ok(Some(names))
}

object! {
    /// `extra_body.prompt_caching`.
    struct PromptCaching<'a> {
        system: bool,
        messages: bool,
    }
}

/// A literal `extra_body`: additional fields, except for bedrock-access-gateway's `prompt_caching`. They are added after the
/// fields that exist already.
fn extra_body<'a>(
    into: &mut Fields<'a>,
    members: Option<Members<'a, Raw<'a>>>,
    notes: &mut Notes<'_>,
) -> Result<Caching, Error> {
    let mut caching = Caching::default();
    let Some(Members(mut members)) = members else {
        return Ok(caching);
    };
    if let Some(at) = members.iter().position(|(name, _)| *name == "prompt_caching") {
        let (_, value) = members.remove(at);
        let PromptCaching { system, messages, unknown } = member(value, "extra_body.prompt_caching")?;
        notes.unknown("extra_body.prompt_caching.", unknown)?;
        caching.system = system.unwrap_or(false);
        caching.messages = messages.unwrap_or(false);
    }
    fields(into, Some(Members(members)), "extra_body", notes)?;
    Ok(caching)
}

#[cfg(test)]
mod tests {
    use crate::openai::Endpoint;
    use crate::translate::{Client, Options, request};

    /// Whether a chat with a tool gets cache points.
    fn is_cached(client: &Client<'_>, options: &Options) -> bool {
        let body = br#"{"messages": [{"role": "user", "content": "hi"}],
            "tools": [{"type": "function", "function": {"name": "f"}}]}"#;
        let model = |_: Option<&str>| Ok("anthropic.claude-sonnet-4-5".to_owned());
        let (_, outgoing) = request(Endpoint::ChatCompletions, body, client, options, model).unwrap();
        String::from_utf8(outgoing.body.into_vec()).unwrap().contains("cachePoint")
    }

    #[test]
    fn a_part_of_a_request_gets_no_automatic_cache_points() {
        for automatic_caching in [None, Some(true)] {
            let options = Options { automatic_caching, ..Options::default() };
            assert!(is_cached(&Client::default(), &options));
            assert!(!is_cached(&Client { is_part: true, ..Client::default() }, &options));
        }
    }

    #[test]
    fn automatic_caching_that_is_off_adds_no_cache_points() {
        let options = Options { automatic_caching: Some(false), ..Options::default() };
        assert!(!is_cached(&Client::default(), &options));
    }
}
