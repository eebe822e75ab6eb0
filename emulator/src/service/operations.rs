//! Runs an operation on a valid request.

use super::Service;
use super::checks::Checked;
use crate::answer::{Answer, Usage, answer};
use crate::anthropic;
use crate::errors::AwsError;
use crate::faults::Faults;
use crate::guardrail;
use crate::lists;
use crate::models::Facts;
use crate::openai;
use crate::routes::{Operation, Route};
use crate::sigv4::Signed;
use crate::stream;
use crate::tokens;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::sync::Arc;

/// The result of an operation.
pub(super) enum Made {
    Json(Value, Vec<(&'static str, String)>),
    /// A body of InvokeModel, its headers, and its token counts.
    Invoked(Value, Vec<(&'static str, String)>, Usage),
    Message(Answer),
    Stream(Answer),
    /// Events of InvokeModelWithResponseStream.
    Chunks(Vec<stream::Event>, Usage),
    /// A chat of OpenAI's API: the answer, the model, and for a stream whether it has usage.
    OpenAi(Answer, String, Option<bool>),
}

impl Service {
    /// The answer to an authenticated request, with the faults that apply.
    pub(super) fn run(
        &self,
        route: &Route,
        request: &Signed<'_>,
        header: &Option<Cow<'_, str>>,
    ) -> Result<(Arc<Faults>, Made), AwsError> {
        let faults = || {
            self.faults
                .for_request(header.as_deref())
                .map_err(|e| AwsError::validation(format!("x-emulator: {e}")))
        };
        let made = |m: Result<Value, AwsError>| m.map(|v| Made::Json(v, Vec::new()));
        match route {
            Route::FoundationModels => {
                let made = made(lists::foundation_models(&self.models(), request.query))?;
                Ok((faults()?, made))
            }
            Route::InferenceProfiles => {
                // A refusal takes precedence over a fault, and is not counted.
                lists::inference_profiles(&self.models(), request.query, &Faults::default())?;
                let faults = faults()?;
                let made = made(lists::inference_profiles(&self.models(), request.query, &faults))?;
                Ok((faults, made))
            }
            Route::Model(operation, id) => {
                let checked = self.checked(*operation, id, request);
                if let Some(recorder) = &self.recorder {
                    let error = checked.as_ref().err().map(|e| format!("{}: {}", e.name, e.message));
                    recorder.write(operation.name(), id, error.as_deref(), request.body);
                }
                let checked = checked?;
                let faults = faults()?;
                if faults.error.is_some() {
                    // Refused by a fault: nothing is generated or cached.
                    return Ok((faults, Made::Json(Value::Null, Vec::new())));
                }
                let made = self.operate(*operation, checked, &faults);
                Ok((faults, made))
            }
            Route::Guardrail(id, version) => {
                let is_number = !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit());
                if !id.bytes().all(|b| b.is_ascii_alphanumeric()) || !(is_number || version == "DRAFT") {
                    return Err(AwsError::named("ResourceNotFoundException"));
                }
                let body: Value = serde_json::from_slice(request.body).map_err(|e| {
                    AwsError::new("SerializationException", format!("The body is not JSON: {e}"))
                })?;
                self.schema.check("ApplyGuardrailRequest", &body)?;
                Ok((faults()?, Made::Json(guardrail::apply(&body), Vec::new())))
            }
            Route::OpenAiChat => {
                let (model, body) = self.openai_checked(request)?;
                let faults = faults()?;
                let streamed = body.get("stream").and_then(Value::as_bool).unwrap_or_default().then(|| {
                    body.pointer("/stream_options/include_usage").and_then(Value::as_bool).unwrap_or_default()
                });
                let body = openai::converse(&body)?;
                let facts = Facts::of(&model);
                let usage = self.cache.count(&model, facts.cache_least, &body);
                let answer = answer(&body, &facts, &faults, usage);
                Ok((faults, Made::OpenAi(answer, model, streamed)))
            }
            Route::Admin(_) | Route::Unknown => Err(AwsError::named("UnknownOperationException")),
        }
    }

    fn operate(&self, operation: Operation, checked: Checked, faults: &Faults) -> Made {
        let Checked { model, facts, body, embedded } = checked;
        if let Some(embedded) = embedded {
            let headers = vec![
                ("x-amzn-bedrock-input-token-count", embedded.tokens.to_string()),
                ("x-amzn-bedrock-invocation-latency", "1".to_owned()),
            ];
            let usage = Usage { input: embedded.tokens, ..Usage::default() };
            return Made::Invoked(embedded.body, headers, usage);
        }
        if operation == Operation::CountTokens {
            let read =
                ["/system", "/messages", "/toolConfig/tools"].iter().filter_map(|name| body.pointer(name));
            let tokens: u64 = read.map(tokens::of_value).sum();
            return Made::Json(json!({"inputTokens": tokens.max(1)}), Vec::new());
        }
        let answer = answer(&body, &facts, faults, self.cache.count(&model, facts.cache_least, &body));
        match operation {
            Operation::Converse => Made::Message(answer),
            Operation::InvokeModel => {
                let headers = vec![
                    ("x-amzn-bedrock-input-token-count", answer.usage.input.to_string()),
                    ("x-amzn-bedrock-output-token-count", answer.usage.output.to_string()),
                    ("x-amzn-bedrock-invocation-latency", "1".to_owned()),
                ];
                Made::Invoked(anthropic::message(&answer, &model), headers, answer.usage)
            }
            Operation::InvokeStream => Made::Chunks(anthropic::chunks(&answer, &model), answer.usage),
            _ => Made::Stream(answer),
        }
    }
}
