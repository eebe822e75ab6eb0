//! ConverseStream as AWS sends it: event-stream frames with checksums and the padding member `p`.

use std::io::Write as _;

/// Alphabet of `p`, which AWS adds to hide a token's length.
const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// The frames of a stream with `count` events in all; each delta has about `text` bytes.
pub fn answer(count: usize, text: usize) -> Vec<Vec<u8>> {
    let deltas = count.saturating_sub(4).max(1);
    let mut frames = vec![event("messageStart", r#""role":"assistant""#, 3)];
    for index in 0..deltas {
        let word = word(index, text);
        let payload = format!(r#""contentBlockIndex":0,"delta":{{"text":"{word}"}}"#);
        frames.push(event("contentBlockDelta", &payload, index * 7));
    }
    frames.push(event("contentBlockStop", r#""contentBlockIndex":0"#, 11));
    frames.push(event("messageStop", r#""stopReason":"end_turn""#, 23));
    let usage = format!(
        r#""metrics":{{"latencyMs":500}},"usage":{{"inputTokens":12,"outputTokens":{deltas},"totalTokens":{}}}"#,
        deltas + 12
    );
    frames.push(event("metadata", &usage, 5));
    frames
}

/// A word of varying length, like a token.
fn word(index: usize, text: usize) -> String {
    let length = (text + index % 5).saturating_sub(2).max(1);
    let mut word = String::from(" ");
    word.extend(PADDING.chars().cycle().skip(index % 26).take(length));
    word
}

/// One event's frame; `members` and `padding` make its payload.
fn event(kind: &str, members: &str, padding: usize) -> Vec<u8> {
    let padding = PADDING.get(..padding % PADDING.len()).unwrap_or_default();
    let payload = format!(r#"{{{members},"p":"{padding}"}}"#);
    encode(
        &[(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")],
        payload.as_bytes(),
    )
}

fn encode(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    for (name, value) in headers {
        encoded.extend(u8::try_from(name.len()));
        encoded.extend_from_slice(name.as_bytes());
        // Header value type 7: a string.
        encoded.push(7);
        encoded.extend(u16::try_from(value.len()).unwrap_or_default().to_be_bytes());
        encoded.extend_from_slice(value.as_bytes());
    }
    let total = u32::try_from(12 + encoded.len() + payload.len() + 4).unwrap_or_default();
    let mut frame = total.to_be_bytes().to_vec();
    frame.extend(u32::try_from(encoded.len()).unwrap_or_default().to_be_bytes());
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame.append(&mut encoded);
    frame.extend_from_slice(payload);
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame
}

/// Wraps a frame as a chunk of HTTP/1.1.
pub fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = Vec::with_capacity(bytes.len() + 12);
    let _ = write!(chunk, "{:x}\r\n", bytes.len());
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_as_many_events_as_were_asked_for_and_their_checksums_are_right() {
        let frames = answer(200, 12);
        assert_eq!(frames.len(), 200);
        for frame in frames {
            let (body, checksum) = frame.split_at(frame.len() - 4);
            assert_eq!(u32::from_be_bytes(frame[..4].try_into().unwrap()) as usize, frame.len());
            assert_eq!(frame[8..12], crc32fast::hash(&frame[..8]).to_be_bytes());
            assert_eq!(checksum, crc32fast::hash(body).to_be_bytes());
        }
    }
}
