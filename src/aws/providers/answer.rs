//! What the answers of the three kinds of servers have in common.

use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Answer, Temporary};
use crate::aws::Credentials;

/// Larger than any token or set of credentials.
pub(in crate::aws) const LARGEST: usize = 64 << 10;

/// The longest part of another's text that an error repeats, characters.
const LONGEST_REASON: usize = 300;

/// The body of a good answer. `place` is who answered.
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

/// A text that fits into a header.
pub(super) fn text(answer: Answer<'_>, place: &str) -> Result<String, String> {
    let text = std::str::from_utf8(body(answer, place)?).unwrap_or("\n\n").trim();
    match text {
        "" => Err(format!("{place} is empty")),
        text if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(text.to_owned()),
        _ => Err(format!("{place} has characters that no header can carry")),
    }
}

/// Credentials as the container endpoint and the instance metadata write them.
pub(super) fn credentials(answer: Answer<'_>, place: &str) -> Result<Temporary, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Written {
        code: Option<String>,
        access_key_id: Option<String>,
        secret_access_key: Option<String>,
        token: Option<String>,
        expiration: Option<Value>,
    }
    let body = body(answer, place)?;
    let written: Written =
        serde_json::from_slice(body).map_err(|_| format!("{place} answered with no JSON of credentials"))?;
    if let Some(code) = written.code.filter(|code| code != "Success") {
        return Err(format!("{place} has no credentials: {}", reason(&code)));
    }
    let parts = [written.access_key_id, written.secret_access_key, written.token];
    temporary(parts, written.expiration.as_ref(), place)
}

/// Credentials of their parts: key id, secret, token.
pub(super) fn temporary(
    parts: [Option<String>; 3],
    expiration: Option<&Value>,
    place: &str,
) -> Result<Temporary, String> {
    let missing = |what: &str| format!("{place} answered without a good {what}");
    let good = |part: Option<String>, what: &str| {
        let is_good = |text: &String| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        part.filter(is_good).ok_or_else(|| missing(what))
    };
    let [access_key_id, secret_access_key, token] = parts;
    Ok(Temporary {
        credentials: Credentials {
            access_key_id: good(access_key_id, "key id")?,
            secret_access_key: good(secret_access_key, "secret key")?,
            session_token: Some(good(token, "session token")?),
        },
        expires: expiration.and_then(moment).ok_or_else(|| missing("expiration"))?,
    })
}

/// A moment as text (RFC 3339) or as seconds since 1970.
fn moment(written: &Value) -> Option<SystemTime> {
    let seconds = match written {
        Value::String(text) => {
            u64::try_from(OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp()).ok()?
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within range")]
        Value::Number(number) => number.as_f64().filter(|seconds| (0.0..9e15).contains(seconds))? as u64,
        _ => return None,
    };
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// What an error's JSON calls itself, where it is a word: `code` of EKS, `Code` of the instance metadata.
fn code(body: &[u8]) -> Option<String> {
    let written: Value = serde_json::from_slice(body.get(..LARGEST).unwrap_or(body)).ok()?;
    let code = written.get("code").or_else(|| written.get("Code"))?.as_str()?;
    let is_word = (1..=64).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric());
    is_word.then(|| code.to_owned())
}

/// The first line of another's text, as much of it as a log line can bear.
pub(super) fn reason(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(LONGEST_REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_text_or_a_number_of_seconds() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        for (written, moment) in [
            (Value::from("2026-11-22T12:00:00Z"), at(1_795_348_800)),
            (Value::from("2026-11-22T14:00:00.25+02:00"), at(1_795_348_800)),
            (Value::from(1_795_348_800.0), at(1_795_348_800)),
            (Value::from(1_795_348_800), at(1_795_348_800)),
            (Value::from("9999-12-31T23:59:59Z"), at(253_402_300_799)),
            (Value::from("1969-12-31T23:59:59Z"), None),
            (Value::from("2026-11-22 12:00"), None),
            (Value::from("2026-02-30T12:00:00Z"), None),
            (Value::from(""), None),
            (Value::from(-1), None),
            (Value::from(1e300), None),
            (Value::Null, None),
        ] {
            assert_eq!(super::moment(&written), moment, "{written}");
        }
    }
}
