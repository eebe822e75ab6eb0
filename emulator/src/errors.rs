//! The errors AWS answers with: names, statuses, and how they look on the wire.

use serde_json::{Map, Value};

/// An error as AWS states it.
#[derive(Debug, Clone, PartialEq)]
pub struct AwsError {
    /// `ValidationException` and the like.
    pub name: String,
    /// The HTTP status it comes with.
    pub status: u16,
    /// Its text.
    pub message: String,
    /// Members beside `message`, `originalStatusCode` for one.
    pub extra: Map<String, Value>,
}

/// What AWS appends to the name in `x-amzn-errortype`.
pub const TYPE_SUFFIX: &str = ":http://internal.amazon.com/coral/com.amazon.bedrock/";

/// Name, status, and default text.
const KNOWN: &[(&str, u16, &str)] = &[
    ("ValidationException", 400, "The request is not valid."),
    ("SerializationException", 400, "The request body could not be read."),
    ("ServiceQuotaExceededException", 400, "You have exceeded your service quota."),
    ("ConflictException", 400, "The request conflicts with the state of the resource."),
    ("IncompleteSignatureException", 400, "Authorization header is incomplete."),
    ("AccessDeniedException", 403, "You don't have access to the model with the specified model ID."),
    ("UnrecognizedClientException", 403, "The security token included in the request is invalid."),
    (
        "InvalidSignatureException",
        403,
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    ),
    ("ExpiredTokenException", 403, "The security token included in the request is expired"),
    ("MissingAuthenticationTokenException", 403, "Missing Authentication Token"),
    (
        "ResourceNotFoundException",
        404,
        "Could not resolve the foundation model from the provided model identifier.",
    ),
    ("UnknownOperationException", 404, "Unknown operation"),
    ("ModelTimeoutException", 408, "Model has timed out in processing the request. Try your request again."),
    ("RequestEntityTooLargeException", 413, "Request is too large."),
    (
        "ModelErrorException",
        424,
        "The system encountered an unexpected error during processing. Try your request again.",
    ),
    ("ModelStreamErrorException", 424, "An error occurred while streaming the response."),
    ("ThrottlingException", 429, "Too many requests, please wait before trying again."),
    ("ModelNotReadyException", 429, "Model is not ready for inference. Wait and try your request again."),
    (
        "InternalServerException",
        500,
        "The system encountered an unexpected error during processing. Try your request again.",
    ),
    ("ServiceUnavailableException", 503, "Bedrock is unable to process your request."),
];

impl AwsError {
    /// The error of that name; an unknown name comes with 500.
    pub fn named(name: &str) -> Self {
        let known = KNOWN.iter().find(|(n, ..)| n.eq_ignore_ascii_case(name));
        let mut extra = Map::new();
        if name.eq_ignore_ascii_case("ModelErrorException") {
            extra.insert("originalStatusCode".into(), 500.into());
            extra.insert("resourceName".into(), "emulator".into());
        }
        if name.eq_ignore_ascii_case("ModelStreamErrorException") {
            extra.insert("originalStatusCode".into(), 500.into());
            extra.insert("originalMessage".into(), "the model gave up".into());
        }
        Self {
            name: known.map_or_else(|| name.to_owned(), |(n, ..)| (*n).to_owned()),
            status: known.map_or(500, |(_, s, _)| *s),
            message: known.map_or("An error the emulator has no text for.", |(.., m)| *m).to_owned(),
            extra,
        }
    }

    /// The error of that name with a text of its own.
    pub fn new(name: &str, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::named(name) }
    }

    /// A `ValidationException`.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    /// What a model's own validation looks like through Bedrock.
    pub fn from_model(message: impl AsRef<str>) -> Self {
        Self::validation(format!("The model returned the following errors: {}", message.as_ref()))
    }

    /// `This model doesn't support the X field. Remove X and try again.`
    pub fn unsupported(field: &str) -> Self {
        Self::validation(format!(
            "This model doesn't support the {field} field. Remove {field} and try again."
        ))
    }

    /// The body: `{"message": …}` and what else the error carries.
    pub fn body(&self) -> Value {
        let mut body = self.extra.clone();
        body.insert("message".into(), self.message.clone().into());
        Value::Object(body)
    }

    /// The member of the stream's union that carries this error, `throttlingException` for one.
    pub fn member(&self) -> String {
        let mut chars = self.name.chars();
        chars.next().map_or_else(String::new, |c| c.to_ascii_lowercase().to_string() + chars.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_brings_its_status() {
        assert_eq!(AwsError::named("throttlingException").status, 429);
        assert_eq!(AwsError::named("ModelErrorException").body()["originalStatusCode"], 500);
        assert_eq!(AwsError::named("ThrottlingException").member(), "throttlingException");
        assert_eq!(AwsError::named("Whatever").status, 500);
    }
}
