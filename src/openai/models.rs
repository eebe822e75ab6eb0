//! `GET models` and `GET models/{id}` (OpenAI API reference, "Models").

use serde::Serialize;

/// A model that the caller may use. `type` and the members that begin with `x-` are this gateway's; they are left out where
/// unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Model<'a> {
    /// The value for `model` in requests.
    pub id: &'a str,
    /// `model`.
    pub object: &'static str,
    /// Seconds since 1970; 0 where unknown.
    pub created: u64,
    /// The provider, as Bedrock's model id names it.
    pub owned_by: &'a str,
    /// Its task: `chat`, `embedding`, `rerank`, `image`, `video` or `audio`.
    #[serde(rename = "type")]
    pub task: &'static str,
    /// The end-of-life date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shutdown_date: Option<&'a str>,
    /// `x-kind`: `model`, `system_profile` or `application_profile`.
    #[serde(rename = "x-kind", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'a str>,
    /// `x-name`: the name of an application inference profile.
    #[serde(rename = "x-name", skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// `x-model`: the id of the model that answers.
    #[serde(rename = "x-model", skip_serializing_if = "Option::is_none")]
    pub model: Option<&'a str>,
    /// `x-input`: input modalities.
    #[serde(rename = "x-input", skip_serializing_if = "Vec::is_empty")]
    pub input: Vec<&'a str>,
    /// `x-output`: output modalities.
    #[serde(rename = "x-output", skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<&'a str>,
    /// `x-streaming`: whether it supports streaming.
    #[serde(rename = "x-streaming", skip_serializing_if = "Option::is_none")]
    pub streaming: Option<bool>,
    /// `x-regions`: the regions where it may be answered.
    #[serde(rename = "x-regions", skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<&'a str>,
}

/// The list of models.
#[derive(Clone, Debug, Serialize)]
pub struct List<'a> {
    /// `list`.
    pub object: &'static str,
    /// The models.
    pub data: Vec<Model<'a>>,
}
