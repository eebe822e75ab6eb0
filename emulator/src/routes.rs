//! Finds the operation of a request by method and path.

use crate::encoding::percent_decode;

/// The route of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// An operation on a model, with its decoded id.
    Model(Operation, String),
    /// `POST /guardrail/ID/version/VERSION/apply`, with id and version decoded.
    Guardrail(String, String),
    /// `POST /openai/v1/chat/completions`
    OpenAiChat,
    /// `GET /foundation-models`
    FoundationModels,
    /// `GET /inference-profiles`
    InferenceProfiles,
    /// One of the emulator's own paths; the rest after `/_emulator/`.
    Admin(String),
    /// A path that AWS does not have.
    Unknown,
}

/// Operations on a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `/converse`
    Converse,
    /// `/converse-stream`
    ConverseStream,
    /// `/invoke`
    InvokeModel,
    /// `/invoke-with-response-stream`
    InvokeStream,
    /// `/count-tokens`
    CountTokens,
}

impl Operation {
    /// AWS's name of the operation.
    pub fn name(self) -> &'static str {
        match self {
            Self::Converse => "Converse",
            Self::ConverseStream => "ConverseStream",
            Self::InvokeModel => "InvokeModel",
            Self::InvokeStream => "InvokeModelWithResponseStream",
            Self::CountTokens => "CountTokens",
        }
    }

    /// Whether its response is an event stream.
    pub fn streams(self) -> bool {
        matches!(self, Self::ConverseStream | Self::InvokeStream)
    }
}

impl Route {
    /// Finds the route. A model id is one path segment: an unencoded `/` in it makes another path.
    pub fn of(method: &str, path: &str) -> Self {
        if let Some(rest) = path.strip_prefix("/_emulator/") {
            return Self::Admin(rest.to_owned());
        }
        let labels: Vec<&str> = path.split('/').skip(1).collect();
        match (method, labels.as_slice()) {
            ("POST", ["openai", "v1", "chat", "completions"]) => Self::OpenAiChat,
            ("GET", ["foundation-models"]) => Self::FoundationModels,
            ("GET", ["inference-profiles"]) => Self::InferenceProfiles,
            ("POST", ["guardrail", id, "version", version, "apply"]) => {
                match (percent_decode(id), percent_decode(version)) {
                    (Some(id), Some(version)) if !id.is_empty() => Self::Guardrail(id, version),
                    _ => Self::Unknown,
                }
            }
            ("POST", ["model", id, action]) => {
                let operation = match *action {
                    "converse" => Operation::Converse,
                    "converse-stream" => Operation::ConverseStream,
                    "invoke" => Operation::InvokeModel,
                    "invoke-with-response-stream" => Operation::InvokeStream,
                    "count-tokens" => Operation::CountTokens,
                    _ => return Self::Unknown,
                };
                match percent_decode(id) {
                    Some(id) if !id.is_empty() => Self::Model(operation, id),
                    _ => Self::Unknown,
                }
            }
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_id_is_one_label() {
        let id = |p: &str| if let Route::Model(_, id) = Route::of("POST", p) { Some(id) } else { None };
        assert_eq!(id("/model/a%3A0/converse").as_deref(), Some("a:0"));
        assert_eq!(id("/model/arn%3Ax%2Fy/converse-stream").as_deref(), Some("arn:x/y"));
        assert_eq!(id("/model/arn:x/y/converse"), None);
        assert_eq!(id("/model/a%ZZ/converse"), None);
        assert_eq!(Route::of("GET", "/model/a/converse"), Route::Unknown);
        assert_eq!(Route::of("GET", "/foundation-models"), Route::FoundationModels);
    }
}
