//! API keys: who may call. Keys are kept and compared as their SHA-256.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::headers::Headers;
use crate::openai::Error;

/// A key's SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, std::hash::Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// Of the key itself.
    pub fn of(key: &[u8]) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// From 64 hexadecimal digits.
    pub fn from_hex(hex: &str) -> Option<Self> {
        let mut hash = [0; 32];
        hex::decode_to_slice(hex, &mut hash).ok()?;
        Some(Self(hash))
    }

    /// The hash itself.
    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Compares in a time that does not depend on where they differ.
    fn equals(&self, other: &Self) -> bool {
        let difference = self.0.iter().zip(&other.0).fold(0, |all, (a, b)| all | (a ^ b));
        std::hint::black_box(difference) == 0
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash(…)")
    }
}

/// A key and what it may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// What logs and `requestMetadata` call its holder.
    pub name: String,
    /// The key's hash.
    pub hash: Hash,
    /// Models it may use, by the configuration's name or Bedrock's id, `*` at the end standing for any rest; `None`: all.
    pub models: Option<Vec<String>>,
}

impl Key {
    /// True where the key may use a model: by the `name` that the operator gave it, or by each of the ids that Bedrock may be called
    /// with for it.
    pub fn may_use<'i>(&self, name: Option<&str>, ids: impl IntoIterator<Item = &'i str>) -> bool {
        let fits = |pattern: &String, name: &str| match pattern.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => pattern == name,
        };
        let Some(models) = &self.models else { return true };
        let any_fits = |name: &str| models.iter().any(|model| fits(model, name));
        let mut ids = ids.into_iter().peekable();
        name.is_some_and(any_fits) || (ids.peek().is_some() && ids.all(any_fits))
    }
}

/// All keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys(pub Vec<Key>);

impl Keys {
    /// Finds the key that a request carries: `Authorization: Bearer`, `x-api-key` or `api-key`.
    ///
    /// # Errors
    /// 401 `invalid_api_key` where there is none, or none that is known.
    pub fn authenticate(&self, headers: &Headers) -> Result<&Key, Error> {
        let bearer = headers.value("authorization").and_then(bearer);
        let given: Vec<&[u8]> = [bearer, headers.value("x-api-key"), headers.value("api-key")]
            .into_iter()
            .flatten()
            .filter(|key| !key.is_empty())
            .collect();
        if given.is_empty() {
            let message = "You didn't provide an API key. Send it as 'Authorization: Bearer YOUR_KEY'.";
            return Err(Error::new(401, message).code("invalid_api_key"));
        }
        self.find(given, Hash::equals)
            .ok_or_else(|| Error::new(401, "Incorrect API key provided.").code("invalid_api_key"))
    }

    /// Every key is compared with every hash, so that time tells nothing about which one fits.
    fn find<'g>(
        &self,
        given: impl IntoIterator<Item = &'g [u8]>,
        mut equals: impl FnMut(&Hash, &Hash) -> bool,
    ) -> Option<&Key> {
        let mut found = None;
        for key in given {
            let hash = Hash::of(key);
            for known in &self.0 {
                if equals(&known.hash, &hash) {
                    found = Some(known);
                }
            }
        }
        found
    }
}

/// The token of `Bearer token`; the scheme's case does not matter (RFC 9110).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        let key = |name: &str, models: Option<&[&str]>| Key {
            name: name.to_owned(),
            hash: Hash::of(format!("key-{name}").as_bytes()),
            models: models.map(|models| models.iter().map(|model| (*model).to_owned()).collect()),
        };
        Keys(vec![key("a", None), key("b", Some(&["gpt-4o", "us.amazon.*"]))])
    }

    fn name(header: &str, value: &[u8]) -> Result<String, Option<&'static str>> {
        let mut headers = Headers::default();
        headers.push(header, value);
        keys().authenticate(&headers).map(|key| key.name.clone()).map_err(|error| error.code)
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
    fn every_key_is_compared_with_every_hash_whichever_fits() {
        for (given, fits) in [
            (&[&b"key-a"[..]][..], Some("a")),
            (&[b"key-b"], Some("b")),
            (&[b"key-c"], None),
            (&[b"key-a", b"key-c", b"x"], Some("a")),
        ] {
            let mut compared = 0;
            let keys = keys();
            let found = keys.find(given.iter().copied(), |known, hash| {
                compared += 1;
                known.equals(hash)
            });
            assert_eq!((found.map(|key| key.name.as_str()), compared), (fits, given.len() * keys.0.len()));
        }
    }

    #[test]
    fn a_key_is_held_to_its_models_by_either_name() {
        let keys = keys();
        let [any, some] = keys.0.as_slice() else { panic!() };
        assert!(any.may_use(Some("x"), ["y"]));
        assert!(some.may_use(Some("gpt-4o"), ["us.anthropic.claude"]));
        assert!(some.may_use(Some("nova"), ["us.amazon.nova-pro-v1:0"]));
        assert!(some.may_use(Some("nova"), ["us.amazon.nova-pro-v1:0", "us.amazon.nova-lite-v1:0"]));
        assert!(!some.may_use(Some("nova"), ["us.amazon.nova-pro-v1:0", "eu.amazon.nova-lite-v1:0"]));
        assert!(!some.may_use(Some("us.anthropic.claude"), ["us.anthropic.claude"]));
        assert!(!some.may_use(Some("nova"), []));
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
