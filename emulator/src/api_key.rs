//! Short-term API keys: a presigned `CallWithBearerToken` in base64, verified as the service does.

use crate::clock;
use crate::encoding::{hex, percent_decode, percent_encode};
use crate::errors::AwsError;
use crate::sigv4::{ALGORITHM, Identity, SKEW, sign};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Prefix of the keys.
pub const PREFIX: &str = "bedrock-api-key-";
const HOST: &str = "bedrock.amazonaws.com";
/// Longest lifetime, seconds.
const LONGEST: i64 = 43_200;

/// Checks the key without its prefix.
pub fn verify(key: &str, who: &Identity<'_>, now: i64) -> Result<(), AwsError> {
    let url = STANDARD.decode(key).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let url = url.ok_or_else(|| denied("not base64"))?;
    let query = url.strip_prefix(HOST).and_then(|rest| rest.strip_prefix("/?"));
    let mut query = Query::parse(query.ok_or_else(|| denied("another host"))?)?;
    query.expect("Version", "1")?;
    let signature = query.take("X-Amz-Signature")?;
    // The remaining parameters were signed.
    let canonical = query.canonical();
    query.expect("Action", "CallWithBearerToken")?;
    query.expect("X-Amz-Algorithm", ALGORITHM)?;
    query.expect("X-Amz-SignedHeaders", "host")?;
    let (scope, date) = (query.take("X-Amz-Credential")?, query.take("X-Amz-Date")?);
    let expires = query.take("X-Amz-Expires")?;
    let token = query.take("X-Amz-Security-Token").ok();
    if let Some((name, _)) = query.0.first() {
        return Err(denied(&format!("{name} has no business there")));
    }

    let [key_id, day, region, service, end] = scope.split('/').collect::<Vec<_>>()[..] else {
        return Err(denied("the scope"));
    };
    if key_id != who.access_key {
        return Err(denied("an unknown access key"));
    }
    if token.is_some() && token.as_deref() == who.expired_token {
        return Err(expired());
    }
    if token.as_deref() != who.session_token {
        return Err(denied("another session token"));
    }
    if (region, service, end) != (who.region, "bedrock", "aws4_request") {
        return Err(denied("a scope for elsewhere"));
    }
    let signed = clock::parse_amz(&date).filter(|_| day.len() == 8 && date.starts_with(day));
    let signed = signed.ok_or_else(|| denied("the date"))?;
    let expires = expires.parse().ok().filter(|seconds| (1..=LONGEST).contains(seconds));
    let expires: i64 = expires.ok_or_else(|| denied("its lifetime"))?;
    let request = format!("POST\n/\n{canonical}\nhost:{HOST}\n\nhost\n{}", hex(&Sha256::digest(b"")));
    let string_to_sign = format!(
        "{ALGORITHM}\n{date}\n{day}/{region}/{service}/{end}\n{}",
        hex(&Sha256::digest(request.as_bytes()))
    );
    if sign(who.secret_key, day, region, service, &string_to_sign) != signature {
        return Err(denied("its signature"));
    }
    if signed > now + SKEW {
        return Err(denied("it is of the future"));
    }
    if now >= signed + expires {
        return Err(expired());
    }
    Ok(())
}

/// Names and values of the query, decoded.
struct Query(Vec<(String, String)>);

impl Query {
    fn parse(text: &str) -> Result<Self, AwsError> {
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=')?;
            Some((percent_decode(name)?, percent_decode(value)?))
        };
        text.split('&').map(pair).collect::<Option<_>>().map(Self).ok_or_else(|| denied("its query"))
    }

    /// Removes the first value of a name.
    fn take(&mut self, name: &str) -> Result<String, AwsError> {
        let at = self.0.iter().position(|(other, _)| other == name);
        at.map(|at| self.0.remove(at).1).ok_or_else(|| denied(&format!("no {name}")))
    }

    fn expect(&mut self, name: &str, value: &str) -> Result<(), AwsError> {
        if self.take(name)? == value { Ok(()) } else { Err(denied(&format!("another {name}"))) }
    }

    fn canonical(&self) -> String {
        let encode = |text: &str| percent_encode(text, b"");
        let mut pairs: Vec<String> =
            self.0.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        pairs.sort();
        pairs.join("&")
    }
}

/// AWS does not give the reason; the emulator appends it to AWS's text.
fn denied(why: &str) -> AwsError {
    let text = "Authentication failed: Please make sure your API Key is valid.";
    AwsError::new("AccessDeniedException", format!("{text} (emulator: {why})"))
}

fn expired() -> AwsError {
    AwsError::new("AccessDeniedException", "Bearer Token has expired")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_440_938_160;

    /// Made by aws-bedrock-token-generator 1.1.0 at that moment, for an hour.
    const LASTING: &str = "YmVkcm9jay5hbWF6b25hd3MuY29tLz9BY3Rpb249Q2FsbFdpdGhCZWFyZXJUb2tlbiZYLUFtei1BbGdvcml0aG09\
        QVdTNC1ITUFDLVNIQTI1NiZYLUFtei1DcmVkZW50aWFsPUFLSURFTVVMQVRPUiUyRjIwMTUwODMwJTJGdXMtZWFz\
        dC0xJTJGYmVkcm9jayUyRmF3czRfcmVxdWVzdCZYLUFtei1EYXRlPTIwMTUwODMwVDEyMzYwMFomWC1BbXotRXhw\
        aXJlcz0zNjAwJlgtQW16LVNpZ25lZEhlYWRlcnM9aG9zdCZYLUFtei1TaWduYXR1cmU9YmI2YmNlNWE1YTg5YTkx\
        MmQ0ZDE1MDE1MTQ1YzlkM2MzZGU4ZGY2MDQyYWI5OTBjYTcwOGJjOWNiMDIyMTY5OSZWZXJzaW9uPTE=";
    /// Made with a session token.
    const TEMPORARY: &str = "YmVkcm9jay5hbWF6b25hd3MuY29tLz9BY3Rpb249Q2FsbFdpdGhCZWFyZXJUb2tlbiZYLUFtei1BbGdvcml0aG09\
        QVdTNC1ITUFDLVNIQTI1NiZYLUFtei1DcmVkZW50aWFsPUFLSURFTVVMQVRPUiUyRjIwMTUwODMwJTJGdXMtZWFz\
        dC0xJTJGYmVkcm9jayUyRmF3czRfcmVxdWVzdCZYLUFtei1EYXRlPTIwMTUwODMwVDEyMzYwMFomWC1BbXotRXhw\
        aXJlcz0zNjAwJlgtQW16LVNpZ25lZEhlYWRlcnM9aG9zdCZYLUFtei1TZWN1cml0eS1Ub2tlbj1zZXNzaW9uJTJG\
        dG9rZW4lMkIlM0QmWC1BbXotU2lnbmF0dXJlPTdkYjhkZmU0NGIwNDFlZjM3MDVmNTkwYzZjZTQ1YTRkYmI2Zjll\
        YWE0OTA3ZmVmYTJiNTRiNDVjNTBhODNkNWImVmVyc2lvbj0x";

    const WHO: Identity<'static> = Identity {
        access_key: "AKIDEMULATOR",
        secret_key: "emulator-secret",
        session_token: None,
        expired_token: None,
        region: "us-east-1",
        service: "bedrock",
    };
    const SESSION: Identity<'static> = Identity { session_token: Some("session/token+="), ..WHO };

    fn refusal(key: &str, who: &Identity<'_>, now: i64) -> String {
        let error = verify(key, who, now).unwrap_err();
        assert_eq!((error.name.as_str(), error.status), ("AccessDeniedException", 403));
        error.message
    }

    /// The key with `this` replaced by `that`.
    fn changed(this: &str, that: &str) -> String {
        let url = String::from_utf8(STANDARD.decode(LASTING).unwrap()).unwrap();
        assert!(url.contains(this), "{url}");
        STANDARD.encode(url.replace(this, that))
    }

    #[test]
    fn keys_that_aws_minted_are_right_until_they_end() {
        for (key, who) in [(LASTING, WHO), (TEMPORARY, SESSION)] {
            for now in [NOW - SKEW, NOW, NOW + 3_599] {
                assert_eq!(verify(key, &who, now), Ok(()));
            }
            assert_eq!(refusal(key, &who, NOW + 3_600), "Bearer Token has expired");
            assert!(refusal(key, &who, NOW - SKEW - 1).contains("of the future"));
        }
    }

    #[test]
    fn a_key_of_other_credentials_or_for_elsewhere_is_refused() {
        for (key, who, why) in [
            (LASTING, Identity { access_key: "AKIDOTHER", ..WHO }, "an unknown access key"),
            (LASTING, Identity { secret_key: "other", ..WHO }, "its signature"),
            (LASTING, Identity { region: "us-west-2", ..WHO }, "a scope for elsewhere"),
            (LASTING, SESSION, "another session token"),
            (TEMPORARY, WHO, "another session token"),
            (
                TEMPORARY,
                Identity { expired_token: Some("session/token+="), ..SESSION },
                "Bearer Token has expired",
            ),
        ] {
            let told = refusal(key, &who, NOW);
            assert!(told.contains(why), "{told}, not {why}");
        }
    }

    #[test]
    fn a_key_that_was_changed_is_refused() {
        for (this, that, why) in [
            ("X-Amz-Expires=3600", "X-Amz-Expires=3601", "its signature"),
            ("X-Amz-Expires=3600", "X-Amz-Expires=43201", "its lifetime"),
            ("T123600Z", "T123601Z", "its signature"),
            ("X-Amz-Date=2015", "X-Amz-Date=2016", "the date"),
            ("CallWithBearerToken", "ListFoundationModels", "another Action"),
            ("bedrock.amazonaws.com", "bedrock.example.com", "another host"),
            ("SignedHeaders=host", "SignedHeaders=", "another X-Amz-SignedHeaders"),
            ("&Version=1", "", "no Version"),
            ("&Version=1", "&Version=1&More=1", "More has no business there"),
            ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Algorithm=none", "another X-Amz-Algorithm"),
        ] {
            let told = refusal(&changed(this, that), &WHO, NOW);
            assert!(told.contains(why), "{told}, not {why}");
        }
        assert!(refusal("%%", &WHO, NOW).contains("not base64"));
        assert!(refusal("", &WHO, NOW).contains("another host"));
    }
}
