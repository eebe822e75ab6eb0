//! `GET models` and `GET models/{id}` (OpenAI API reference, "Models").

use serde::Serialize;

/// A model the caller may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Debug, Serialize)]
pub struct List<'a> {
    /// `list`.
    pub object: &'static str,
    /// The models.
    pub data: Vec<Model<'a>>,
}
