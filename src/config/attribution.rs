//! `labels` and `profile` of keys, teams and identities: to whom requests are attributed.

use std::collections::BTreeMap;

use crate::aws::endpoint::Region;
use crate::bedrock::model_id::{geography, is_bedrock_id};
use crate::gateway::attribution::{Profile, is_application_profile};
use crate::translate::fit::family::Pattern;

use super::Error;
use super::switch::Names;
use super::values::{error, error_in};

/// Most labels of a caller. Each goes into every record of its requests.
const LABELS: usize = 16;
/// Longest name of a label, bytes.
const NAME: usize = 63;
/// Longest value of a label, characters.
const VALUE: usize = 256;

/// Reads the labels at `at`.
pub(super) fn labels_of(
    written: &BTreeMap<String, String>,
    at: &str,
) -> Result<Vec<(String, String)>, Error> {
    if written.len() > LABELS {
        return Err(error(at, "must not have more than 16 labels"));
    }
    let is_name = |name: &str| {
        (1..=NAME).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    for (name, value) in written {
        if !is_name(name) {
            return Err(error(at, "has a label whose name is not 1 to 63 letters, digits and '-_.'"));
        }
        if value.chars().count() > VALUE || value.chars().any(char::is_control) {
            return Err(error_in(at, name, "must have at most 256 characters, and no control characters"));
        }
    }
    Ok(written.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// Reads the profiles at `at`: ARNs of application inference profiles by pattern of models, one per region.
pub(super) fn profiles_of(written: &BTreeMap<String, Names>, at: &str) -> Result<Vec<Profile>, Error> {
    let mut profiles = Vec::with_capacity(written.len());
    for (pattern, Names(arns)) in written {
        let behind =
            geography(pattern).and_then(|geography| pattern.get(geography.len().saturating_add(1)..));
        Pattern::read(behind.unwrap_or(pattern)).map_err(|reason| error_in(at, pattern, reason))?;
        let mut known: Vec<(Region, String)> = Vec::with_capacity(arns.len());
        for arn in arns {
            let region = Region::of_arn(arn).filter(|region| {
                is_bedrock_id(arn) && is_application_profile(arn) && of_partition(arn, region)
            });
            let Some(region) = region else {
                let reason = "must be the ARN of an application inference profile, such as \
                              'arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc', or a list of them";
                return Err(error_in(at, pattern, reason));
            };
            if known.iter().any(|(other, _)| *other == region) {
                return Err(error_in(at, pattern, "has two ARNs of one region"));
            }
            known.push((region, arn.clone()));
        }
        if known.is_empty() {
            return Err(error_in(at, pattern, "must not be empty"));
        }
        profiles.push(Profile { pattern: pattern.clone(), arns: known });
    }
    Ok(profiles)
}

fn of_partition(arn: &str, region: &Region) -> bool {
    crate::arn::Arn::parse(arn).is_some_and(|arn| arn.partition == region.partition_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc";

    fn profiles(pattern: &str, arns: &[&str]) -> Result<Vec<Profile>, String> {
        let names = Names(arns.iter().map(|arn| (*arn).to_owned()).collect());
        profiles_of(&[(pattern.to_owned(), names)].into(), "p").map_err(|error| error.path)
    }

    #[test]
    fn a_profile_is_an_arn_for_a_pattern_of_models_and_a_region() {
        let other = ARN.replace("eu-west-1", "eu-central-1");
        for pattern in ["anthropic.claude-sonnet-4-5*", "eu.anthropic.*", "amazon.titan-embed-text-v2:0"] {
            let read = profiles(pattern, &[ARN, &other]).unwrap();
            assert_eq!((read[0].pattern.as_str(), read[0].arns.len()), (pattern, 2));
        }
        for pattern in ["*", "claude*", "eu.*", "anthropic.*.x", "Anthropic.x", ""] {
            assert_eq!(profiles(pattern, &[ARN]), Err(format!("p.{pattern}")));
        }
        let system = ARN.replace("application-", "");
        let cut = ARN.replace("/abc", "/");
        let partition = ARN.replace("arn:aws:", "arn:aws-cn:");
        let twice = [ARN, ARN];
        let wrong: [&[&str]; 7] = [&[], &[""], &["anthropic.x"], &[&system], &[&cut], &[&partition], &twice];
        for arns in wrong {
            assert_eq!(profiles("anthropic.x", arns), Err("p.anthropic.x".to_owned()), "{arns:?}");
        }
    }

    fn labels(written: &[(&str, &str)]) -> Result<usize, String> {
        let written = written.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        labels_of(&written, "teams[0].labels").map(|labels| labels.len()).map_err(|error| error.path)
    }

    #[test]
    fn labels_are_few_short_and_of_plain_names() {
        let long = "ä".repeat(256);
        assert_eq!(labels(&[("cost-centre", "4711"), ("env", ""), ("x", &long)]), Ok(3));
        for name in ["", "cost centre", "größe", "a\"b", &"n".repeat(64)] {
            assert_eq!(labels(&[(name, "v")]), Err("teams[0].labels".to_owned()), "{name}");
        }
        for value in ["a\nb", "\u{7f}", &"v".repeat(257)] {
            assert_eq!(labels(&[("env", value)]), Err("teams[0].labels.env".to_owned()), "{value}");
        }
        let names: Vec<String> = (0..17).map(|n| format!("n{n}")).collect();
        let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "v")).collect();
        assert_eq!(labels(&many), Err("teams[0].labels".to_owned()));
        assert_eq!(labels(&many[..16]), Ok(16));
    }
}
