//! The checks on a request after authentication.

use super::{JSON, Service};
use crate::anthropic;
use crate::embeddings::{self, Embedded};
use crate::errors::AwsError;
use crate::models::{Api, Facts};
use crate::openai;
use crate::routes::Operation;
use crate::rules;
use crate::sigv4::Signed;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::sync::Arc;

/// A request on a model that has passed all checks.
pub(super) struct Checked {
    /// The model's own id.
    pub(super) model: String,
    pub(super) facts: Arc<Facts>,
    pub(super) body: Value,
    /// The answer of an embedding model.
    pub(super) embedded: Option<Embedded>,
}

impl Service {
    /// Checks a chat of OpenAI's.
    pub(super) fn openai_checked(&self, request: &Signed<'_>) -> Result<(String, Value), AwsError> {
        let body: Value = serde_json::from_slice(request.body)
            .map_err(|e| AwsError::validation(format!("The body is not JSON: {e}")))?;
        let asked = body.get("model").and_then(Value::as_str).unwrap_or_default();
        let model = self.models().resolve(asked)?.id.clone();
        openai::converse(&body)?;
        Ok((model, body))
    }

    /// Checks a request on a model.
    pub(super) fn checked(
        &self,
        operation: Operation,
        id: &str,
        request: &Signed<'_>,
    ) -> Result<Checked, AwsError> {
        let content_type =
            request.headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case(JSON) {
            return Err(AwsError::validation(format!(
                "The content type `{essence}` is not supported: it must be application/json."
            )));
        }
        let body: Value = serde_json::from_slice(request.body)
            .map_err(|e| AwsError::new("SerializationException", format!("The body is not JSON: {e}")))?;
        let models = self.models();
        let model = match operation {
            Operation::CountTokens => models.counted(id)?,
            _ => models.resolve(id)?,
        };
        let checked = |body, embedded| Checked {
            model: model.id.clone(),
            facts: Arc::clone(&model.facts),
            body,
            embedded,
        };
        let shape = match operation {
            Operation::Converse => "ConverseRequest",
            Operation::ConverseStream => "ConverseStreamRequest",
            Operation::CountTokens => "CountTokensRequest",
            Operation::InvokeModel | Operation::InvokeStream => {
                // Each embedding family's body is checked where it is answered.
                if model.facts.claude() {
                    let body = anthropic::converse(&body)?;
                    rules::check(&body, &model.facts, operation == Operation::InvokeStream)?;
                    self.length(&body, &model.facts)?;
                    return Ok(checked(body, None));
                }
                let embedded = embeddings::invoke(&model.id, &body)?;
                return Ok(checked(body, Some(embedded)));
            }
        };
        self.schema.check(shape, &body)?;
        if model.facts.api == Api::Embedding {
            return Err(AwsError::validation(format!(
                "The action doesn't support the model that you provided. Try again with a supported text or chat \
                 model. ({id})"
            )));
        }
        let body = if operation == Operation::CountTokens { counted(body)? } else { body };
        rules::check(&body, &model.facts, operation == Operation::ConverseStream)?;
        self.length(&body, &model.facts)?;
        Ok(checked(body, None))
    }

    fn length(&self, body: &Value, facts: &Facts) -> Result<(), AwsError> {
        if self.options.any_length { Ok(()) } else { rules::length(body, facts) }
    }
}

/// The request that CountTokens counts, in Converse's form; a native body is read as InvokeModel does.
fn counted(mut body: Value) -> Result<Value, AwsError> {
    if let Some(encoded) = body.pointer("/input/invokeModel/body").and_then(Value::as_str) {
        let read = STANDARD.decode(encoded).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let own: Value = read.ok_or_else(|| {
            AwsError::validation("Malformed input request, please reformat your input and try again.")
        })?;
        return anthropic::converse(&own);
    }
    Ok(body.pointer_mut("/input/converse").map(Value::take).unwrap_or_default())
}
