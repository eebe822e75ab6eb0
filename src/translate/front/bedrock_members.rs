//! Bedrock's own members beside OpenAI's, their form checked as far as a wrong one would go unnoticed.

use std::borrow::Cow;

use crate::openai::{Error, member};
use crate::translate::conversation::{Caching, Written};
use crate::translate::notes::Notes;
use crate::wire::{Members, Raw, object};

/// Members of the model's own body.
pub(in crate::translate) type Fields<'a> = Vec<(Cow<'a, str>, Raw<'a>)>;

/// A member that has to be an object, where it is there.
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
pub(in crate::translate) fn output_config<'a>(
    raw: Option<Raw<'a>>,
    notes: &Notes<'_>,
) -> Result<Option<Written<'a>>, Error> {
    const PARAM: &str = "outputConfig";
    let Some(raw) = object(raw, PARAM, notes)? else { return Ok(None) };
    let Members(members) = member(raw, PARAM)?;
    Ok(Some(Written { raw, members }))
}

/// `additionalModelResponseFieldPaths`, a list.
pub(in crate::translate) fn response_paths<'a>(
    paths: Option<Raw<'a>>,
    notes: &Notes<'_>,
) -> Result<Option<Raw<'a>>, Error> {
    let Some(paths) = paths else { return Ok(None) };
    let name = "additionalModelResponseFieldPaths";
    if !paths.get().starts_with('[') {
        return Err(Error::invalid(format!("Invalid value for '{name}': expected a list.")).param(name));
    }
    notes.check_depth(paths, || name.to_owned())?;
    Ok(Some(paths))
}

/// Adds fields. `param` is where they stand.
pub(in crate::translate) fn fields<'a>(
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

/// The header `anthropic-beta`: names, separated by commas.
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

/// A literal `extra_body`: additional fields, but for the access gateway's `prompt_caching`.
/// What is in it goes behind the fields that there are.
pub(in crate::translate) fn extra_body<'a>(
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
