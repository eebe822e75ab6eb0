//! Names that people type for models: OpenAI's model names, other gateways' spellings of Bedrock's ids, and the vendors' names
//! for their models. What each stands for is in tables here.

use crate::bedrock::model_id::base_model;
use crate::openai::Endpoint;

use super::regions::covers;

/// Prefixes that clients put before a model's name: LiteLLM's routes (its documentation, "AWS Bedrock"), and vendors as
/// OpenRouter writes them.
const PREFIXES: &[&str] =
    &["bedrock/converse/", "bedrock/invoke/", "bedrock/", "openai/", "anthropic/", "amazon/"];

/// Prefixes of OpenAI's chat models (its documentation, "Models"). One without a hyphen is a whole name, or is followed by a
/// hyphen.
const CHAT_MODELS: &[&str] = &["gpt-", "chatgpt-", "o1", "o3", "o4", "codex-"];
const EMBEDDING_MODELS: &[&str] = &["text-embedding-"];

/// Models by Bedrock's id, with the geographies of their inference profiles in the order of preference (Amazon Bedrock User Guide, the
/// models' cards and "Supported Regions and models for inference profiles"). A model without any is called by its id.
const MODELS: &[(&str, &[&str])] = &[
    ("anthropic.claude-3-haiku-20240307-v1:0", &["us", "eu", "apac", "us-gov"]),
    ("anthropic.claude-3-sonnet-20240229-v1:0", &["us", "eu", "apac"]),
    ("anthropic.claude-3-opus-20240229-v1:0", &["us"]),
    ("anthropic.claude-3-5-sonnet-20241022-v2:0", &["us", "apac"]),
    ("anthropic.claude-3-5-sonnet-20240620-v1:0", &["us", "eu", "apac", "us-gov"]),
    ("anthropic.claude-3-5-haiku-20241022-v1:0", &["us"]),
    ("anthropic.claude-3-7-sonnet-20250219-v1:0", &["us", "eu", "apac", "us-gov"]),
    ("anthropic.claude-opus-4-20250514-v1:0", &["us"]),
    ("anthropic.claude-sonnet-4-20250514-v1:0", &["us", "eu", "apac", "global"]),
    ("anthropic.claude-opus-4-1-20250805-v1:0", &["us"]),
    ("anthropic.claude-sonnet-4-5-20250929-v1:0", &["us", "eu", "jp", "au", "us-gov", "global"]),
    ("anthropic.claude-haiku-4-5-20251001-v1:0", &["us", "eu", "jp", "au", "global"]),
    ("anthropic.claude-opus-4-5-20251101-v1:0", &["us", "eu", "global"]),
    ("anthropic.claude-opus-4-6-v1", &["us", "eu", "au", "global"]),
    ("anthropic.claude-sonnet-4-6", &["us", "eu", "jp", "au", "global"]),
    ("anthropic.claude-opus-4-7", &["us", "eu", "jp", "au", "global"]),
    ("anthropic.claude-opus-4-8", &["us", "eu", "jp", "au", "global"]),
    ("anthropic.claude-opus-5", &["us", "eu", "au", "global"]),
    ("anthropic.claude-sonnet-5", &["us", "eu", "au", "global"]),
    ("anthropic.claude-fable-5", &["us", "global"]),
    ("anthropic.claude-fable-5-1", &["us", "global"]),
    ("anthropic.claude-opus-5-5", &["jp", "global"]),
    ("amazon.nova-micro-v1:0", &["us", "eu", "apac"]),
    ("amazon.nova-lite-v1:0", &["us", "eu", "apac"]),
    ("amazon.nova-pro-v1:0", &["us", "eu", "apac"]),
    ("amazon.nova-premier-v1:0", &["us"]),
    ("amazon.nova-2-lite-v1:0", &["us", "eu", "jp", "global"]),
    ("openai.gpt-oss-20b-1:0", &[]),
    ("openai.gpt-oss-120b-1:0", &[]),
];

/// The name without such a prefix.
pub(super) fn bare(asked: &str) -> &str {
    PREFIXES.iter().find_map(|prefix| asked.strip_prefix(prefix)).unwrap_or(asked)
}

/// Whether a name is of a model of OpenAI's own, for which the default answers.
pub(super) fn is_openais(asked: &str, endpoint: Endpoint) -> bool {
    let beginnings = match endpoint {
        Endpoint::ChatCompletions
        | Endpoint::Completions
        | Endpoint::Messages
        | Endpoint::Responses
        | Endpoint::InputTokens
        | Endpoint::MessageTokens => CHAT_MODELS,
        Endpoint::Embeddings | Endpoint::Moderations => EMBEDDING_MODELS,
    };
    beginnings
        .iter()
        .filter_map(|beginning| Some((beginning, asked.strip_prefix(beginning)?)))
        .any(|(beginning, rest)| beginning.ends_with('-') || rest.is_empty() || rest.starts_with('-'))
}

/// The newest of `ids` that the vendor's name fits; among ids of the same model, the first.
pub(super) fn newest<'i>(asked: &str, ids: impl IntoIterator<Item = &'i str>) -> Option<&'i str> {
    let asked = Typed::of(asked);
    let fitting = ids.into_iter().filter(|id| asked.is(id));
    // The ids differ only in dates and versions of equal length.
    fitting.reduce(|found, id| if base_model(id) > base_model(found) { id } else { found })
}

/// The newest model of the table that the vendor's name fits, by the inference profile that covers `region`.
pub(super) fn known(asked: &str, region: &str) -> Option<String> {
    let id = newest(asked, MODELS.iter().map(|(id, _)| *id))?;
    let (_, geographies) = MODELS.iter().find(|(known, _)| *known == id)?;
    let profile = geographies.iter().find(|geography| covers(geography, region));
    Some(profile.map_or_else(|| id.to_owned(), |geography| format!("{geography}.{id}")))
}

/// A name in the vendor's spelling: `claude-sonnet-4-5` for `claude-sonnet-4.5` and `claude-sonnet-4-5-latest`.
struct Typed(String);

impl Typed {
    fn of(asked: &str) -> Self {
        let name = asked.strip_suffix("-latest").unwrap_or(asked).replace('.', "-");
        // Anthropic's alias of a generation's first model: `claude-opus-4-0`.
        Self(name.strip_suffix("-4-0").map_or_else(|| name.clone(), |family| format!("{family}-4")))
    }

    /// Whether Bedrock's id is this name, optionally followed by a date and a version.
    fn is(&self, id: &str) -> bool {
        let Some((_, name)) = base_model(id).split_once('.') else { return false };
        let Some(rest) = name.strip_prefix(self.0.as_str()) else { return false };
        let version = without_date(rest);
        version.is_empty() || is_version(version)
    }
}

/// The rest after a date such as `-20250929`.
fn without_date(rest: &str) -> &str {
    match rest.strip_prefix('-').and_then(|rest| rest.split_at_checked(8)) {
        Some((date, version)) if date.bytes().all(|b| b.is_ascii_digit()) => version,
        _ => rest,
    }
}

/// Whether a text is a version: `:0`, `-v1`, `-v1:0`, `-1:0`. A number alone, `-1`, would be another model.
fn is_version(text: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (major, minor) = text.split_once(':').map_or((text, None), |(major, minor)| (major, Some(minor)));
    let is_minor = minor.is_none_or(is_number);
    is_minor
        && match major.strip_prefix("-v") {
            Some(major) => is_number(major),
            None => minor.is_some() && major.strip_prefix('-').map_or(major.is_empty(), is_number),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendors_names_stand_for_the_newest_model_of_that_name_in_the_geography_of_the_region() {
        for (asked, region, id) in [
            ("claude-sonnet-4-5", "us-east-1", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("claude-sonnet-4.5", "eu-central-1", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("claude-sonnet-4-5-20250929", "ap-northeast-1", "jp.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("claude-sonnet-4-5", "sa-east-1", "global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("claude-sonnet-4-5", "us-gov-west-1", "us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            ("claude-haiku-4-5", "us-west-2", "us.anthropic.claude-haiku-4-5-20251001-v1:0"),
            ("claude-opus-4-1", "us-east-1", "us.anthropic.claude-opus-4-1-20250805-v1:0"),
            ("claude-opus-4-1", "eu-west-1", "anthropic.claude-opus-4-1-20250805-v1:0"),
            ("claude-opus-4", "us-east-1", "us.anthropic.claude-opus-4-20250514-v1:0"),
            ("claude-opus-4-0", "us-east-1", "us.anthropic.claude-opus-4-20250514-v1:0"),
            ("claude-opus-4-6", "us-east-1", "us.anthropic.claude-opus-4-6-v1"),
            ("claude-opus-5", "us-east-1", "us.anthropic.claude-opus-5"),
            ("claude-3-5-sonnet-latest", "us-east-1", "us.anthropic.claude-3-5-sonnet-20241022-v2:0"),
            ("claude-3.5-sonnet", "us-east-1", "us.anthropic.claude-3-5-sonnet-20241022-v2:0"),
            ("claude-3-5-sonnet-20240620", "us-east-1", "us.anthropic.claude-3-5-sonnet-20240620-v1:0"),
            ("nova-pro", "us-east-1", "us.amazon.nova-pro-v1:0"),
            ("nova-pro-v1", "us-east-1", "us.amazon.nova-pro-v1:0"),
            ("gpt-oss-120b", "us-west-2", "openai.gpt-oss-120b-1:0"),
        ] {
            assert_eq!(known(asked, region).as_deref(), Some(id), "{asked} {region}");
        }
        for asked in [
            "",
            "claude",
            "claude-3",
            "claude-sonnet",
            "claude-sonnet-4-5-2",
            "claude-sonnet-4-5-20250930",
            "gpt-4o",
            "nova",
            "4",
        ] {
            assert_eq!(known(asked, "us-east-1"), None, "{asked}");
        }
    }

    #[test]
    fn a_version_that_is_typed_is_no_other() {
        let ids = ["amazon.titan-embed-text-v1", "amazon.titan-embed-text-v2:0"];
        assert_eq!(newest("titan-embed-text-v1", ids), Some(ids[0]));
        assert_eq!(newest("titan-embed-text-v2", ids), Some(ids[1]));
        assert_eq!(newest("titan-embed-text", ids), Some(ids[1]));
        assert_eq!(newest("titan-embed-text-v3", ids), None);
    }

    #[test]
    fn the_first_of_the_profiles_of_one_model_is_taken() {
        let ids = ["eu.a.b-20240101-v1:0", "eu.a.b-20250101-v1:0", "global.a.b-20250101-v1:0"];
        assert_eq!(newest("b", ids), Some(ids[1]));
    }

    #[test]
    fn openais_own_names_are_known_by_their_beginnings() {
        let is_chat = |asked| is_openais(asked, Endpoint::ChatCompletions);
        for asked in [
            "gpt-5.1",
            "chatgpt-4o-latest",
            "o1",
            "o1-preview",
            "o3",
            "o3-mini",
            "o4-mini",
            "codex-mini-latest",
        ] {
            assert!(is_chat(asked), "{asked}");
        }
        for asked in ["o", "o2", "o33", "o3x", "gpt", "olmo-3", "text-embedding-3-small"] {
            assert!(!is_chat(asked), "{asked}");
        }
        assert!(is_openais("text-embedding-3-small", Endpoint::Embeddings));
        assert!(!is_openais("gpt-4o", Endpoint::Embeddings));
    }

    #[test]
    fn what_other_gateways_put_before_a_name_is_left_out() {
        for (asked, name) in [
            ("openai/gpt-4o", "gpt-4o"),
            ("anthropic/claude-sonnet-4.5", "claude-sonnet-4.5"),
            ("bedrock/us.anthropic.claude-x", "us.anthropic.claude-x"),
            ("bedrock/converse/us.anthropic.claude-x", "us.anthropic.claude-x"),
            (
                "bedrock/arn:aws:bedrock:us-east-1::foundation-model/a.b",
                "arn:aws:bedrock:us-east-1::foundation-model/a.b",
            ),
            ("mistral/large", "mistral/large"),
            ("gpt-4o", "gpt-4o"),
        ] {
            assert_eq!(bare(asked), name);
        }
    }
}
