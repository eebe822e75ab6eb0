//! Converts vectors from Bedrock's JSON to the client's form in one pass: numbers in their written form, or base64, which
//! OpenAI's SDK for Python asks for by default.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use serde::Serialize;

use crate::wire::Raw;

/// A vector in the requested form.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Vector<'a> {
    /// The JSON list, as Bedrock wrote it.
    Numbers(Raw<'a>),
    /// Little-endian f32, base64.
    Base64(String),
}

impl<'a> Vector<'a> {
    /// Takes a list of numbers; `None` for other JSON, or an empty list.
    pub(super) fn new(list: Raw<'a>, as_base64: bool) -> Option<Self> {
        let inner = list.get().strip_prefix('[')?.strip_suffix(']')?;
        let numbers =
            inner.split(',').map(|number| number.trim_ascii().parse::<f64>().ok().filter(|n| n.is_finite()));
        if !as_base64 {
            // The JSON is valid, so it is enough to exclude strings and nested lists.
            let are_numbers = inner.bytes().all(|b| {
                matches!(b, b'0'..=b'9' | b',' | b'.' | b'-' | b'+' | b'e' | b'E') || b.is_ascii_whitespace()
            });
            return (are_numbers && !inner.trim_ascii().is_empty()).then_some(Self::Numbers(list));
        }
        let mut bytes = Vec::with_capacity(inner.len() / 2);
        for number in numbers {
            #[expect(clippy::cast_possible_truncation, reason = "a vector's numbers are single precision")]
            bytes.extend_from_slice(&(number? as f32).to_le_bytes());
        }
        Some(Self::Base64(STANDARD.encode(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire;

    fn run(list: &str, as_base64: bool) -> Option<String> {
        Vector::new(wire::from_str(list).unwrap(), as_base64).map(|vector| wire::to_string(&vector))
    }

    #[test]
    fn numbers_stay_as_they_are_written_and_base64_is_their_bytes() {
        assert_eq!(run("[1.0, -2.5e-1 ,3]", false).as_deref(), Some("[1.0, -2.5e-1 ,3]"));
        assert_eq!(run("[1.0, -0.25 ,3]", true).as_deref(), Some("\"AACAPwAAgL4AAEBA\""));
    }

    #[test]
    fn what_is_no_list_of_numbers_is_no_vector() {
        for list in ["[]", "[ ]", "[1,\"2\"]", "[[1]]", "{}", "5", "null", "[true]", "[null]"] {
            for as_base64 in [false, true] {
                assert_eq!(run(list, as_base64), None, "{list}");
            }
        }
    }
}
