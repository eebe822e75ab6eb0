//! How far from the region where a model is called its requests may be answered (Amazon Bedrock User Guide, "Increase throughput with
//! cross-Region inference"): an inference profile spreads them over a geography, a model by its own id stays.

use super::model_id::geography;
use crate::arn::Arn;

/// Where a request may be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach<'a> {
    /// In the region where the model is called.
    Region,
    /// In the regions of a geography: `eu`, `us`, `global`.
    Geography(&'a str),
    /// The id does not tell: application profiles, prompt routers, geographies and providers that came later.
    Unknown,
}

/// Who makes models, as their ids begin (Amazon Bedrock User Guide, "Supported foundation models"). What begins otherwise may be a
/// profile of a geography that is not known here.
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

/// What stands in one region, by the kind of the ARN (Service Authorization Reference, "Amazon Bedrock").
const REGIONAL: &[&str] = &[
    "foundation-model",
    "custom-model",
    "custom-model-deployment",
    "imported-model",
    "provisioned-model",
    "endpoint",
];

/// Where a model's requests may be answered, by its id or its ARN.
pub fn reach(id: &str) -> Reach<'_> {
    let geography = geography(id).map(Reach::Geography);
    if let Some(arn) = Arn::parse(id) {
        return match arn.resource.split_once('/') {
            Some((kind, _)) if REGIONAL.contains(&kind) => Reach::Region,
            Some(("inference-profile", _)) => geography.unwrap_or(Reach::Unknown),
            _ => Reach::Unknown,
        };
    }
    geography.unwrap_or(match id.split_once('.') {
        Some((provider, _)) if PROVIDERS.contains(&provider) => Reach::Region,
        _ => Reach::Unknown,
    })
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
            // A geography that came later.
            ("kr.amazon.nova-pro-v1:0", Reach::Unknown),
            ("newco.model-v1", Reach::Unknown),
            ("guardrail", Reach::Unknown),
            (&arn("inference-profile", "eu.x.y"), Reach::Geography("eu")),
            (&arn("inference-profile", "kr.x.y"), Reach::Unknown),
            (&arn("application-inference-profile", "abc"), Reach::Unknown),
            (&arn("application-inference-profile", "eu.abc"), Reach::Unknown),
            (&arn("foundation-model", "amazon.nova-pro-v1:0"), Reach::Region),
            (&arn("provisioned-model", "abc"), Reach::Region),
            (&arn("default-prompt-router", "anthropic.claude:1"), Reach::Unknown),
            ("arn:aws:sagemaker:eu-west-1:123456789012:endpoint/mine", Reach::Region),
        ] {
            assert_eq!(reach(id), told, "{id}");
        }
    }
}
