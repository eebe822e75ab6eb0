//! Model ids at Bedrock: a model's id, an inference profile's id, or an ARN.

use crate::arn::Arn;

/// Longest id, characters (service model of Converse).
pub const LENGTH: usize = 2_048;

/// Prefixes of inference profiles' ids (AWS documentation, "Supported Regions and models for inference profiles").
pub const PROFILE_PREFIXES: &[&str] =
    &["us", "us-gov", "eu", "apac", "jp", "au", "ca", "in", "uk", "me", "af", "sa", "mx", "il", "global"];

/// The id, or the last part of an ARN.
fn last_part(id: &str) -> &str {
    Arn::parse(id).and_then(|arn| arn.resource.rsplit_once('/')).map_or(id, |(_, last)| last)
}

/// The underlying model's id: the last part of an ARN, without a profile's prefix.
pub fn base_model(id: &str) -> &str {
    let id = last_part(id);
    match id.split_once('.') {
        Some((prefix, rest)) if PROFILE_PREFIXES.contains(&prefix) => rest,
        _ => id,
    }
}

/// The id that CountTokens is called with: the underlying model's, where the id names it. CountTokens takes "the foundation
/// model" (service model), and says of an inference profile that it "doesn't support counting tokens".
pub fn counted(id: &str) -> &str {
    let base = base_model(id);
    if is_bedrock_id(base) { base } else { id }
}

/// Whether a text is an id of Bedrock's: an ARN, or `provider.model` with or without a profile's prefix. A provider has only
/// letters and digits, which distinguishes `amazon.nova-pro-v1:0` from `gpt-4.1`.
pub fn is_bedrock_id(id: &str) -> bool {
    if id.is_empty()
        || id.len() > LENGTH
        || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:/".contains(&b))
        // No id contains it, and it could climb out of a path.
        || id.contains("..")
    {
        return false;
    }
    if id.starts_with("arn:") {
        return is_arn(id);
    }
    match base_model(id).split_once('.') {
        Some((provider, model)) => {
            provider.bytes().any(|b| b.is_ascii_lowercase())
                && provider.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
                && model.starts_with(|c: char| c.is_ascii_alphanumeric())
                && !id.contains('/')
        }
        None => false,
    }
}

/// Whether an id is an ARN of something that Bedrock runs (service model of Converse, `modelId`): of the service `bedrock` or
/// `sagemaker`, with a region, with or without an account.
fn is_arn(id: &str) -> bool {
    let Some(Arn { partition, service: "bedrock" | "sagemaker", region, account, resource }) = Arn::parse(id)
    else {
        return false;
    };
    let is_label =
        |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    partition
        .strip_prefix("aws")
        .is_some_and(|rest| is_label(rest) && (rest.is_empty() || rest.starts_with('-')))
        && (1..=20).contains(&region.len())
        && is_label(region)
        && account.len() <= 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && resource
            .split_once('/')
            .is_some_and(|(kind, name)| is_label(kind) && !kind.is_empty() && !name.is_empty())
}

/// The geography of an inference profile's id, or of its ARN: `eu` of `eu.amazon.nova-pro-v1:0`.
pub fn geography(id: &str) -> Option<&str> {
    last_part(id).split_once('.').map(|(prefix, _)| prefix).filter(|prefix| PROFILE_PREFIXES.contains(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_counted_by_the_model_behind_a_profile() {
        let model = "anthropic.claude-sonnet-4-6";
        for id in [
            model,
            "us.anthropic.claude-sonnet-4-6",
            "global.anthropic.claude-sonnet-4-6",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-6",
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-6",
        ] {
            assert_eq!(counted(id), model);
        }
        let unknown = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123";
        assert_eq!(counted(unknown), unknown);
    }

    #[test]
    fn what_could_climb_in_a_path_is_no_id() {
        for id in
            ["..", "a.", "a..", "../x", "a./..", "amazon.x/../y", "amazon.x\r\n", "amazon.x%2F", "", ".a"]
        {
            assert!(!is_bedrock_id(id), "{id:?}");
        }
        let arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/";
        assert!(is_bedrock_id(&format!("{arn}x.y")) && !is_bedrock_id(&format!("{arn}../../x")));
    }

    #[test]
    fn an_arn_is_of_bedrock_or_sagemaker_by_its_own_field() {
        for arn in [
            "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
            "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:inference-profile/us-gov.x.y",
            "arn:aws:sagemaker:us-east-1:123456789012:endpoint/mine",
            "arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:1",
        ] {
            assert!(is_bedrock_id(arn), "{arn}");
        }
        for arn in [
            "arn:aws:s3:us-east-1:123456789012:bedrock:x/y",
            "arn:aws:s3:::bedrock:x",
            "arn:aws:iam::123456789012:role/a:bedrock:b",
            "arn:awsbedrock:bedrock:us-east-1:123456789012:inference-profile/x",
            "arn:evil:bedrock:us-east-1:123456789012:inference-profile/x",
            "arn:aws:bedrock::123456789012:inference-profile/x",
            "arn:aws:bedrock:US-EAST-1:123456789012:inference-profile/x",
            "arn:aws:bedrock:us-east-1:me:inference-profile/x",
            "arn:aws:bedrock:us-east-1:123456789012:x",
            "arn:aws:bedrock:us-east-1",
            "arn:aws:bedrock",
        ] {
            assert!(!is_bedrock_id(arn), "{arn}");
        }
    }

    #[test]
    fn a_profile_tells_its_geography() {
        for (id, told) in [
            ("eu.amazon.nova-pro-v1:0", Some("eu")),
            ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.x.y", Some("us")),
            ("amazon.nova-pro-v1:0", None),
            ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc", None),
        ] {
            assert_eq!(geography(id), told, "{id}");
        }
    }
}
