//! `api_keys`: who may call.

use std::collections::HashSet;

use crate::gateway::keys::{Hash, Key, Keys};

use super::values::{check_name, error, error_in, inside, item};
use super::{Error, file};

/// What is written, with its hashes.
pub(super) fn keys(written: &[file::ApiKey]) -> Result<Keys, Error> {
    if written.is_empty() {
        return Err(error("api_keys", "at least one key is needed: without any, nobody could call"));
    }
    let mut keys: Vec<Key> = Vec::with_capacity(written.len());
    let (mut names, mut hashes) = (HashSet::new(), HashSet::new());
    for (at, file::ApiKey { name, key, sha256, models }) in written.iter().enumerate() {
        let at = &item("api_keys", at);
        if name.is_empty() || !names.insert(name) {
            return Err(error_in(at, "name", "must not be empty, nor another key's"));
        }
        check_name(name, at)?;
        let hash = match (key, sha256) {
            (Some(key), None) => hash_of(key, at)?,
            (None, Some(hex)) => from_hex(hex, at)?,
            _ => return Err(error(at, "give either 'key' or 'sha256'")),
        };
        if !hashes.insert(hash) {
            return Err(error(at, "the same key as an earlier one"));
        }
        check_patterns(models.as_deref().unwrap_or_default(), &inside(at, "models"))?;
        keys.push(Key { name: name.clone(), hash, models: models.clone() });
    }
    Ok(Keys(keys))
}

/// Of a key without the line end that files put behind it.
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
    // Of a variable that was not set, with echo's line end or without.
    if [&b""[..], b"\n", b"\r\n"].iter().any(|nothing| Hash::of(nothing) == hash) {
        return Err(error_in(at, "sha256", "is that of an empty key, which nobody can send"));
    }
    Ok(hash)
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

    fn run(written: Value) -> Result<Keys, Error> {
        keys(&serde_json::from_value::<Vec<_>>(written).unwrap())
    }

    #[test]
    fn a_key_is_what_is_written_without_the_line_end_of_its_file() {
        let hash = |key: &str| run(json!([{"name": "a", "key": key}])).unwrap().0.pop().unwrap().hash;
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
}
