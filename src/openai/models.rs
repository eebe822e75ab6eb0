//! `GET models` and `GET models/{id}` (OpenAI API reference, "Models").

use serde::Serialize;

/// A model the caller may use. `type` and the members that begin with `x-` are ours; these are left out where nothing is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Model<'a> {
    /// What to put into `model`.
    pub id: &'a str,
    /// `model`.
    pub object: &'static str,
    /// Seconds since 1970; 0 where it is not known.
    pub created: u64,
    /// The provider, as Bedrock's model id names it.
    pub owned_by: &'a str,
    /// What it is for: `chat`, `embedding`, `rerank`, `image`, `video` or `audio`.
    #[serde(rename = "type")]
    pub task: &'static str,
    /// `shutdown_date`: the day on which it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shutdown_date: Option<&'a str>,
    /// `x-kind`: `model`, `system_profile` or `application_profile`.
    #[serde(rename = "x-kind", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'a str>,
    /// `x-name`: what people call an application profile.
    #[serde(rename = "x-name", skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// `x-model`: the id of the model that answers.
    #[serde(rename = "x-model", skip_serializing_if = "Option::is_none")]
    pub model: Option<&'a str>,
    /// `x-input`: what it takes.
    #[serde(rename = "x-input", skip_serializing_if = "Vec::is_empty")]
    pub input: Vec<&'a str>,
    /// `x-output`: what it makes.
    #[serde(rename = "x-output", skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<&'a str>,
    /// `x-streaming`: whether it streams.
    #[serde(rename = "x-streaming", skip_serializing_if = "Option::is_none")]
    pub streaming: Option<bool>,
    /// `x-regions`: where it may be answered.
    #[serde(rename = "x-regions", skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<&'a str>,
}

/// All of them.
#[derive(Clone, Debug, Serialize)]
pub struct List<'a> {
    /// `list`.
    pub object: &'static str,
    /// The models.
    pub data: Vec<Model<'a>>,
}
