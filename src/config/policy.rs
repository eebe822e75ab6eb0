//! What a key, or a team for its keys, says of rights.

use std::collections::{BTreeSet, HashMap};

use crate::bedrock::model_id::PROFILE_PREFIXES;
use crate::gateway::callers::{ENDPOINTS, Policy};
use crate::gateway::regions::Regions;

use super::values::{check_name, error, error_in, inside, item, one_of};
use super::{Error, file};

/// What is written of rights.
pub(super) struct Rights<'a> {
    pub(super) models: &'a Option<Vec<String>>,
    pub(super) endpoints: &'a Option<Vec<String>>,
    pub(super) regions: &'a Option<Vec<String>>,
    pub(super) profiles: &'a Option<Vec<String>>,
}

/// What teams say for their keys.
pub(super) struct Teams<'a>(HashMap<&'a str, Policy>);

impl<'a> Teams<'a> {
    pub(super) fn read(written: &'a [file::Team]) -> Result<Self, Error> {
        let mut teams = HashMap::new();
        for (at, file::Team { name, models, endpoints, regions, profiles }) in written.iter().enumerate() {
            let at = &item("teams", at);
            check_name(name, at)?;
            let policy = policy_of(&Rights { models, endpoints, regions, profiles }, &Policy::default(), at)?;
            if name.is_empty() || teams.insert(name.as_str(), policy).is_some() {
                return Err(error_in(at, "name", "must not be empty, nor another team's"));
            }
        }
        Ok(Self(teams))
    }

    /// What the team of that name says for the key at `at`; of no team nothing.
    pub(super) fn named(&self, name: Option<&str>, at: &str) -> Result<&Policy, Error> {
        const NOTHING: &Policy = &Policy { models: None, endpoints: None, regions: None, profiles: None };
        let Some(name) = name else { return Ok(NOTHING) };
        self.0.get(name).ok_or_else(|| error_in(at, "team", "is none of 'teams'"))
    }
}

/// What is written at `at`; what is not written is as the team has it.
pub(super) fn policy_of(written: &Rights<'_>, team: &Policy, at: &str) -> Result<Policy, Error> {
    let Rights { models, endpoints, regions, profiles } = written;
    if let Some(patterns) = models {
        check_patterns(patterns, &inside(at, "models"))?;
    }
    check_words(endpoints, ENDPOINTS, &inside(at, "endpoints"))?;
    check_words(profiles, PROFILE_PREFIXES, &inside(at, "profiles"))?;
    let set = |words: &Vec<String>| words.iter().cloned().collect::<BTreeSet<_>>();
    let regions = regions.as_ref().map(|regions| regions_of(regions, &inside(at, "regions"))).transpose()?;
    Ok(Policy {
        models: (*models).clone().or_else(|| team.models.clone()),
        endpoints: (*endpoints).clone().or_else(|| team.endpoints.clone()),
        regions: regions.or_else(|| team.regions.clone()),
        profiles: profiles.as_ref().map(set).or_else(|| team.profiles.clone()),
    })
}

fn check_words(written: &Option<Vec<String>>, known: &[&str], at: &str) -> Result<(), Error> {
    let mut words = written.iter().flatten().enumerate();
    match words.find(|(_, word)| !known.contains(&word.as_str())) {
        Some((index, _)) => Err(error(item(at, index), one_of(known))),
        None => Ok(()),
    }
}

fn regions_of(written: &[String], at: &str) -> Result<Regions, Error> {
    let mut regions = Regions::default();
    for (index, region) in written.iter().enumerate() {
        let reason = "not a region's name, such as 'eu-west-1', nor the beginning of one with '*' behind it";
        regions.allow(region).map_err(|_| error(item(at, index), reason))?;
    }
    Ok(regions)
}

/// Patterns that no name fits.
fn check_patterns(patterns: &[String], at: &str) -> Result<(), Error> {
    for (index, pattern) in patterns.iter().enumerate() {
        let reason = if pattern.is_empty() {
            "must not be empty: no model is called so"
        } else if pattern.trim() != pattern || pattern.chars().any(char::is_control) {
            "has white space around it or control characters: no model is called so"
        } else if pattern.strip_suffix('*').unwrap_or(pattern).contains('*') {
            "'*' stands for any rest at the end only"
        } else {
            continue;
        };
        return Err(error(item(at, index), reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn teams(written: Value) -> Result<Policy, Error> {
        let written: Vec<file::Team> = serde_json::from_value(written).unwrap();
        Teams::read(&written)?.named(Some("t"), "api_keys[0]").cloned()
    }

    #[test]
    fn what_could_be_no_right_is_refused_by_its_path() {
        for (member, value, path) in [
            ("models", json!(["us.*.x"]), "teams[0].models[0]"),
            ("endpoints", json!(["chat", "chats"]), "teams[0].endpoints[1]"),
            ("endpoints", json!([""]), "teams[0].endpoints[0]"),
            ("regions", json!(["eu-west-1", "Europe"]), "teams[0].regions[1]"),
            ("profiles", json!(["eu."]), "teams[0].profiles[0]"),
        ] {
            assert_eq!(teams(json!([{"name": "t", member: value}])).unwrap_err().path, path, "{value}");
        }
        assert_eq!(teams(json!([{"name": "s"}])).unwrap_err().path, "api_keys[0].team");
        for (name, path) in [("", "teams[0].name"), ("a\u{7f}", "teams[0].name")] {
            assert_eq!(teams(json!([{"name": name}])).unwrap_err().path, path);
        }
        assert_eq!(teams(json!([{"name": "t"}, {"name": "t"}])).unwrap_err().path, "teams[1].name");
    }

    #[test]
    fn what_a_key_says_holds_in_the_teams_place_and_the_rest_is_the_teams() {
        let team = teams(json!([{"name": "t", "models": ["a*"], "endpoints": ["chat"], "profiles": ["eu"]}]))
            .unwrap();
        let own = Some(vec!["messages".to_owned()]);
        let rights = Rights { models: &None, endpoints: &own, regions: &None, profiles: &Some(Vec::new()) };
        let policy = policy_of(&rights, &team, "api_keys[0]").unwrap();
        assert_eq!((policy.models, policy.endpoints), (team.models, own));
        assert_eq!(policy.profiles, Some(BTreeSet::new()), "none is no profile at all, and not the team's");
    }
}
