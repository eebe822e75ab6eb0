//! Signatures and tokens over anything: what we sign, the emulator takes, which computes it anew by code of its own.

use std::time::{Duration, SystemTime};

use bedrock_emulator::encoding::percent_decode;
use bedrock_emulator::{api_key, sigv4};
use bedrock_filter::aws::Credentials;
use bedrock_filter::aws::endpoint::Region;
use bedrock_filter::aws::sign::{BEDROCK, Request, sign};
use bedrock_filter::aws::token::mint;
use http::{HeaderMap, HeaderValue};

use super::allocation::{Bound, bounded};

const BOUND: Bound = Bound { per_byte: 100, any: 64 << 10 };

/// Lines: path, query, host, content type, secret, session token, region, and a time; the rest is the body.
pub fn check(bytes: &[u8]) {
    let mut parts = bytes.splitn(9, |byte| *byte == b'\n');
    let mut line = || parts.next().and_then(|line| std::str::from_utf8(line).ok());
    let (Some(path), Some(query), Some(host), Some(content_type)) = (line(), line(), line(), line()) else {
        return;
    };
    let (Some(secret), Some(token), Some(region), Some(time)) = (line(), line(), line(), line()) else {
        return;
    };
    // As the configuration lets it through.
    if Region::new(region).is_err() {
        return;
    }
    let body = parts.next().unwrap_or_default();
    let seconds = time.bytes().take(5).fold(0u64, |seconds, byte| seconds << 8 | u64::from(byte));
    let seconds = seconds % 253_402_300_800;
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let credentials = Credentials {
        access_key_id: "AKIAEXAMPLE".to_owned(),
        secret_access_key: secret.to_owned(),
        session_token: (!token.is_empty()).then(|| token.to_owned()),
    };
    let content_type = (!content_type.is_empty()).then_some(content_type);
    // However the body is cut.
    let (head, tail) = body.split_at(body.len() / 3);
    let pieces = [head, &[], tail];
    let request = Request { method: "POST", host, path, query, content_type, body: &pieces };
    let ours =
        bounded("a signature", bytes.len(), BOUND, || sign(&credentials, &request, region, BEDROCK, now));
    if let Ok(headers) = &ours {
        for (name, value) in headers {
            assert!(
                !value.bytes().any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f),
                "{name} is no header: {value:?}"
            );
            assert!(
                *name != "authorization"
                    || secret.len() < 24
                    || region.contains(secret)
                    || !value.contains(secret),
                "{name} tells the secret"
            );
        }
    }
    let seconds = i64::try_from(seconds).expect("a moment of four digits");
    let who = sigv4::Identity {
        access_key: &credentials.access_key_id,
        secret_key: secret,
        session_token: credentials.session_token.as_deref(),
        expired_token: None,
        region,
        service: BEDROCK,
    };
    if let Ok(headers) = ours
        && is_judged(&request, token)
    {
        let values = [("host", host)].into_iter().chain(content_type.map(|value| ("content-type", value)));
        let values = values.chain(headers.iter().map(|(name, value)| (*name, value.as_str())));
        let headers: HeaderMap = values
            .map(|(name, value)| {
                (name.parse().expect("a name"), HeaderValue::from_str(value).expect("a value"))
            })
            .collect();
        let authorization = headers["authorization"].to_str().expect("ASCII");
        let signed = sigv4::Signed { method: "POST", path, query, headers: &headers, host, body };
        sigv4::verify(&signed, authorization, &who, seconds).expect("a signature that the emulator takes");
    }
    let lifetime = Duration::from_secs(1 + seconds.unsigned_abs() % 43_200);
    let minted = bounded("a token", bytes.len(), BOUND, || mint(&credentials, region, now, lifetime));
    if let Ok(minted) = minted {
        let key = minted.strip_prefix(api_key::PREFIX).expect("the prefix of such keys");
        api_key::verify(key, &who, seconds).expect("a token that the emulator takes");
    }
}

/// The emulator knows the requests that it gets: paths without dot or empty segments, queries of whole escapes where a plus is
/// nothing else, values in ASCII, and tokens that no space is in.
fn is_judged(request: &Request<'_>, token: &str) -> bool {
    let Request { method: _, host, path, query, content_type, body: _ } = *request;
    let values = [host, content_type.unwrap_or_default(), token];
    values.iter().all(|value| value.is_ascii())
        && !token.contains(' ')
        && !query.contains('+')
        && percent_decode(query).is_some()
        && (path == "/" || !path.split('/').skip(1).any(|segment| matches!(segment, "" | "." | "..")))
}
