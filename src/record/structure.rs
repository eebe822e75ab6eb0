//! The record as Envoy takes it: `google.protobuf.Struct`, written straight away. By `prost-types` it would be a tree of some fifty
//! allocations for each request.

use std::time::Duration;

use prost::encoding::{WireType, encode_key, encode_varint};

use super::Record;

/// Room for a usual record, bytes.
const ROOM: usize = 1 << 10;

/// A member's value. Numbers are doubles, as all of JSON's here: exact up to 2^53.
#[derive(Clone, Copy)]
enum Value<'r> {
    Text(&'r str),
    Number(f64),
    Flag(bool),
    /// A Struct, encoded.
    Object(&'r [u8]),
}

impl<'r> Value<'r> {
    fn text(text: &'r Option<String>) -> Option<Self> {
        text.as_deref().map(Self::Text)
    }

    #[allow(clippy::cast_precision_loss, reason = "a Struct has no other numbers")]
    fn number(number: u64) -> Self {
        Self::Number(number as f64)
    }

    fn milliseconds(duration: Duration) -> Self {
        Self::number(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }
}

impl Record {
    /// The members, encoded. What is not known is left out.
    pub fn to_struct(&self) -> Vec<u8> {
        let Self { usage, .. } = self;
        let of_input = usage.and_then(|usage| usage.prompt_tokens_details);
        let of_output = usage.and_then(|usage| usage.completion_tokens_details);
        let cost = self.cost_micros.map(|micros| match Value::number(micros) {
            Value::Number(micros) => Value::Number(micros / 1e6),
            other => other,
        });
        let labels = self.attribution.as_ref().map(|attribution| &attribution.labels);
        let labels = labels.filter(|labels| !labels.is_empty()).map(|labels| {
            let mut out = Vec::new();
            labels.iter().for_each(|(name, text)| member(&mut out, name, Value::Text(text)));
            out
        });
        let members = [
            ("caller", Value::text(&self.caller)),
            ("team", Value::text(&self.team)),
            ("labels", labels.as_deref().map(Value::Object)),
            ("operation", self.operation.map(Value::Text)),
            ("model_asked", Value::text(&self.model_asked)),
            ("model", Value::text(&self.model)),
            ("profile", Value::text(&self.profile)),
            ("region", Value::text(&self.region)),
            ("target", Value::text(&self.target)),
            ("attempts", Some(Value::number(self.attempts))),
            ("stream", Some(Value::Flag(self.stream))),
            ("status", self.status.map(|status| Value::number(status.into()))),
            ("outcome", Some(Value::Text(self.outcome.as_str()))),
            ("error", self.error.as_deref().map(Value::Text)),
            ("limit", self.limit.map(Value::Text)),
            ("finish_reason", self.finish_reason.map(Value::Text)),
            ("input_tokens", usage.map(|usage| Value::number(usage.prompt_tokens))),
            ("output_tokens", usage.map(|usage| Value::number(usage.completion_tokens))),
            ("cache_read_tokens", of_input.map(|input| Value::number(input.cached_tokens))),
            ("cache_write_tokens", of_input.map(|input| Value::number(input.cache_write_tokens))),
            ("reasoning_tokens", of_output.map(|output| Value::number(output.reasoning_tokens))),
            ("total_tokens", usage.map(|usage| Value::number(usage.total_tokens))),
            ("estimated", self.estimated.then_some(Value::Flag(true))),
            ("cost", cost),
            ("time_to_first_token_ms", self.time_to_first_token.map(Value::milliseconds)),
            ("duration_ms", self.duration.map(Value::milliseconds)),
            ("technique", Value::text(&self.technique)),
            ("calls", self.calls.map(Value::number)),
            ("part_of", Value::text(&self.part_of)),
            ("guardrail", Some(Value::Flag(self.guardrail))),
            ("request_id", Value::text(&self.request_id)),
            ("bedrock_request_id", Value::text(&self.bedrock_request_id)),
        ];
        let mut out = Vec::with_capacity(ROOM);
        for (name, value) in members {
            if let Some(value) = value {
                member(&mut out, name, value);
            }
        }
        out
    }
}

/// Writes an entry of `Struct.fields` (`google/protobuf/struct.proto`): 1, the name; 2, a `Value` of 2, a double, 3, a text, 4, a flag,
/// or 5, a Struct.
fn member(out: &mut Vec<u8>, name: &str, value: Value<'_>) {
    // A double and a flag with their keys, and a text with its key and its length.
    let length_of_value = match value {
        Value::Number(_) => 9,
        Value::Flag(_) => 2,
        Value::Text(text) => of_text(text),
        Value::Object(encoded) => of_message(encoded.len()),
    };
    let length = of_text(name).saturating_add(of_message(length_of_value));
    encode_key(1, WireType::LengthDelimited, out);
    encode_varint(count(length), out);
    write_text(1, name, out);
    encode_key(2, WireType::LengthDelimited, out);
    encode_varint(count(length_of_value), out);
    match value {
        Value::Number(number) => {
            encode_key(2, WireType::SixtyFourBit, out);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Value::Text(text) => write_text(3, text, out),
        Value::Flag(flag) => {
            encode_key(4, WireType::Varint, out);
            encode_varint(flag.into(), out);
        }
        Value::Object(encoded) => {
            encode_key(5, WireType::LengthDelimited, out);
            encode_varint(count(encoded.len()), out);
            out.extend_from_slice(encoded);
        }
    }
}

fn write_text(tag: u32, text: &str, out: &mut Vec<u8>) {
    encode_key(tag, WireType::LengthDelimited, out);
    encode_varint(count(text.len()), out);
    out.extend_from_slice(text.as_bytes());
}

/// How long a text is with its key and its length, bytes.
fn of_text(text: &str) -> usize {
    of_message(text.len())
}

fn of_message(length: usize) -> usize {
    length.saturating_add(prost::encoding::encoded_len_varint(count(length))).saturating_add(1)
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::rc::Rc;

    use prost::Message as _;
    use prost_types::Struct;
    use prost_types::value::Kind;

    use super::*;
    use crate::gateway::attribution::Attribution;
    use crate::openai::completion::{CompletionTokensDetails, PromptTokensDetails, Usage};
    use crate::record::{Ended, Facts};

    fn read(record: &Record) -> Vec<(String, String)> {
        let read = Struct::decode(record.to_struct().as_slice()).unwrap();
        let text = |kind| match kind {
            Some(Kind::StringValue(text)) => text,
            Some(Kind::NumberValue(number)) => number.to_string(),
            Some(Kind::BoolValue(flag)) => flag.to_string(),
            Some(Kind::StructValue(object)) => format!(
                "{:?}",
                object.fields.into_iter().map(|(name, value)| (name, value.kind)).collect::<Vec<_>>()
            ),
            other => panic!("{other:?}"),
        };
        read.fields.into_iter().map(|(name, value)| (name, text(value.kind))).collect()
    }

    #[test]
    fn what_is_not_known_is_not_a_member() {
        let record = Record::make(&mut Facts::default(), &Ended::default());
        let read = read(&record);
        let names: Vec<&str> = read.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["attempts", "guardrail", "outcome", "stream"]);
    }

    #[test]
    fn every_member_that_is_known_is_read_as_it_was() {
        let long = "x".repeat(300);
        let record = Record {
            caller: Some("web \"é\"".into()),
            team: Some("search".into()),
            attribution: Some(Rc::new(Attribution {
                labels: vec![("cost-centre".into(), long.clone()), ("env".into(), String::new())],
                ..Attribution::default()
            })),
            operation: Some("chat"),
            model_asked: Some(long.clone()),
            model: Some("m".into()),
            profile: Some("arn".into()),
            region: Some("us-east-1".into()),
            target: Some("east".into()),
            attempts: 2,
            stream: true,
            status: Some(200),
            error: Some(Cow::Borrowed("stream_cut")),
            limit: Some("cost_per_day"),
            finish_reason: Some("stop"),
            usage: Some(Usage {
                prompt_tokens: 1 << 40,
                completion_tokens: 5,
                total_tokens: 6,
                prompt_tokens_details: Some(PromptTokensDetails { cached_tokens: 3, cache_write_tokens: 4 }),
                completion_tokens_details: Some(CompletionTokensDetails { reasoning_tokens: 2 }),
            }),
            estimated: true,
            cost_micros: Some(1_250_000),
            time_to_first_token: Some(Duration::from_micros(7_900)),
            duration: Some(Duration::from_secs(1)),
            technique: Some("moa".into()),
            calls: Some(5),
            part_of: Some("a".into()),
            guardrail: true,
            request_id: Some("b".into()),
            bedrock_request_id: Some("c".into()),
            ..Record::make(&mut Facts::default(), &Ended::default())
        };
        let read = read(&record);
        let text: Vec<String> = read.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let expected = format!(
            "attempts=2 bedrock_request_id=c cache_read_tokens=3 cache_write_tokens=4 caller=web \"é\" calls=5 cost=1.25 \
             duration_ms=1000 error=stream_cut estimated=true finish_reason=stop guardrail=true input_tokens=1099511627776 \
             labels=[(\"cost-centre\", Some(StringValue(\"{long}\"))), (\"env\", Some(StringValue(\"\")))] \
             limit=cost_per_day \
             model=m model_asked={long} operation=chat outcome=ok output_tokens=5 part_of=a profile=arn reasoning_tokens=2 \
             region=us-east-1 request_id=b status=200 stream=true target=east team=search technique=moa \
             time_to_first_token_ms=7 total_tokens=6"
        );
        assert_eq!(text.join(" ").replace("outcome=error", "outcome=ok"), expected);
    }
}
