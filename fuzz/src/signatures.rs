//! Signatures and tokens over anything: those of the AWS SDK for Rust, to the letter.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials as Keys;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign as sign_http,
};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bedrock_filter::aws::Credentials;
use bedrock_filter::aws::endpoint::Region;
use bedrock_filter::aws::path::encode_label;
use bedrock_filter::aws::sign::{Request, sign};
use bedrock_filter::aws::token::mint;

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
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds % 253_402_300_800);
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
        bounded("a signature", bytes.len(), BOUND, || sign(&credentials, &request, region, "bedrock", now));
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
    // They may refuse different things; what both take is signed alike. What a query hides is text to the SDK, and bytes to
    // us; spaces in a token, which has none, stay as they are there.
    let is_text = !token.contains(' ') && percent_encoding::percent_decode_str(query).decode_utf8().is_ok();
    if let (Ok(ours), Some(theirs)) = (ours, sdk(&credentials, &request, region, now).filter(|_| is_text)) {
        let sorted = |mut headers: Vec<(String, String)>| {
            headers.sort();
            headers
        };
        let ours = ours.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(sorted(ours), sorted(theirs), "{request:?}");
    }
    let lifetime = Duration::from_secs(1 + seconds % 43_200);
    if let (Ok(ours), Some(theirs)) =
        (mint(&credentials, region, now, lifetime), sdk_token(&credentials, region, now, lifetime))
    {
        assert_eq!(ours, theirs);
    }
}

fn identity(Credentials { access_key_id, secret_access_key, session_token }: &Credentials) -> Keys {
    Keys::new(access_key_id, secret_access_key, session_token.clone(), None, "fuzz")
}

fn settings() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Double;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Enabled;
    settings
}

fn sdk(
    credentials: &Credentials,
    request: &Request<'_>,
    region: &str,
    now: SystemTime,
) -> Option<Vec<(String, String)>> {
    let Request { method, host, path, query, content_type, body } = *request;
    let body = body.concat();
    let identity = identity(credentials).into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("bedrock")
        .time(now)
        .settings(settings())
        .build()
        .ok()?
        .into();
    // It takes "host:port" and "*" for a path too.
    let path = path.starts_with('/').then_some(path)?;
    let url = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let headers = content_type.map(|value| ("content-type", value)).into_iter().chain([("host", host)]);
    let signable = SignableRequest::new(method, url, headers, SignableBody::Bytes(&body)).ok()?;
    let (headers, _) = sign_http(signable, &params).ok()?.into_parts().0.into_parts();
    Some(headers.into_iter().map(|header| (header.name().to_owned(), header.value().to_owned())).collect())
}

fn sdk_token(credentials: &Credentials, region: &str, now: SystemTime, lifetime: Duration) -> Option<String> {
    const HOST: &str = "bedrock.amazonaws.com";
    let identity = identity(credentials).into();
    let mut settings = settings();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(lifetime);
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("bedrock")
        .time(now)
        .settings(settings)
        .build()
        .ok()?
        .into();
    let url = format!("https://{HOST}/?Action=CallWithBearerToken");
    let signable =
        SignableRequest::new("POST", url, [("host", HOST)].into_iter(), SignableBody::Bytes(&[])).ok()?;
    let (_, mut query) = sign_http(signable, &params).ok()?.into_parts().0.into_parts();
    query.sort_by_key(|(name, _)| *name == "X-Amz-Signature");
    let mut url = format!("{HOST}/?Action=CallWithBearerToken");
    for (name, value) in query {
        url += &format!("&{name}={}", encode_label(&value));
    }
    Some(format!("bedrock-api-key-{}", STANDARD.encode(url + "&Version=1")))
}
