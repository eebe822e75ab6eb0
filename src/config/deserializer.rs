//! Deserializes [`Written`] into the types of `file.rs`. Errors name the path and never a value, which may be a secret.

use std::fmt::Display;
use std::slice;

use serde::de::value::SeqDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, Unexpected,
    Visitor,
};
use serde::forward_to_deserialize_any;

use crate::texts::told;

use super::Error;
use super::file::RULE;
use super::values::{Step, decimal, error, missing, one_of};
use super::written::Written;

/// Largest whole number: a double is exact up to 53 bits.
const LARGEST: f64 = 9e15;
const EMPTY_RULE: &str =
    "is written and empty, which would be no rule at all: say what it is, or leave it out";
const OUT_OF_RANGE: &str = "expected a whole number within its range";

/// Deserializes a configuration. A member whose type is an `Option` may be left out or be `null`; no other may.
///
/// # Errors
/// The first member that is unknown, missing, or of another type than it should be.
pub(super) fn read<T: DeserializeOwned>(written: &Written) -> Result<T, Error> {
    T::deserialize(Place { step: None, written })
}

/// A value, and the step from its parent to it.
#[derive(Clone, Copy)]
struct Place<'w> {
    step: Option<Step<'w>>,
    written: &'w Written,
}

impl<'w> Place<'w> {
    fn item((index, written): (usize, &'w Written)) -> Self {
        Self { step: Some(Step::Item(index)), written }
    }

    fn within(self, wrong: Error) -> Error {
        match self.step {
            Some(step) => wrong.within(step),
            None => wrong,
        }
    }

    /// The error where a `wanted` value is expected.
    #[cold]
    #[inline(never)]
    fn unexpected(self, wanted: &str) -> Error {
        match (self.step, self.written) {
            // `null` counts as absent.
            (Some(Step::Member(name)), Written::Null) => error("", missing(name)),
            (_, found) => self.within(error("", ["expected ", wanted, ", not ", found.kind()].concat())),
        }
    }
}

impl<'de> IntoDeserializer<'de, Error> for Place<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Place<'de> {
    type Error = Error;

    /// For types that accept several kinds of values; their visitor says which.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.written {
            Written::Bool(_) => self.deserialize_bool(visitor),
            Written::Object(_) => self.deserialize_map(visitor),
            Written::Text(text) => visitor.visit_borrowed_str(text).map_err(|wrong| self.within(wrong)),
            Written::List(_) => self.deserialize_seq(visitor),
            Written::Number(number) if number.fract() == 0.0 && (0.0..LARGEST).contains(number) => {
                self.deserialize_u64(visitor)
            }
            Written::Number(number) => visitor.visit_f64(*number).map_err(|wrong: Error| self.within(wrong)),
            _ => Err(self.unexpected(&(&visitor as &dyn Expected).to_string())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.written {
            Written::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Written::Bool(flag) = self.written else { return Err(self.unexpected("a boolean")) };
        visitor.visit_bool(*flag)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Written::Number(number) = self.written else { return Err(self.unexpected("a whole number")) };
        let read = if number.fract() == 0.0 && (0.0..LARGEST).contains(number) {
            visitor.visit_u64(*number as u64)
        } else {
            Err(error("", OUT_OF_RANGE))
        };
        read.map_err(|wrong| self.within(wrong))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let number = match self.written {
            Written::Number(number) => Some(*number),
            Written::Text(text) => decimal(text),
            _ => None,
        };
        let number = number.ok_or_else(|| self.unexpected("a number"))?;
        visitor.visit_f64(number).map_err(|wrong| self.within(wrong))
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Written::Text(text) = self.written else { return Err(self.unexpected("a string")) };
        visitor.visit_borrowed_str(text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let Written::Text(word) = self.written else { return Err(self.unexpected("a string")) };
        visitor.visit_enum(word.as_str().into_deserializer()).map_err(|wrong| self.within(wrong))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Written::List(items) = self.written else { return Err(self.unexpected("a list")) };
        let items = SeqDeserializer::new(items.iter().enumerate().map(Place::item));
        visitor.visit_seq(items).map_err(|wrong| self.within(wrong))
    }

    /// One function per type instead of one per field: `credentials` is a field of two types.
    #[inline(never)]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Written::Object(members) = self.written else { return Err(self.unexpected("an object")) };
        let members = Members { rest: members.iter(), at: self };
        visitor.visit_map(members).map_err(|wrong| self.within(wrong))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    /// Members that must not be written and empty: see `file::RULE`.
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.written {
            Written::Null if name == RULE => Err(self.within(error("", EMPTY_RULE))),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
        ignored_any
    }
}

/// The members of an object. (serde's own `MapDeserializer` may panic.)
struct Members<'w> {
    rest: slice::Iter<'w, (String, Written)>,
    /// The member whose name was read last.
    at: Place<'w>,
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((name, written)) = self.rest.next() else { return Ok(None) };
        self.at = Place { step: Some(Step::Member(name)), written };
        seed.deserialize(name.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(self.at)
    }
}

/// serde's errors, in the loader's words.
impl serde::de::Error for Error {
    /// Other messages of serde's would repeat values.
    fn custom<T: Display>(_: T) -> Self {
        error("", "not what belongs here")
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        error("", OUT_OF_RANGE)
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        error("", one_of(known))
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        error(told(name), ["unknown; known here are ", &known.join(", ")].concat())
    }

    fn missing_field(name: &'static str) -> Self {
        error("", missing(name))
    }

    fn duplicate_field(name: &'static str) -> Self {
        error(name, "written twice")
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// A struct with fields of all kinds.
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct All {
        name: String,
        size: Option<usize>,
        small: Option<u32>,
        inner: Option<Inner>,
        list: Option<Vec<Inner>>,
        price: Option<f64>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        word: Option<Word>,
    }

    #[derive(Debug, Deserialize)]
    enum Word {
        #[serde(rename = "one")]
        One,
        #[serde(rename = "an-other")]
        Other,
    }

    fn from_str(text: &str) -> Result<All, Error> {
        read(&serde_json::from_str(text).unwrap())
    }

    /// The path and the reason of the error.
    fn refused(text: &str) -> (String, String) {
        let Error { path, reason } = from_str(text).unwrap_err();
        (path, reason)
    }

    #[test]
    fn settings_are_read_and_what_is_optional_may_be_null_or_left_out() {
        let text = r#"{"list":[{"word":"one"},{"word":"an-other"},{}],"name":"a","size":7,"inner":null}"#;
        let All { name, size, small: _, inner, list, price: _ } = from_str(text).unwrap();
        assert_eq!((name.as_str(), size), ("a", Some(7)));
        assert!(inner.is_none());
        let words: Vec<_> = list.unwrap().into_iter().map(|inner| inner.word).collect();
        assert!(matches!(words[..], [Some(Word::One), Some(Word::Other), None]));
        assert!(from_str(r#"{"name":"a"}"#).unwrap().list.is_none());
    }

    #[test]
    fn what_is_whole_is_a_whole_number_however_it_is_written() {
        let text = r#"{"name":"a","size":33554432.0,"small":1e3}"#;
        let All { size, small, .. } = from_str(text).unwrap();
        assert_eq!((size, small), (Some(33_554_432), Some(1_000)));
    }

    #[test]
    fn a_number_with_decimals_is_one_also_as_the_text_that_envoy_makes_of_it() {
        let price = |json: &str| from_str(&format!(r#"{{"name":"a","price":{json}}}"#)).map(|all| all.price);
        for (json, number) in
            [("0.3", 0.3), ("3", 3.0), (r#""0.3""#, 0.3), (r#""12""#, 12.0), (r#""-1.5e-3""#, -0.0015)]
        {
            assert_eq!(price(json), Ok(Some(number)), "{json}");
        }
        for json in [r#""much""#, r#""inf""#, r#""NaN""#, r#""1e999""#, r#"" 1""#, r#""""#, r#""0x1""#, "[1]"]
        {
            assert_eq!(price(json).unwrap_err().path, "price", "{json}");
        }
        assert_eq!(refused(r#"{"name":"a","size":"7"}"#).0, "size", "whole ones come as they are");
    }

    #[test]
    fn what_is_no_number_is_refused_as_one() {
        for number in [f64::NAN, f64::INFINITY, -f64::INFINITY, f64::MIN_POSITIVE, f64::MAX] {
            let members = [("size", Written::Number(number)), ("name", Written::Text("a".to_owned()))];
            let members = members.map(|(name, value)| (name.to_owned(), value));
            let error = read::<All>(&Written::Object(members.into())).unwrap_err();
            assert_eq!((error.path.as_str(), error.reason.as_str()), ("size", OUT_OF_RANGE), "{number}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_path_and_without_its_value() {
        for (text, path, reason) in [
            (r#""s3cret""#, "", "expected an object, not a string"),
            ("{}", "", "'name' is missing"),
            (r#"{"name":null}"#, "", "'name' is missing"),
            (r#"{"name":5}"#, "name", "expected a string, not a number"),
            (r#"{"name":"s3cret","name":"b"}"#, "name", "written twice"),
            (r#"{"name":"a","size":"s3cret"}"#, "size", "expected a whole number, not a string"),
            (r#"{"name":"a","size":-1}"#, "size", OUT_OF_RANGE),
            (r#"{"name":"a","size":7.5}"#, "size", OUT_OF_RANGE),
            (r#"{"name":"a","size":1e300}"#, "size", OUT_OF_RANGE),
            (r#"{"name":"a","size":null,"small":4294967296}"#, "small", OUT_OF_RANGE),
            (r#"{"name":"a","list":[null]}"#, "list[0]", "expected an object, not null"),
            (r#"{"name":"a","inner":["one"]}"#, "inner", "expected an object, not a list"),
            (r#"{"name":"a","inner":{"wrod":null}}"#, "inner.wrod", "unknown; known here are word"),
            (r#"{"name":"a","list":{}}"#, "list", "expected a list, not an object"),
            (r#"{"name":"a","inner":{"wrod":"s3cret"}}"#, "inner.wrod", "unknown; known here are word"),
            (
                r#"{"sk-live_4eC39HqLyjWDarjt":1}"#,
                "…",
                "unknown; known here are name, size, small, inner, list, price",
            ),
            (r#"{"p@ssword":1}"#, "…", "unknown; known here are name, size, small, inner, list, price"),
            (r#"{"nmae":"a"}"#, "nmae", "unknown; known here are name, size, small, inner, list, price"),
            (r#"{"name":"a","list":[{},{"word":"s3cret"}]}"#, "list[1].word", "must be one of one, an-other"),
        ] {
            assert_eq!(refused(text), (path.to_owned(), reason.to_owned()), "{text}");
        }
    }
}
