//! The record as `google.protobuf.Struct`, which Envoy's expressions read. Encoded directly: by `prost-types` it would take
//! some fifty allocations per request.

use prost::encoding::{WireType, encode_key, encode_varint};

use super::members::{Members, Value, in_ones};

/// Bytes reserved for a usual record.
const ROOM: usize = 1 << 10;

impl Members<'_> {
    /// As an encoded Struct.
    pub fn to_struct(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(ROOM);
        self.each(|name, value| match value {
            Value::Text(text) => member(&mut out, name, Encoded::Text(text)),
            Value::Count(count) => member(&mut out, name, Encoded::number(count)),
            Value::Millionths(micros) => member(&mut out, name, Encoded::Number(in_ones(micros))),
            Value::Flag(flag) => member(&mut out, name, Encoded::Flag(flag)),
            Value::Labels(labels) => {
                let mut object = Vec::new();
                labels.iter().for_each(|(name, text)| member(&mut object, name, Encoded::Text(text)));
                member(&mut out, name, Encoded::Object(&object));
            }
        });
        out
    }
}

/// A value in a Struct. Numbers are doubles: exact up to 2^53.
#[derive(Clone, Copy)]
enum Encoded<'r> {
    Text(&'r str),
    Number(f64),
    Flag(bool),
    /// An encoded Struct.
    Object(&'r [u8]),
}

impl Encoded<'_> {
    #[allow(clippy::cast_precision_loss, reason = "a Struct has no other numbers")]
    fn number(number: u64) -> Self {
        Self::Number(number as f64)
    }
}

/// Writes an entry of `Struct.fields` (`google/protobuf/struct.proto`): field 1 is the name, field 2 a `Value`, whose field 2
/// is a double, 3 a string, 4 a boolean, 5 a Struct.
fn member(out: &mut Vec<u8>, name: &str, value: Encoded<'_>) {
    // A double or a boolean with its tag; a string with its tag and length.
    let length_of_value = match value {
        Encoded::Number(_) => 9,
        Encoded::Flag(_) => 2,
        Encoded::Text(text) => of_text(text),
        Encoded::Object(encoded) => of_message(encoded.len()),
    };
    let length = of_text(name).saturating_add(of_message(length_of_value));
    encode_key(1, WireType::LengthDelimited, out);
    encode_varint(count(length), out);
    write_text(1, name, out);
    encode_key(2, WireType::LengthDelimited, out);
    encode_varint(count(length_of_value), out);
    match value {
        Encoded::Number(number) => {
            encode_key(2, WireType::SixtyFourBit, out);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Encoded::Text(text) => write_text(3, text, out),
        Encoded::Flag(flag) => {
            encode_key(4, WireType::Varint, out);
            encode_varint(flag.into(), out);
        }
        Encoded::Object(encoded) => {
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

/// Bytes of a string with its tag and length.
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
    use std::time::Duration;

    use prost::Message as _;
    use prost_types::Struct;
    use prost_types::value::Kind;

    use super::*;
    use crate::gateway::attribution::Attribution;
    use crate::openai::completion::{CompletionTokensDetails, PromptTokensDetails, Usage};
    use crate::record::{Ended, Facts, Record};

    /// The members of the JSON line, which are those of the Struct in the record's order.
    fn read_line(record: &Record) -> Vec<(String, String)> {
        let line = String::from_utf8(Members::of(record).to_line()).unwrap();
        let read: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&line).unwrap();
        let text = |value| match value {
            serde_json::Value::String(text) => text,
            serde_json::Value::Object(labels) => format!(
                "{:?}",
                labels
                    .into_iter()
                    .map(|(name, value)| (name, Some(Kind::StringValue(value.as_str().unwrap().to_owned()))))
                    .collect::<Vec<_>>()
            ),
            other => other.to_string(),
        };
        let mut members: Vec<_> = read.into_iter().map(|(name, value)| (name, text(value))).collect();
        members.sort();
        members
    }

    fn read(record: &Record) -> Vec<(String, String)> {
        let read = Struct::decode(Members::of(record).to_struct().as_slice()).unwrap();
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
        assert_eq!(read_line(&record), read);
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
        assert_eq!(read_line(&record), read);
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
