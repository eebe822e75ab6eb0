//! Authenticates callers, by SigV4 or a bearer token, and detects headers that a gateway should have removed.

use crate::api_key;
use crate::errors::AwsError;
use crate::issued::Issued;
use crate::options::Options;
use crate::sigv4::{Identity, Signed, access_key, verify};
use hyper::HeaderMap;

/// Headers a gateway must not pass on.
const LEAKS: &[&str] = &["x-api-key", "api-key", "cookie", "proxy-authorization", "x-goog-api-key"];

/// Authenticates a request; returns how.
pub fn check(
    request: &Signed<'_>,
    options: &Options,
    issued: &Issued,
    now: i64,
) -> Result<&'static str, AwsError> {
    if options.no_auth {
        return Ok("unchecked");
    }
    let mut all = request.headers.get_all("authorization").iter();
    let Some(authorization) = all.next().and_then(|v| v.to_str().ok()) else {
        return Err(AwsError::named("MissingAuthenticationTokenException"));
    };
    if all.next().is_some() {
        return Err(AwsError::new(
            "IncompleteSignatureException",
            "Authorization header sent more than once.",
        ));
    }
    let who = Identity {
        access_key: &options.access_key,
        secret_key: &options.secret_key,
        session_token: options.session_token.as_deref(),
        expired_token: options.expired_token.as_deref(),
        region: &options.region,
        service: &options.service,
    };
    if let Some(token) = authorization.strip_prefix("Bearer ") {
        if options.bearer_token.as_deref() == Some(token) {
            return Ok("bearer ok");
        }
        if let Some(key) = token.strip_prefix(api_key::PREFIX) {
            return api_key::verify(key, &who, now).map(|()| "short-term key ok");
        }
        return Err(AwsError::new(
            "AccessDeniedException",
            "Authentication failed: Please make sure your API Key is valid.",
        ));
    }
    if !authorization.starts_with("AWS4-") {
        return Err(AwsError::new(
            "IncompleteSignatureException",
            "Unsupported scheme in the Authorization header.",
        ));
    }
    if let Some(temporary) = access_key(authorization).and_then(|key| issued.of(key)) {
        let token = Some(temporary.session_token.as_str());
        let who = Identity {
            access_key: &temporary.access_key_id,
            secret_key: &temporary.secret_access_key,
            session_token: token,
            expired_token: token.filter(|_| temporary.expires <= now),
            region: &options.region,
            service: &options.service,
        };
        verify(request, authorization, &who, now)?;
        issued.used(&temporary.access_key_id);
        return Ok("sigv4 ok, temporary");
    }
    verify(request, authorization, &who, now).map(|()| "sigv4 ok")
}

/// Headers that the gateway should have removed.
pub fn leaks(headers: &HeaderMap) -> Vec<String> {
    let mut found: Vec<String> =
        LEAKS.iter().filter(|n| headers.contains_key(**n)).map(|n| (*n).to_owned()).collect();
    let schemes = headers.get_all("authorization").iter().map(|v| String::from_utf8_lossy(v.as_bytes()));
    for value in schemes {
        if !value.starts_with("AWS4-HMAC-SHA256 ") && !value.starts_with("Bearer ") {
            found.push("authorization".to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[test]
    fn leaks_are_named() {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", HeaderValue::from_static("a=b"));
        headers.insert("authorization", HeaderValue::from_static("Basic eA=="));
        assert_eq!(leaks(&headers), ["cookie", "authorization"]);
    }
}
