//! Parameters of a request that are the same in every API.

use crate::bedrock::converse::ServiceTier;
use crate::openai::{Error, member};
use crate::translate::conversation::{Effort, Sampling, Thinking};
use crate::translate::notes::Notes;
use crate::wire::{Number, OneOrMany, Raw, Str, object};

/// Most stop sequences (service model of Converse).
const STOP_SEQUENCES: usize = 2_500;

/// Sampling parameters without the limit on tokens; `stop` comes with its name in the request.
pub(in crate::translate) fn sampling<'a>(
    temperature: Option<Number<'a>>,
    top_p: Option<Number<'a>>,
    top_k: Option<i64>,
    (stop, stop_name): (Option<OneOrMany<'a, Str<'a>>>, &'static str),
    notes: &mut Notes<'_>,
) -> Result<Sampling<'a>, Error> {
    let temperature = match temperature {
        Some(temperature) if !(0.0..=2.0).contains(&temperature.value) => {
            return Err(Error::invalid_param("temperature", "'temperature' must be between 0 and 2."));
        }
        // OpenAI's scale goes to 2, Bedrock's to 1.
        Some(temperature) if temperature.value > 1.0 => {
            notes.ignore("temperature");
            Some(Number::ONE)
        }
        temperature => temperature,
    };
    if top_p.is_some_and(|top_p| !(0.0..=1.0).contains(&top_p.value)) {
        return Err(Error::invalid_param("top_p", "'top_p' must be between 0 and 1."));
    }
    if top_k.is_some_and(|top_k| top_k < 1) {
        return Err(Error::invalid_param("top_k", "'top_k' must be at least 1."));
    }
    let mut stop = match stop {
        None => Vec::new(),
        Some(OneOrMany::One(sequence)) => vec![sequence],
        Some(OneOrMany::Many(sequences)) => sequences,
    };
    stop.retain(|sequence| !sequence.is_empty());
    if stop.len() > STOP_SEQUENCES {
        let message = format!("'{stop_name}' has more than {STOP_SEQUENCES} sequences.");
        return Err(Error::invalid(message).param(stop_name));
    }
    Ok(Sampling { max_tokens: None, temperature, top_p, top_k, stop })
}

/// A limit on generated tokens in member `name`.
pub(in crate::translate) fn limit(
    value: i64,
    name: &'static str,
    notes: &mut Notes<'_>,
) -> Result<Option<i64>, Error> {
    if value < 1 {
        notes.unsupported(name, "Bedrock generates at least one token; this must be 1 or more.")?;
        return Ok(None);
    }
    if value > i64::from(i32::MAX) {
        return Err(Error::invalid_param(name, format!("'{name}' is too large.")));
    }
    Ok(Some(value))
}

/// The effort level in `param`.
pub(in crate::translate) fn effort(effort: Option<Str<'_>>, param: &str) -> Result<Option<Effort>, Error> {
    let Some(effort) = effort else { return Ok(None) };
    match Effort::ALL.iter().find(|known| known.name() == &*effort) {
        Some(known) => Ok(Some(*known)),
        None => {
            let names: Vec<_> = Effort::ALL.iter().map(|known| known.name()).collect();
            let message = format!("'{param}' must be one of: {}.", names.join(", "));
            Err(Error::invalid(message).param(param))
        }
    }
}

object! {
    /// Anthropic's `thinking`.
    struct ThinkingConfig<'a> {
        kind = "type": Str<'a>,
        budget_tokens: i64,
    }
}

/// `thinking`.
pub(in crate::translate) fn thinking<'a>(
    raw: Option<Raw<'a>>,
    notes: &mut Notes<'_>,
) -> Result<Option<Thinking<'a>>, Error> {
    let Some(raw) = raw else { return Ok(None) };
    notes.check_depth(raw, || "thinking".to_owned())?;
    let ThinkingConfig { kind, budget_tokens, unknown } = member(raw, "thinking")?;
    if matches!(kind.as_deref(), Some("enabled" | "disabled")) {
        notes.unknown("thinking.", unknown)?;
    }
    Ok(Some(match (kind.as_deref(), budget_tokens) {
        (Some("enabled"), Some(budget)) => Thinking::Budget(budget),
        (Some("enabled"), None) => return Err(Error::missing("thinking.budget_tokens")),
        (Some("disabled"), _) => Thinking::Disabled,
        _ => Thinking::Other(raw),
    }))
}

/// Service tiers that both APIs have; `auto` is Bedrock's default.
pub(in crate::translate) fn service_tier<'a>(
    tier: Option<Str<'a>>,
    notes: &mut Notes<'_>,
) -> Option<ServiceTier<'a>> {
    let tier = tier?;
    match &*tier {
        "auto" => None,
        "default" | "flex" | "priority" => Some(ServiceTier { kind: tier }),
        _ => {
            notes.ignore("service_tier");
            None
        }
    }
}
