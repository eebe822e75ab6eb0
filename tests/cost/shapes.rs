//! Unkind values: as many bytes as are asked for, in a shape that makes readers hold much or look often.

use super::places::{Kind, fill};

/// How a value is made of so many bytes.
pub(crate) type Shape = (&'static str, fn(usize) -> String);

/// What equal beginnings begin with: longer than any name that Bedrock takes, so that it is cut there.
pub(crate) const PREFIX: &str = "long_long_long_long_long_long_long_long_long_long_long_long_long_long_";
/// Numbers are of the same length, up or down.
const MOST: usize = 9_999_999;

/// The shapes that may be read in a place of this kind; others are refused at their first byte.
pub(crate) fn values(kind: Kind) -> Vec<Shape> {
    match kind {
        Kind::Text => TEXTS.to_vec(),
        Kind::Number => NUMBERS.to_vec(),
        Kind::Flag => Vec::new(),
        Kind::Structure => [STRUCTURES, &TEXTS[..1]].concat(),
    }
}

/// Small values, the items of a list; the number tells one from the other.
pub(crate) fn small(kind: Kind) -> Vec<Shape> {
    match kind {
        Kind::Text => vec![
            ("ascending", |at| format!(r#""{at:07}""#)),
            ("descending", |at| format!(r#""{:07}""#, MOST - at)),
            ("of equal beginnings", |at| format!(r#""{PREFIX}{at:07}""#)),
            // Cut to the longest name that Bedrock takes of a tool, or of a document, two are the same; so is what is left of
            // all where a number has to follow.
            ("cut alike at 64", |at| format!(r#""{}{:06}{}""#, "n".repeat(58), at / 2, at % 2)),
            ("cut alike at 180", |at| format!(r#""{}{:06}{}""#, "n".repeat(174), at / 2, at % 2)),
            ("equal", |_| r#""a""#.to_owned()),
            ("empty", |_| r#""""#.to_owned()),
        ],
        Kind::Number => vec![("numbers", |at| at.to_string())],
        Kind::Flag => vec![("flags", |_| "true".to_owned())],
        Kind::Structure => vec![
            ("{}", |_| "{}".to_owned()),
            ("[]", |_| "[]".to_owned()),
            ("[{}]", |_| "[{}]".to_owned()),
            ("texts", |at| format!(r#""{at}""#)),
            ("an unknown member each", |at| format!(r#"{{"unknown{at}":0}}"#)),
        ],
    }
}

const TEXTS: &[Shape] = &[
    ("a long text", |bytes| format!(r#""{}""#, "x".repeat(bytes))),
    ("escapes", |bytes| format!(r#""{}""#, r"\u0041".repeat(bytes / 6))),
    ("line ends", |bytes| format!(r#""{}""#, r"\n".repeat(bytes / 2))),
];

const NUMBERS: &[Shape] = &[("a long number", |bytes| "1".repeat(bytes))];

const STRUCTURES: &[Shape] = &[
    ("[{},…]", |bytes| items(bytes, |_| "{}".to_owned())),
    ("[\"\",…]", |bytes| items(bytes, |_| r#""""#.to_owned())),
    ("[[],…]", |bytes| items(bytes, |_| "[]".to_owned())),
    ("[0,…]", |bytes| items(bytes, |_| "0".to_owned())),
    ("names ascending", |bytes| members(bytes, |at| format!(r#""{at:07}":0"#))),
    ("names descending", |bytes| members(bytes, |at| format!(r#""{:07}":0"#, MOST - at))),
    ("names descending, of texts", |bytes| members(bytes, |at| format!(r#""{:07}":"""#, MOST - at))),
    ("names of equal beginnings", |bytes| members(bytes, |at| format!(r#""{PREFIX}{at:07}":"""#))),
    ("equal names", |bytes| members(bytes, |_| r#""a":"""#.to_owned())),
    ("long names", |bytes| members(bytes, |at| format!(r#""{}{at}":"""#, "n".repeat(bytes / 16)))),
    ("names with escapes", |bytes| members(bytes, |at| format!(r#""{}{at:07}":"""#, r"\u0041".repeat(4)))),
    ("deep lists", |bytes| "[".repeat(bytes / 2) + &"]".repeat(bytes / 2)),
    ("deep objects", |bytes| r#"{"a":"#.repeat(bytes / 6) + "0" + &"}".repeat(bytes / 6)),
];

fn items(bytes: usize, item: impl Fn(usize) -> String) -> String {
    format!("[{}]", fill(bytes, ",", item))
}

fn members(bytes: usize, member: impl Fn(usize) -> String) -> String {
    format!("{{{}}}", fill(bytes, ",", member))
}
