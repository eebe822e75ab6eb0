//! `encrypted_content`: a reasoning block for sending back to the model that made it. The client keeps it; the gateway stores
//! nothing.
//!
//! It is not encrypted and need not be: the model trusts only the signature in it. A checksum detects cut or damaged values; a
//! forged one is refused by the model.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::bedrock::converse::Reasoning;
use crate::wire::{self, Str};

/// Prefix with the format's version; other versions are not read.
const VERSION: &str = "bedrock1.";

/// A reasoning block.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct Thought<'a> {
    /// The model that made it: Bedrock's id without a profile's prefix.
    model: Str<'a>,
    /// The readable text.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Str<'a>>,
    /// The model's signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<Str<'a>>,
    /// Redacted reasoning, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    redacted: Option<Str<'a>>,
}

impl<'a> Thought<'a> {
    /// A signed reasoning block.
    pub(super) fn signed(model: &'a str, text: &'a str, signature: &'a str) -> Self {
        let [model, text, signature] = [model, text, signature].map(Str::from);
        Self { model, text: Some(text), signature: Some(signature), redacted: None }
    }

    /// A redacted reasoning block.
    pub(super) fn redacted(model: &'a str, data: &'a str) -> Self {
        Self { model: model.into(), redacted: Some(data.into()), ..Self::default() }
    }

    /// Serialised for the client.
    pub(super) fn seal(&self) -> String {
        let json = wire::to_vec(self);
        let mut sealed = VERSION.to_owned();
        let bytes = [&crc32fast::hash(&json).to_le_bytes()[..], &json].concat();
        URL_SAFE_NO_PAD.encode_string(bytes, &mut sealed);
        sealed
    }
}

/// Parses the block for `model`; `None` where another model made it, or it is damaged.
pub(super) fn open<'a>(sealed: &str, model: &str) -> Option<Reasoning<'a>> {
    let bytes = URL_SAFE_NO_PAD.decode(sealed.strip_prefix(VERSION)?).ok()?;
    let (checksum, json) = bytes.split_first_chunk()?;
    if u32::from_le_bytes(*checksum) != crc32fast::hash(json) {
        return None;
    }
    let thought: Thought<'_> = wire::from_slice(json).ok()?;
    if *thought.model != *model {
        return None;
    }
    let own = |text: Str<'_>| Str::from(text.into_cow().into_owned());
    match (thought.signature, thought.redacted) {
        (Some(signature), _) if !signature.is_empty() => {
            let text = own(thought.text.unwrap_or_default());
            Some(Reasoning::ReasoningText { text, signature: own(signature) })
        }
        (_, Some(data)) if !data.is_empty() => Some(Reasoning::RedactedContent(own(data))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

    #[test]
    fn a_thought_comes_back_as_it_was() {
        let sealed = Thought::signed(MODEL, "Let me \"see\"\n…", "c2ln").seal();
        match open(&sealed, MODEL) {
            Some(Reasoning::ReasoningText { text, signature }) => {
                assert_eq!((&*text, &*signature), ("Let me \"see\"\n…", "c2ln"));
            }
            other => panic!("{other:?}"),
        }
        let sealed = Thought::redacted(MODEL, "AAAA").seal();
        assert!(matches!(open(&sealed, MODEL), Some(Reasoning::RedactedContent(data)) if &*data == "AAAA"));
    }

    #[test]
    fn what_is_cut_changed_made_up_or_anothers_is_no_thought() {
        let sealed = Thought::signed(MODEL, "a thought", "c2ln").seal();
        for end in 0..sealed.len() {
            assert!(open(&sealed[..end], MODEL).is_none(), "cut at {end}");
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert!(open(&String::from_utf8(changed).unwrap(), MODEL).is_none(), "changed at {at}");
        }
        assert!(open(&sealed, "amazon.nova-2-lite-v1:0").is_none());
        assert!(open(&Thought::signed(MODEL, "text", "").seal(), MODEL).is_none());
        for made_up in ["", "bedrock1.", "gAAAAABo", "bedrock2.AAAA", "é"] {
            assert!(open(made_up, MODEL).is_none(), "{made_up}");
        }
    }
}
