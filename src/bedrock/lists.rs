//! Responses of Bedrock's control plane: ListFoundationModels and ListInferenceProfiles (service model `bedrock`, 2023-04-20).

use serde::Deserialize;

use crate::wire::{List, Raw, Str};

/// The answer of ListFoundationModels.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct FoundationModels<'a> {
    /// The models.
    #[serde(rename = "modelSummaries")]
    pub summaries: Option<List<ModelSummary<'a>>>,
    /// Not used by AWS so far: the list has one page.
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
    /// Input modalities: `TEXT`, `IMAGE`, …
    #[serde(rename = "inputModalities")]
    pub input: Option<List<Str<'a>>>,
    /// Output modalities: `TEXT`, `EMBEDDING`, …
    #[serde(rename = "outputModalities")]
    pub output: Option<List<Str<'a>>>,
    /// Whether it supports streaming.
    #[serde(rename = "responseStreamingSupported")]
    pub streaming: Option<bool>,
    /// Inference types: `ON_DEMAND`, `PROVISIONED`, `INFERENCE_PROFILE`.
    #[serde(rename = "inferenceTypesSupported")]
    pub inference: Option<List<Str<'a>>>,
    /// Its lifecycle.
    #[serde(rename = "modelLifecycle")]
    pub lifecycle: Option<Lifecycle<'a>>,
}

/// A model's lifecycle.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub struct Lifecycle<'a> {
    /// `ACTIVE` or `LEGACY`.
    pub status: Option<Str<'a>>,
    /// Its start, a timestamp.
    #[serde(rename = "startOfLifeTime")]
    pub start: Option<Raw<'a>>,
    /// Its end of life, a timestamp.
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
    /// Token of the next page; absent on the last.
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
    /// Its name.
    #[serde(rename = "inferenceProfileName")]
    pub name: Option<Str<'a>>,
    /// When it was created, a timestamp.
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
