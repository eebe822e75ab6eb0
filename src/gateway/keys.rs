//! API keys and authentication. Keys are stored and compared as SHA-256.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::{fmt, hash};

use sha2::{Digest as _, Sha256};

use super::callers::{Caller, Callers};
use super::headers::Headers;
use super::identities::{self, Identity, Proof, Properties};
use crate::openai::Error;

/// A key's SHA-256.
#[derive(Clone, Copy, Eq)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The hash of a key.
    pub fn of(key: &[u8]) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// Parses 64 hexadecimal digits.
    pub fn from_hex(hex: &str) -> Option<Self> {
        let mut hash = [0; 32];
        hex::decode_to_slice(hex, &mut hash).ok()?;
        Some(Self(hash))
    }

    /// The bytes of the hash.
    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for Hash {
    /// Compares in constant time.
    fn eq(&self, other: &Self) -> bool {
        let difference = self.0.iter().zip(&other.0).fold(0, |all, (a, b)| all | (a ^ b));
        std::hint::black_box(difference) == 0
    }
}

impl hash::Hash for Hash {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash(…)")
    }
}

/// A key: the caller that it belongs to, and when it is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The key's hash.
    pub hash: Hash,
    /// The caller's index.
    pub caller: usize,
    /// The key has been revoked.
    pub revoked: bool,
    /// The first moment at which it is valid, seconds since 1970.
    pub not_before: Option<u64>,
    /// The first moment at which it is no longer valid, seconds since 1970.
    pub expires_at: Option<u64>,
}

impl Key {
    /// Refuses a key that is not valid at this moment. The exact reason is told only to a client that sends the key, so it
    /// reveals nothing to others.
    fn check(&self, now: impl Fn() -> u64) -> Result<(), Error> {
        let (code, message) = if self.revoked {
            ("key_revoked", "This API key has been revoked; ask whoever runs this gateway for a new one.")
        } else if self.expires_at.is_some_and(|end| end <= now()) {
            ("key_expired", "This API key has expired; ask whoever runs this gateway for a new one.")
        } else if self.not_before.is_some_and(|start| now() < start) {
            ("key_not_yet_valid", "This API key is not valid yet.")
        } else {
            return Ok(());
        };
        Err(Error::new(401, message).code(code))
    }
}

/// An authenticated caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authenticated<'k> {
    /// The caller.
    pub caller: &'k Caller,
    /// Whether a header proves the identity, which a call to this gateway itself can repeat. A client certificate cannot be
    /// repeated.
    pub has_credential: bool,
}

/// A refused client, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused<'k> {
    /// The error for the client. It names no caller.
    pub error: Error,
    /// The caller whose key is not valid at this moment, for the log.
    pub caller: Option<&'k Caller>,
}

/// All keys and callers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    keys: Vec<Key>,
    /// The index of each key by its hash. Where a hash stands in the table depends on a secret of the VM's own, so that the
    /// time of a lookup tells nothing about the hashes in it.
    places: HashMap<Hash, usize>,
    /// Identities that need no key, in the order in which they are tried.
    pub identities: Vec<Identity>,
    /// The callers that keys and identities refer to.
    pub callers: Callers,
}

impl Keys {
    /// Adds a key. `false` where one with its hash is there already.
    pub fn add(&mut self, key: Key) -> bool {
        let Entry::Vacant(place) = self.places.entry(key.hash) else { return false };
        place.insert(self.keys.len());
        self.keys.push(key);
        true
    }

    /// All keys.
    pub fn all(&self) -> &[Key] {
        &self.keys
    }

    /// Finds the caller by the request's key (`Authorization: Bearer`, `x-api-key` or `api-key`), else by an identity that
    /// Envoy has verified. `now` returns seconds since 1970.
    ///
    /// # Errors
    /// 401 `invalid_api_key` where the key is missing or unknown; `key_revoked`, `key_expired`, `key_not_yet_valid`.
    pub fn authenticate(
        &self,
        headers: &Headers,
        now: impl Fn() -> u64,
        properties: &dyn Properties,
    ) -> Result<Authenticated<'_>, Refused<'_>> {
        let bearer = headers.value("authorization").and_then(bearer);
        let given: Vec<&[u8]> = [bearer, headers.value("x-api-key"), headers.value("api-key")]
            .into_iter()
            .flatten()
            .filter(|key| !key.is_empty())
            .collect();
        let is_empty = given.is_empty();
        let place = match self.find(given) {
            Some(key) => {
                key.check(now).map_err(|error| Refused { error, caller: self.callers.at(key.caller) })?;
                Some((key.caller, true))
            }
            // A token for `jwt_authn` stands in the same header as a key.
            None => identities::find(&self.identities, properties).map(|Identity { proof, caller }| {
                (*caller, !is_empty && matches!(proof, Proof::Claim { .. }))
            }),
        };
        let found = place.and_then(|(place, has_credential)| {
            Some(Authenticated { caller: self.callers.at(place)?, has_credential })
        });
        found.ok_or_else(|| {
            let message = if is_empty {
                "You didn't provide an API key. Send it as 'Authorization: Bearer YOUR_KEY'."
            } else {
                "Incorrect API key provided."
            };
            Refused { error: Error::new(401, message).code("invalid_api_key"), caller: None }
        })
    }

    /// The last of the given keys that is known.
    fn find<'g>(&self, given: impl IntoIterator<Item = &'g [u8]>) -> Option<&Key> {
        let known = given.into_iter().filter_map(|key| self.places.get(&Hash::of(key)));
        known.last().and_then(|place| self.keys.get(*place))
    }
}

/// The token of `Bearer token`; the scheme is case-insensitive (RFC 9110).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::callers::Policy;
    use crate::gateway::identities::tests::Known;

    const NOW: u64 = 1_000;

    fn keys() -> Keys {
        let mut keys = Keys::default();
        for name in ["a", "b"] {
            let hash = Hash::of(format!("key-{name}").as_bytes());
            let caller =
                Caller { name: name.to_owned(), team: None, identity: hash, policy: Policy::default() };
            let caller = keys.callers.add(caller).unwrap();
            assert!(keys.add(Key { hash, caller, revoked: false, not_before: None, expires_at: None }));
        }
        keys
    }

    fn authenticated(keys: &Keys, header: &str, value: &[u8]) -> Result<String, Option<&'static str>> {
        let mut headers = Headers::default();
        headers.push(header, value);
        keys.authenticate(&headers, || NOW, &Known::default())
            .map(|found| found.caller.name.clone())
            .map_err(|refused| refused.error.code)
    }

    fn name(header: &str, value: &[u8]) -> Result<String, Option<&'static str>> {
        authenticated(&keys(), header, value)
    }

    #[test]
    fn a_key_lets_in_from_its_beginning_to_its_end_and_not_when_it_is_revoked() {
        for (revoked, not_before, expires_at, told) in [
            (false, None, None, Ok("a".to_owned())),
            (false, Some(NOW), Some(NOW + 1), Ok("a".to_owned())),
            (false, Some(NOW + 1), None, Err(Some("key_not_yet_valid"))),
            (false, None, Some(NOW), Err(Some("key_expired"))),
            (true, None, None, Err(Some("key_revoked"))),
            (true, None, Some(NOW), Err(Some("key_revoked"))),
        ] {
            let mut keys = keys();
            keys.keys[0] = Key { revoked, not_before, expires_at, ..keys.keys[0].clone() };
            assert_eq!(authenticated(&keys, "api-key", b"key-a"), told, "{not_before:?} {expires_at:?}");
            assert_eq!(authenticated(&keys, "api-key", b"key-b"), Ok("b".to_owned()));
            assert_eq!(authenticated(&keys, "api-key", b"key-c"), Err(Some("invalid_api_key")));
        }
    }

    #[test]
    fn whose_key_does_not_let_in_is_known_and_not_told() {
        let mut keys = keys();
        keys.keys[0].revoked = true;
        for (key, caller) in [(&b"key-a"[..], Some("a")), (b"key-c", None)] {
            let mut headers = Headers::default();
            headers.push("api-key", key);
            let refused = keys.authenticate(&headers, || NOW, &Known::default()).unwrap_err();
            assert_eq!(refused.caller.map(|caller| caller.name.as_str()), caller);
        }
        let refused = |name: &str| {
            let mut keys = keys.clone();
            let named = Caller { name: name.to_owned(), ..keys.callers.at(0).unwrap().clone() };
            keys.keys[0].caller = keys.callers.add(named).unwrap();
            let mut headers = Headers::default();
            headers.push("api-key", "key-a");
            keys.authenticate(&headers, || NOW, &Known::default()).unwrap_err().error
        };
        assert_eq!(refused("one"), refused("another"));
    }

    #[test]
    fn who_has_a_key_that_is_none_any_more_is_told_what_to_do() {
        let key = keys().keys[0].clone();
        let told = "ask whoever runs this gateway for a new one.";
        for key in [Key { revoked: true, ..key.clone() }, Key { expires_at: Some(NOW), ..key.clone() }] {
            assert!(key.check(|| NOW).unwrap_err().message.ends_with(told));
        }
        let early = Key { not_before: Some(NOW + 1), ..key };
        assert!(!early.check(|| NOW).unwrap_err().message.contains(told));
    }

    #[test]
    fn what_is_proved_to_envoy_is_asked_only_where_no_key_is_known() {
        let mut keys = keys();
        keys.keys[0].revoked = true;
        keys.identities.push(Identity { proof: Proof::San("spiffe://b".into()), caller: 1 });
        let proved = Known::default().text(&["connection", "uri_san_peer_certificate"], "spiffe://b");
        for (header, value, told) in [
            ("accept", &b"*"[..], Ok("b")),
            ("authorization", b"Bearer eyJhbGciOi", Ok("b")),
            // A valid certificate does not make up for a revoked key.
            ("authorization", b"Bearer key-a", Err(Some("key_revoked"))),
        ] {
            let mut headers = Headers::default();
            headers.push(header, value);
            let found = keys.authenticate(&headers, || NOW, &proved);
            assert_eq!(
                found.map(|found| found.caller.name.as_str()).map_err(|refused| refused.error.code),
                told
            );
            assert!(keys.authenticate(&headers, || NOW, &Known::default()).is_err());
        }
    }

    #[test]
    fn three_headers_carry_a_key() {
        for (header, value) in [
            ("authorization", &b"Bearer key-b"[..]),
            ("authorization", b"bearer  key-b"),
            ("x-api-key", b"key-b"),
            ("api-key", b"key-b"),
        ] {
            assert_eq!(name(header, value), Ok("b".to_owned()));
        }
    }

    #[test]
    fn a_wrong_key_or_none_is_refused() {
        for (header, value) in [
            ("authorization", &b"Bearer key-c"[..]),
            ("authorization", b"Basic key-a"),
            ("authorization", b"Bearer "),
            ("authorization", b"key-a"),
            ("authorization", b"Bearer \xff\xfe"),
            ("accept", b"key-a"),
        ] {
            assert_eq!(name(header, value), Err(Some("invalid_api_key")));
        }
    }

    #[test]
    fn the_last_key_that_is_known_counts() {
        for (given, fits) in [
            (&[&b"key-a"[..]][..], Some("a")),
            (&[b"key-b"], Some("b")),
            (&[b"key-c"], None),
            (&[b"key-a", b"key-c", b"x"], Some("a")),
            (&[b"key-a", b"key-b"], Some("b")),
        ] {
            let keys = keys();
            let found = keys.find(given.iter().copied());
            let found = found.and_then(|key| keys.callers.at(key.caller)).map(|caller| caller.name.as_str());
            assert_eq!(found, fits);
        }
    }

    #[test]
    fn each_of_many_keys_is_found_by_its_hash_and_no_other() {
        let mut keys = keys();
        let key = keys.keys[0].clone();
        for number in 0..1_000 {
            assert!(keys.add(Key { hash: Hash::of(format!("key-{number}").as_bytes()), ..key.clone() }));
        }
        for number in 0..1_000 {
            let given = format!("key-{number}");
            assert_eq!(keys.find([given.as_bytes()]).map(|key| key.hash), Some(Hash::of(given.as_bytes())));
        }
        assert!(keys.find([&b"key-1000"[..]]).is_none());
    }

    #[test]
    fn the_same_key_is_not_added_twice() {
        let mut keys = keys();
        let key = keys.keys[0].clone();
        assert!(!keys.add(key));
    }

    #[test]
    fn a_hash_is_read_from_hex() {
        let hex = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        assert_eq!(Hash::from_hex(hex), Some(Hash::of(b"hello")));
        assert_eq!(Hash::from_hex(&hex[1..]), None);
        assert_eq!(Hash::from_hex(&hex.replace('2', "x")), None);
        assert_eq!(Hash::from_hex(&hex.replace("2c", "+c")), None);
        assert_eq!(Hash::from_hex(&hex.to_uppercase()), Some(Hash::of(b"hello")));
    }
}
