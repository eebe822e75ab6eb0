//! Finds the schema of the types in `file.rs`: a deserializer that notes what serde asks for and answers with some value of
//! that kind.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::config::file::RULE;

/// The kind of value in a place.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Shape {
    #[default]
    Anything,
    Bool,
    /// A whole number up to this one.
    Whole(u64),
    Decimal,
    Text,
    Words(&'static [&'static str]),
    List(Box<Member>),
    /// An object with members of any name.
    Map(Box<Member>),
    /// An object with these members, and its type's name; `None` for a type that is also a switch.
    Object(Option<&'static str>, Members),
    Either(Vec<Shape>),
}

/// Members by name, in the type's order.
pub(super) type Members = Vec<(&'static str, Member)>;

/// A member or an item.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Member {
    pub(super) shape: Shape,
    pub(super) presence: Presence,
}

/// Whether a member must be present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Presence {
    #[default]
    Required,
    /// `null` counts as absent.
    Optional,
    /// May be left out, but must not be `null`.
    Rule,
}

/// The kind of value that a type takes.
pub(super) fn shape<T: for<'de> Deserialize<'de>>() -> Shape {
    let switched = RefCell::default();
    loop {
        let mut root = Member::default();
        match T::deserialize(Tracer { path: String::new(), open: &[], switched: &switched, into: &mut root })
        {
            Ok(_) => return root.shape,
            // The members of a switched object are learned from its error about an unknown member.
            Err(Refused::Unknown(path, known)) => {
                let first = switched.borrow_mut().insert(path, known).is_none();
                assert!(first, "it does not take its own members");
            }
            Err(Refused::Other(reason)) => panic!("{reason}"),
        }
    }
}

struct Tracer<'t> {
    path: String,
    /// The enclosing types, and the members through which they enclose this one.
    open: &'t [(&'static str, &'static str)],
    switched: &'t RefCell<BTreeMap<String, &'static [&'static str]>>,
    into: &'t mut Member,
}

impl Tracer<'_> {
    fn put(&mut self, shape: Shape) {
        self.into.shape = shape;
    }

    fn object<'de, V: Visitor<'de>>(
        self,
        name: Option<&'static str>,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        // A type within itself lacks the member that it is nested in.
        let within = |field: &&str| self.open.iter().any(|(of, by)| Some(*of) == name && by == field);
        let fields: Vec<&'static str> = fields.iter().copied().filter(|field| !within(field)).collect();
        let mut members = Vec::new();
        let Tracer { path, open, switched, into } = self;
        let access =
            Fields { name, rest: fields.into_iter(), path: &path, open, switched, members: &mut members };
        let value = visitor.visit_map(access)?;
        into.shape = Shape::Object(name, members);
        Ok(value)
    }
}

struct Fields<'t> {
    name: Option<&'static str>,
    rest: std::vec::IntoIter<&'static str>,
    path: &'t str,
    open: &'t [(&'static str, &'static str)],
    switched: &'t RefCell<BTreeMap<String, &'static [&'static str]>>,
    members: &'t mut Members,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refused> {
        let Some(name) = self.rest.next() else { return Ok(None) };
        self.members.push((name, Member::default()));
        let key: StrDeserializer<'_, Refused> = name.into_deserializer();
        seed.deserialize(key).map(Some).map_err(|wrong| match wrong {
            Refused::Unknown(_, known) => Refused::Unknown(self.path.to_owned(), known),
            other => other,
        })
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        let (name, into) = self.members.last_mut().unwrap();
        let open: Vec<_> = self.open.iter().copied().chain(self.name.map(|of| (of, *name))).collect();
        let path = format!("{}.{name}", self.path);
        seed.deserialize(Tracer { path, open: &open, switched: self.switched, into })
    }
}

/// A list of one item, or a map of one member.
struct One<'t>(Option<Tracer<'t>>);

impl<'de> SeqAccess<'de> for One<'_> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refused> {
        self.0.take().map(|tracer| seed.deserialize(tracer)).transpose()
    }
}

impl<'de> MapAccess<'de> for One<'_> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refused> {
        let key: StrDeserializer<'_, Refused> = "name".into_deserializer();
        self.0.is_some().then(|| seed.deserialize(key)).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        seed.deserialize(self.0.take().unwrap())
    }
}

impl<'de> Deserializer<'de> for Tracer<'_> {
    type Error = Refused;

    /// Answers by the visitor's description of itself: the call consumes the visitor, so it cannot be tried twice.
    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        match (&visitor as &dyn Expected).to_string().as_str() {
            "true, false or an object" => {
                let known = self.switched.borrow().get(&self.path).copied().unwrap_or(&["?"]);
                let mut member = Member::default();
                let Tracer { path, open, switched, into } = self;
                let value =
                    Tracer { path, open, switched, into: &mut member }.object(None, known, visitor)?;
                into.shape = Shape::Either(vec![Shape::Bool, member.shape]);
                Ok(value)
            }
            "a name or a list of names" => {
                let item = Member { shape: Shape::Text, ..Member::default() };
                self.put(Shape::Either(vec![Shape::Text, Shape::List(Box::new(item))]));
                visitor.visit_str("name")
            }
            "any valid JSON value" => {
                self.put(Shape::Anything);
                visitor.visit_unit()
            }
            other => panic!("{}: what is {other:?}?", self.path),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.into.presence = Presence::Optional;
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        assert_eq!(name, RULE, "{}", self.path);
        self.into.presence = Presence::Rule;
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.put(Shape::Bool);
        visitor.visit_bool(true)
    }

    fn deserialize_u32<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.put(Shape::Whole(u32::MAX.into()));
        visitor.visit_u64(1)
    }

    fn deserialize_u64<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.put(Shape::Whole(u64::MAX));
        visitor.visit_u64(1)
    }

    fn deserialize_f64<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.put(Shape::Decimal);
        visitor.visit_f64(1.0)
    }

    fn deserialize_string<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.put(Shape::Text);
        visitor.visit_str("text")
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.put(Shape::Words(words));
        let word: StrDeserializer<'_, Refused> = words[0].into_deserializer();
        visitor.visit_enum(word)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let mut item = Member::default();
        let Tracer { path, open, switched, into } = self;
        let one = One(Some(Tracer { path: format!("{path}[]"), open, switched, into: &mut item }));
        let value = visitor.visit_seq(one)?;
        into.shape = Shape::List(Box::new(item));
        Ok(value)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let mut item = Member::default();
        let Tracer { path, open, switched, into } = self;
        let one = One(Some(Tracer { path: format!("{path}.*"), open, switched, into: &mut item }));
        let value = visitor.visit_map(one)?;
        into.shape = Shape::Map(Box::new(item));
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.object(Some(name), fields, visitor)
    }

    // A type that asks for one of these gets `deserialize_any`, which panics for an unknown visitor.
    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u128 f32 char str bytes byte_buf unit unit_struct tuple tuple_struct identifier
        ignored_any
    }
}

/// Why a type refused a value.
#[derive(Debug)]
enum Refused {
    /// An unknown member, in the object at a path.
    Unknown(String, &'static [&'static str]),
    Other(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Refused {}

impl serde::de::Error for Refused {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::Other(reason.to_string())
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Self {
        Self::Unknown(String::new(), known)
    }
}
