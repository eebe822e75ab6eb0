//! The events of a streamed response, and the objects in them (OpenAI API reference, "Streaming events").

use crate::wire::{self, Str};

/// Bytes reserved for the rest of an event that has a member in parts.
const BESIDE: usize = 256;

/// A member's value.
#[derive(Clone, Copy, Debug)]
pub enum Value<'v> {
    /// A number.
    Number(u64),
    /// A string.
    Text(&'v str),
    /// A string, possibly in its written form.
    Str(&'v Str<'v>),
    /// JSON.
    Json(&'v [u8]),
    /// JSON in several parts, to be concatenated.
    Pieces(&'v [&'v [u8]]),
    /// The inside of a list: JSON entries with commas between them.
    List(&'v [u8]),
    /// A list of JSON entries; empty ones are left out.
    Entries(&'v [Vec<u8>]),
}

/// A member: its name and value.
pub type Member<'v> = (&'static str, Value<'v>);

/// Writes an object with these members; their names need no escapes.
pub fn object(out: &mut Vec<u8>, members: &[Member<'_>]) {
    out.push(b'{');
    self::members(out, members, true);
    out.push(b'}');
}

fn members(out: &mut Vec<u8>, members: &[Member<'_>], mut is_first: bool) {
    for (name, value) in members {
        if !std::mem::take(&mut is_first) {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        match value {
            Value::Number(number) => wire::append(out, number),
            Value::Text(text) => wire::append(out, text),
            Value::Str(text) => wire::append(out, text),
            Value::Json(json) => out.extend_from_slice(json),
            Value::Pieces(pieces) => {
                // Reserved in one step, because they may be as large as a request.
                let length = pieces.iter().fold(BESIDE, |sum, piece| sum.saturating_add(piece.len()));
                out.reserve_exact(length);
                pieces.iter().for_each(|piece| out.extend_from_slice(piece));
            }
            Value::List(entries) => {
                out.push(b'[');
                out.extend_from_slice(entries);
                out.push(b']');
            }
            Value::Entries(entries) => {
                out.push(b'[');
                for (at, entry) in entries.iter().filter(|entry| !entry.is_empty()).enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    out.extend_from_slice(entry);
                }
                out.push(b']');
            }
        }
    }
}

/// Writes the events of one response, or nothing where it is not streamed.
#[derive(Debug)]
pub struct Events<'o> {
    /// The sequence number of the next event.
    pub sequence: &'o mut u64,
    /// The output; `None`: not streamed.
    pub out: Option<&'o mut Vec<u8>>,
}

impl Events<'_> {
    /// Writes an event of this type with these members.
    pub fn event(&mut self, kind: &'static str, members: &[Member<'_>]) {
        let Some(out) = &mut self.out else { return };
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\ndata: {\"type\":\"");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\",\"sequence_number\":");
        wire::append(out, &*self.sequence);
        self::members(out, members, false);
        out.extend_from_slice(b"}\n\n");
        *self.sequence = self.sequence.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_its_type_twice_and_the_next_number() {
        let (mut sequence, mut out) = (7, Vec::new());
        let mut events = Events { sequence: &mut sequence, out: Some(&mut out) };
        events.event("response.x", &[("a", Value::Text("b\n")), ("c", Value::Number(1))]);
        let entries = [b"1".to_vec(), Vec::new(), b"2".to_vec()];
        events.event("response.y", &[("d", Value::List(b"{},{}")), ("e", Value::Entries(&entries))]);
        let expected = concat!(
            "event: response.x\ndata: {\"type\":\"response.x\",\"sequence_number\":7,\"a\":\"b\\n\",\"c\":1}\n\n",
            "event: response.y\ndata: {\"type\":\"response.y\",\"sequence_number\":8,\"d\":[{},{}],\"e\":[1,2]}\n\n",
        );
        assert_eq!((String::from_utf8(out).unwrap().as_str(), sequence), (expected, 9));
    }

    #[test]
    fn what_is_not_streamed_has_no_events() {
        let mut sequence = 0;
        Events { sequence: &mut sequence, out: None }.event("response.x", &[]);
        assert_eq!(sequence, 0);
    }
}
