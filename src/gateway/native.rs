//! Bedrock's own routes, `POST /model/{id}/{operation}`: parsing what AWS's SDKs send, and errors in AWS's format.

use std::borrow::Cow;

use super::headers::Headers;
use crate::bedrock::error::Error as BedrockError;
use crate::bedrock::labels::{CALLER, MOST, is_legal};
use crate::bedrock::operation::Operation;
use crate::openai::error::Told;
use crate::wire::{self, Members, Str};

/// Prefix of the routes: at the root, where AWS's SDKs expect them.
const ROOT: &str = "/model/";
/// The header by which AWS's SDKs choose their exception class.
pub const ERROR_TYPE: &str = "x-amzn-errortype";
/// The header with metadata for Bedrock's invocation log.
const METADATA: &str = "x-amzn-bedrock-request-metadata";
/// Longest value of that header, bytes (Bedrock's service model).
const METADATA_LENGTH: usize = 8_500;

/// A request on one of the routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The operation.
    pub operation: Operation,
    /// The model as the client names it, decoded.
    pub model: Cow<'a, str>,
}

/// Whether a path is below `/model/` and not below one of OpenAI's `prefixes`, whether or not the operation exists.
pub fn is_native(path: &str, prefixes: &[String]) -> bool {
    let is_openais =
        |prefix: &String| path.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with('/'));
    path.starts_with(ROOT) && !prefixes.iter().any(is_openais)
}

/// Parses `/model/{id}/{operation}`. The id is one segment and is decoded once, as AWS does; one that is still encoded after
/// that is not a model's name, and is encoded again when the path is rewritten.
pub fn request(path: &str) -> Option<Request<'static>> {
    let (label, segment) = path.strip_prefix(ROOT)?.split_once('/')?;
    let operation = Operation::ALL.into_iter().find(|operation| operation.segment() == segment)?;
    let model = percent_encoding::percent_decode_str(label).decode_utf8().ok()?;
    (!model.is_empty()).then(|| Request { operation, model: Cow::Owned(model.into_owned()) })
}

/// The client's headers that mean something to Bedrock by its service model, and the metadata with the caller's name. Guardrail
/// headers are not among them.
pub fn headers(
    operation: Operation,
    client: &Headers,
    caller: &str,
    configured: &[(String, String)],
) -> Headers {
    let mut headers = client.only(&["accept"]);
    if operation.invokes() {
        headers.extend(&client.only(&["x-amzn-bedrock-accept"]));
        headers.extend(&beside(client, caller, configured));
    }
    headers
}

/// Headers beside a model's native body, the client's or the gateway's: how to serve the request, and metadata for the
/// invocation log.
pub fn beside(client: &Headers, caller: &str, configured: &[(String, String)]) -> Headers {
    let mut headers =
        client.only(&["x-amzn-bedrock-performanceconfig-latency", "x-amzn-bedrock-service-tier"]);
    headers.push(METADATA, metadata(client.text(METADATA), caller, configured));
    headers
}

/// The client's metadata merged with the caller's name and the configuration's labels, which no client can override.
fn metadata(client: Option<&str>, caller: &str, configured: &[(String, String)]) -> String {
    let Members(mut labels) = client
        .and_then(|text| wire::from_str::<Members<'_, Str<'_>>>(text).ok())
        .unwrap_or(Members(Vec::new()));
    let caller = caller.replace(|c: char| !is_legal(c), "_");
    let own = configured.iter().map(|(name, value)| (name.clone().into(), Str::from(value.clone())));
    let own: Vec<(Cow<'_, str>, Str<'_>)> =
        std::iter::once((CALLER.into(), Str::from(caller))).chain(own).collect();
    let kept = own.len();
    labels.retain(|(name, _)| !own.iter().any(|(known, _)| known == name));
    labels.splice(0..0, own);
    labels.truncate(MOST);
    let written = |labels: &Members<'_, Str<'_>>| wire::to_string(labels);
    let mut labels = Members(labels);
    let mut text = written(&labels);
    // Bedrock would refuse such a value, or no header can carry it.
    if text.len() > METADATA_LENGTH || !text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        labels.0.truncate(kept);
        text = written(&labels);
    }
    text
}

/// An error of the gateway's or Envoy's in AWS's format: its type and its body. `body` is the error in OpenAI's format.
pub fn as_aws(status: u16, body: &[u8]) -> (&'static str, Vec<u8>) {
    let told = Told::read(body).unwrap_or_default();
    let kind = match (status, told.code()) {
        (404, Some("unknown_url")) => "UnknownOperationException",
        (401, _) => "UnrecognizedClientException",
        (403, _) => "AccessDeniedException",
        (404, _) => "ResourceNotFoundException",
        (429, _) => "ThrottlingException",
        (503, _) => "ServiceUnavailableException",
        (500.., _) => "InternalServerException",
        _ => "ValidationException",
    };
    let message = told.message.as_deref().unwrap_or("The gateway got no answer from Bedrock.");
    (kind, BedrockError::body(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_is_named_by_the_gateway_and_by_nobody_else() {
        assert_eq!(metadata(None, "team a", &[]), r#"{"api_key":"team a"}"#);
        let client = r#"{"x":"1","api_key":"boss","api_key":"boss"}"#;
        assert_eq!(metadata(Some(client), "team a", &[]), r#"{"api_key":"team a","x":"1"}"#);
        assert_eq!(metadata(Some(r#"{"api\u005fkey":"boss"}"#), "a", &[]), r#"{"api_key":"a"}"#);
        assert_eq!(metadata(None, "té\"am\r\n", &[]), r#"{"api_key":"t__am__"}"#);
    }

    #[test]
    fn labels_that_no_header_can_carry_are_left_out() {
        let long = format!(r#"{{"x":"{}"}}"#, "y".repeat(METADATA_LENGTH));
        for client in ["[]", "no json", r#"{"x":1}"#, r#"{"x":"é"}"#, long.as_str()] {
            assert_eq!(metadata(Some(client), "a", &[]), r#"{"api_key":"a"}"#, "{client:.40}");
        }
        let many: Vec<String> = (0..40).map(|n| format!(r#""k{n}":"v""#)).collect();
        assert_eq!(metadata(Some(&format!("{{{}}}", many.join(","))), "a", &[]).matches(':').count(), MOST);
    }

    #[test]
    fn converse_gets_no_header_of_invoke() {
        let mut client = Headers::default();
        for name in [
            "accept",
            "x-amzn-bedrock-accept",
            "x-amzn-bedrock-service-tier",
            "x-amzn-bedrock-other",
            "x-amz-date",
        ] {
            client.push(name, "v");
        }
        let names = |operation| {
            let headers = headers(operation, &client, "a", &[]);
            headers.iter().map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect::<Vec<_>>()
        };
        for operation in [Operation::Converse, Operation::ConverseStream, Operation::CountTokens] {
            assert_eq!(names(operation), ["accept"]);
        }
        for operation in [Operation::Invoke, Operation::InvokeStream] {
            assert_eq!(
                names(operation),
                ["accept", "x-amzn-bedrock-accept", "x-amzn-bedrock-service-tier", METADATA]
            );
        }
    }

    #[test]
    fn every_error_of_ours_has_a_type_of_awss() {
        for (status, code, kind) in [
            (400, "null", "ValidationException"),
            (401, "\"invalid_api_key\"", "UnrecognizedClientException"),
            (403, "\"model_not_allowed\"", "AccessDeniedException"),
            (404, "\"model_not_found\"", "ResourceNotFoundException"),
            (404, "\"unknown_url\"", "UnknownOperationException"),
            (413, "\"request_too_large\"", "ValidationException"),
            (429, "null", "ThrottlingException"),
            (500, "null", "InternalServerException"),
            (502, "\"upstream_auth_error\"", "InternalServerException"),
            (503, "\"no_target\"", "ServiceUnavailableException"),
            (504, "null", "InternalServerException"),
        ] {
            let body = format!(r#"{{"error":{{"message":"why","type":"t","param":null,"code":{code}}}}}"#);
            assert_eq!(
                as_aws(status, body.as_bytes()),
                (kind, br#"{"message":"why"}"#.to_vec()),
                "{status} {code}"
            );
        }
    }

    #[test]
    fn what_is_no_error_of_ours_is_not_shown() {
        for body in [&b""[..], b"<html>arn:aws", br#"{"error":"arn:aws"}"#] {
            let (kind, told) = as_aws(503, body);
            assert_eq!(kind, "ServiceUnavailableException");
            assert!(!String::from_utf8(told).unwrap().contains("arn"));
        }
    }
}
