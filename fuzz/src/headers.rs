//! Header maps of any bytes, in the form in which Envoy gives them: what is read is what is there, and is written the same.

use bedrock_filter::gateway::headers::Headers;

use super::allocation::{Bound, bounded};

const BOUND: Bound = Bound { per_byte: 40, any: 1 << 10 };

pub fn check(bytes: &[u8]) {
    let read = bounded("headers", bytes.len(), BOUND, || Headers::from_bytes(bytes.to_vec()));
    let Some(headers) = read else {
        return assert!(lengths(bytes).is_none(), "not read: {}", bytes.escape_ascii());
    };
    let Some(lengths) = lengths(bytes) else { panic!("read: {}", bytes.escape_ascii()) };
    let mut at = 4 + 8 * lengths.len();
    for ((name, value), (name_length, value_length)) in headers.iter().zip(&lengths) {
        assert_eq!(name, &bytes[at..at + name_length]);
        at += name_length + 1;
        assert_eq!(value, &bytes[at..at + value_length]);
        at += value_length + 1;
    }
    assert_eq!(headers.iter().count(), lengths.len());
    let written = bounded("headers", bytes.len(), BOUND, || headers.to_bytes());
    assert_eq!(written.len(), at, "what is behind them is no header");
    assert_eq!(Headers::from_bytes(written.clone()).as_ref(), Some(&headers));
    assert_eq!(headers.iter().collect::<Headers>().to_bytes(), written);
}

/// The lengths of names and values, where all that they say is there.
fn lengths(bytes: &[u8]) -> Option<Vec<(usize, usize)>> {
    let number = |at: usize| {
        let number = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_le_bytes(number) as usize)
    };
    let count = number(0)?;
    let mut lengths = Vec::new();
    for at in (4..).step_by(8).take(count) {
        lengths.push((number(at)?, number(at + 4)?));
    }
    let text: usize = lengths.iter().map(|(name, value)| name + value + 2).sum();
    (4 + 8 * count + text <= bytes.len()).then_some(lengths)
}
