//! Translates Bedrock's errors for the client.

use crate::bedrock::error::Error as Bedrock;
use crate::bedrock::eventstream::Frame;
use crate::openai::Error;
use crate::texts::for_client;

use super::wordings::{denies_model, is_too_long};

/// The error for the client, without numbers of accounts. The reason that is only the gateway's business stays out of it: see [`is_ours`].
pub fn error(bedrock: &Bedrock) -> Error {
    let text = |otherwise: &'static str| {
        if bedrock.message.is_empty() {
            otherwise.to_owned()
        } else {
            for_client(&bedrock.message).into_owned()
        }
    };
    match bedrock.name.as_str() {
        "ValidationException" | "SerializationException" => validation(text("Bedrock refused the request.")),
        "ServiceQuotaExceededException" => {
            let error = Error::new(429, text("A Bedrock service quota is exceeded."));
            Error { should_retry: Some(false), ..error.kind("insufficient_quota").code("insufficient_quota") }
        }
        "ConflictException" => Error::new(409, text("Bedrock reports a conflict.")),
        "ResourceNotFoundException" => {
            Error::new(404, text("Bedrock does not have this model.")).code("model_not_found")
        }
        "UnknownOperationException" => Error::new(502, "Bedrock does not have this operation."),
        "ModelTimeoutException" => Error::new(504, text("The model took too long.")).code("model_timeout"),
        "ModelErrorException" | "ModelStreamErrorException" if is_too_long(&bedrock.message) => {
            too_long(text("The request is too long for the model."))
        }
        "ModelErrorException" | "ModelStreamErrorException" => {
            Error::new(502, text("The model failed.")).code("model_error")
        }
        "ThrottlingException" => {
            Error::new(429, text("Bedrock is throttling requests.")).code("rate_limit_exceeded")
        }
        "ModelNotReadyException" => Error::new(503, text("The model is not ready.")).code("model_not_ready"),
        "InternalServerException" => Error::new(500, text("Bedrock failed.")),
        "ServiceUnavailableException" => Error::new(503, text("Bedrock is not available.")),
        _ if denies_model(bedrock) => no_access(),
        _ if is_ours(bedrock) => {
            // The caller can do nothing about it, and the text may name accounts and roles.
            Error::new(502, "The gateway could not authenticate to Bedrock.")
                .kind("upstream_auth_error")
                .code("upstream_auth_error")
        }
        _ => by_status(bedrock.status, text("Bedrock answered with an error.")),
    }
}

/// The type of an event frame; empty where it has none.
///
/// # Errors
/// The exception in the frame; 502 where the frame is not an event.
pub fn event_type<'f>(frame: &Frame<'f>) -> Result<&'f [u8], Error> {
    let header = |name| frame.header(name).unwrap_or_default();
    match frame.header_bytes(":message-type").unwrap_or_default() {
        b"event" => Ok(frame.header_bytes(":event-type").unwrap_or_default()),
        b"exception" => Err(error(&Bedrock::from_exception(header(":exception-type"), frame.payload))),
        b"error" => Err(error(&Bedrock::from_error_frame(header(":error-code"), header(":error-message")))),
        _ => Err(no_answer("Bedrock's stream has a frame of an unknown kind.")),
    }
}

/// The log line where the gateway's own credentials or rights are at fault, so that the operator knows.
pub fn for_log(bedrock: &Bedrock) -> Option<String> {
    let what = match bedrock {
        _ if denies_model(bedrock) => "Bedrock denies the gateway the model",
        _ if is_ours(bedrock) => "Bedrock does not accept the gateway's credentials",
        _ => return None,
    };
    Some(format!("{what}: {}", bedrock.summary()))
}

/// Whether the gateway's own credentials or rights are at fault: then the text goes to the log, not to the caller.
pub fn is_ours(bedrock: &Bedrock) -> bool {
    matches!(bedrock.status, 401 | 403)
        || matches!(
            bedrock.name.as_str(),
            "AccessDeniedException"
                | "UnrecognizedClientException"
                | "InvalidSignatureException"
                | "SignatureDoesNotMatch"
                | "ExpiredTokenException"
                | "ExpiredToken"
                | "IncompleteSignatureException"
                | "MissingAuthenticationTokenException"
                | "MissingAuthenticationToken"
                | "InvalidClientTokenId"
        )
}

/// The error for an invalid answer: not JSON, no output, a corrupt frame, a cut stream.
pub fn no_answer(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(502, message).code("bad_upstream_response")
}

/// The 404 for a model that does not exist or is not the account's, in OpenAI's words. AWS's own text may name accounts and
/// roles.
fn no_access() -> Error {
    Error::new(404, "The model does not exist, or the gateway does not have access to it.")
        .param("model")
        .code("model_not_found")
}

fn too_long(message: String) -> Error {
    Error::invalid_param("messages", message).code("context_length_exceeded")
}

fn validation(message: String) -> Error {
    if message.to_ascii_lowercase().contains("model identifier is invalid") {
        return Error::new(404, message).param("model").code("model_not_found");
    }
    if is_too_long(&message) { too_long(message) } else { Error::invalid(message) }
}

fn by_status(status: u16, message: String) -> Error {
    match status {
        // 0 is a frame, whose name is none of Bedrock's.
        0 | 400 | 413 | 422 if is_too_long(&message) => too_long(message),
        400 | 404 | 409 | 413 | 422 | 500 | 503 | 504 => Error::new(status, message),
        408 => Error::new(504, message),
        429 => Error::new(429, message).code("rate_limit_exceeded"),
        _ => Error::new(502, message).code("bad_upstream_response"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, name: &str, message: &str) -> Error {
        error(&Bedrock { status, name: name.to_owned(), message: message.to_owned() })
    }

    #[test]
    fn every_bedrock_error_has_the_status_that_the_sdks_turn_into_the_right_exception() {
        for (status, name, expected, code) in [
            (400, "ValidationException", 400, None),
            (400, "ServiceQuotaExceededException", 429, Some("insufficient_quota")),
            (403, "AccessDeniedException", 502, Some("upstream_auth_error")),
            (403, "InvalidSignatureException", 502, Some("upstream_auth_error")),
            (403, "SomethingNew", 502, Some("upstream_auth_error")),
            (404, "ResourceNotFoundException", 404, Some("model_not_found")),
            (408, "ModelTimeoutException", 504, Some("model_timeout")),
            (424, "ModelErrorException", 502, Some("model_error")),
            (0, "ModelStreamErrorException", 502, Some("model_error")),
            (429, "ThrottlingException", 429, Some("rate_limit_exceeded")),
            (429, "ModelNotReadyException", 503, Some("model_not_ready")),
            (500, "InternalServerException", 500, None),
            (503, "ServiceUnavailableException", 503, None),
            (418, "", 502, Some("bad_upstream_response")),
            (429, "", 429, Some("rate_limit_exceeded")),
        ] {
            let error = of(status, name, "text");
            assert_eq!((error.status, error.code), (expected, code), "{name}");
        }
    }

    #[test]
    fn a_request_too_long_for_the_model_says_so_in_its_code_whatever_the_error_is_called() {
        let text = "The model returned the following errors: Input is too long for requested model.";
        for (status, name) in [
            (400, "ValidationException"),
            (0, "ValidationException"),
            (424, "ModelErrorException"),
            (0, "ModelStreamErrorException"),
            (400, ""),
            (413, "RequestEntityTooLargeException"),
            (0, "BadRequest"),
        ] {
            let Error { status, param, code, .. } = of(status, name, text);
            let told = (status, param.as_deref(), code);
            assert_eq!(told, (400, Some("messages"), Some("context_length_exceeded")), "{name}");
        }
        // An error about the rate, whatever its text says.
        let throttled = of(429, "ThrottlingException", "Input is too long, please wait before trying again.");
        assert_eq!((throttled.status, throttled.code), (429, Some("rate_limit_exceeded")));
    }

    #[test]
    fn a_model_that_the_gateway_may_not_use_is_not_found_and_no_trouble_with_authentication() {
        let text = "You don't have access to the model with the specified model ID.";
        for (status, name) in [(403, "AccessDeniedException"), (0, "AccessDeniedException"), (403, "")] {
            let Error { status, param, code, .. } = of(status, name, text);
            assert_eq!((status, param.as_deref(), code), (404, Some("model"), Some("model_not_found")));
        }
        let text = "User: arn:aws:iam::123456789012:role/x is not authorized to perform: bedrock:InvokeModel on resource: \
                    arn:aws:bedrock:us-east-1::foundation-model/a.b";
        let error = of(403, "AccessDeniedException", text);
        assert_eq!(error.status, 404);
        assert!(!error.message.contains("arn:") && !error.message.contains("role"));
        let bedrock = Bedrock { status: 403, name: "AccessDeniedException".into(), message: text.into() };
        assert!(
            for_log(&bedrock).is_some_and(|line| line.starts_with("Bedrock denies the gateway the model"))
        );
    }

    #[test]
    fn an_unknown_model_is_not_found_whatever_bedrock_calls_it() {
        let error = of(400, "ValidationException", "The provided model identifier is invalid.");
        assert_eq!((error.status, error.code), (404, Some("model_not_found")));
    }

    #[test]
    fn no_error_tells_the_number_of_an_account() {
        let text = "No quota for arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.a.b (account 123456789012)";
        let told = "No quota for arn:aws:bedrock:us-east-1:************:inference-profile/us.a.b (account ************)";
        for name in [
            "ValidationException",
            "ServiceQuotaExceededException",
            "ConflictException",
            "ResourceNotFoundException",
            "ModelTimeoutException",
            "ModelErrorException",
            "ModelStreamErrorException",
            "ThrottlingException",
            "ModelNotReadyException",
            "InternalServerException",
            "ServiceUnavailableException",
            "SomethingNew",
        ] {
            for status in [0, 400, 404, 424, 429, 500] {
                assert_eq!(of(status, name, text).message, told, "{status} {name}");
            }
            // As an exception frame.
            let payload = format!(r#"{{"message":"{text}"}}"#);
            assert_eq!(error(&Bedrock::from_exception(name, payload.as_bytes())).message, told);
            assert_eq!(error(&Bedrock::from_error_frame(name, text)).message, told);
        }
    }

    #[test]
    fn the_gateways_own_trouble_does_not_tell_the_caller_about_the_account() {
        let text = "User: arn:aws:iam::123456789012:role/x is not authorized";
        assert!(!of(403, "AccessDeniedException", text).message.contains("arn:"));
    }
}
