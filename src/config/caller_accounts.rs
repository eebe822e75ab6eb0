//! `credentials` of keys, teams and identities: roles of their own, which the default account assumes in sessions that name the
//! caller.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::aws::Identity;
use crate::aws::endpoint::Region;
use crate::aws::source::{Account, Base, Recipe, Role, Sign, Source};

use super::credentials::{caller_role, session_of};
use super::values::{error, error_in, inside, item};
use super::{Error, file};

/// Names of the session tags that are not labels.
const CALLER: &str = "caller";
const TEAM: &str = "team";
/// Longest value of a session tag (IAM User Guide, "Pass session tags in AWS STS").
const VALUE: usize = 256;

/// A caller's configured role.
#[derive(Clone)]
pub(super) struct Asked<'a> {
    role: &'a file::CallerRole,
    /// The path of its `credentials`, for errors.
    at: String,
}

impl<'a> Asked<'a> {
    /// Reads `credentials` at `at`, and refuses what is wrong for every caller.
    pub(super) fn read(
        written: &'a Option<file::CallerCredentials>,
        accounts: &Accounts<'_>,
        at: &str,
    ) -> Result<Option<Self>, Error> {
        let Some(file::CallerCredentials { assume_role }) = written else { return Ok(None) };
        let at = inside(at, "credentials");
        let Some(role) = assume_role else { return Err(error_in(&at, "assume_role", "missing")) };
        let role_at = inside(&at, "assume_role");
        match (&accounts.usual.source, accounts.usual.sign) {
            (_, Sign::Envoy) => {
                return Err(error(role_at, "with 'sign: envoy' it is Envoy that has the credentials"));
            }
            (Source::Given(Identity::Bearer(_)), _) => {
                return Err(error(role_at, "a bearer token cannot assume a role: see 'credentials'"));
            }
            _ => {}
        }
        caller_role(role, "any", accounts.region, &role_at)?;
        let mut known: Vec<String> = Vec::new();
        for (index, tag) in role.tags.iter().flatten().enumerate() {
            let tag = tag.to_ascii_lowercase();
            if known.contains(&tag) {
                let at = item(&inside(&role_at, "tags"), index);
                return Err(error(at, "stands there twice: for AWS capital letters make no difference"));
            }
            known.push(tag);
        }
        if accounts.taken.iter().any(|taken| **taken == role.cluster) {
            // The filter would be called from within its own HTTP call, where it cannot answer.
            return Err(error_in(&role_at, "cluster", "is Bedrock's too: the filter is in its way"));
        }
        Ok(Some(Self { role, at }))
    }
}

/// The accounts of callers, one for each role and session.
pub(super) struct Accounts<'a> {
    usual: &'a Account,
    region: &'a Region,
    /// The clusters that lead to Bedrock.
    taken: &'a [&'a String],
    /// Number of accounts before these.
    first: usize,
    made: RefCell<Made>,
}

#[derive(Default)]
struct Made {
    accounts: Vec<Account>,
    /// Indexes of the accounts, by fingerprint.
    places: HashMap<String, usize>,
    /// The owner of each session whose name is not configured, by role and session name.
    sessions: HashMap<(String, String), String>,
}

impl<'a> Accounts<'a> {
    pub(super) fn new(usual: &'a Account, region: &'a Region, taken: &'a [&'a String], first: usize) -> Self {
        Self { usual, region, taken, first, made: RefCell::default() }
    }

    /// All accounts.
    pub(super) fn into_accounts(self) -> Vec<Account> {
        self.made.into_inner().accounts
    }

    /// The index of the account of the caller at `at`.
    pub(super) fn add(
        &self,
        asked: &Asked<'_>,
        name: &str,
        team: Option<&str>,
        labels: &[(String, String)],
        at: &str,
    ) -> Result<usize, Error> {
        let Asked { role: written, at: credentials_at } = asked;
        let session = session_of(name);
        let role_at = inside(credentials_at, "assume_role");
        let role = caller_role(written, &session, self.region, &role_at)?;
        let tags = tags_of(written, name, team, labels, &inside(&role_at, "tags"))?;
        let made = &mut *self.made.borrow_mut();
        if written.session_name.is_none() {
            let whose = made.sessions.entry((role.arn.clone(), session)).or_insert_with(|| name.to_owned());
            if whose != name {
                let reason = "the name of its session would be another caller's: give 'credentials.assume_role.session_name'";
                return Err(error_in(at, "name", reason));
            }
        }
        let usual = self.usual.source.fingerprint();
        let recipe = Recipe { base: Base::Usual(usual), role: Some(Role { tags, ..role }) };
        let next = self.first.saturating_add(made.accounts.len());
        let place = *made.places.entry(recipe.fingerprint()).or_insert(next);
        if place == next {
            made.accounts.push(Account {
                name: format!("{credentials_at} of '{name}'"),
                source: Source::Fetched(Box::new(recipe)),
                sign: self.usual.sign,
            });
        }
        Ok(place)
    }
}

/// The session tags: by default the caller's and the team's names.
fn tags_of(
    written: &file::CallerRole,
    name: &str,
    team: Option<&str>,
    labels: &[(String, String)],
    at: &str,
) -> Result<Vec<(String, String)>, Error> {
    let Some(tags) = &written.tags else {
        let team = team.map(|team| (TEAM, team));
        return Ok([Some((CALLER, name)), team].into_iter().flatten().map(tag).collect());
    };
    let value = |wanted: &String| match wanted.as_str() {
        CALLER => Some(name),
        TEAM => team,
        label => labels.iter().find(|(name, _)| name == label).map(|(_, value)| value.as_str()),
    };
    let found = |(index, wanted): (usize, &String)| match value(wanted) {
        Some(value) => Ok(tag((wanted, value))),
        None => {
            let reason = format!(
                "'{name}' has no such label: give 'caller', 'team', or names of 'labels' that each caller has"
            );
            Err(error(item(at, index), reason))
        }
    };
    tags.iter().enumerate().map(found).collect()
}

/// A tag in STS's alphabet (IAM User Guide, "Rules for tagging in IAM and AWS STS"); other characters become `_`.
fn tag((name, value): (&str, &str)) -> (String, String) {
    let is_legal = |c: char| c.is_alphanumeric() || " _.:/=+-@".contains(c);
    let value = value.chars().map(|c| if is_legal(c) { c } else { '_' }).take(VALUE).collect();
    (name.to_owned(), value)
}

#[cfg(test)]
impl Accounts<'_> {
    /// A default account that can assume roles, and its region.
    pub(super) fn example() -> (Account, Region) {
        let credentials = crate::aws::Credentials {
            access_key_id: "AKID".into(),
            secret_access_key: "secret".into(),
            session_token: None,
        };
        let source = Source::Given(Identity::SigV4(credentials));
        let usual = Account { name: "credentials".into(), source, sign: Sign::SigV4 };
        (usual, Region::new("eu-west-1").unwrap())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::config::Config;

    const ROLE: &str = "arn:aws:iam::123456789012:role/search";

    fn load(more: &Value) -> Result<Config, Error> {
        let mut config = json!({
            "credentials": {"access_key_id": "AKID", "secret_access_key": "s"},
            "api_keys": [{"name": "web", "key": "k", "team": "search"}],
        });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Config::load(config.to_string().as_bytes(), |_| None)
    }

    fn team(role: &Value) -> Value {
        let mut whole = json!({"cluster": "sts", "role_arn": ROLE});
        whole.as_object_mut().unwrap().extend(role.as_object().unwrap().clone());
        json!([{"name": "search", "labels": {"env": "x;y"}, "credentials": {"assume_role": whole}}])
    }

    /// The roles of the callers' accounts.
    fn roles(config: &Config) -> Vec<Role> {
        let accounts = config.upstream.accounts.iter().skip(1);
        accounts
            .map(|account| match &account.source {
                Source::Fetched(recipe) if recipe.is_callers() => recipe.role.clone().unwrap(),
                _ => panic!("{account:?}"),
            })
            .collect()
    }

    #[test]
    fn a_callers_session_has_its_name_and_tells_the_team_by_tags() {
        let tag = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let found = roles(&load(&json!({"teams": team(&json!({}))})).unwrap());
        let [role] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((role.session_name.as_str(), role.arn.as_str()), ("web", ROLE));
        assert_eq!(role.tags, [tag("caller", "web"), tag("team", "search")]);
        let own = json!({"tags": ["env", "team"], "session_name": "all"});
        let found = roles(&load(&json!({"teams": team(&own)})).unwrap());
        assert_eq!((found[0].session_name.as_str(), found.len()), ("all", 1));
        assert_eq!(found[0].tags, [tag("env", "x_y"), tag("team", "search")]);
        let found = roles(&load(&json!({"teams": team(&json!({"tags": []}))})).unwrap());
        assert!(found[0].tags.is_empty());
    }

    #[test]
    fn keys_of_one_caller_share_an_account_and_others_have_their_own() {
        let keys = json!([
            {"name": "web", "key": "a", "team": "search"},
            {"name": "web", "key": "b", "team": "search"},
            {"name": "batch", "key": "c", "team": "search"},
            {"name": "free", "key": "d"},
        ]);
        let config = load(&json!({"teams": team(&json!({})), "api_keys": keys})).unwrap();
        let account = |name: &str| config.keys.callers.named(name).unwrap().policy.attribution.account;
        assert_eq!([account("web"), account("batch"), account("free")], [Some(1), Some(2), None]);
        assert_eq!(config.upstream.accounts.len(), 3);
        assert_eq!(config.upstream.accounts[1].name, "teams[0].credentials of 'web'");
        // With one configured session name and equal tags all callers share a session.
        let shared = team(&json!({"session_name": "search", "tags": ["team"]}));
        let config = load(&json!({"teams": shared, "api_keys": keys})).unwrap();
        assert_eq!(config.upstream.accounts.len(), 2);
    }

    #[test]
    fn a_name_becomes_what_sts_takes_for_a_session() {
        for (name, session) in [
            ("web", "web"),
            ("team a/web", "team-a-web"),
            ("größe", "gr--e"),
            ("a@b.c=d,e+f_g-h", "a@b.c=d,e+f_g-h"),
            ("x", "caller-x"),
            (&"n".repeat(100), &"n".repeat(64)),
        ] {
            assert_eq!(session_of(name), session);
        }
    }

    #[test]
    fn a_role_that_could_not_be_assumed_is_refused_by_its_path() {
        let at = "teams[0].credentials.assume_role";
        for (role, path) in [
            (json!({"role_arn": "arn:aws:iam::1:role/x"}), ".role_arn"),
            (json!({"cluster": ""}), ".cluster"),
            (json!({"cluster": "bedrock"}), ".cluster"),
            (json!({"session_name": "a b"}), ".session_name"),
            (json!({"duration_seconds": 60}), ".duration_seconds"),
            (json!({"external_id": "x"}), ".external_id"),
            (json!({"tags": ["caller", "cost"]}), ".tags[1]"),
            (json!({"tags": ["team", "Team"]}), ".tags[1]"),
        ] {
            let told = load(&json!({"teams": team(&role), "cluster": "bedrock"})).unwrap_err();
            assert_eq!(told.path, format!("{at}{path}"), "{role}");
        }
        for credentials in [
            json!({"bearer_token": "t"}),
            json!({"sign": "envoy"}),
            json!({"bearer_token": "t", "sign": "token"}),
        ] {
            let told = load(&json!({"teams": team(&json!({})), "credentials": credentials})).unwrap_err();
            assert_eq!(told.path, at, "{credentials}");
        }
        let empty = json!({"teams": [{"name": "search", "credentials": {}}]});
        assert_eq!(load(&empty).unwrap_err().path, at);
        // A short-term API key made from the role's credentials identifies the session too.
        let minted = json!({"access_key_id": "AKID", "secret_access_key": "s", "sign": "token"});
        assert!(load(&json!({"teams": team(&json!({})), "credentials": minted})).is_ok());
        let alike = json!([{"name": "a b", "key": "a", "team": "search"}, {"name": "a-b", "key": "b", "team": "search"}]);
        let told = load(&json!({"teams": team(&json!({})), "api_keys": alike})).unwrap_err();
        assert_eq!(told.path, "api_keys[1].name");
    }
}
