//! The gateway role's message to the upstream role, in filter state, which no client can write.

use std::borrow::Cow;

use super::native;
use crate::bedrock::operation::Operation;
use crate::openai::Endpoint;

/// The key in filter state, without Envoy's prefix `wasm.`.
pub const KEY: &str = "bedrock.request";

/// The purpose of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// An endpoint of OpenAI's API; the model is in the body.
    OpenAi(Endpoint),
    /// A request of Bedrock's own routes.
    Native(native::Request<'a>),
}

/// What the upstream role must know of a request that the gateway role has let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handoff<'a> {
    /// The purpose of the request.
    pub purpose: Purpose<'a>,
    /// The name of the caller's key.
    pub caller: Cow<'a, str>,
    /// Whether the caller has rules that must be checked at each attempt.
    pub is_bound: bool,
    /// Whether the request is a call of this gateway to itself, for a part of another.
    pub is_part: bool,
    /// Distinguishes the request from all others of the worker.
    pub id: u64,
}

/// Bit of the first byte: a native route, with the operation's number; else the byte is the endpoint's number.
const NATIVE: u8 = 0x80;
/// Bit of the first byte: [`Handoff::is_bound`].
const BOUND: u8 = 0x40;
/// Bit of the first byte: [`Handoff::is_part`].
const PART: u8 = 0x20;

impl<'a> Handoff<'a> {
    /// Serialised for filter state: the purpose, the id, the length of the caller's name, the name, and the model of a native
    /// route.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { purpose, caller, is_bound, is_part, id } = self;
        let (kind, model) = match purpose {
            Purpose::OpenAi(endpoint) => (*endpoint as u8, ""),
            Purpose::Native(native::Request { operation, model }) => (NATIVE | *operation as u8, &**model),
        };
        let kind = if *is_bound { kind | BOUND } else { kind };
        let kind = if *is_part { kind | PART } else { kind };
        // No name is longer than `u32::MAX` bytes.
        let length = u32::try_from(caller.len()).unwrap_or(u32::MAX);
        [&[kind][..], &id.to_le_bytes(), &length.to_le_bytes(), caller.as_bytes(), model.as_bytes()].concat()
    }

    /// Parses [`Self::to_bytes`].
    pub fn from_bytes(bytes: &'a [u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let (kind, is_bound, is_part) = (&(kind & !(BOUND | PART)), kind & BOUND != 0, kind & PART != 0);
        let (id, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (caller, model) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        let text = |bytes: &'a [u8]| std::str::from_utf8(bytes).ok().map(Cow::Borrowed);
        let purpose = if kind & NATIVE == 0 {
            Purpose::OpenAi(*Endpoint::ALL.iter().find(|endpoint| **endpoint as u8 == *kind)?)
        } else {
            let operation =
                Operation::ALL.into_iter().find(|operation| *operation as u8 | NATIVE == *kind)?;
            Purpose::Native(native::Request { operation, model: text(model)? })
        };
        Some(Self { purpose, caller: text(caller)?, is_bound, is_part, id: u64::from_le_bytes(*id) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_over_comes_back_whatever_its_characters() {
        for purpose in [
            Purpose::OpenAi(Endpoint::Embeddings),
            Purpose::Native(native::Request {
                operation: Operation::InvokeStream,
                model: "a\"\r\n\\é".into(),
            }),
        ] {
            for (is_bound, is_part) in [(false, false), (false, true), (true, false), (true, true)] {
                let purpose = purpose.clone();
                let handoff =
                    Handoff { purpose, caller: "team \"a\"".into(), is_bound, is_part, id: u64::MAX };
                assert_eq!(Handoff::from_bytes(&handoff.to_bytes()).as_ref(), Some(&handoff));
            }
        }
    }

    #[test]
    fn what_nobody_handed_over_is_nothing() {
        let purpose = Purpose::OpenAi(Endpoint::Embeddings);
        let bytes =
            Handoff { purpose, caller: "a".into(), is_bound: false, is_part: false, id: 1 }.to_bytes();
        for end in 0..bytes.len() {
            assert_eq!(Handoff::from_bytes(&bytes[..end]), None, "cut at {end}");
        }
        for kind in [9, 0x7f, 0x89, 0xff] {
            let mut bytes = bytes.clone();
            bytes[0] = kind;
            assert_eq!(Handoff::from_bytes(&bytes), None, "{kind}");
        }
    }
}
