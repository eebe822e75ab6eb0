//! `identities`: callers without a key.

use std::collections::BTreeSet;

use crate::gateway::callers::Callers;
use crate::gateway::identities::{Identity, Proof, Says};
use crate::gateway::keys::Hash;

use super::policy::{Rights, Teams, caller_of, rights};
use super::values::{error, error_in, item};
use super::{Error, file};

/// Reads the identities, and adds their callers to those of keys.
pub(super) fn identities(
    written: &[file::Identity],
    teams: &Teams<'_>,
    callers: &mut Callers,
) -> Result<Vec<Identity>, Error> {
    let mut identities = Vec::with_capacity(written.len());
    let mut known = BTreeSet::new();
    for (at, written) in written.iter().enumerate() {
        let at = &item("identities", at);
        let proof = proof(written, at)?;
        if !known.insert(proof.clone()) {
            return Err(error(at, "an earlier identity is proved by the same"));
        }
        // Without a key, the name alone identifies the caller across configurations.
        let file::Identity { name, team, .. } = written;
        let caller = caller_of(name, team.as_deref(), Hash::of(b""), &rights!(written), teams, at)?;
        let caller = callers.add(caller).ok_or_else(|| error_in(at, "name", Callers::OTHERS))?;
        identities.push(Identity { proof, caller });
    }
    Ok(identities)
}

fn proof(written: &file::Identity, at: &str) -> Result<Proof, Error> {
    match (&written.claim, &written.san) {
        (Some(claim), None) => {
            let file::Claim { path, is, has } = claim;
            let at = &super::values::inside(at, "claim");
            if path.is_empty() || path.iter().any(String::is_empty) {
                return Err(error_in(at, "path", "must have at least one name, and none that is empty"));
            }
            let says = match (is, has) {
                (Some(text), None) => Says::Is(pattern(text, at, "is")?),
                (None, Some(text)) => Says::Has(pattern(text, at, "has")?),
                _ => return Err(error(at, "give either 'is' or 'has'")),
            };
            Ok(Proof::Claim { path: path.clone(), says })
        }
        (None, Some(san)) => Ok(Proof::San(pattern(san, at, "san")?)),
        _ => Err(error(at, "give either 'claim' or 'san'")),
    }
}

/// A pattern of a claim or a SAN; `*` alone would match everybody.
fn pattern(text: &str, at: &str, name: &str) -> Result<String, Error> {
    let beginning = text.strip_suffix('*').unwrap_or(text);
    if beginning.is_empty() || beginning.contains('*') {
        return Err(error_in(at, name, "must be a text, of which '*' stands for any rest at the end only"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::policy::Given;
    use super::*;
    use crate::config::caller_accounts::Accounts;

    fn run(written: Value) -> Result<Vec<Identity>, Error> {
        let written: Vec<file::Identity> = serde_json::from_value(written).unwrap();
        let teams: Vec<file::Team> = serde_json::from_value(json!([{"name": "t"}])).unwrap();
        let (usual, region) = Accounts::example();
        let accounts = Accounts::new(&usual, &region, &[], 1);
        let given = Given { elsewhere: &[], accounts: &accounts, is_priced: false };
        identities(&written, &Teams::read(&teams, &given)?, &mut Callers::default())
    }

    #[test]
    fn what_could_prove_nothing_or_anything_is_refused_by_its_path() {
        let san = |san: &str| json!({"name": "a", "san": san});
        let claim = |claim: Value| json!({"name": "a", "claim": claim});
        for (written, path) in [
            (json!([{"name": "a"}]), "identities[0]"),
            (json!([{"name": "a", "san": "x", "claim": {"path": ["sub"], "is": "x"}}]), "identities[0]"),
            (json!([san("")]), "identities[0].san"),
            (json!([san("*")]), "identities[0].san"),
            (json!([san("a*b")]), "identities[0].san"),
            (json!([claim(json!({"path": [], "is": "x"}))]), "identities[0].claim.path"),
            (json!([claim(json!({"path": ["a", ""], "is": "x"}))]), "identities[0].claim.path"),
            (json!([claim(json!({"path": ["a"]}))]), "identities[0].claim"),
            (json!([claim(json!({"path": ["a"], "is": "x", "has": "x"}))]), "identities[0].claim"),
            (json!([claim(json!({"path": ["a"], "has": "*"}))]), "identities[0].claim.has"),
            (json!([{"name": "", "san": "x"}]), "identities[0].name"),
            (json!([{"name": "a", "san": "x", "team": "u"}]), "identities[0].team"),
            (json!([san("x"), {"name": "b", "san": "x"}]), "identities[1]"),
            (json!([san("x"), {"name": "a", "san": "y", "team": "t"}]), "identities[1].name"),
        ] {
            assert_eq!(run(written.clone()).unwrap_err().path, path, "{written}");
        }
        assert_eq!(run(json!([san("x"), san("y*")])).unwrap().len(), 2, "one caller, proved by either");
    }
}
