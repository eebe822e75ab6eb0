//! Where a request may be answered (Amazon Bedrock User Guide, "Increase throughput with cross-Region inference"): an inference
//! profile distributes requests over a geography; a model called by its own id stays in the region.

use super::model_id::{base_model, geography};
use crate::arn::Arn;

/// The area in which a request may be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach<'a> {
    /// In the region where the model is called.
    Region,
    /// In the regions of a geography: `eu`, `us`, `global`.
    Geography(&'a str),
    /// Unknown from the id: application profiles, prompt routers, and geographies or providers newer than this table.
    Unknown,
}

/// Prefixes of providers in model ids (Amazon Bedrock User Guide, "Supported foundation models"). Another prefix may be a
/// geography that is not known here.
const PROVIDERS: &[&str] = &[
    "ai21",
    "amazon",
    "anthropic",
    "cohere",
    "deepseek",
    "google",
    "luma",
    "meta",
    "minimax",
    "mistral",
    "moonshot",
    "moonshotai",
    "nvidia",
    "openai",
    "qwen",
    "stability",
    "twelvelabs",
    "writer",
    "zai",
];

/// Kinds of ARNs that stay in one region (Service Authorization Reference, "Amazon Bedrock").
const REGIONAL: &[&str] = &[
    "foundation-model",
    "custom-model",
    "custom-model-deployment",
    "imported-model",
    "provisioned-model",
    "endpoint",
];

/// The reach of a model's id or ARN.
pub fn reach(id: &str) -> Reach<'_> {
    let Some(arn) = Arn::parse(id) else { return of_id(id) };
    match arn.resource.split_once('/') {
        // Only a custom model's ARN has two names: that of its base model and its own.
        Some((kind, name)) if kind != "custom-model" && name.contains('/') => Reach::Unknown,
        Some(("foundation-model", name)) if of_id(name) != Reach::Region => Reach::Unknown,
        Some((kind, _)) if REGIONAL.contains(&kind) => Reach::Region,
        Some(("inference-profile", name)) if of_id(name) != Reach::Region => of_id(name),
        _ => Reach::Unknown,
    }
}

/// The reach of a bare id: a provider's model, or a profile of one.
fn of_id(id: &str) -> Reach<'_> {
    let is_made = |id: &str| id.split_once('.').is_some_and(|(maker, _)| PROVIDERS.contains(&maker));
    match geography(id) {
        Some(geography) if is_made(base_model(id)) => Reach::Geography(geography),
        None if is_made(id) => Reach::Region,
        _ => Reach::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_whether_requests_stay_in_the_region() {
        let arn = |kind: &str, id: &str| format!("arn:aws:bedrock:eu-west-1:123456789012:{kind}/{id}");
        for (id, told) in [
            ("amazon.nova-pro-v1:0", Reach::Region),
            ("deepseek.v3.2", Reach::Region),
            ("eu.amazon.nova-pro-v1:0", Reach::Geography("eu")),
            ("global.anthropic.claude-sonnet-4-6", Reach::Geography("global")),
            ("us-gov.anthropic.claude-x", Reach::Geography("us-gov")),
            // A geography newer than the table.
            ("kr.amazon.nova-pro-v1:0", Reach::Unknown),
            ("newco.model-v1", Reach::Unknown),
            ("guardrail", Reach::Unknown),
            (&arn("inference-profile", "eu.amazon.y"), Reach::Geography("eu")),
            ("eu.us.amazon.nova-lite-v1:0", Reach::Unknown),
            ("eu.newco.y", Reach::Unknown),
            (&arn("foundation-model", "us.amazon.nova-lite-v1:0"), Reach::Unknown),
            (&arn("inference-profile", "x/eu.amazon.y"), Reach::Unknown),
            (&arn("inference-profile", "amazon.y"), Reach::Unknown),
            (&arn("inference-profile", "kr.x.y"), Reach::Unknown),
            (&arn("application-inference-profile", "abc"), Reach::Unknown),
            (&arn("application-inference-profile", "eu.abc"), Reach::Unknown),
            (&arn("foundation-model", "amazon.nova-pro-v1:0"), Reach::Region),
            (&arn("provisioned-model", "abc"), Reach::Region),
            (&arn("custom-model", "amazon.nova-lite/abcdefghijkl"), Reach::Region),
            (&arn("default-prompt-router", "anthropic.claude:1"), Reach::Unknown),
            ("arn:aws:sagemaker:eu-west-1:123456789012:endpoint/mine", Reach::Region),
        ] {
            assert_eq!(reach(id), told, "{id}");
        }
    }
}
