//! Translation options of one model: capabilities, dropped parameters, guardrail, caching.

use crate::translate::chat::Parameter;
use crate::translate::chat::guardrail::{self, Guardrail};
use crate::translate::conversation::Effort;
use crate::translate::embeddings;
use crate::translate::fit::family::{
    self, Cache, CallsInText, Capabilities, Configured, DocumentsInResults, Forced, Off, Reasoning, Schemas,
    ThoughtsInText, ToolIds, TopK,
};

use super::Error;
use super::file;
use super::values::{error, error_in, inside, item, one_of};

/// Reads the options at `at` for the model of this id; `None` where there are none. `families` are the configured ones.
pub(super) fn model(
    id: &str,
    written: &file::Target,
    families: &[Configured],
    at: &str,
) -> Result<Option<crate::translate::Model>, Error> {
    let file::Target { drop, guardrail, automatic_caching, capabilities, .. } = written;
    if drop.is_none() && guardrail.is_none() && automatic_caching.is_none() && capabilities.is_none() {
        return Ok(None);
    }
    let (like, capabilities) = match capabilities {
        Some(written) => {
            let (like, capabilities) = capabilities_of(id, written, families, &inside(at, "capabilities"))?;
            (like, Some(capabilities))
        }
        None => (None, None),
    };
    Ok(Some(crate::translate::Model {
        like,
        capabilities,
        drop: dropped(drop.as_deref().unwrap_or_default(), &inside(at, "drop"))?,
        guardrail: guardrail
            .as_ref()
            .map(|written| guardrail_of(written, &inside(at, "guardrail")))
            .transpose()?,
        automatic_caching: *automatic_caching,
    }))
}

fn dropped(written: &[String], at: &str) -> Result<Vec<Parameter>, Error> {
    let parameter = |(index, name): (usize, &String)| {
        Parameter::ALL.iter().copied().find(|parameter| parameter.name() == *name).ok_or_else(|| {
            let names: Vec<_> = Parameter::ALL.iter().map(|parameter| parameter.name()).collect();
            error(item(at, index), one_of(&names))
        })
    };
    written.iter().enumerate().map(parameter).collect()
}

pub(super) fn guardrail_of(written: &file::Guardrail, at: &str) -> Result<Guardrail, Error> {
    let file::Guardrail { identifier, version, trace, stream_mode } = written;
    let identifier = identifier.clone().filter(|text| guardrail::is_identifier(text));
    let version = version.clone().filter(|text| guardrail::is_version(text));
    let one_of = |name: &str, written: &Option<String>, known: &[&'static str]| match written {
        None => Ok(None),
        Some(written) => match known.iter().find(|known| **known == *written) {
            Some(known) => Ok(Some(*known)),
            None => Err(error_in(at, name, &one_of(known))),
        },
    };
    Ok(Guardrail {
        identifier: identifier
            .ok_or_else(|| error_in(at, "identifier", "must be a guardrail's id or ARN"))?,
        version: version.ok_or_else(|| error_in(at, "version", "must be a number in quotes, or DRAFT"))?,
        trace: one_of("trace", trace, guardrail::TRACES)?,
        stream_mode: one_of("stream_mode", stream_mode, guardrail::STREAM_MODES)?,
    })
}

/// The model's capabilities: those written, over those of the model it is `like`, or of its family.
pub(super) fn capabilities_of(
    id: &str,
    written: &file::Capabilities,
    families: &[Configured],
    at: &str,
) -> Result<(Option<String>, Capabilities), Error> {
    let file::Capabilities {
        like,
        min_tokens,
        max_tokens,
        hyphens,
        temperature,
        top_p,
        temperature_with_top_p,
        top_k,
        stop,
        max_stops,
        blank_stop,
        system,
        tools,
        tools_in_streams,
        forced_tool,
        strict_tools,
        single_call,
        tool_ids,
        text_beside_calls,
        text_beside_results,
        documents_beside_results,
        images_in_results,
        documents_in_results,
        result_status,
        schemas,
        structured_output,
        prefill,
        reasoning,
        bound_thoughts,
        efforts,
        reasoning_off,
        forced_while_reasoning,
        cache,
        cache_tools,
        cache_media,
        anthropic_beta,
        thoughts_in_text,
        calls_in_text,
        messages,
        audio,
        citations,
        web_search,
    } = written;
    let configured = |id: &str| family::find(families, id).map(|family| &family.capabilities);
    let base = match like {
        Some(like) => match configured(like).or_else(|| family::known(like)) {
            Some(known) => known,
            None if embeddings::texts_per_call(like).is_some() => family::capabilities(like),
            None => {
                let reason = "no model of a known family, such as 'anthropic.claude-sonnet-4-5'";
                return Err(error_in(at, "like", reason));
            }
        },
        None => configured(id).unwrap_or_else(|| family::capabilities(id)),
    };
    let capabilities = Capabilities {
        min_tokens: min_tokens.map_or(base.min_tokens, i64::from),
        max_tokens: max_tokens.map(i64::from).or(base.max_tokens),
        hyphens: hyphens.unwrap_or(base.hyphens),
        temperature: temperature.unwrap_or(base.temperature),
        top_p: top_p.unwrap_or(base.top_p),
        temperature_with_top_p: temperature_with_top_p.unwrap_or(base.temperature_with_top_p),
        stop: stop.unwrap_or(base.stop),
        max_stops: max_stops.and_then(|most| usize::try_from(most).ok()).or(base.max_stops),
        blank_stop: blank_stop.unwrap_or(base.blank_stop),
        top_k: (*top_k).map_or(base.top_k, Into::into),
        system: system.unwrap_or(base.system),
        tools: tools.unwrap_or(base.tools),
        tools_in_streams: tools_in_streams.unwrap_or(base.tools_in_streams),
        forced_tool: (*forced_tool).map_or(base.forced_tool, Into::into),
        strict_tools: strict_tools.unwrap_or(base.strict_tools),
        single_call: single_call.unwrap_or(base.single_call),
        tool_ids: (*tool_ids).map_or(base.tool_ids, Into::into),
        text_beside_calls: text_beside_calls.unwrap_or(base.text_beside_calls),
        text_beside_results: text_beside_results.unwrap_or(base.text_beside_results),
        documents_beside_results: documents_beside_results.unwrap_or(base.documents_beside_results),
        images_in_results: images_in_results.unwrap_or(base.images_in_results),
        documents_in_results: (*documents_in_results).map_or(base.documents_in_results, Into::into),
        result_status: result_status.unwrap_or(base.result_status),
        structured_output: structured_output.unwrap_or(base.structured_output),
        prefill: prefill.unwrap_or(base.prefill),
        reasoning: (*reasoning).map_or(base.reasoning, Into::into),
        bound_thoughts: bound_thoughts.unwrap_or(base.bound_thoughts),
        efforts: efforts
            .as_ref()
            .map_or(base.efforts, |efforts| efforts.iter().copied().map(Effort::from).collect()),
        off: (*reasoning_off).map_or(base.off, Into::into),
        forced_while_reasoning: forced_while_reasoning.unwrap_or(base.forced_while_reasoning),
        cache: (*cache).map_or(base.cache, Into::into),
        cache_tools: cache_tools.unwrap_or(base.cache_tools),
        cache_media: cache_media.unwrap_or(base.cache_media),
        schemas: (*schemas).map_or(base.schemas, Into::into),
        anthropic_beta: anthropic_beta.unwrap_or(base.anthropic_beta),
        thoughts_in_text: (*thoughts_in_text).map_or(base.thoughts_in_text, Into::into),
        calls_in_text: (*calls_in_text).map_or(base.calls_in_text, Into::into),
        messages: messages.map_or(base.messages, |way| way == file::Messages::Native),
        audio: audio.unwrap_or(base.audio),
        citations: citations.unwrap_or(base.citations),
        web_search: web_search.unwrap_or(base.web_search),
    };
    Ok((like.clone(), capabilities))
}

impl From<file::TopK> for TopK {
    fn from(written: file::TopK) -> Self {
        match written {
            file::TopK::None => Self::None,
            file::TopK::Usual => Self::Field("top_k"),
            file::TopK::K => Self::Field("k"),
            file::TopK::Nova => Self::Nova,
        }
    }
}

impl From<file::Forced> for Forced {
    fn from(written: file::Forced) -> Self {
        match written {
            file::Forced::None => Self::No,
            file::Forced::Any => Self::Any,
            file::Forced::Named => Self::Named,
        }
    }
}

impl From<file::ToolIds> for ToolIds {
    fn from(written: file::ToolIds) -> Self {
        match written {
            file::ToolIds::Usual => Self::Usual,
            file::ToolIds::Plain => Self::Plain,
            file::ToolIds::Nine => Self::Nine,
        }
    }
}

impl From<file::ThoughtsInText> for ThoughtsInText {
    fn from(written: file::ThoughtsInText) -> Self {
        match written {
            file::ThoughtsInText::None => Self::No,
            file::ThoughtsInText::Think => Self::Think,
            file::ThoughtsInText::Thinking => Self::Thinking,
            file::ThoughtsInText::Begun => Self::Begun,
        }
    }
}

impl From<file::CallsInText> for CallsInText {
    fn from(written: file::CallsInText) -> Self {
        match written {
            file::CallsInText::None => Self::No,
            file::CallsInText::Kimi => Self::Kimi,
        }
    }
}

impl From<file::DocumentsInResults> for DocumentsInResults {
    fn from(written: file::DocumentsInResults) -> Self {
        match written {
            file::DocumentsInResults::None => Self::No,
            file::DocumentsInResults::Texts => Self::Texts,
            file::DocumentsInResults::Any => Self::Any,
        }
    }
}

impl From<file::Schemas> for Schemas {
    fn from(written: file::Schemas) -> Self {
        match written {
            file::Schemas::Any => Self::Any,
            file::Schemas::Plain => Self::Plain,
        }
    }
}

impl From<file::Reasoning> for Reasoning {
    fn from(written: file::Reasoning) -> Self {
        match written {
            file::Reasoning::None => Self::None,
            file::Reasoning::Budget => Self::Budget,
            file::Reasoning::Adaptive => Self::Adaptive,
            file::Reasoning::AdaptiveOnly => Self::AdaptiveOnly,
            file::Reasoning::Nova => Self::Nova,
            file::Reasoning::Effort => Self::Effort,
            file::Reasoning::Openai => Self::OpenAi,
            file::Reasoning::Xai => Self::Xai,
            file::Reasoning::Qwen => Self::Qwen,
        }
    }
}

impl From<file::Effort> for Effort {
    fn from(written: file::Effort) -> Self {
        match written {
            file::Effort::None => Self::None,
            file::Effort::Minimal => Self::Minimal,
            file::Effort::Low => Self::Low,
            file::Effort::Medium => Self::Medium,
            file::Effort::High => Self::High,
            file::Effort::XHigh => Self::XHigh,
            file::Effort::Max => Self::Max,
        }
    }
}

impl From<file::Off> for Off {
    fn from(written: file::Off) -> Self {
        match written {
            file::Off::Unasked => Self::Unasked,
            file::Off::Disabled => Self::Disabled,
            file::Off::BetweenTools => Self::BetweenTools,
            file::Off::Never => Self::Never,
        }
    }
}

impl From<file::Cache> for Cache {
    fn from(written: file::Cache) -> Self {
        match written {
            file::Cache::None => Self::No,
            file::Cache::FiveMinutes => Self::FiveMinutes,
            file::Cache::OneHour => Self::OneHour,
        }
    }
}
