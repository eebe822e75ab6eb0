//! `GET models` and `GET models/{id}` (OpenAI API reference, "Models").

use crate::json::{Write, Writer};

/// A model the caller may use. The members that begin with `x-` are ours, and left out where nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model<'a> {
    /// What to put into `model`.
    pub id: &'a str,
    /// `model`.
    pub object: &'static str,
    /// Seconds since 1970; 0 where it is not known.
    pub created: u64,
    /// The provider, as Bedrock's model id names it.
    pub owned_by: &'a str,
    /// `shutdown_date`: the day on which it ends.
    pub shutdown_date: Option<&'a str>,
    /// `x-kind`: `model`, `system_profile` or `application_profile`.
    pub kind: Option<&'a str>,
    /// `x-name`: what people call an application profile.
    pub name: Option<&'a str>,
    /// `x-model`: the id of the model that answers.
    pub model: Option<&'a str>,
    /// `x-input`: what it takes.
    pub input: Vec<&'a str>,
    /// `x-output`: what it makes.
    pub output: Vec<&'a str>,
    /// `x-streaming`: whether it streams.
    pub streaming: Option<bool>,
    /// `x-regions`: where it may be answered.
    pub regions: Vec<&'a str>,
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
        let Self {
            id,
            object,
            created,
            owned_by,
            shutdown_date,
            kind,
            name,
            model,
            input,
            output,
            streaming,
            regions,
        } = self;
        out.object()
            .member("id", id)
            .member("object", object)
            .member("created", created)
            .member("owned_by", owned_by)
            .maybe("shutdown_date", shutdown_date)
            .maybe("x-kind", kind)
            .maybe("x-name", name)
            .maybe("x-model", model)
            .maybe("x-input", input)
            .maybe("x-output", output)
            .maybe("x-streaming", streaming)
            .maybe("x-regions", regions)
            .end();
    }
}

impl<'a> Write<'a> for List<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { object, data } = self;
        out.object().member("object", object).member("data", data).end();
    }
}
