//! What Bedrock calls a model: a model's id, an inference profile's id, or an ARN.

/// Longest id (service model of Converse).
pub const LENGTH: usize = 2_048;

/// What comes before a model's id in the id of an inference profile (AWS documentation, "Supported Regions and models
/// for inference profiles").
const PROFILE_PREFIXES: &[&str] =
    &["us", "us-gov", "eu", "apac", "jp", "au", "ca", "uk", "me", "af", "sa", "mx", "il", "global"];

/// The underlying model's id: of an ARN its last part, and no profile's prefix.
pub fn base_model(id: &str) -> &str {
    let id = if id.starts_with("arn:") { id.rsplit_once('/').map_or(id, |(_, last)| last) } else { id };
    match id.split_once('.') {
        Some((prefix, rest)) if PROFILE_PREFIXES.contains(&prefix) => rest,
        _ => id,
    }
}

/// True for what Bedrock itself calls a model: an ARN, or `provider.model` behind a profile's prefix or none. The
/// provider is of letters and digits, which tells `amazon.nova-pro-v1:0` from `gpt-4.1`.
pub fn is_bedrock_id(id: &str) -> bool {
    if id.is_empty()
        || id.len() > LENGTH
        || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:/".contains(&b))
        // No id has it, and whoever reads it as a path must not climb.
        || id.contains("..")
    {
        return false;
    }
    if let Some(arn) = id.strip_prefix("arn:aws") {
        return arn.contains(":bedrock:") || arn.contains(":sagemaker:");
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
