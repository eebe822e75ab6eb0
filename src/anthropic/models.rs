//! `GET models` and `GET models/{id}` (Anthropic's API reference, "Models").

use serde::Serialize;

/// A model that the caller may use.
#[derive(Clone, Debug, Serialize)]
pub struct Model<'a> {
    /// Always `model`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What to put into `model`.
    pub id: &'a str,
    /// Its display name.
    pub display_name: &'a str,
    /// When it was released; 1970 where unknown.
    pub created_at: String,
    /// `active` or `deprecated`.
    pub lifecycle: &'static str,
    /// When it is retired, where known.
    pub retires_at: Option<String>,
}

/// All models, on one page.
#[derive(Clone, Debug, Serialize)]
pub struct List<'a> {
    /// The models.
    pub data: Vec<Model<'a>>,
    /// Always false.
    pub has_more: bool,
    /// The first one's id.
    pub first_id: Option<&'a str>,
    /// The last one's id.
    pub last_id: Option<&'a str>,
}
