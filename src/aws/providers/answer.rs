//! What the answers of the three kinds of servers have in common.

use std::time::{Duration, SystemTime};

use super::{Answer, Temporary};
use crate::aws::{Credentials, rfc3339};
use crate::json::{Kind, Members, Raw, Reader, from_slice};

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

/// An answer in JSON.
pub(super) type Object<'a> = Members<'a, Raw<'a>>;

/// A member that is a text, or a number, which is as it is written.
pub(super) fn text_of(object: &Object<'_>, name: &str) -> Option<String> {
    let mut reader = Reader::new(member(object, name)?.get());
    match reader.kind().ok()? {
        Kind::String => Some(reader.string().ok()?.into_cow().into_owned()),
        Kind::Number => reader.number("a number").ok().map(str::to_owned),
        _ => None,
    }
}

/// A member.
pub(super) fn member<'a>(object: &Object<'a>, name: &str) -> Option<Raw<'a>> {
    object.0.iter().find(|(other, _)| **other == *name).map(|(_, value)| *value)
}

/// Credentials as the container endpoint and the instance metadata write them.
pub(super) fn credentials(answer: Answer<'_>, place: &str) -> Result<Temporary, String> {
    let body = body(answer, place)?;
    let written: Object<'_> =
        from_slice(body).map_err(|_| format!("{place} answered with no JSON of credentials"))?;
    let part = |name: &str| text_of(&written, name);
    if let Some(code) = part("Code").filter(|code| code != "Success") {
        return Err(format!("{place} has no credentials: {}", reason(&code)));
    }
    temporary(["AccessKeyId", "SecretAccessKey", "Token"].map(part), part("Expiration"), place)
}

/// Credentials of their parts: key id, secret, token.
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

/// A moment by RFC 3339, or a number of seconds since 1970.
fn moment(written: &str) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(rfc3339::seconds_of(written)?))
}

/// What an error's JSON calls itself, where it is a word: `code` of EKS, `Code` of the instance metadata.
fn code(body: &[u8]) -> Option<String> {
    let written: Object<'_> = from_slice(body.get(..LARGEST).unwrap_or(body)).ok()?;
    let code = text_of(&written, "code").or_else(|| text_of(&written, "Code"))?;
    let is_word = (1..=64).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric());
    is_word.then_some(code)
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
        let object: Object<'_> = from_slice(br#"{"a":"x\ny","b":1.50,"c":null,"d":["x"],"e":true}"#).unwrap();
        let parts = ["a", "b", "c", "d", "e", "f"].map(|name| text_of(&object, name));
        assert_eq!(parts, [Some("x\ny".to_owned()), Some("1.50".to_owned()), None, None, None, None]);
    }
}
