//! The signature on a request (AWS General Reference, "Signature Version 4").

use std::fmt;
use std::time::SystemTime;

use super::Credentials;
use super::canonical::{is_sendable, push_path, push_query, push_value};
use super::hmac::{Hmac, push_hex};
use super::timestamp::Timestamp;
use crate::sha256::sha256;

/// The service name that Bedrock's requests are signed for, on the runtime and the control plane alike
/// (botocore, service model `bedrock-runtime`, `signingName`).
pub const BEDROCK: &str = "bedrock";

/// The service name of the hosts that speak OpenAI's API alone (OpenAI SDK for Python, `providers.bedrock`).
pub const BEDROCK_MANTLE: &str = "bedrock-mantle";

pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What of a request is signed: the same as botocore signs, and nothing that a proxy may touch on the way.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// In upper case.
    pub method: &'a str,
    /// The upstream's `host` header, with the port when it is not the scheme's own.
    pub host: &'a str,
    /// As on the wire: absolute, and percent-encoded once.
    pub path: &'a str,
    /// As on the wire, without the question mark; empty when there is none.
    pub query: &'a str,
    /// The `content-type` header; `None` when the request has none.
    pub content_type: Option<&'a str>,
    /// The whole body, in its pieces.
    pub body: &'a [&'a [u8]],
}

/// Signs `request` and returns the headers to set on it, names in lower case: `x-amz-date`, `authorization`
/// and, with temporary credentials, `x-amz-security-token`.
///
/// `now` has to be within five minutes of AWS's clock (AWS General Reference, "Troubleshoot Signature Version
/// 4 signing").
///
/// # Errors
///
/// When the path is not a path, a value is not one that a header can carry, or `now` is before 1970 or after
/// the year 9999.
pub fn sign(
    identity: &Credentials,
    request: &Request<'_>,
    region: &str,
    service: &str,
    now: SystemTime,
) -> Result<Vec<(&'static str, String)>, Error> {
    Keys::default().sign(identity, request, region, service, now)
}

/// Signing keys in use: one for each key pair, region and service, and for the day.
#[derive(Default)]
pub struct Keys(Vec<Derived>);

struct Derived {
    secret_access_key: String,
    date: String,
    region: String,
    service: String,
    key: Hmac,
}

impl Keys {
    /// The same as [`sign`], with the signing key of an earlier call where it is the same one.
    ///
    /// # Errors
    ///
    /// As of [`sign`].
    pub fn sign(
        &mut self,
        identity: &Credentials,
        request: &Request<'_>,
        region: &str,
        service: &str,
        now: SystemTime,
    ) -> Result<Vec<(&'static str, String)>, Error> {
        let now = timestamp(now)?;
        let token = identity.session_token.as_deref().filter(|token| !token.is_empty());
        let Request { method, host, path, query, content_type, body } = *request;
        let values = [Some(host), content_type, token, Some(&identity.access_key_id)];
        if !path.starts_with('/')
            || path.contains('?')
            || ![path, query].into_iter().all(is_sendable)
            || !values.into_iter().flatten().all(is_value)
        {
            return Err(Error(Kind::Request));
        }
        let mut canonical = String::with_capacity(
            CANONICAL.saturating_add(path.len()).saturating_add(token.map_or(0, str::len)),
        );
        canonical.push_str(method);
        canonical.push('\n');
        push_path(&mut canonical, path);
        canonical.push('\n');
        push_query(&mut canonical, query);
        canonical.push('\n');
        let mut names = String::with_capacity(56);
        let headers = [
            ("content-type", content_type),
            ("host", Some(host)),
            ("x-amz-date", Some(now.as_str())),
            ("x-amz-security-token", token),
        ];
        for (name, value) in headers {
            let Some(value) = value else { continue };
            canonical.push_str(name);
            canonical.push(':');
            push_value(&mut canonical, value);
            canonical.push('\n');
            if !names.is_empty() {
                names.push(';');
            }
            names.push_str(name);
        }
        canonical.push('\n');
        canonical.push_str(&names);
        canonical.push('\n');
        push_hex(&mut canonical, &sha256(body));

        let scope = scope(&now, region, service);
        let signature = self.signature(identity, &now, region, service, &scope, &canonical);
        let mut authorization = String::with_capacity(AUTHORIZATION);
        let access_key_id = &identity.access_key_id;
        for part in [
            ALGORITHM,
            " Credential=",
            access_key_id,
            "/",
            &scope,
            ", SignedHeaders=",
            &names,
            ", Signature=",
        ] {
            authorization.push_str(part);
        }
        push_hex(&mut authorization, &signature);
        let mut headers = Vec::with_capacity(3);
        headers.push(("x-amz-date", now.as_str().to_owned()));
        headers.push(("authorization", authorization));
        headers.extend(token.map(|token| ("x-amz-security-token", token.to_owned())));
        Ok(headers)
    }

    /// The signature on a canonical request.
    pub(super) fn signature(
        &mut self,
        identity: &Credentials,
        now: &Timestamp,
        region: &str,
        service: &str,
        scope: &str,
        canonical: &str,
    ) -> [u8; 32] {
        let mut to_sign = String::with_capacity(AUTHORIZATION);
        for part in [ALGORITHM, "\n", now.as_str(), "\n", scope, "\n"] {
            to_sign.push_str(part);
        }
        push_hex(&mut to_sign, &sha256(&[canonical.as_bytes()]));
        self.key(&identity.secret_access_key, now.date(), region, service).of(to_sign.as_bytes())
    }

    /// "Derive a signing key".
    fn key(&mut self, secret_access_key: &str, date: &str, region: &str, service: &str) -> Hmac {
        let known = self.0.iter().find(|derived| {
            derived.date == date
                && derived.region == region
                && derived.service == service
                && derived.secret_access_key == secret_access_key
        });
        if let Some(derived) = known {
            return derived.key.clone();
        }
        let mut key = Hmac::new(["AWS4", secret_access_key].concat().as_bytes());
        for part in [date, region, service, "aws4_request"] {
            key = Hmac::new(&key.of(part.as_bytes()));
        }
        // Of what is renewed or over nothing stays: the oldest make room.
        if self.0.len() >= KEYS {
            self.0.remove(0);
        }
        self.0.push(Derived {
            secret_access_key: secret_access_key.to_owned(),
            date: date.to_owned(),
            region: region.to_owned(),
            service: service.to_owned(),
            key: key.clone(),
        });
        key
    }
}

/// Most signing keys that are kept.
const KEYS: usize = 64;
/// Bytes of a canonical request and of an `authorization` header, about.
const CANONICAL: usize = 384;
const AUTHORIZATION: usize = 256;

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("count", &self.0.len()).finish_non_exhaustive()
    }
}

/// What a signature holds for.
pub(super) fn scope(now: &Timestamp, region: &str, service: &str) -> String {
    [now.date(), "/", region, "/", service, "/aws4_request"].concat()
}

pub(super) fn timestamp(now: SystemTime) -> Result<Timestamp, Error> {
    Timestamp::of(now).ok_or(Error(Kind::Time))
}

/// Whether a header can carry it, and a canonical request in one line.
fn is_value(text: &str) -> bool {
    text.bytes().all(|byte| byte >= b' ' && byte != 0x7f)
}

/// Why a request could not be signed. Says nothing of what was in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error(pub(super) Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Request,
    Time,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Request => "cannot sign: the path or a header is malformed",
            Kind::Time => "cannot sign: the clock is out of range",
        })
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const PATH: &str = "/model/us.amazon.nova-pro-v1%3A0/converse";

    fn credentials() -> Credentials {
        Credentials {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
            session_token: None,
        }
    }

    fn request(path: &str) -> Request<'_> {
        Request {
            method: "POST",
            host: "bedrock-runtime.us-east-1.amazonaws.com",
            path,
            query: "",
            content_type: Some("application/json"),
            body: &[b"{}"],
        }
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn authorization(headers: &[(&'static str, String)]) -> String {
        headers.iter().find(|(name, _)| *name == "authorization").unwrap().1.clone()
    }

    #[test]
    fn the_signed_headers_are_botocores() {
        let headers = sign(&credentials(), &request(PATH), "us-east-1", BEDROCK, at(1_440_938_160)).unwrap();

        assert!(authorization(&headers).contains("SignedHeaders=content-type;host;x-amz-date, "));
        assert!(headers.contains(&("x-amz-date", "20150830T123600Z".into())));
        assert_eq!(headers.len(), 2);
    }

    #[test]
    fn an_empty_session_token_is_none() {
        let empty = Credentials { session_token: Some(String::new()), ..credentials() };
        let sign = |with| sign(with, &request(PATH), "us-east-1", BEDROCK, at(0)).unwrap();

        assert_eq!(sign(&empty), sign(&credentials()));
    }

    #[test]
    fn what_cannot_be_signed_is_an_error() {
        let sign =
            |with: &Credentials, path, now| sign(with, &request(path), "us-east-1", BEDROCK, now).err();
        let broken = Credentials { session_token: Some("a\nb".into()), ..credentials() };
        let long = format!("/{}", "a".repeat(70_000));

        for path in ["", "model", "*", "host:80", "/a b", "/\n", long.as_str()] {
            assert_eq!(sign(&credentials(), path, at(0)), Some(Error(Kind::Request)), "{path:?}");
        }
        assert_eq!(sign(&broken, PATH, at(0)), Some(Error(Kind::Request)));
        assert_eq!(sign(&credentials(), PATH, at(0) - Duration::from_secs(1)), Some(Error(Kind::Time)));
        assert_eq!(sign(&credentials(), PATH, at(253_402_300_800)), Some(Error(Kind::Time)));
        assert_eq!(sign(&credentials(), PATH, at(253_402_300_799)), None);
    }

    #[test]
    fn a_signing_key_is_kept_for_the_day_and_for_nobody_else() {
        let mut keys = Keys::default();
        let other = Credentials { secret_access_key: "another".into(), ..credentials() };
        for (with, region, service, seconds) in [
            (credentials(), "us-east-1", BEDROCK, 0),
            (credentials(), "us-east-1", BEDROCK, 86_399),
            (credentials(), "us-east-1", BEDROCK, 86_400),
            (other.clone(), "us-east-1", BEDROCK, 0),
            (credentials(), "us-west-2", BEDROCK, 0),
            (credentials(), "us-east-1", BEDROCK_MANTLE, 0),
        ] {
            let kept = keys.sign(&with, &request(PATH), region, service, at(seconds));
            assert_eq!(kept, sign(&with, &request(PATH), region, service, at(seconds)));
        }
        assert_eq!(keys.0.len(), 5);
    }

    #[test]
    fn no_more_signing_keys_are_kept_than_are_of_use() {
        let mut keys = Keys::default();
        for day in 0..1_000 {
            keys.sign(&credentials(), &request(PATH), "us-east-1", BEDROCK, at(day * 86_400)).unwrap();
        }
        assert_eq!(keys.0.len(), KEYS);
    }

    #[test]
    fn debug_shows_no_secret() {
        let mut keys = Keys::default();
        keys.sign(&credentials(), &request(PATH), "us-east-1", BEDROCK, at(0)).unwrap();
        assert!(!format!("{keys:?}").contains("wJalr"));
    }
}
