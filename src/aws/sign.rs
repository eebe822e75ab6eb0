//! The signature on a request (AWS General Reference, "Signature Version 4").

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as Keys;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign as sign_http,
};
use aws_sigv4::sign::v4;

use super::Credentials;

/// The service name that Bedrock's requests are signed for, on the runtime and the control plane alike
/// (botocore, service model `bedrock-runtime`, `signingName`).
pub const BEDROCK: &str = "bedrock";

/// The service name of the hosts that speak OpenAI's API alone (OpenAI SDK for Python, `providers.bedrock`).
pub const BEDROCK_MANTLE: &str = "bedrock-mantle";

/// The first moment that a timestamp's four digits for the year cannot tell: 10000-01-01T00:00:00Z.
const YEAR_10000: Duration = Duration::from_secs(253_402_300_800);

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
    /// The whole body.
    pub body: &'a [u8],
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
    let now = signable_time(now)?;
    let keys = keys(identity).into();
    let params = v4::SigningParams::builder()
        .identity(&keys)
        .region(region)
        .name(service)
        .time(now)
        .settings(settings())
        .build()
        .map_err(|_| Error(Kind::Parameters))?
        .into();
    let signed = sign_http(signable(request)?, &params).map_err(|_| Error(Kind::Request))?;
    let (headers, _no_query) = signed.into_parts().0.into_parts();
    Ok(headers.into_iter().map(|header| (header.name(), header.value().to_owned())).collect())
}

/// `aws-sigv4` panics on a time that it cannot write.
pub(super) fn signable_time(now: SystemTime) -> Result<SystemTime, Error> {
    match now.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since_1970) if since_1970 < YEAR_10000 => Ok(now),
        _ => Err(Error(Kind::Time)),
    }
}

pub(super) fn keys(Credentials { access_key_id, secret_access_key, session_token }: &Credentials) -> Keys {
    let session_token = session_token.clone().filter(|token| !token.is_empty());
    Keys::new(access_key_id, secret_access_key, session_token, None, "configuration")
}

/// The path as sent is encoded once more, after its dot segments are resolved ("Create a canonical request");
/// the body's hash is signed but not sent. That is also the default, but the signature hangs on it.
pub(super) fn settings() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Double;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Enabled;
    settings
}

fn signable<'a>(request: &Request<'a>) -> Result<SignableRequest<'a>, Error> {
    let Request { method, host, path, query, content_type, body } = *request;
    // `http::Uri` also takes "host:port" and "*", which aws-sigv4 would have to look into for a path.
    if !path.starts_with('/') {
        return Err(Error(Kind::Request));
    }
    let headers = content_type.map(|value| ("content-type", value)).into_iter().chain([("host", host)]);
    let body = SignableBody::Bytes(body);
    let signable = if query.is_empty() {
        SignableRequest::new(method, path, headers, body)
    } else {
        SignableRequest::new(method, format!("{path}?{query}"), headers, body)
    };
    signable.map_err(|_| Error(Kind::Request))
}

/// Why a request could not be signed. Says nothing of what was in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error(pub(super) Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Parameters,
    Request,
    Time,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Parameters => "cannot sign: a parameter of the signature is missing",
            Kind::Request => "cannot sign: the path or a header is malformed",
            Kind::Time => "cannot sign: the clock is out of range",
        })
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
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
            body: b"{}",
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
        assert_eq!(sign(&credentials(), PATH, at(0) + YEAR_10000), Some(Error(Kind::Time)));
        assert_eq!(sign(&credentials(), PATH, at(0) + YEAR_10000 - Duration::from_secs(1)), None);
    }
}
