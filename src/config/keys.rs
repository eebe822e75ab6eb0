//! `api_keys` and `teams`: callers and their rights.

use crate::aws::dates::seconds_of;
use crate::gateway::callers::Callers;
use crate::gateway::keys::{Hash, Key, Keys};

use super::policy::{Given, Rights, Teams, caller_of, rights};
use super::values::{error, error_in, item};
use super::{Error, file, identities};

/// Reads the keys, hashed.
pub(super) fn keys(
    written: &[file::ApiKey],
    teams: &[file::Team],
    given: &Given<'_>,
    identities: &[file::Identity],
) -> Result<Keys, Error> {
    if written.is_empty() && identities.is_empty() {
        return Err(error(
            "api_keys",
            "at least one key, or one of 'identities', is needed: without any, nobody could call",
        ));
    }
    let teams = Teams::read(teams, given)?;
    let mut keys = Keys::default();
    for (at, written) in written.iter().enumerate() {
        let at = &item("api_keys", at);
        let file::ApiKey { name, team, .. } = written;
        let hash = hash(written, at)?;
        let caller = caller_of(name, team.as_deref(), hash, &rights!(written), &teams, at)?;
        let caller = keys.callers.add(caller).ok_or_else(|| error(at, Callers::OTHERS))?;
        let (not_before, expires_at) =
            (moment(&written.not_before, "not_before", at)?, moment(&written.expires_at, "expires_at", at)?);
        if not_before.zip(expires_at).is_some_and(|(start, end)| end <= start) {
            return Err(error_in(at, "expires_at", "must be later than 'not_before'"));
        }
        let revoked = written.revoked.unwrap_or(false);
        if !keys.add(Key { hash, caller, revoked, not_before, expires_at }) {
            return Err(error(at, "the same key as an earlier one"));
        }
    }
    keys.identities = identities::identities(identities, &teams, &mut keys.callers)?;
    Ok(keys)
}

fn hash(written: &file::ApiKey, at: &str) -> Result<Hash, Error> {
    match (&written.key, &written.sha256) {
        (Some(key), None) => hash_of(key, at),
        (None, Some(hex)) => from_hex(hex, at),
        _ => Err(error(at, "give either 'key' or 'sha256'")),
    }
}

/// A moment in RFC 3339, as seconds since 1970.
fn moment(written: &Option<String>, name: &str, at: &str) -> Result<Option<u64>, Error> {
    let reason = "not a moment, such as '2027-01-31T00:00:00Z'";
    let is_written_out = |text: &&String| text.contains(':');
    written
        .as_ref()
        .map(|text| {
            Some(text)
                .filter(is_written_out)
                .and_then(|text| seconds_of(text))
                .ok_or_else(|| error_in(at, name, reason))
        })
        .transpose()
}

/// The hash of a key, without the newline at the end of a file.
fn hash_of(key: &str, at: &str) -> Result<Hash, Error> {
    match key.trim() {
        "" => Err(error_in(at, "key", "must not be empty")),
        key if key.chars().any(char::is_control) => {
            Err(error_in(at, "key", "has characters that a header cannot carry"))
        }
        key => Ok(Hash::of(key.as_bytes())),
    }
}

fn from_hex(hex: &str, at: &str) -> Result<Hash, Error> {
    let hash = Hash::from_hex(hex).ok_or_else(|| error_in(at, "sha256", "must be 64 hexadecimal digits"))?;
    // The hash of nothing: of an unset variable, with or without echo's newline.
    if [&b""[..], b"\n", b"\r\n"].iter().any(|nothing| Hash::of(nothing) == hash) {
        return Err(error_in(at, "sha256", "is that of an empty key, which nobody can send"));
    }
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use crate::config::caller_accounts::Accounts;

    use serde_json::{Value, json};

    use super::*;

    fn run(written: Value) -> Result<Keys, Error> {
        with_teams(written, &[])
    }

    fn with_teams(written: Value, teams: &[file::Team]) -> Result<Keys, Error> {
        let (usual, region) = Accounts::example();
        let accounts = Accounts::new(&usual, &region, &[], 1);
        let given = Given { elsewhere: &[], accounts: &accounts, is_priced: false };
        keys(&serde_json::from_value::<Vec<_>>(written).unwrap(), teams, &given, &[])
    }

    #[test]
    fn a_key_is_what_is_written_without_the_line_end_of_its_file() {
        let hash = |key: &str| run(json!([{"name": "a", "key": key}])).unwrap().all()[0].hash;
        for key in ["secret\n", " secret", "secret\r\n"] {
            assert_eq!(hash(key), Hash::of(b"secret"), "{key:?}");
        }
        assert_eq!(hash("two words"), Hash::of(b"two words"));
    }

    #[test]
    fn what_could_never_match_is_refused_by_its_path() {
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let line_end = "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b";
        let models = |models: Value| json!({"name": "a", "key": "k", "models": models});
        for (key, path) in [
            (json!({"name": "a", "key": "k", "techniques": ["re2", "foo"]}), "api_keys[0].techniques[1]"),
            (json!({"name": "a", "key": " \n"}), "api_keys[0].key"),
            (json!({"name": "a", "key": "two\nlines"}), "api_keys[0].key"),
            (json!({"name": "a", "key": "a\u{1b}b"}), "api_keys[0].key"),
            (json!({"name": "a\u{1b}b", "key": "k"}), "api_keys[0].name"),
            (json!({"name": "a\nb", "key": "k"}), "api_keys[0].name"),
            (json!({"name": "a\u{85}b", "key": "k"}), "api_keys[0].name"),
            (json!({"name": "a\u{2028}b", "key": "k"}), "api_keys[0].name"),
            (json!({"name": "a", "sha256": nothing}), "api_keys[0].sha256"),
            (json!({"name": "a", "sha256": line_end.to_uppercase()}), "api_keys[0].sha256"),
            (models(json!(["x", ""])), "api_keys[0].models[1]"),
            (models(json!([" x"])), "api_keys[0].models[0]"),
            (models(json!(["x\n"])), "api_keys[0].models[0]"),
            (models(json!(["us.*.nova"])), "api_keys[0].models[0]"),
            (models(json!(["**"])), "api_keys[0].models[0]"),
        ] {
            assert_eq!(run(json!([key])).unwrap_err().path, path, "{key}");
        }
        assert!(run(json!([models(json!(["*", "us.amazon.*", "team search"]))])).is_ok());
    }

    #[test]
    fn keys_of_one_name_are_one_callers_while_one_is_exchanged_for_another() {
        let teams = || -> Vec<file::Team> {
            serde_json::from_value(json!([{"name": "search", "models": ["fast"]}, {"name": "other"}]))
                .unwrap()
        };
        let run = |written: Value| with_teams(written, &teams());
        let old = json!({"name": "a", "key": "old", "team": "search", "expires_at": "2027-01-31T00:00:00Z"});
        let new =
            json!({"name": "a", "key": "new", "team": "search", "not_before": "2027-01-01T00:00:00+01:00"});
        let loaded = run(json!([old, new])).unwrap();
        let [first, second] = loaded.all() else { panic!() };
        assert_eq!((first.caller, second.caller), (0, 0));
        assert_eq!((first.expires_at, second.not_before), (Some(1_801_353_600), Some(1_798_758_000)));
        let caller = loaded.callers.named("a").unwrap();
        assert_eq!((caller.team.as_deref(), caller.identity), (Some("search"), Hash::of(b"old")));
        assert_eq!(caller.policy.models.as_deref(), Some(&["fast".to_owned()][..]));
        for other in [
            json!({"name": "a", "key": "new"}),
            json!({"name": "a", "key": "new", "team": "other"}),
            json!({"name": "a", "key": "new", "team": "search", "endpoints": ["chat"]}),
        ] {
            assert_eq!(run(json!([old, other])).unwrap_err().path, "api_keys[1]", "{other}");
        }
    }

    #[test]
    fn moments_that_are_none_are_refused_by_their_path() {
        for (member, value, path) in [
            ("not_before", "soon", "not_before"),
            ("not_before", "2027-01-01", "not_before"),
            ("not_before", "1801353600", "not_before"),
            ("expires_at", "2027-02-30T00:00:00Z", "expires_at"),
            ("expires_at", "", "expires_at"),
        ] {
            let error = run(json!([{"name": "a", "key": "k", member: value}])).unwrap_err();
            assert_eq!(error.path, format!("api_keys[0].{path}"), "{value}");
        }
        let both = json!({"name": "a", "key": "k", "not_before": "2027-01-01T00:00:00Z", "expires_at": "2027-01-01T01:00:00+01:00"});
        assert_eq!(run(json!([both])).unwrap_err().path, "api_keys[0].expires_at");
    }
}
