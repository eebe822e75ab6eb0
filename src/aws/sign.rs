//! The signature on a request (AWS General Reference, "Signature Version 4"), by the AWS SDK's own signer.

use std::fmt;
use std::time::SystemTime;

use aws_credential_types::Credentials as Identity;
use aws_sigv4::http_request::{self, SignableBody, SignableRequest, SigningInstructions, SigningSettings};
use aws_sigv4::sign::v4::SigningParams;
use percent_encoding::percent_decode_str;
use sha2::{Digest as _, Sha256};

use super::Credentials;
use super::dates::is_writable;

/// The service name that Bedrock's requests are signed for, on the runtime and the control plane alike
/// (botocore, service model `bedrock-runtime`, `signingName`).
pub const BEDROCK: &str = "bedrock";

/// The service name of the hosts that speak OpenAI's API alone (OpenAI SDK for Python, `providers.bedrock`).
pub const BEDROCK_MANTLE: &str = "bedrock-mantle";

/// The signed parts of a request: those that botocore signs, and none that a proxy may change.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// The upstream's `host` header, with the port when it is not the scheme's own.
    pub host: &'a str,
    /// The path on the wire: absolute, and percent-encoded once.
    pub path: &'a str,
    /// The query on the wire, without the question mark; empty where there is none.
    pub query: &'a str,
    /// The `content-type` header; `None` when the request has none.
    pub content_type: Option<&'a str>,
    /// The whole body, as a list of its parts.
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
    let Request { method, host, path, query, content_type, body } = *request;
    let token = identity.session_token.as_deref();
    let mut values = [Some(host), content_type, token, Some(&identity.access_key_id)].into_iter().flatten();
    if !is_path(path) || !is_query(query) || !values.all(is_value) || encoded(path.len(), query) > LONGEST_URI
    {
        return Err(Error(Kind::Request));
    }
    let uri = if query.is_empty() { path.to_owned() } else { [path, "?", query].concat() };
    let headers = content_type.map(|value| ("content-type", value)).into_iter().chain([("host", host)]);
    let body = SignableBody::Precomputed(hash(body));
    let request = SignableRequest::new(method, uri, headers, body).map_err(|_| Error(Kind::Request))?;
    let mut settings = SigningSettings::default();
    // By default the signer leaves out headers that proxies may change; none of them is here.
    settings.excluded_headers = None;
    let (headers, _) = instructions(identity, region, service, now, settings, request)?.into_parts();
    Ok(headers.into_iter().map(|header| (header.name(), header.value().to_owned())).collect())
}

/// The signer's headers for `request`. The signer's own errors are dropped, because they repeat the values.
pub(super) fn instructions(
    credentials: &Credentials,
    region: &str,
    service: &str,
    now: SystemTime,
    settings: SigningSettings,
    request: SignableRequest<'_>,
) -> Result<SigningInstructions, Error> {
    // The signer panics at a moment that it cannot format.
    if !is_writable(now) {
        return Err(Error(Kind::Time));
    }
    let Credentials { access_key_id, secret_access_key, session_token } = credentials;
    let token = session_token.clone().filter(|token| !token.is_empty());
    let identity = Identity::new(access_key_id, secret_access_key, token, None, "bedrock-filter").into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(now)
        .settings(settings)
        .build()
        .map_err(|_| Error(Kind::Request))?
        .into();
    let signed = http_request::sign(request, &params).map_err(|_| Error(Kind::Request))?;
    Ok(signed.into_parts().0)
}

/// Longest path and query, bytes. `http` takes at most 65,534, and the signer panics where encoding a query exceeds that.
pub(super) const LONGEST_URI: usize = 65_000;

/// Upper bound of the bytes after `query` is encoded: three per byte, and an equals sign for each parameter that lacks one.
pub(super) fn encoded(bytes: usize, query: &str) -> usize {
    query.len().saturating_mul(3).saturating_add(2).saturating_add(bytes)
}

/// The SHA-256 of a body in several parts, in hexadecimal.
fn hash(body: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for piece in body {
        hash.update(piece);
    }
    hex::encode(hash.finalize())
}

/// Whether a text is a path without query; the signer checks the other characters.
fn is_path(path: &str) -> bool {
    path.starts_with('/') && path.is_ascii() && !path.contains(['?', '#'])
}

/// Whether a text is a query of UTF-8 only: the signer would change other bytes.
fn is_query(query: &str) -> bool {
    query.is_ascii() && !query.contains('#') && percent_decode_str(query).decode_utf8().is_ok()
}

/// Whether a text can be a header's value, and a line of the canonical request.
fn is_value(text: &str) -> bool {
    text.bytes().all(|byte| byte >= b' ' && byte != 0x7f)
}

/// Why a request could not be signed. It contains nothing of the request.
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

        for path in ["", "model", "*", "host:80", "/a b", "/a?b", "/a#b", "/ä", "/\n", long.as_str()] {
            assert_eq!(sign(&credentials(), path, at(0)), Some(Error(Kind::Request)), "{path:?}");
        }
        assert_eq!(sign(&broken, PATH, at(0)), Some(Error(Kind::Request)));
        assert_eq!(sign(&credentials(), PATH, at(0) - Duration::from_secs(1)), Some(Error(Kind::Time)));
        assert_eq!(sign(&credentials(), PATH, at(253_402_300_800)), Some(Error(Kind::Time)));
        assert_eq!(sign(&credentials(), PATH, at(253_402_300_799)), None);
    }

    #[test]
    fn a_query_that_cannot_be_signed_is_an_error() {
        let sign = |query: &str| {
            let request = Request { query, ..request("/foundation-models") };
            sign(&credentials(), &request, "us-east-1", BEDROCK, at(0))
        };
        for query in ["", "a=1&b", "&&=", "a=%zz%4", "a=1+2", "?/:@'", &"%20".repeat(7_000)] {
            assert!(sign(query).is_ok(), "{query}");
        }
        let (long, quoted) = ("&a".repeat(20_000), "'".repeat(22_000));
        for query in ["a b", "a#b", "ä", "a=\n", "a=%ff", "a=%c3&%a4", &long, &quoted] {
            assert_eq!(sign(query), Err(Error(Kind::Request)), "{query}");
        }
    }

    #[test]
    fn a_body_is_hashed_alike_however_it_is_cut() {
        let sign = |body: &[&[u8]]| {
            let request = Request { body, ..request(PATH) };
            sign(&credentials(), &request, "us-east-1", BEDROCK, at(0))
        };
        assert_eq!(sign(&[b"{\"a\"", b"", b":1}"]), sign(&[b"{\"a\":1}"]));
        assert_ne!(sign(&[b"{\"a\"", b"", b":1}"]), sign(&[b"{\"a\"", b":2}"]));
    }

    #[test]
    fn no_error_tells_what_was_to_be_signed() {
        let broken = Credentials { session_token: Some("t0ken\n".into()), ..credentials() };
        let error = sign(&broken, &request("/ s3cret"), "us-east-1", BEDROCK, at(0)).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("t0ken"));
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }
}
