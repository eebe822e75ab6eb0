//! `GET models` and `GET models/{id}` (OpenAI API reference, "Models").

use crate::json::{Write, Writer};

/// A model the caller may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model<'a> {
    /// What to put into `model`.
    pub id: &'a str,
    /// `model`.
    pub object: &'static str,
    /// Seconds since 1970; 0 where it is not known.
    pub created: u64,
    /// The provider, as Bedrock's model id names it.
    pub owned_by: &'a str,
}

/// All of them.
#[derive(Clone, Debug)]
pub struct List<'a> {
    /// `list`.
    pub object: &'static str,
    /// The models.
    pub data: Vec<Model<'a>>,
}

impl<'a> Write<'a> for Model<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { id, object, created, owned_by } = self;
        out.object()
            .member("id", id)
            .member("object", object)
            .member("created", created)
            .member("owned_by", owned_by)
            .end();
    }
}

impl<'a> Write<'a> for List<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { object, data } = self;
        out.object().member("object", object).member("data", data).end();
    }
}
