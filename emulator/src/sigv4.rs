//! Verifies Signature Version 4 as the service does, by computing it from the raw request.

use crate::clock;
use crate::encoding::{hex, percent_decode, percent_encode};
use crate::errors::AwsError;
use hmac::{Hmac, KeyInit, Mac};
use hyper::HeaderMap;
use sha2::{Digest, Sha256};

pub(crate) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// Largest difference of a request's date from the clock, seconds.
pub(crate) const SKEW: i64 = 300;

/// The signed parts of a request, as it was sent.
pub struct Signed<'a> {
    /// `POST`
    pub method: &'a str,
    /// The path as sent, escapes and all.
    pub path: &'a str,
    /// The query without `?`; empty without one.
    pub query: &'a str,
    /// The request's headers.
    pub headers: &'a HeaderMap,
    /// The host the request names (`host`, or `:authority` of HTTP/2).
    pub host: &'a str,
    /// The body.
    pub body: &'a [u8],
}

/// The credentials that the emulator accepts.
pub struct Identity<'a> {
    /// The access key id.
    pub access_key: &'a str,
    /// Its secret.
    pub secret_key: &'a str,
    /// The session token that is required, if any.
    pub session_token: Option<&'a str>,
    /// A token that is answered with `ExpiredTokenException`.
    pub expired_token: Option<&'a str>,
    /// The region of the credential scope.
    pub region: &'a str,
    /// The service of the credential scope.
    pub service: &'a str,
}

/// Verifies `authorization`; `now` is passed in for tests.
pub fn verify(
    request: &Signed<'_>,
    authorization: &str,
    who: &Identity<'_>,
    now: i64,
) -> Result<(), AwsError> {
    let parts = Parts::parse(authorization)?;
    let date = single(request.headers, "x-amz-date").ok_or_else(|| {
        incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
    })?;
    let mut scope = parts.credential.split('/');
    let (key, day, region, service, end) =
        (scope.next(), scope.next(), scope.next(), scope.next(), scope.next());
    let (Some(key), Some(day), Some(region), Some(service), Some(end), None) =
        (key, day, region, service, end, scope.next())
    else {
        return Err(incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.",
        ));
    };
    if key != who.access_key {
        return Err(AwsError::named("UnrecognizedClientException"));
    }
    check_token(request.headers, who)?;
    check_date(date, day, now)?;
    if region != who.region {
        return Err(invalid("Credential should be scoped to a valid region. "));
    }
    if service != who.service {
        return Err(invalid(format!("Credential should be scoped to correct service: '{}'. ", who.service)));
    }
    if end != "aws4_request" {
        return Err(invalid(format!(
            "Credential should be scoped with a valid terminator: 'aws4_request', not '{end}'. "
        )));
    }
    check_signed_headers(request.headers, &parts.signed_headers)?;
    let canonical = canonical_request(request, &parts.signed_headers)?;
    let string_to_sign = format!(
        "{ALGORITHM}\n{date}\n{day}/{region}/{service}/{end}\n{}",
        hex(&Sha256::digest(canonical.as_bytes()))
    );
    let expected = sign(who.secret_key, day, region, service, &string_to_sign);
    if expected == parts.signature {
        return Ok(());
    }
    Err(invalid(format!(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
         Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String \
         for this request should have been\n'{canonical}'\n\nThe String-to-Sign should have \
         been\n'{string_to_sign}'\n"
    )))
}

/// The key id in `authorization`.
pub fn access_key(authorization: &str) -> Option<&str> {
    authorization.split_once("Credential=")?.1.split_once('/').map(|(key, _)| key)
}

/// The three fields of the header.
struct Parts<'a> {
    credential: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    fn parse(authorization: &'a str) -> Result<Self, AwsError> {
        let fields = authorization.strip_prefix(ALGORITHM).map(str::trim_start).ok_or_else(|| {
            incomplete(format!("Unsupported AWS 'algorithm': only '{ALGORITHM}' is known here."))
        })?;
        let (mut credential, mut headers, mut signature) = (None, None, None);
        for field in fields.split(',') {
            match field.trim().split_once('=') {
                Some(("Credential", value)) => credential = Some(value),
                Some(("SignedHeaders", value)) => headers = Some(value),
                Some(("Signature", value)) => signature = Some(value),
                _ => {
                    return Err(incomplete(format!(
                        "'{}' not a valid key=value pair (missing equal-sign) in Authorization header.",
                        field.trim()
                    )));
                }
            }
        }
        let need = |value: Option<&'a str>, name: &str| {
            value
                .filter(|v| !v.is_empty())
                .ok_or_else(|| incomplete(format!("Authorization header requires '{name}' parameter.")))
        };
        Ok(Self {
            credential: need(credential, "Credential")?,
            signed_headers: need(headers, "SignedHeaders")?.split(';').collect(),
            signature: need(signature, "Signature")?,
        })
    }
}

fn check_token(headers: &HeaderMap, who: &Identity<'_>) -> Result<(), AwsError> {
    let sent = single(headers, "x-amz-security-token");
    if sent.is_some() && sent == who.expired_token {
        return Err(AwsError::named("ExpiredTokenException"));
    }
    if sent != who.session_token {
        return Err(AwsError::named("UnrecognizedClientException"));
    }
    Ok(())
}

fn check_date(date: &str, day: &str, now: i64) -> Result<(), AwsError> {
    let Some(sent) = clock::parse_amz(date) else {
        return Err(incomplete("Date must be in ISO-8601 'basic format'."));
    };
    if !date.starts_with(day) || day.len() != 8 {
        return Err(invalid(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{day}' != \
             '{}', from '{date}'.",
            date.get(..8).unwrap_or_default()
        )));
    }
    if sent < now - SKEW {
        return Err(invalid(format!(
            "Signature expired: {date} is now earlier than {} ({} - 5 min.)",
            clock::amz(now - SKEW),
            clock::amz(now)
        )));
    }
    if sent > now + SKEW {
        return Err(invalid(format!(
            "Signature not yet current: {date} is still later than {} ({} + 5 min.)",
            clock::amz(now + SKEW),
            clock::amz(now)
        )));
    }
    Ok(())
}

/// Checks that `host` and every `x-amz-*` header are signed, in order and lower case.
fn check_signed_headers(headers: &HeaderMap, signed: &[&str]) -> Result<(), AwsError> {
    if !signed.contains(&"host") {
        return Err(invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."));
    }
    if signed.iter().any(|n| n.bytes().any(|b| b.is_ascii_uppercase())) || !signed.is_sorted() {
        return Err(invalid("'SignedHeaders' must be lower case and sorted."));
    }
    for name in headers.keys() {
        let name = name.as_str();
        if name.starts_with("x-amz-") && !signed.contains(&name) {
            return Err(invalid(format!(
                "'{name}' must be a 'SignedHeader' in the AWS Authorization: the request carries it."
            )));
        }
    }
    Ok(())
}

fn canonical_request(request: &Signed<'_>, signed: &[&str]) -> Result<String, AwsError> {
    let mut out = String::with_capacity(512);
    out.push_str(request.method);
    out.push('\n');
    out.push_str(&percent_encode(if request.path.is_empty() { "/" } else { request.path }, b"/"));
    out.push('\n');
    out.push_str(&canonical_query(request.query));
    out.push('\n');
    for name in signed {
        let mut values: Vec<String> = request
            .headers
            .get_all(*name)
            .iter()
            .map(|v| squeeze(&String::from_utf8_lossy(v.as_bytes())))
            .collect();
        if *name == "host" && values.is_empty() {
            values.push(request.host.to_owned());
        }
        if values.is_empty() {
            return Err(invalid(format!("'{name}' is signed but was not sent.")));
        }
        out.push_str(&format!("{name}:{}\n", values.join(",")));
    }
    out.push('\n');
    out.push_str(&signed.join(";"));
    out.push('\n');
    let real = hex(&Sha256::digest(request.body));
    if let Some(stated) = single(request.headers, "x-amz-content-sha256")
        && stated != real
    {
        return Err(invalid("The value of x-amz-content-sha256 is not the SHA-256 of the body."));
    }
    out.push_str(&real);
    Ok(out)
}

fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|p| !p.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let again = |t: &str| percent_encode(&percent_decode(t).unwrap_or_else(|| t.to_owned()), b"");
            (again(name), again(value))
        })
        .collect();
    pairs.sort();
    pairs.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("&")
}

pub(crate) fn sign(secret: &str, day: &str, region: &str, service: &str, text: &str) -> String {
    let key = hmac(format!("AWS4{secret}").as_bytes(), day.as_bytes());
    let key = hmac(&key, region.as_bytes());
    let key = hmac(&key, service.as_bytes());
    let key = hmac(&key, b"aws4_request");
    hex(&hmac(&key, text.as_bytes()))
}

fn hmac(key: &[u8], data: &[u8]) -> Vec<u8> {
    // HMAC accepts keys of any length, so this cannot fail.
    Hmac::<Sha256>::new_from_slice(key).map_or_else(
        |_| Vec::new(),
        |mut mac| {
            mac.update(data);
            mac.finalize().into_bytes().to_vec()
        },
    )
}

/// Trims, and replaces runs of spaces by one.
fn squeeze(value: &str) -> String {
    value.split(' ').filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ").trim().to_owned()
}

fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|v| v.to_str().ok())
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidSignatureException", message)
}

fn incomplete(message: impl Into<String>) -> AwsError {
    AwsError::new("IncompleteSignatureException", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    const NOW: i64 = 1_440_938_160;

    /// Signed by botocore 1.44.5 for this path, body and clock.
    fn signed_by_botocore() -> (HeaderMap, &'static str) {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("127.0.0.1:9100"));
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        headers.insert("x-amz-date", HeaderValue::from_static("20150830T123600Z"));
        (headers, "77c36b65368cfefcbc390e2a07e5b9e27151ee013deda77baafd2209234fc7ab")
    }

    fn check(headers: &HeaderMap, authorization: &str, path: &str, body: &[u8]) -> Result<(), AwsError> {
        let request = Signed { method: "POST", path, query: "", headers, host: "127.0.0.1:9100", body };
        let who = Identity {
            access_key: "AKIDEMULATOR",
            secret_key: "emulator-secret",
            session_token: None,
            expired_token: None,
            region: "us-east-1",
            service: "bedrock",
        };
        verify(&request, authorization, &who, NOW)
    }

    const PATH: &str = "/model/us.amazon.nova-pro-v1%3A0/converse";

    fn header(signature: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEMULATOR/20150830/us-east-1/bedrock/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, Signature={signature}"
        )
    }

    #[test]
    fn a_signature_made_by_botocore_is_right() {
        let (headers, signature) = signed_by_botocore();
        assert_eq!(check(&headers, &header(signature), PATH, b"{}"), Ok(()));
    }

    #[test]
    fn anything_changed_is_refused() {
        let (mut headers, signature) = signed_by_botocore();
        let refused = |r: Result<(), AwsError>| r.unwrap_err().name;
        assert_eq!(refused(check(&headers, &header(signature), PATH, b"{ }")), "InvalidSignatureException");
        let raw = "/model/us.amazon.nova-pro-v1:0/converse";
        assert_eq!(refused(check(&headers, &header(signature), raw, b"{}")), "InvalidSignatureException");
        headers.insert("x-amz-other", HeaderValue::from_static("1"));
        assert_eq!(refused(check(&headers, &header(signature), PATH, b"{}")), "InvalidSignatureException");
        headers.remove("x-amz-other");
        headers.insert("x-amz-security-token", HeaderValue::from_static("t"));
        assert_eq!(refused(check(&headers, &header(signature), PATH, b"{}")), "UnrecognizedClientException");
    }

    #[test]
    fn an_old_date_is_named_as_such() {
        let (mut headers, signature) = signed_by_botocore();
        headers.insert("x-amz-date", HeaderValue::from_static("20150830T123059Z"));
        let error = check(&headers, &header(signature), PATH, b"{}").unwrap_err();
        assert!(error.message.starts_with("Signature expired"), "{}", error.message);
    }

    #[test]
    fn half_a_header_is_incomplete() {
        let (headers, _) = signed_by_botocore();
        for text in [
            "AWS4-HMAC-SHA256 Credential=a",
            "AWS4-HMAC-SHA256 x",
            "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=1",
        ] {
            assert_eq!(check(&headers, text, PATH, b"{}").unwrap_err().name, "IncompleteSignatureException");
        }
    }
}
