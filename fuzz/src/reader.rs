//! JSON of any bytes, read as the wire types read it and by serde_json alone: the same strings, items and members come out.

use bedrock_filter::wire::{List, Members, Raw, Str, from_slice, is_within_depth, to_string};
use serde_json::Value;
use serde_json::value::RawValue;

use super::allocation::{Bound, bounded};

const BOUND: Bound = Bound { per_byte: 100, any: 64 << 10 };

pub fn check(bytes: &[u8]) {
    let theirs = serde_json::from_slice::<&RawValue>(bytes).ok();
    let ours = bounded("JSON", bytes.len(), BOUND, || from_slice::<Raw<'_>>(bytes)).ok();
    // How deep values nest is bounded by ours, by theirs only where they are read.
    let theirs = theirs.filter(|theirs| ours.is_some() || is_within_depth(theirs.get(), 100));
    let (Some(theirs), Some(ours)) = (theirs, ours) else {
        let is_ours = ours.is_some();
        return assert!(
            ours.is_none() && theirs.is_none(),
            "ours takes it: {is_ours}: {}",
            bytes.escape_ascii()
        );
    };
    assert_eq!(ours.get(), theirs.get());
    compare(ours, 0);
}

fn compare(ours: Raw<'_>, depth: usize) {
    let text = ours.get();
    // Half of a surrogate pair is refused by both where a string is read.
    let value = serde_json::from_str::<Value>(text);
    match text.as_bytes()[0] {
        b'"' => {
            let theirs = serde_json::from_str::<String>(text).ok();
            let read = from_slice::<Str<'_>>(text.as_bytes()).ok().map(|text| text.into_cow().into_owned());
            assert_eq!(read, theirs, "{text}");
            if let Some(read) = read {
                let written = to_string(&Str::from(read.as_str()));
                assert_eq!(serde_json::from_str::<String>(&written).expect("what is written is JSON"), read);
            }
        }
        b'[' => {
            let List(items) = from_slice::<List<Raw<'_>>>(text.as_bytes()).expect("a list");
            let theirs: Vec<&RawValue> = serde_json::from_str(text).expect("a list");
            assert_eq!(items.len(), theirs.len());
            for (ours, theirs) in items.into_iter().zip(theirs) {
                assert_eq!(ours.get(), theirs.get());
                compare(ours, depth + 1);
            }
        }
        b'{' => {
            let members = from_slice::<Members<'_, Raw<'_>>>(text.as_bytes()).ok();
            let Some(Members(members)) = members else {
                assert!(value.is_err(), "members are not read: {text}");
                return;
            };
            for (name, ours) in &members {
                let pointed = value.as_ref().ok().and_then(|value| value.get(name.as_ref()));
                assert!(value.is_err() || pointed.is_some(), "{name:?} is not there");
                compare(*ours, depth + 1);
            }
            if let Ok(value) = &value {
                let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
                names.sort_unstable();
                names.dedup();
                assert_eq!(value.as_object().expect("an object").len(), names.len());
            }
        }
        _ => {}
    }
    if let Ok(value) = &value {
        assert!(
            is_within_depth(text, nested(value).max(1)) || has_twins(text),
            "{text} nests deeper than it does"
        );
    }
    assert!(depth < 200);
}

fn nested(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(nested).max().unwrap_or(0),
        Value::Array(items) => 1 + items.iter().map(nested).max().unwrap_or(0),
        _ => 0,
    }
}

/// Of members of one name serde_json's value has the last, which may nest less.
fn has_twins(text: &str) -> bool {
    text.contains('{')
}
