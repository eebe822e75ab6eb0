//! The member `model` of a body that is sent untranslated: finds it, and replaces its value in place.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use super::{Error, parse};
use crate::wire::{self, Name, Raw, Str};

const MEMBER: &str = "model";

/// The member `model` of a body.
#[derive(Debug)]
pub struct ModelMember<'a> {
    /// The name; `None` where it is absent or blank.
    pub name: Option<Cow<'a, str>>,
    /// The position of its value in the body, quotes included; `None` where it is absent.
    span: Option<Range<usize>>,
}

impl<'a> ModelMember<'a> {
    /// Finds the member. A body with two of them, or with another capitalisation of the name, is refused: Bedrock must not read
    /// another model than the gateway does.
    ///
    /// # Errors
    /// 400 where the body is not a JSON object, or its model is ambiguous.
    pub fn find(body: &'a [u8]) -> Result<Self, Error> {
        let Found(value) = parse(body)?;
        let Some(value) = value else { return Ok(Self { name: None, span: None }) };
        let name: Option<Str<'a>> = wire::from_str(value.get())
            .map_err(|_| Error::invalid_param(MEMBER, "Invalid value for 'model': expected a string."))?;
        // The value borrows from the body, so its address gives its position.
        let start = value.get().as_ptr().addr().checked_sub(body.as_ptr().addr());
        let span = start.and_then(|start| Some(start..start.checked_add(value.get().len())?));
        Ok(Self { name: name.filter(|name| !name.is_blank()).map(Str::into_cow), span })
    }

    /// The body with another model.
    pub fn replaced(&self, body: &[u8], model: &str) -> Option<Vec<u8>> {
        let quoted = wire::to_string(&model);
        let (before, after, member) = match &self.span {
            Some(span) => (body.get(..span.start)?, body.get(span.end..)?, quoted),
            None => {
                let at = body.iter().position(|byte| *byte == b'{')?.checked_add(1)?;
                let (before, after) = body.split_at_checked(at)?;
                let is_empty = after.trim_ascii_start().starts_with(b"}");
                (before, after, format!("\"{MEMBER}\":{quoted}{}", if is_empty { "" } else { "," }))
            }
        };
        Some([before, member.as_bytes(), after].concat())
    }
}

/// The member's value; a second one is an error.
struct Found<'a>(Option<Raw<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Found<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once;

        impl<'de> Visitor<'de> for Once {
            type Value = Found<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut found = None;
                while let Some(Name(name)) = map.next_key()? {
                    if !name.eq_ignore_ascii_case(MEMBER) {
                        map.next_value::<IgnoredAny>()?;
                    } else if &*name != MEMBER || found.replace(map.next_value()?).is_some() {
                        return Err(A::Error::custom("'model' has to stand there once, in small letters"));
                    }
                }
                Ok(Found(found))
            }
        }

        deserializer.deserialize_map(Once)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(body: &str) -> String {
        let found = ModelMember::find(body.as_bytes()).unwrap();
        String::from_utf8(found.replaced(body.as_bytes(), "a.b-v1:0").unwrap()).unwrap()
    }

    #[test]
    fn only_the_models_value_changes() {
        for (body, expected) in [
            (
                r#" { "x" : 1.50 , "model" : "gpt" , "é":"\u00e9"} "#,
                r#" { "x" : 1.50 , "model" : "a.b-v1:0" , "é":"\u00e9"} "#,
            ),
            (r#"{"mod\u0065l":"g\"pt"}"#, r#"{"mod\u0065l":"a.b-v1:0"}"#),
            (r#"{"a":{"model":"inner"},"model":null}"#, r#"{"a":{"model":"inner"},"model":"a.b-v1:0"}"#),
            (" {\n\"a\":1}", " {\"model\":\"a.b-v1:0\",\n\"a\":1}"),
            ("{ }", "{\"model\":\"a.b-v1:0\" }"),
        ] {
            assert_eq!(replaced(body), expected);
        }
    }

    #[test]
    fn the_name_is_what_is_written() {
        let name = |body: &'static str| ModelMember::find(body.as_bytes()).unwrap().name;
        assert_eq!(name(r#"{"a":[{"model":"x"}],"model":"g\u0070t"}"#).as_deref(), Some("gpt"));
        for body in ["{}", r#"{"model":null}"#, r#"{"model":" "}"#] {
            assert_eq!(name(body), None, "{body}");
        }
    }

    #[test]
    fn a_model_that_could_be_read_as_another_is_refused() {
        for body in [
            r#"{"model":"a","model":"b"}"#,
            r#"{"model":"a","m\u006fdel":"b"}"#,
            r#"{"model":"a","Model":"b"}"#,
            r#"{"MODEL":"b"}"#,
            r#"{"model":5}"#,
            r#"{"model":{}}"#,
            "[]",
            r#"{"model":"a"}{}"#,
            "",
        ] {
            assert_eq!(ModelMember::find(body.as_bytes()).unwrap_err().status, 400, "{body}");
        }
    }
}
