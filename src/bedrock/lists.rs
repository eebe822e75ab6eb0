//! What Bedrock's control plane lists: ListFoundationModels and ListInferenceProfiles (service model `bedrock`,
//! 2023-04-20).

use crate::json::{Raw, Str, answer};

answer! {
    /// The answer of ListFoundationModels.
    pub struct FoundationModels<'a> {
        /// The models.
        summaries = "modelSummaries": Vec<ModelSummary<'a>>,
        /// It is not paged, as far as is known.
        next_token = "nextToken": Str<'a>,
    }
}

answer! {
    /// A model.
    pub struct ModelSummary<'a> {
        /// Its id.
        id = "modelId": Str<'a>,
        /// Its ARN.
        arn = "modelArn": Str<'a>,
        /// What it takes: `TEXT`, `IMAGE`, …
        input = "inputModalities": Vec<Str<'a>>,
        /// What it makes: `TEXT`, `EMBEDDING`, …
        output = "outputModalities": Vec<Str<'a>>,
        /// Whether it streams.
        streaming = "responseStreamingSupported": bool,
        /// How it is called: `ON_DEMAND`, `PROVISIONED`, `INFERENCE_PROFILE`.
        inference = "inferenceTypesSupported": Vec<Str<'a>>,
        /// Its life.
        lifecycle = "modelLifecycle": Lifecycle<'a>,
    }
}

answer! {
    /// A model's life.
    pub struct Lifecycle<'a> {
        /// `ACTIVE` or `LEGACY`.
        status: Str<'a>,
        /// Its beginning, a timestamp.
        start = "startOfLifeTime": Raw<'a>,
        /// Its end, a timestamp.
        end = "endOfLifeTime": Raw<'a>,
    }
}

answer! {
    /// A page of ListInferenceProfiles.
    pub struct InferenceProfiles<'a> {
        /// The profiles.
        summaries = "inferenceProfileSummaries": Vec<ProfileSummary<'a>>,
        /// What the next page is asked for with; none: this is the last.
        next_token = "nextToken": Str<'a>,
    }
}

answer! {
    /// An inference profile.
    pub struct ProfileSummary<'a> {
        /// Its id.
        id = "inferenceProfileId": Str<'a>,
        /// Its ARN.
        arn = "inferenceProfileArn": Str<'a>,
        /// Its name for people.
        name = "inferenceProfileName": Str<'a>,
        /// When it was made, a timestamp.
        created = "createdAt": Raw<'a>,
        /// The models behind it, one for each region.
        models: Vec<ProfileModel<'a>>,
        /// `ACTIVE`.
        status: Str<'a>,
    }
}

answer! {
    /// A model behind a profile.
    pub struct ProfileModel<'a> {
        /// Its ARN, which names the region.
        arn = "modelArn": Str<'a>,
    }
}
