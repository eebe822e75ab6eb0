//! `guardrailConfig`: the configuration's, which no client can change; else the client's, from the body or headers.

use serde::Serialize;

use crate::bedrock::converse::{Document, STREAM_ONLY};
use crate::openai::Error;
use crate::translate::forced_guardrail;
use crate::translate::front::bedrock_members::object;
use crate::translate::notes::Notes;
use crate::wire::{Members, Raw};

/// A guardrail of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guardrail {
    /// Its id or ARN.
    pub identifier: String,
    /// A number, or `DRAFT`.
    pub version: String,
    /// `enabled`, `disabled` or `enabled_full`; `None`: Bedrock's default.
    pub trace: Option<&'static str>,
    /// `sync` or `async`, for streams; `None`: Bedrock's default.
    pub stream_mode: Option<&'static str>,
}

/// The client's headers that affect a chat, by their names in Bedrock's InvokeModel and Anthropic's API.
#[derive(Clone, Debug, Default)]
pub struct Headers<'a> {
    /// `x-amzn-bedrock-guardrailidentifier`.
    pub guardrail_identifier: Option<&'a str>,
    /// `x-amzn-bedrock-guardrailversion`.
    pub guardrail_version: Option<&'a str>,
    /// `x-amzn-bedrock-trace`.
    pub guardrail_trace: Option<&'a str>,
    /// `anthropic-beta`: names, separated by commas.
    pub anthropic_beta: Option<&'a str>,
}

/// The name of the header with a guardrail's id or ARN.
pub const IDENTIFIER: &str = "x-amzn-bedrock-guardrailidentifier";
/// The name of the header with a guardrail's version.
pub const VERSION: &str = "x-amzn-bedrock-guardrailversion";
/// The name of the header that asks for a guardrail's trace.
pub const TRACE: &str = "x-amzn-bedrock-trace";

const MEMBER: &str = "guardrailConfig";
/// Values of `trace` (service model).
pub const TRACES: &[&str] = &["enabled", "disabled", "enabled_full"];
/// Values of `streamProcessingMode` (service model).
pub const STREAM_MODES: &[&str] = &["sync", "async"];

/// Refuses fields of the model's native body, as in InvokeModel, that would exempt text from a forced guardrail.
pub(in crate::translate) fn check_fields<'a>(
    forced: Option<&Guardrail>,
    fields: [(&str, &Option<Members<'a, Raw<'a>>>); 2],
) -> Result<(), Error> {
    if forced.is_some() {
        for (param, fields) in fields {
            if let Some(fields) = fields {
                forced_guardrail::check_fields(fields, param)?;
            }
        }
    }
    Ok(())
}

/// The `guardrailConfig` of a request.
pub(in crate::translate) fn config<'a>(
    forced: Option<&Guardrail>,
    written: Option<Raw<'a>>,
    headers: &Headers<'_>,
    stream: bool,
    notes: &mut Notes<'_>,
) -> Result<Option<Document<'a>>, Error> {
    let Headers { guardrail_identifier, guardrail_version, guardrail_trace, anthropic_beta: _ } = *headers;
    let given = [(guardrail_identifier, IDENTIFIER), (guardrail_version, VERSION), (guardrail_trace, TRACE)];
    let written = object(written, MEMBER, notes)?;
    if forced.is_some() || written.is_some() {
        for (value, name) in given {
            notes.ignore_if(value.is_some(), name);
        }
    }
    if let Some(guardrail) = forced {
        notes.ignore_if(written.is_some(), MEMBER);
        return Ok(Some(guardrail.document(stream)));
    }
    if let Some(written) = written {
        let written = Document::Raw(written);
        return Ok(Some(if stream { written } else { written.without(STREAM_ONLY) }));
    }
    let (identifier, version) = match (guardrail_identifier, guardrail_version) {
        (Some(identifier), Some(version)) => (identifier, version),
        (None, None) => {
            notes.ignore_if(guardrail_trace.is_some(), TRACE);
            return Ok(None);
        }
        (None, Some(_)) => return Err(refuse(IDENTIFIER, "it is missing beside the guardrail's version.")),
        (Some(_), None) => return Err(refuse(VERSION, "it is missing beside the guardrail's identifier.")),
    };
    if !is_identifier(identifier) {
        return Err(refuse(IDENTIFIER, "it is no guardrail's id or ARN."));
    }
    if !is_version(version) {
        return Err(refuse(VERSION, "it is a number, or DRAFT."));
    }
    let trace = guardrail_trace.map(str::to_ascii_lowercase);
    if trace.as_deref().is_some_and(|trace| !TRACES.contains(&trace)) {
        return Err(refuse(TRACE, "it is ENABLED, DISABLED or ENABLED_FULL."));
    }
    Ok(Some(document(identifier, version, trace.as_deref(), None)))
}

impl Guardrail {
    /// The headers that name the guardrail, for operations with a native body.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let Self { identifier, version, trace, stream_mode: _ } = self;
        let mut headers = vec![(IDENTIFIER, identifier.clone()), (VERSION, version.clone())];
        headers.extend(trace.map(|trace| (TRACE, trace.to_ascii_uppercase())));
        headers
    }

    fn document<'a>(&self, stream: bool) -> Document<'a> {
        let Self { identifier, version, trace, stream_mode } = self;
        document(identifier, version, *trace, stream_mode.filter(|_| stream))
    }
}

/// Bedrock's `guardrailConfig`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GuardrailConfig<'a> {
    guardrail_identifier: &'a str,
    guardrail_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_processing_mode: Option<&'a str>,
}

fn document<'a>(
    identifier: &str,
    version: &str,
    trace: Option<&str>,
    stream_mode: Option<&str>,
) -> Document<'a> {
    Document::ours(&GuardrailConfig {
        guardrail_identifier: identifier,
        guardrail_version: version,
        trace,
        stream_processing_mode: stream_mode,
    })
}

fn refuse(param: &str, reason: &str) -> Error {
    Error::invalid(format!("Invalid value for '{param}': {reason}")).param(param)
}

/// Whether a text is a guardrail's id or ARN (service model).
pub fn is_identifier(text: &str) -> bool {
    let is_plain =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let Some(arn) = text.strip_prefix("arn:aws") else {
        return is_plain(text) && text.len() <= 2_048;
    };
    let mut parts = arn.splitn(5, ':');
    let mut part = || parts.next().unwrap_or_default();
    let (partition, service, region, account, resource) = (part(), part(), part(), part(), part());
    (partition.is_empty() || partition.starts_with('-'))
        && partition.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        && service == "bedrock"
        && (1..=20).contains(&region.len())
        && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && resource.strip_prefix("guardrail/").is_some_and(is_plain)
}

/// Whether a text is a guardrail's version (service model): a number of up to eight digits, or `DRAFT`.
pub fn is_version(text: &str) -> bool {
    let is_number =
        (1..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    is_number || text == "DRAFT"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire;

    #[test]
    fn no_field_of_the_models_own_narrows_a_forced_guardrail() {
        let forced =
            Guardrail { identifier: "g".into(), version: "1".into(), trace: None, stream_mode: None };
        for name in [
            "amazon-bedrock-guardrailConfig",
            "AMAZON-BEDROCK-GUARDRAILCONFIG",
            r"amazon-bedrock-guardrail\u0043onfig",
            r"\u0061mazon-bedrock-guardrailConfig",
        ] {
            let text = format!(r#"{{"top_k":1,"{name}":{{"tagSuffix":"x"}}}}"#);
            let fields = Some(wire::from_str::<Members<'_, Raw<'_>>>(&text).unwrap());
            for given in [[("a", &fields), ("b", &None)], [("a", &None), ("b", &fields)]] {
                let param = given.iter().find(|(_, fields)| fields.is_some()).unwrap().0;
                let error = check_fields(Some(&forced), given).unwrap_err();
                assert_eq!((error.status, error.code), (403, Some("guardrail_forced")), "{name}");
                assert_eq!(error.param.as_deref(), Some(param));
                assert!(check_fields(None, given).is_ok(), "without one they are the client's to give");
            }
        }
        let others = Some(wire::from_str::<Members<'_, Raw<'_>>>(r#"{"top_k":1}"#).unwrap());
        assert!(check_fields(Some(&forced), [("a", &others), ("b", &None)]).is_ok());
    }

    #[test]
    fn identifiers_and_versions_are_told_as_the_service_model_has_them() {
        for text in [
            "abc123",
            "arn:aws:bedrock:us-east-1:123456789012:guardrail/abc",
            "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:guardrail/x1",
        ] {
            assert!(is_identifier(text), "{text}");
        }
        for text in [
            "",
            "ABC",
            "a b",
            "arn:aws:s3:us-east-1:123456789012:guardrail/abc",
            "arn:aws:bedrock:us-east-1:1:guardrail/abc",
            "arn:aws:bedrock:us-east-1:123456789012:guardrail/",
            "arn:aws:bedrock:us-east-1:123456789012:model/abc",
        ] {
            assert!(!is_identifier(text), "{text}");
        }
        for (text, legal) in [
            ("1", true),
            ("DRAFT", true),
            ("12345678", true),
            ("0", false),
            ("123456789", false),
            ("draft", false),
            ("", false),
        ] {
            assert_eq!(is_version(text), legal, "{text}");
        }
    }
}
