//! Rights of keys, identities and teams.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::bedrock::labels;
use crate::bedrock::model_id::PROFILE_PREFIXES;
use crate::gateway::attribution::Attribution;
use crate::gateway::callers::{Caller, ENDPOINTS, Policy};
use crate::gateway::keys::Hash;
use crate::gateway::limits::{Budget, Holder};
use crate::gateway::regions::Regions;
use crate::translate::terms::{Terms, Tokens};

use super::attribution::{labels_of, profiles_of};
use super::caller_accounts::{Accounts, Asked};
use super::caller_limits::caller_limits_of;
use super::model_options::guardrail_of;
use super::switch::Names;
use super::techniques::names_of;
use super::values::{check_name, error, error_in, inside, item, one_of};
use super::{Error, file};

/// The members that give rights.
pub(super) struct Rights<'a> {
    pub(super) models: &'a Option<Vec<String>>,
    pub(super) endpoints: &'a Option<Vec<String>>,
    pub(super) regions: &'a Option<Vec<String>>,
    pub(super) profiles: &'a Option<Vec<String>>,
    pub(super) max_tokens: &'a Option<file::Tokens>,
    pub(super) guardrail: &'a Option<file::Guardrail>,
    pub(super) request_metadata: &'a Option<BTreeMap<String, String>>,
    pub(super) labels: &'a Option<BTreeMap<String, String>>,
    pub(super) profile: &'a Option<BTreeMap<String, Names>>,
    pub(super) credentials: &'a Option<file::CallerCredentials>,
    pub(super) techniques: &'a Option<Vec<String>>,
    pub(super) limits: &'a Option<file::CallerLimits>,
}

/// Borrows the members that give rights; keys, teams and identities have the same ones.
macro_rules! rights {
    ($written:expr) => {
        Rights {
            models: &$written.models,
            endpoints: &$written.endpoints,
            regions: &$written.regions,
            profiles: &$written.profiles,
            max_tokens: &$written.max_tokens,
            guardrail: &$written.guardrail,
            request_metadata: &$written.request_metadata,
            labels: &$written.labels,
            profile: &$written.profile,
            credentials: &$written.credentials,
            techniques: &$written.techniques,
            limits: &$written.limits,
        }
    };
}
pub(super) use rights;

/// The rights of teams, for their keys.
pub(super) struct Teams<'a> {
    policies: HashMap<&'a str, (Policy, Option<Asked<'a>>)>,
    /// Other parts of the configuration that rights refer to.
    given: &'a Given<'a>,
}

/// Other parts of the configuration that rights refer to.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    /// Names of the techniques of an OptiLLM server.
    pub(super) elsewhere: &'a [String],
    /// The accounts of callers that have roles of their own.
    pub(super) accounts: &'a Accounts<'a>,
    /// Whether prices are configured.
    pub(super) is_priced: bool,
}

impl<'a> Teams<'a> {
    pub(super) fn read(written: &'a [file::Team], given: &'a Given<'a>) -> Result<Self, Error> {
        let mut policies = HashMap::new();
        for (at, team) in written.iter().enumerate() {
            let at = &item("teams", at);
            let name = &team.name;
            check_name(name, at)?;
            let holder = Holder::Team(name.clone());
            let policy = policy_of(&rights!(team), &Policy::default(), holder, given, at)?;
            let asked = Asked::read(&team.credentials, given.accounts, at)?;
            if name.is_empty() || policies.insert(name.as_str(), (policy, asked)).is_some() {
                return Err(error_in(at, "name", "must not be empty, nor another team's"));
            }
        }
        Ok(Self { policies, given })
    }

    /// The rights of the key's team; none without a team.
    fn named(&self, name: Option<&str>, at: &str) -> Result<(Policy, Option<Asked<'a>>), Error> {
        let Some(name) = name else { return Ok(Default::default()) };
        self.policies.get(name).cloned().ok_or_else(|| error_in(at, "team", "is none of 'teams'"))
    }
}

/// The caller of this name at `at`, with its team and rights. `identity` distinguishes it from others of the same name.
pub(super) fn caller_of(
    name: &str,
    team: Option<&str>,
    identity: Hash,
    rights: &Rights<'_>,
    teams: &Teams<'_>,
    at: &str,
) -> Result<Caller, Error> {
    if name.is_empty() {
        return Err(error_in(at, "name", "must not be empty"));
    }
    check_name(name, at)?;
    let (teams_policy, teams_role) = teams.named(team, at)?;
    let holder = Holder::Caller(name.to_owned());
    let mut policy = policy_of(rights, &teams_policy, holder, teams.given, at)?;
    let accounts = teams.given.accounts;
    if let Some(asked) = Asked::read(rights.credentials, accounts, at)?.or(teams_role) {
        let account = accounts.add(&asked, name, team, &policy.attribution.labels, at)?;
        Rc::make_mut(&mut policy.attribution).account = Some(account);
    }
    Ok(Caller { name: name.to_owned(), team: team.map(str::to_owned), identity, policy })
}

/// Reads the rights at `at`. Absent members are the team's; limits apply beside the team's.
fn policy_of(
    written: &Rights<'_>,
    team: &Policy,
    holder: Holder,
    given: &Given<'_>,
    at: &str,
) -> Result<Policy, Error> {
    let Rights {
        models,
        endpoints,
        regions,
        profiles,
        max_tokens,
        guardrail,
        request_metadata,
        labels,
        profile,
        credentials: _,
        techniques,
        limits,
    } = written;
    if let Some(patterns) = models {
        check_patterns(patterns, &inside(at, "models"))?;
    }
    check_words(endpoints, ENDPOINTS, &inside(at, "endpoints"))?;
    check_words(profiles, PROFILE_PREFIXES, &inside(at, "profiles"))?;
    let set = |words: &Vec<String>| words.iter().cloned().collect::<BTreeSet<_>>();
    let regions = regions.as_ref().map(|regions| regions_of(regions, &inside(at, "regions"))).transpose()?;
    let names = |written: &Vec<String>| names_of(written, given.elsewhere, &inside(at, "techniques"));
    let techniques = techniques.as_ref().map(names).transpose()?;
    let attribution = if labels.is_some() || profile.is_some() {
        let Attribution { labels: teams_labels, profiles: teams_profiles, account } = &*team.attribution;
        Rc::new(Attribution {
            labels: match labels {
                Some(labels) => labels_of(labels, &inside(at, "labels"))?,
                None => teams_labels.clone(),
            },
            profiles: match profile {
                Some(profile) => profiles_of(profile, &inside(at, "profile"))?,
                None => teams_profiles.clone(),
            },
            account: *account,
        })
    } else {
        Rc::clone(&team.attribution)
    };
    let own = limits
        .as_ref()
        .map(|limits| caller_limits_of(limits, given.is_priced, &inside(at, "limits")))
        .transpose()?
        .map(|limits| Budget { holder, limits });
    Ok(Policy {
        attribution,
        techniques: techniques.or_else(|| team.techniques.clone()),
        budgets: own.into_iter().chain(team.budgets.iter().cloned()).collect(),
        models: (*models).clone().or_else(|| team.models.clone()),
        endpoints: (*endpoints).clone().or_else(|| team.endpoints.clone()),
        regions: regions.or_else(|| team.regions.clone()),
        profiles: profiles.as_ref().map(set).or_else(|| team.profiles.clone()),
        terms: Terms {
            tokens: max_tokens.as_ref().map_or(Ok(team.terms.tokens), |tokens| tokens_of(tokens, at))?,
            guardrail: match guardrail {
                Some(guardrail) => Some(guardrail_of(guardrail, &inside(at, "guardrail"))?),
                None => team.terms.guardrail.clone(),
            },
            labels: match request_metadata {
                Some(labels) => metadata_of(labels, &inside(at, "request_metadata"))?,
                None => team.terms.labels.clone(),
            },
        },
    })
}

fn tokens_of(written: &file::Tokens, at: &str) -> Result<Tokens, Error> {
    let at = &inside(at, "max_tokens");
    let file::Tokens { default, most } = written;
    for (name, number) in [("default", default), ("most", most)] {
        if *number == Some(0) {
            return Err(error_in(at, name, "must be at least 1"));
        }
    }
    match (default, most) {
        (None, None) => Err(error(at, "give 'default', 'most', or both")),
        (Some(default), Some(most)) if default > most => {
            Err(error_in(at, "default", "must not be above 'most'"))
        }
        _ => Ok(Tokens { default: default.map(i64::from), most: most.map(i64::from) }),
    }
}

/// Labels in the form of Bedrock's `requestMetadata` (service model), with the caller's name beside them.
fn metadata_of(written: &BTreeMap<String, String>, at: &str) -> Result<Vec<(String, String)>, Error> {
    if written.len() >= labels::MOST {
        return Err(error(at, "must not have more than 15 labels"));
    }
    for (name, value) in written {
        if name.is_empty() || *name == labels::CALLER || !labels::fits(name) {
            return Err(error(
                at,
                "has a label whose name Bedrock does not take, or which is the gateway's own ('api_key')",
            ));
        }
        if !labels::fits(value) {
            return Err(error_in(at, name, "must be of at most 256 letters, digits, spaces and _@$#=/+,-.:"));
        }
    }
    Ok(written.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
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

/// Refuses patterns that match no name.
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
        let (usual, region) = Accounts::example();
        let accounts = Accounts::new(&usual, &region, &[], 1);
        let given = Given { elsewhere: &[], accounts: &accounts, is_priced: false };
        Ok(Teams::read(&written, &given)?.named(Some("t"), "api_keys[0]")?.0)
    }

    #[test]
    fn what_could_be_no_right_is_refused_by_its_path() {
        for (member, value, path) in [
            ("models", json!(["us.*.x"]), "teams[0].models[0]"),
            ("endpoints", json!(["chat", "chats"]), "teams[0].endpoints[1]"),
            ("endpoints", json!([""]), "teams[0].endpoints[0]"),
            ("regions", json!(["eu-west-1", "Europe"]), "teams[0].regions[1]"),
            ("profiles", json!(["eu."]), "teams[0].profiles[0]"),
            ("max_tokens", json!({}), "teams[0].max_tokens"),
            ("max_tokens", json!({"most": 0}), "teams[0].max_tokens.most"),
            ("max_tokens", json!({"default": 5, "most": 4}), "teams[0].max_tokens.default"),
            ("guardrail", json!({"identifier": "g"}), "teams[0].guardrail.version"),
            ("labels", json!({"cost centre": "a"}), "teams[0].labels"),
            ("labels", json!({"env": "a\nb"}), "teams[0].labels.env"),
            ("request_metadata", json!({"api_key": "a"}), "teams[0].request_metadata"),
            ("request_metadata", json!({"": "a"}), "teams[0].request_metadata"),
            ("request_metadata", json!({"cost": "a;b"}), "teams[0].request_metadata.cost"),
            ("request_metadata", json!({"cost": "a\nb"}), "teams[0].request_metadata.cost"),
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
        let team = json!([{"name": "t", "models": ["a*"], "endpoints": ["chat"], "profiles": ["eu"], "labels": {"env": "x"}}]);
        let team = teams(team).unwrap();
        let own = Some(vec!["messages".to_owned()]);
        let rights = Rights {
            models: &None,
            endpoints: &own,
            regions: &None,
            profiles: &Some(Vec::new()),
            max_tokens: &None,
            guardrail: &None,
            request_metadata: &None,
            labels: &None,
            profile: &None,
            credentials: &None,
            techniques: &None,
            limits: &None,
        };
        let (usual, region) = Accounts::example();
        let accounts = Accounts::new(&usual, &region, &[], 1);
        let given = Given { elsewhere: &[], accounts: &accounts, is_priced: false };
        let holder = || Holder::Caller("a".into());
        let policy = policy_of(&rights, &team, holder(), &given, "api_keys[0]").unwrap();
        assert_eq!(policy.attribution.labels, [("env".to_owned(), "x".to_owned())]);
        assert_eq!(policy.profiles, Some(BTreeSet::new()), "none is no profile at all, and not the team's");
        let labels = Some([("unit".to_owned(), "y".to_owned())].into());
        let labelled = Rights { labels: &labels, ..rights };
        let labelled = policy_of(&labelled, &team, holder(), &given, "api_keys[0]").unwrap();
        let own_alone = [("unit".to_owned(), "y".to_owned())];
        assert_eq!(labelled.attribution.labels, own_alone);
        assert_eq!((policy.models, policy.endpoints), (team.models, own));
    }

    #[test]
    fn a_keys_limits_hold_beside_its_teams() {
        let of = |written: Value| {
            let keys: Vec<file::ApiKey> = serde_json::from_value(json!([written])).unwrap();
            let teams: Vec<file::Team> =
                serde_json::from_value(json!([{"name": "t", "limits": {"parallel": 9}}, {"name": "u"}]))
                    .unwrap();
            let (usual, region) = Accounts::example();
            let accounts = Accounts::new(&usual, &region, &[], 1);
            let given = Given { elsewhere: &[], accounts: &accounts, is_priced: false };
            let teams = Teams::read(&teams, &given).unwrap();
            let key = &keys[0];
            let caller =
                caller_of("a", key.team.as_deref(), Hash::of(b""), &rights!(key), &teams, "api_keys[0]");
            let holders: Vec<_> =
                caller.unwrap().policy.budgets.iter().map(|budget| budget.holder.clone()).collect();
            holders
        };
        let (own, team) = (Holder::Caller("a".into()), Holder::Team("t".into()));
        let limits = json!({"parallel": 1});
        assert_eq!(of(json!({"name": "a", "team": "t", "limits": limits})), [own.clone(), team.clone()]);
        assert_eq!(of(json!({"name": "a", "team": "t"})), [team]);
        assert_eq!(of(json!({"name": "a", "team": "u", "limits": limits})), [own]);
        assert_eq!(of(json!({"name": "a"})), []);
    }
}
