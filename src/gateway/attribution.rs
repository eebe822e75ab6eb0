//! To whom a caller's requests are attributed: in the record of each request, on AWS's bill, and in CloudTrail.

use std::borrow::Cow;

use crate::arn::Arn;
use crate::aws::endpoint::Region;
use crate::bedrock::catalogue::Catalogue;
use crate::bedrock::model_id::{base_model, geography};
use crate::bedrock::reach::{Reach, reach};
use crate::openai::Error;
use crate::texts::fits;

use super::regions::covers;

/// Attribution of a caller's requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attribution {
    /// The operator's labels for the caller, such as a cost centre: names and values, in the configuration's order. They go
    /// into the records, not to Bedrock.
    pub labels: Vec<(String, String)>,
    /// The application inference profiles that are called instead of models.
    pub profiles: Vec<Profile>,
    /// Index of the account that signs the requests; `None`: the target's account.
    pub account: Option<usize>,
}

/// A caller's application inference profiles for some models, one per region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The models that it replaces: an id, or a prefix of ids followed by `*`. A pattern with a geography
    /// (`eu.anthropic.claude*`) fits only that geography's inference profiles; any other fits the model with every profile
    /// prefix and without.
    pub pattern: String,
    /// Their regions and ARNs.
    pub arns: Vec<(Region, String)>,
}

/// A model that is to be called.
#[derive(Clone, Copy, Debug)]
pub struct Called<'a> {
    /// Bedrock's id of it.
    pub id: &'a str,
    /// The id by which the tables of model properties know it.
    pub known_as: &'a str,
    /// The region that is called; `None`: known only at the attempt.
    pub region: Option<&'a str>,
}

impl Attribution {
    /// The profile to call instead of a model: its ARN and its configuration. `None` where the caller has none for the model.
    ///
    /// # Errors
    /// 403 `no_profile` where the caller has profiles for the model, but none in that region: calling the model itself would
    /// put it on another bill.
    pub fn profile(&self, called: &Called<'_>) -> Result<Option<(&str, &Profile)>, Error> {
        let Some(profile) = self.find(called) else { return Ok(None) };
        let mut arns = profile.arns.iter();
        let here = arns.find(|(region, _)| called.region.is_none_or(|called| region.as_str() == called));
        here.map(|(_, arn)| Some((arn.as_str(), profile))).ok_or_else(no_profile)
    }

    /// The longest pattern that fits; of two equally long, the one without `*`.
    fn find(&self, called: &Called<'_>) -> Option<&Profile> {
        let fitting = self.profiles.iter().filter(|profile| profile.fits(called));
        fitting.max_by_key(|profile| (profile.pattern.len(), !profile.pattern.ends_with('*')))
    }

    /// Whether the profile of this ARN is the caller's.
    pub fn has(&self, arn: &str) -> bool {
        self.profiles.iter().any(|profile| profile.arns.iter().any(|(_, own)| own == arn))
    }
}

impl Profile {
    fn fits(&self, called: &Called<'_>) -> bool {
        let Called { id, known_as, region: _ } = *called;
        let with_geography = |id| match geography(id) {
            Some(geography) => Cow::Owned([geography, ".", base_model(id)].concat()),
            None => Cow::Borrowed(base_model(id)),
        };
        // An application profile's id does not name the model; the id of the model behind it may.
        [id, known_as].into_iter().any(|id| {
            if geography(&self.pattern).is_some() {
                fits(&self.pattern, &with_geography(id))
            } else {
                fits(&self.pattern, base_model(id))
            }
        })
    }

    /// The geography of the inference profiles behind it, as far as the pattern says.
    pub fn geography(&self) -> Option<&str> {
        geography(&self.pattern)
    }
}

/// Whether an application profile may be called instead of a model: it must be made of that model, and must not route requests
/// further than the profile that it is said to be made of. Where Bedrock has not described the profile, it may.
pub fn is_made_of(discovered: &Catalogue, arn: &str, model: &str, made_of: Reach<'_>) -> bool {
    let Some(entry) = discovered.find(arn) else { return true };
    let is_model = entry.model.is_empty() || entry.model == base_model(model);
    let is_within = |region: &str| match made_of {
        Reach::Geography(geography) => covers(geography, region),
        Reach::Region => Arn::parse(arn).is_some_and(|arn| arn.region == region),
        Reach::Unknown => true,
    };
    is_model && entry.regions.split(',').filter(|region| !region.is_empty()).all(is_within)
}

/// Whether an id is the ARN of an application inference profile.
pub fn is_application_profile(id: &str) -> bool {
    Arn::parse(id).is_some_and(|arn| arn.resource.starts_with("application-inference-profile/"))
}

/// How far requests may be routed by a caller's profile: as its known id says, else as its pattern does.
pub fn reach_of<'a>(known_as: &'a str, profile: &'a Profile) -> Reach<'a> {
    match (reach(known_as), profile.geography()) {
        (Reach::Unknown, Some(geography)) => Reach::Geography(geography),
        (known, _) => known,
    }
}

/// The error for a caller whose profile for the model is in none of the model's regions.
pub fn no_profile() -> Error {
    let message = "This API key calls the model by an inference profile of its own, and has none for it where it answers.";
    Error::new(403, message).param("model").code("no_profile")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bedrock::catalogue::{Entry, Kind};

    fn arn(region: &str, name: &str) -> String {
        format!("arn:aws:bedrock:{region}:123456789012:application-inference-profile/{name}")
    }

    fn profile(pattern: &str, name: &str, regions: &[&str]) -> Profile {
        let arns = regions.iter().map(|region| (Region::new(*region).unwrap(), arn(region, name)));
        Profile { pattern: pattern.to_owned(), arns: arns.collect() }
    }

    fn called(attribution: &Attribution, id: &str, known_as: &str, region: Option<&str>) -> String {
        let told = attribution.profile(&Called { id, known_as, region });
        match told {
            Ok(Some((arn, _))) => arn.to_owned(),
            Ok(None) => "the model".to_owned(),
            Err(error) => error.code.unwrap_or_default().to_owned(),
        }
    }

    #[test]
    fn a_model_is_called_by_the_callers_profile_in_its_region_and_else_not_at_all() {
        let attribution = Attribution {
            profiles: vec![
                profile("anthropic.claude-sonnet*", "sonnet", &["eu-west-1", "eu-central-1"]),
                profile("eu.anthropic.claude-sonnet*", "european", &["eu-west-1"]),
                profile("anthropic.claude-sonnet-4-6", "newest", &["us-east-1"]),
            ],
            ..Attribution::default()
        };
        let sonnet = "anthropic.claude-sonnet-4-5";
        let told = |id: &str, region: &str| called(&attribution, id, id, Some(region));
        assert_eq!(told(sonnet, "eu-central-1"), arn("eu-central-1", "sonnet"));
        assert_eq!(told(&format!("us.{sonnet}"), "eu-west-1"), arn("eu-west-1", "sonnet"));
        assert_eq!(told(&format!("eu.{sonnet}"), "eu-west-1"), arn("eu-west-1", "european"));
        let system = format!("arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.{sonnet}");
        assert_eq!(told(&system, "eu-west-1"), arn("eu-west-1", "european"));
        assert_eq!(
            told(&format!("eu.{sonnet}"), "eu-central-1"),
            "no_profile",
            "the longest pattern, and no other"
        );
        assert_eq!(told(sonnet, "us-east-1"), "no_profile");
        assert_eq!(told("us.anthropic.claude-sonnet-4-6", "us-east-1"), arn("us-east-1", "newest"));
        assert_eq!(told("us.amazon.nova-lite-v1:0", "us-east-1"), "the model");
        // Another caller's profile of the model, where the model is known.
        let others = arn("eu-west-1", "others");
        assert_eq!(called(&attribution, &others, sonnet, Some("eu-west-1")), arn("eu-west-1", "sonnet"));
        assert_eq!(called(&attribution, sonnet, sonnet, None), arn("eu-west-1", "sonnet"));
        assert!(attribution.has(&arn("eu-west-1", "european")) && !attribution.has(&others));
    }

    #[test]
    fn what_a_profile_is_made_of_is_what_is_said_of_it() {
        let (european, any) = (profile("eu.a.b", "x", &["eu-west-1"]), profile("a.b", "x", &["eu-west-1"]));
        let arn = arn("eu-west-1", "x");
        assert_eq!(reach_of(&arn, &european), Reach::Geography("eu"));
        assert_eq!(reach_of(&arn, &any), Reach::Unknown);
        // `capabilities.like`
        assert_eq!(reach_of("amazon.nova-lite-v1:0", &any), Reach::Region);
        assert_eq!(reach_of("us.amazon.nova-lite-v1:0", &european), Reach::Geography("us"));
        let found = |model: &str, regions: &str| {
            Catalogue::of(vec![Entry {
                kind: Kind::Application,
                id: arn.clone(),
                name: String::new(),
                model: model.to_owned(),
                regions: regions.to_owned(),
                input: String::new(),
                output: String::new(),
                streaming: None,
                created: 0,
                shutdown: String::new(),
            }])
        };
        for (model, regions, made_of, is_made) in [
            ("a.b", "eu-west-1,eu-north-1", Reach::Geography("eu"), true),
            ("a.b", "eu-west-1,us-east-1", Reach::Geography("eu"), false),
            ("a.b", "eu-west-1,us-east-1", Reach::Geography("global"), true),
            ("a.b", "eu-west-1,us-east-1", Reach::Unknown, true),
            ("a.b", "eu-west-1", Reach::Region, true),
            ("a.b", "eu-west-1,eu-north-1", Reach::Region, false),
            ("a.c", "eu-west-1", Reach::Unknown, false),
            ("", "", Reach::Region, true),
        ] {
            let found = found(model, regions);
            assert_eq!(is_made_of(&found, &arn, "eu.a.b", made_of), is_made, "{model} {regions} {made_of:?}");
        }
        assert!(is_made_of(&Catalogue::default(), &arn, "a.b", Reach::Region));
    }
}
