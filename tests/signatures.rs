//! Our signatures are botocore's, header by header. `tests/oracle/signatures.py` writes the cases.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::time::{Duration, SystemTime};

use bedrock_filter::aws::endpoint::{Region, Variant};
use bedrock_filter::aws::sign::{BEDROCK, Request, sign};
use bedrock_filter::aws::{Credentials, path::encode_label};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    credentials: Keys,
    region: String,
    endpoint: Option<Endpoint>,
    unix_time: u64,
    model: Option<String>,
    request: Sent,
    signed: Signed,
}

#[derive(Deserialize)]
struct Keys {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

#[derive(Deserialize)]
struct Endpoint {
    control_plane: bool,
    fips: bool,
    dual_stack: bool,
}

#[derive(Deserialize)]
struct Sent {
    method: String,
    host: String,
    path: String,
    query: String,
    content_type: Option<String>,
    body: Body,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Body {
    Text(String),
    /// Only its length; `body_of` in the oracle says which bytes.
    Bytes(usize),
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Signed {
    authorization: String,
    x_amz_date: String,
    x_amz_security_token: Option<String>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("golden/signatures.json")).unwrap()
}

fn body(body: Body) -> Vec<u8> {
    match body {
        Body::Text(text) => text.into_bytes(),
        Body::Bytes(length) => (0..length).map(|i| ((i * 167 + (i >> 8)) & 0xff) as u8).collect(),
    }
}

fn signed(headers: Vec<(&'static str, String)>) -> Signed {
    let value = |wanted| headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.clone());
    let signed = Signed {
        authorization: value("authorization").unwrap(),
        x_amz_date: value("x-amz-date").unwrap(),
        x_amz_security_token: value("x-amz-security-token"),
    };
    assert_eq!(headers.len(), 2 + usize::from(signed.x_amz_security_token.is_some()), "{headers:?}");
    signed
}

#[test]
fn every_header_is_the_one_that_botocore_sets() {
    for Case { name, credentials, region, unix_time, request, signed: expected, .. } in cases() {
        let Keys { access_key_id, secret_access_key, session_token } = credentials;
        let Sent { method, host, path, query, content_type, body: sent } = request;
        let headers = sign(
            &Credentials { access_key_id, secret_access_key, session_token },
            &Request {
                method: &method,
                host: &host,
                path: &path,
                query: &query,
                content_type: content_type.as_deref(),
                body: &[&body(sent)],
            },
            &region,
            BEDROCK,
            SystemTime::UNIX_EPOCH + Duration::from_secs(unix_time),
        );

        assert_eq!(headers.map(signed), Ok(expected), "{name}");
    }
}

#[test]
fn a_model_id_is_encoded_as_botocore_does() {
    for Case { name, model, request, .. } in cases() {
        let Some(model) = model else { continue };
        let prefix = format!("/model/{}/", encode_label(&model));

        assert!(request.path.starts_with(&prefix), "{name}: {} is not under {prefix}", request.path);
    }
}

#[test]
fn a_host_is_the_one_that_botocore_resolves() {
    for Case { name, region, endpoint, request, .. } in cases() {
        let Some(Endpoint { control_plane, fips, dual_stack }) = endpoint else { continue };
        let region = Region::new(region).unwrap();
        let variant = Variant { fips, dual_stack };
        let host = if control_plane { region.control_host(variant) } else { region.runtime_host(variant) };

        assert_eq!(host, request.host, "{name}");
    }
}
