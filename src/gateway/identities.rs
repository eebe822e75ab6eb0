//! Callers without a key, whose identity Envoy has verified: by a token in its `jwt_authn` filter, or by the client certificate
//! of the connection.

use crate::texts::fits;

/// Where `jwt_authn` puts the claims of a verified token, with `payload_in_metadata: payload` (Envoy documentation, "JWT
/// Authentication").
const CLAIMS: [&str; 4] = ["metadata", "filter_metadata", "envoy.filters.http.jwt_authn", "payload"];
/// The first URI among a client certificate's subject alternative names (Envoy documentation, "Attributes").
const SAN: [&str; 2] = ["connection", "uri_san_peer_certificate"];

/// Envoy's properties of a request.
pub trait Properties {
    /// A string property; `None` where there is none.
    fn text(&self, path: &[&str]) -> Option<String>;

    /// A list of strings; `None` where there is none.
    fn list(&self, path: &[&str]) -> Option<Vec<String>>;
}

/// An identity, and the caller that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// What proves the identity.
    pub proof: Proof,
    /// The caller's index.
    pub caller: usize,
}

/// What proves an identity. `*` at the end of a text stands for any rest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// A claim of a verified token.
    Claim {
        /// The path of names to the claim.
        path: Vec<String>,
        /// The required value.
        says: Says,
    },
    /// The URI of the client's certificate: `spiffe://cluster.local/ns/search/sa/indexer`.
    San(String),
}

/// The required value of a claim.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Says {
    /// The claim is this string.
    Is(String),
    /// The claim is a list that contains this string.
    Has(String),
}

impl Proof {
    fn holds(&self, properties: &dyn Properties) -> bool {
        match self {
            Self::Claim { path, says } => {
                let path: Vec<&str> = CLAIMS.into_iter().chain(path.iter().map(String::as_str)).collect();
                match says {
                    Says::Is(wanted) => properties.text(&path).is_some_and(|found| fits(wanted, &found)),
                    Says::Has(wanted) => {
                        // An object whose members are empty strings looks like a list, but has members that a list does not
                        // have.
                        let is_member = |name: &str| properties.text(&[&path[..], &[name]].concat());
                        let has = |text: &String| {
                            fits(wanted, text) && is_member(text).is_none_or(|value| !value.is_empty())
                        };
                        properties.list(&path).is_some_and(|found| found.iter().any(has))
                    }
                }
            }
            Self::San(wanted) => properties.text(&SAN).is_some_and(|found| fits(wanted, &found)),
        }
    }
}

/// The first identity that is proved.
pub fn find<'i>(identities: &'i [Identity], properties: &dyn Properties) -> Option<&'i Identity> {
    identities.iter().find(|identity| identity.proof.holds(properties))
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashMap;

    use super::*;

    /// Properties by their paths, joined by `/`.
    #[derive(Default)]
    pub(in crate::gateway) struct Known {
        texts: HashMap<String, String>,
        lists: HashMap<String, Vec<String>>,
    }

    impl Known {
        pub(in crate::gateway) fn text(mut self, path: &[&str], text: &str) -> Self {
            self.texts.insert(path.join("/"), text.to_owned());
            self
        }

        fn list(mut self, path: &[&str], list: &[&str]) -> Self {
            self.lists.insert(path.join("/"), list.iter().map(|text| (*text).to_owned()).collect());
            self
        }
    }

    impl Properties for Known {
        fn text(&self, path: &[&str]) -> Option<String> {
            self.texts.get(&path.join("/")).cloned()
        }

        fn list(&self, path: &[&str]) -> Option<Vec<String>> {
            self.lists.get(&path.join("/")).cloned()
        }
    }

    fn claim(path: &[&str], says: Says) -> Proof {
        Proof::Claim { path: path.iter().map(|name| (*name).to_owned()).collect(), says }
    }

    fn under(path: &[&'static str]) -> Vec<&'static str> {
        [&CLAIMS[..], path].concat()
    }

    #[test]
    fn a_claim_or_the_certificates_uri_proves_an_identity() {
        let identities: Vec<Identity> = [
            claim(&["sub"], Says::Is("alice".into())),
            claim(&["realm", "roles"], Says::Has("search".into())),
            Proof::San("spiffe://cluster.local/ns/search/*".into()),
            claim(&["sub"], Says::Is("bot-*".into())),
        ]
        .into_iter()
        .enumerate()
        .map(|(caller, proof)| Identity { proof, caller })
        .collect();
        let found = |known: Known| find(&identities, &known).map(|identity| identity.caller);
        let known = Known::default;
        assert_eq!(found(known().text(&under(&["sub"]), "alice")), Some(0));
        assert_eq!(found(known().text(&under(&["sub"]), "alice2")), None);
        assert_eq!(found(known().text(&under(&["sub"]), "bot-7")), Some(3));
        assert_eq!(found(known().list(&under(&["realm", "roles"]), &["a", "search"])), Some(1));
        assert_eq!(found(known().list(&under(&["realm", "roles"]), &["a", "searching"])), None);
        // A text is no list, and a list no text.
        assert_eq!(found(known().text(&under(&["realm", "roles"]), "search")), None);
        assert_eq!(found(known().list(&under(&["sub"]), &["alice"])), None);
        // Nor is an object one, which looks the same where its members are empty.
        let object = known().list(&under(&["realm", "roles"]), &["search"]);
        assert_eq!(found(object.text(&under(&["realm", "roles", "search"]), "")), None);
        let numbered = known().list(&under(&["realm", "roles"]), &["search", "0"]);
        assert_eq!(
            found(numbered.text(&under(&["realm", "roles", "0"]), "search")),
            Some(1),
            "an item by its number"
        );
        assert_eq!(found(known().text(&SAN, "spiffe://cluster.local/ns/search/sa/indexer")), Some(2));
        assert_eq!(found(known().text(&SAN, "spiffe://cluster.local/ns/searching/sa/indexer")), None);
        // The first that is proved, in the order of the configuration.
        let both = known().text(&under(&["sub"]), "alice").text(&SAN, "spiffe://cluster.local/ns/search/a");
        assert_eq!(found(both), Some(0));
        assert_eq!(found(known()), None);
    }
}
