//! Bedrock's own routes, `POST /model/{id}/{operation}`: what AWS's SDKs ask for, and how they are told of errors.

use std::borrow::Cow;

use super::headers::Headers;
use crate::bedrock::error::Error as BedrockError;
use crate::bedrock::labels::{CALLER, MOST, is_legal};
use crate::bedrock::operation::Operation;
use crate::openai::error::Told;
use crate::wire::{self, Members, Str};

/// Where the routes begin: at the root, as AWS's SDKs ask.
const ROOT: &str = "/model/";
/// The header by which AWS's SDKs choose their exception.
pub const ERROR_TYPE: &str = "x-amzn-errortype";
/// The header with labels for Bedrock's invocation log.
const METADATA: &str = "x-amzn-bedrock-request-metadata";
/// The longest value of that header (service model).
const METADATA_LENGTH: usize = 8_500;

/// A request on one of the routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// What is asked.
    pub operation: Operation,
    /// Of which model, as the client calls it; decoded.
    pub model: Cow<'a, str>,
}

/// True for a path that is AWS's and not OpenAI's, whether or not there is such an operation.
pub fn is_native(path: &str, prefixes: &[String]) -> bool {
    let is_openais =
        |prefix: &String| path.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with('/'));
    path.starts_with(ROOT) && !prefixes.iter().any(is_openais)
}

/// Reads `/model/{id}/{operation}`. The id is one segment, decoded once, as AWS has it: what is still encoded then is no
/// model's name, and no name leaves its segment when the path is written anew.
pub fn request(path: &str) -> Option<Request<'static>> {
    let (label, segment) = path.strip_prefix(ROOT)?.split_once('/')?;
    let operation = Operation::ALL.into_iter().find(|operation| operation.segment() == segment)?;
    let model = percent_encoding::percent_decode_str(label).decode_utf8().ok()?;
    (!model.is_empty()).then(|| Request { operation, model: Cow::Owned(model.into_owned()) })
}

/// The client's headers that mean something to Bedrock, by the service model, and the caller's name for its log. A guardrail is
/// not among them.
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

/// What stands beside a model's own body, the client's or the gateway's: how it is to be served, and the labels for the invocation log.
pub fn beside(client: &Headers, caller: &str, configured: &[(String, String)]) -> Headers {
    let mut headers =
        client.only(&["x-amzn-bedrock-performanceconfig-latency", "x-amzn-bedrock-service-tier"]);
    headers.push(METADATA, metadata(client.text(METADATA), caller, configured));
    headers
}

/// The client's labels with the caller's name and the configuration's labels for it among them, which no client can give itself.
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
    // What Bedrock would refuse, and what no header can carry.
    if text.len() > METADATA_LENGTH || !text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        labels.0.truncate(kept);
        text = written(&labels);
    }
    text
}

/// An error of the gateway's or Envoy's own as AWS would tell it: its type and its body. `body` is the error in OpenAI's shape.
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
