//! Reads the responses of credential endpoints: what ECS, EKS, EC2 and STS have in common.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Answer, Temporary};
use crate::aws::{Credentials, dates};
use crate::texts::for_log;

/// Largest response, bytes: larger than any token or set of credentials.
pub(in crate::aws) const LARGEST: usize = 64 << 10;

/// The body of a response of status 200. `place` names the endpoint in errors.
pub(super) fn body<'a>(answer: Answer<'a>, place: &str) -> Result<&'a [u8], String> {
    match answer.status {
        Some(200) if answer.body.len() > LARGEST => Err(format!("{place} answered too much")),
        Some(200) => Ok(answer.body),
        Some(status) => match code(answer.body) {
            Some(code) => Err(format!("{place} answered {status}: {code}")),
            None => Err(format!("{place} answered {status}")),
        },
        None => Err(format!("{place} did not answer")),
    }
}

/// A body that fits into a header: a token or a role's name.
pub(super) fn text(answer: Answer<'_>, place: &str) -> Result<String, String> {
    let text = std::str::from_utf8(body(answer, place)?).unwrap_or("\n\n").trim();
    match text {
        "" => Err(format!("{place} is empty")),
        text if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(text.to_owned()),
        _ => Err(format!("{place} has characters that no header can carry")),
    }
}

/// Parses a JSON object; `None` for anything else.
pub(super) fn object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    // serde would also read an array, as the members in their order.
    let is_object = body.len() <= LARGEST && body.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(body).ok()).flatten()
}

/// A member that is a string, or a number in its written form; absent for other types.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = <&RawValue>::deserialize(deserializer)?.get();
        let is_number = serde_json::from_str::<f64>(written).is_ok();
        Ok(Self(if is_number { Some(written.to_owned()) } else { serde_json::from_str(written).ok() }))
    }
}

impl From<Text> for Option<String> {
    fn from(Text(text): Text) -> Self {
        text
    }
}

/// Credentials in the JSON of the container endpoint and the instance metadata.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Written {
    code: Text,
    access_key_id: Text,
    secret_access_key: Text,
    token: Text,
    expiration: Text,
}

/// The credentials in such a response.
pub(super) fn credentials(answer: Answer<'_>, place: &str) -> Result<Temporary, String> {
    let written = object(body(answer, place)?);
    let Written { code, access_key_id, secret_access_key, token, expiration } =
        written.ok_or_else(|| format!("{place} answered with no JSON of credentials"))?;
    if let Some(code) = code.0.filter(|code| code != "Success") {
        return Err(format!("{place} has no credentials: {}", reason(&code)));
    }
    temporary([access_key_id.0, secret_access_key.0, token.0], expiration.0, place)
}

/// Credentials from key id, secret, token and expiry.
pub(super) fn temporary(
    parts: [Option<String>; 3],
    expiration: Option<String>,
    place: &str,
) -> Result<Temporary, String> {
    let missing = |what: &str| [place, " answered without a good ", what].concat();
    for (part, what) in parts.iter().zip(["key id", "secret key", "session token"]) {
        let part = part.as_deref().unwrap_or_default();
        if part.is_empty() || !part.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(missing(what));
        }
    }
    let expires = expiration.as_deref().and_then(moment).ok_or_else(|| missing("expiration"))?;
    let [access_key_id, secret_access_key, session_token] = parts;
    Ok(Temporary {
        credentials: Credentials {
            access_key_id: access_key_id.unwrap_or_default(),
            secret_access_key: secret_access_key.unwrap_or_default(),
            session_token,
        },
        expires,
    })
}

/// A moment in RFC 3339, or in seconds since 1970.
fn moment(written: &str) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(dates::seconds_of(written)?))
}

/// The code in an error's JSON: `code` of EKS, `Code` of the instance metadata.
#[derive(Deserialize)]
struct Failure {
    #[serde(default, alias = "Code")]
    code: Text,
}

/// The error's code, where it is a single word.
fn code(body: &[u8]) -> Option<String> {
    let code = object::<Failure>(body)?.code.0?;
    let is_word = (1..=64).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric());
    is_word.then_some(code)
}

/// A server's text, made safe for a log line.
pub(super) fn reason(text: &str) -> String {
    for_log(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_text_or_a_number_of_seconds() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        for (written, moment) in [
            ("2026-11-22T12:00:00Z", at(1_795_348_800)),
            ("2026-11-22T14:00:00.25+02:00", at(1_795_348_800)),
            ("1795348800.0", at(1_795_348_800)),
            ("1.7953488e9", at(1_795_348_800)),
            ("1795348800", at(1_795_348_800)),
            ("9999-12-31T23:59:59Z", at(253_402_300_799)),
            ("1969-12-31T23:59:59Z", None),
            ("2026-11-22 12:00", None),
            ("2026-02-30T12:00:00Z", None),
            ("", None),
            ("-1", None),
            ("1e300", None),
            ("inf", None),
            ("nan", None),
        ] {
            assert_eq!(super::moment(written), moment, "{written}");
        }
    }

    #[test]
    fn a_part_is_a_text_or_a_number() {
        for (written, text) in [
            (r#""x\ny""#, Some("x\ny")),
            ("1.50", Some("1.50")),
            ("-1e3", Some("-1e3")),
            ("null", None),
            (r#"["x"]"#, None),
            ("true", None),
            (r#""\ud800""#, None),
        ] {
            let body = format!(r#"{{"Other":[{{}}],"code":{written}}}"#);
            let failure: Failure = object(body.as_bytes()).unwrap();
            assert_eq!(failure.code.0.as_deref(), text, "{written}");
        }
        assert_eq!(object::<Failure>(b"{}").unwrap().code, Text(None));
        assert!(object::<Failure>(br#"["x"]"#).is_none());
    }
}
