//! What Bedrock's control plane lists: ListFoundationModels and ListInferenceProfiles (service model `bedrock`,
//! 2023-04-20).

use serde::Deserialize;

use crate::wire::{List, Raw, Str};

/// The answer of ListFoundationModels.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct FoundationModels<'a> {
    /// The models.
    #[serde(rename = "modelSummaries")]
    pub summaries: Option<List<ModelSummary<'a>>>,
    /// It is not paged, as far as is known.
    pub next_token: Option<Str<'a>>,
}

/// A model.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct ModelSummary<'a> {
    /// Its id.
    #[serde(rename = "modelId")]
    pub id: Option<Str<'a>>,
    /// Its ARN.
    #[serde(rename = "modelArn")]
    pub arn: Option<Str<'a>>,
    /// What it takes: `TEXT`, `IMAGE`, …
    #[serde(rename = "inputModalities")]
    pub input: Option<List<Str<'a>>>,
    /// What it makes: `TEXT`, `EMBEDDING`, …
    #[serde(rename = "outputModalities")]
    pub output: Option<List<Str<'a>>>,
    /// Whether it streams.
    #[serde(rename = "responseStreamingSupported")]
    pub streaming: Option<bool>,
    /// How it is called: `ON_DEMAND`, `PROVISIONED`, `INFERENCE_PROFILE`.
    #[serde(rename = "inferenceTypesSupported")]
    pub inference: Option<List<Str<'a>>>,
    /// Its life.
    #[serde(rename = "modelLifecycle")]
    pub lifecycle: Option<Lifecycle<'a>>,
}

/// A model's life.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Lifecycle<'a> {
    /// `ACTIVE` or `LEGACY`.
    pub status: Option<Str<'a>>,
    /// Its beginning, a timestamp.
    #[serde(rename = "startOfLifeTime")]
    pub start: Option<Raw<'a>>,
    /// Its end, a timestamp.
    #[serde(rename = "endOfLifeTime")]
    pub end: Option<Raw<'a>>,
}

/// A page of ListInferenceProfiles.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct InferenceProfiles<'a> {
    /// The profiles.
    #[serde(rename = "inferenceProfileSummaries")]
    pub summaries: Option<List<ProfileSummary<'a>>>,
    /// What the next page is asked for with; none: this is the last.
    pub next_token: Option<Str<'a>>,
}

/// An inference profile.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct ProfileSummary<'a> {
    /// Its id.
    #[serde(rename = "inferenceProfileId")]
    pub id: Option<Str<'a>>,
    /// Its ARN.
    #[serde(rename = "inferenceProfileArn")]
    pub arn: Option<Str<'a>>,
    /// Its name for people.
    #[serde(rename = "inferenceProfileName")]
    pub name: Option<Str<'a>>,
    /// When it was made, a timestamp.
    #[serde(rename = "createdAt")]
    pub created: Option<Raw<'a>>,
    /// The models behind it, one for each region.
    pub models: Option<List<ProfileModel<'a>>>,
    /// `ACTIVE`.
    pub status: Option<Str<'a>>,
}

/// A model behind a profile.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct ProfileModel<'a> {
    /// Its ARN, which names the region.
    #[serde(rename = "modelArn")]
    pub arn: Option<Str<'a>>,
}
