//! The members of a record by name, shared by all its serialised forms.

use std::time::Duration;

use super::Record;

/// A member's value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'r> {
    /// A string.
    Text(&'r str),
    /// A count, or milliseconds.
    Count(u64),
    /// An amount of money, in millionths of the currency.
    Millionths(u64),
    /// A boolean.
    Flag(bool),
    /// The operator's labels for the caller, in the configuration's order.
    Labels(&'r [(String, String)]),
}

/// Most members of a record.
const MOST: usize = 32;

/// The members of one record; `None` means unknown.
#[derive(Debug)]
pub struct Members<'r>([(&'static str, Option<Value<'r>>); MOST]);

impl<'r> Members<'r> {
    /// The members of a record.
    pub fn of(record: &'r Record) -> Self {
        let usage = record.usage.as_ref();
        let of_input = usage.and_then(|usage| usage.prompt_tokens_details);
        let of_output = usage.and_then(|usage| usage.completion_tokens_details);
        let labels = record.attribution.as_ref().map(|attribution| attribution.labels.as_slice());
        let labels = labels.filter(|labels| !labels.is_empty());
        Self([
            ("caller", text(&record.caller)),
            ("team", text(&record.team)),
            ("labels", labels.map(Value::Labels)),
            ("operation", record.operation.map(Value::Text)),
            ("model_asked", text(&record.model_asked)),
            ("model", text(&record.model)),
            ("profile", text(&record.profile)),
            ("region", text(&record.region)),
            ("target", text(&record.target)),
            ("attempts", Some(Value::Count(record.attempts))),
            ("stream", Some(Value::Flag(record.stream))),
            ("status", record.status.map(|status| Value::Count(status.into()))),
            ("outcome", Some(Value::Text(record.outcome.as_str()))),
            ("error", record.error.as_deref().map(Value::Text)),
            ("limit", record.limit.map(Value::Text)),
            ("finish_reason", record.finish_reason.map(Value::Text)),
            ("input_tokens", usage.map(|usage| Value::Count(usage.prompt_tokens))),
            ("output_tokens", usage.map(|usage| Value::Count(usage.completion_tokens))),
            ("cache_read_tokens", of_input.map(|input| Value::Count(input.cached_tokens))),
            ("cache_write_tokens", of_input.map(|input| Value::Count(input.cache_write_tokens))),
            ("reasoning_tokens", of_output.map(|output| Value::Count(output.reasoning_tokens))),
            ("total_tokens", usage.map(|usage| Value::Count(usage.total_tokens))),
            ("estimated", record.estimated.then_some(Value::Flag(true))),
            ("cost", record.cost_micros.map(Value::Millionths)),
            ("time_to_first_token_ms", record.time_to_first_token.map(milliseconds)),
            ("duration_ms", record.duration.map(milliseconds)),
            ("technique", text(&record.technique)),
            ("calls", record.calls.map(Value::Count)),
            ("part_of", text(&record.part_of)),
            ("guardrail", Some(Value::Flag(record.guardrail))),
            ("request_id", text(&record.request_id)),
            ("bedrock_request_id", text(&record.bedrock_request_id)),
        ])
    }

    /// Passes the known members to `take`, in their order.
    pub(super) fn each(&self, mut take: impl FnMut(&'static str, Value<'r>)) {
        for (name, value) in &self.0 {
            if let Some(value) = value {
                take(name, *value);
            }
        }
    }
}

/// Millionths as a number of whole units.
#[allow(clippy::cast_precision_loss, reason = "beyond 2^53 millionths nobody counts them")]
pub(super) fn in_ones(millionths: u64) -> f64 {
    millionths as f64 / 1e6
}

fn text(text: &Option<String>) -> Option<Value<'_>> {
    text.as_deref().map(Value::Text)
}

fn milliseconds<'r>(duration: Duration) -> Value<'r> {
    Value::Count(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
