//! JSON that keeps its numbers' text and its members' order, and the differences between two of them.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

#[derive(Clone, Debug)]
pub(crate) enum Json {
    /// `null`, `true`, `false`.
    Word(String),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(crate) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<&RawValue>(text).and_then(|raw| Self::of(raw.get()))
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    fn of(text: &str) -> Result<Self, serde_json::Error> {
        Ok(match text.as_bytes().first() {
            Some(b'"') => Self::Text(serde_json::from_str(text)?),
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                Self::List(items.into_iter().map(|item| Self::of(item.get())).collect::<Result<_, _>>()?)
            }
            Some(b'{') => {
                let Members(members) = serde_json::from_str(text)?;
                let members = members.into_iter().map(|(name, value)| Ok((name, Self::of(value.get())?)));
                Self::Object(members.collect::<Result<_, _>>()?)
            }
            Some(b'n' | b't' | b'f') => Self::Word(text.to_owned()),
            _ => Self::Number(text.to_owned()),
        })
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) | Self::Number(text) => f.write_str(text),
            Self::Text(text) => write!(f, "{}", serde_json::Value::from(text.as_str())),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Self::Object(members) => {
                f.write_str("{")?;
                for (index, (name, value)) in members.iter().enumerate() {
                    let name = serde_json::Value::from(name.as_str());
                    write!(f, "{}{name}: {value}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
        }
    }
}

/// Where the two differ, a line each; the order of members does not count. Nothing where they are equal.
pub(crate) fn differences(expected: &Json, got: &Json) -> Vec<String> {
    let mut lines = Vec::new();
    compare(expected, got, "$", &mut lines);
    lines
}

fn compare(expected: &Json, got: &Json, place: &str, lines: &mut Vec<String>) {
    match (expected, got) {
        (Json::Object(expected), Json::Object(got)) => {
            for (name, value) in expected {
                let place = format!("{place}.{name}");
                let mut found = got.iter().filter(|(key, _)| key == name);
                match (found.next(), found.next()) {
                    (None, _) => lines.push(format!("{place}: missing, expected {value}")),
                    (Some((_, got)), None) => compare(value, got, &place, lines),
                    (Some(_), Some(_)) => lines.push(format!("{place}: is there twice")),
                }
            }
            for (name, value) in got {
                if !expected.iter().any(|(key, _)| key == name) {
                    lines.push(format!("{place}.{name}: not expected, got {value}"));
                }
            }
        }
        (Json::List(expected), Json::List(got)) if expected.len() == got.len() => {
            for (index, (expected, got)) in expected.iter().zip(got).enumerate() {
                compare(expected, got, &format!("{place}[{index}]"), lines);
            }
        }
        (Json::Text(one), Json::Text(other)) | (Json::Word(one), Json::Word(other)) if one == other => {}
        (Json::Number(one), Json::Number(other)) if same_number(one, other) => {}
        _ => lines.push(format!("{place}:\n      expected {expected}\n      got      {got}")),
    }
}

/// `0` is `0.0`; what no double can hold is compared as text.
fn same_number(one: &str, other: &str) -> bool {
    let value = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
    one == other || value(one).is_some_and(|one| value(other) == Some(one))
}

struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}
