//! Sources of credentials: written in the configuration, or fetched.
//!
//! Credentials and token files are fetched through Envoy's clusters, by name.

use std::fmt;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::credentials::REDACTED;
use super::endpoint::Region;
use super::{Credentials, Identity};

/// An account: an AWS identity that signs requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name in log lines: its path in the configuration.
    pub name: String,
    /// The source of its identity.
    pub source: Source,
    /// How requests are authenticated with it.
    pub sign: Sign,
}

/// How requests are authenticated. A Bedrock API key is always sent as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The filter signs each request.
    SigV4,
    /// The filter sends a short-term API key with this lifetime, see [`mint`](super::token::mint).
    Token(Duration),
    /// Envoy's own filter `aws_request_signing` signs, after this filter.
    Envoy,
}

/// The source of an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Envoy holds it, and signs.
    Envoy,
    /// Written in the configuration.
    Given(Identity),
    /// Fetched, and renewed before it expires.
    Fetched(Box<Recipe>),
}

/// How to fetch credentials: base credentials, and optionally a role assumed with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The base credentials.
    pub base: Base,
    /// The role to assume with it (AWS STS API Reference, `AssumeRole`).
    pub role: Option<Role>,
}

/// The base credentials of a [`Recipe`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// Written credentials; used only to assume a role.
    Given(Credentials),
    /// The container endpoint of ECS or EKS Pod Identity.
    Container(Container),
    /// EC2's instance metadata.
    Instance(Instance),
    /// A web identity: IAM roles for service accounts.
    WebIdentity(WebIdentity),
    /// The default account's current credentials; used only to assume a role. Holds the [fingerprint](Source::fingerprint) of
    /// that account's source.
    Usual(String),
}

/// The container credentials endpoint (AWS SDKs and Tools Reference Guide, "Container credential provider").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The Envoy cluster that it is asked through.
    pub cluster: String,
    /// The `host` header.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// The `authorization` header.
    pub token: Option<ContainerToken>,
}

/// The token that the container endpoint requires.
#[derive(Clone, PartialEq, Eq)]
pub enum ContainerToken {
    /// Written in the configuration.
    Given(String),
    /// Read from a file for each call.
    File(TokenFile),
}

impl fmt::Debug for ContainerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.debug_tuple("Given").field(&REDACTED).finish(),
            Self::File(file) => f.debug_tuple("File").field(file).finish(),
        }
    }
}

/// A file that a cluster of Envoy's serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFile {
    /// Envoy's cluster.
    pub cluster: String,
    /// The path of the file.
    pub path: String,
}

/// EC2's instance metadata, version 2 (Amazon EC2 User Guide, "Use the Instance Metadata Service").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The Envoy cluster that it is asked through.
    pub cluster: String,
    /// The instance profile's role; `None`: the one that the metadata lists.
    pub role: Option<String>,
}

/// A web identity, whose token STS exchanges for a role's credentials (AWS STS API Reference, `AssumeRoleWithWebIdentity`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebIdentity {
    /// The token's file.
    pub token: TokenFile,
    /// The role, without an external id.
    pub role: Role,
}

/// A role, and the STS endpoint to assume it at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The Envoy cluster of STS.
    pub cluster: String,
    /// The region in the signature.
    pub region: Region,
    /// The `host` header, which is signed.
    pub host: String,
    /// The role's ARN.
    pub arn: String,
    /// The session's name, as in CloudTrail.
    pub session_name: String,
    /// The external id that the role's trust policy may require.
    pub external_id: Option<String>,
    /// Requested lifetime of the credentials, seconds; `None`: STS's default.
    pub duration_seconds: Option<u32>,
    /// The session's tags, by their names.
    pub tags: Vec<(String, String)>,
}

impl Recipe {
    /// Whether it belongs to a caller, and is fetched only when the caller sends a request.
    pub fn is_callers(&self) -> bool {
        matches!(self.base, Base::Usual(_))
    }
}

impl Source {
    /// The clusters that are called.
    pub fn clusters(&self) -> Vec<&str> {
        let Self::Fetched(recipe) = self else { return Vec::new() };
        let mut clusters: Vec<&str> = recipe.role.iter().map(|role| role.cluster.as_str()).collect();
        match &recipe.base {
            Base::Given(_) | Base::Usual(_) => {}
            Base::Container(Container { cluster, host: _, path: _, token }) => {
                clusters.push(cluster);
                if let Some(ContainerToken::File(file)) = token {
                    clusters.push(&file.cluster);
                }
            }
            Base::Instance(Instance { cluster, role: _ }) => clusters.push(cluster),
            Base::WebIdentity(WebIdentity { token, role }) => {
                clusters.extend([&*token.cluster, &*role.cluster])
            }
        }
        clusters
    }

    /// A hash that identifies the source and reveals nothing of it.
    pub fn fingerprint(&self) -> String {
        let mut parts = Parts::default();
        match self {
            Self::Envoy => parts.add("envoy"),
            Self::Given(Identity::Bearer(token)) => parts.add("bearer").add(token),
            Self::Given(Identity::SigV4(credentials)) => parts.credentials(credentials),
            Self::Fetched(recipe) => return recipe.fingerprint(),
        };
        parts.finish()
    }
}

impl Recipe {
    /// A hash that identifies the recipe and reveals nothing of it.
    pub fn fingerprint(&self) -> String {
        let mut parts = Parts::default();
        match &self.base {
            Base::Given(credentials) => {
                parts.credentials(credentials);
            }
            Base::Container(Container { cluster, host, path, token }) => {
                parts.add("container").add(cluster).add(host).add(path);
                match token {
                    None => parts.add("none"),
                    Some(ContainerToken::Given(token)) => parts.add("given").add(token),
                    Some(ContainerToken::File(file)) => parts.file(file),
                };
            }
            Base::Instance(Instance { cluster, role }) => {
                parts.add("instance").add(cluster).option(role.as_deref());
            }
            Base::WebIdentity(WebIdentity { token, role }) => {
                parts.add("web identity").file(token).role(role);
            }
            Base::Usual(source) => {
                parts.add("usual").add(source);
            }
        }
        if let Some(role) = &self.role {
            parts.role(role);
        }
        parts.finish()
    }
}

/// A hash over strings with their lengths, so that no two lists of strings collide.
#[derive(Default)]
struct Parts(Sha256);

impl Parts {
    fn add(&mut self, text: &str) -> &mut Self {
        self.0.update(text.len().to_le_bytes());
        self.0.update(text.as_bytes());
        self
    }

    fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }

    fn credentials(&mut self, credentials: &Credentials) -> &mut Self {
        let Credentials { access_key_id, secret_access_key, session_token } = credentials;
        self.add("given").add(access_key_id).add(secret_access_key).option(session_token.as_deref())
    }

    fn option(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.add("some").add(text),
            None => self.add("none"),
        }
    }

    fn file(&mut self, TokenFile { cluster, path }: &TokenFile) -> &mut Self {
        self.add("file").add(cluster).add(path)
    }

    fn role(&mut self, role: &Role) -> &mut Self {
        let Role { cluster, region, host, arn, session_name, external_id, duration_seconds, tags } = role;
        self.add("role").add(cluster).add(region.as_str()).add(host).add(arn).add(session_name);
        let duration = duration_seconds.map(|seconds| seconds.to_string());
        self.option(external_id.as_deref()).option(duration.as_deref());
        for (name, value) in tags {
            self.add("tag").add(name).add(value);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(arn: &str, external_id: Option<&str>) -> Role {
        Role {
            cluster: "sts".into(),
            region: Region::new("us-east-1").unwrap(),
            host: "sts.us-east-1.amazonaws.com".into(),
            arn: arn.into(),
            session_name: "s".into(),
            external_id: external_id.map(Into::into),
            duration_seconds: None,
            tags: Vec::new(),
        }
    }

    fn container(token: Option<&str>) -> Base {
        Base::Container(Container {
            cluster: "c".into(),
            host: "h".into(),
            path: "/p".into(),
            token: token.map(|token| ContainerToken::Given(token.into())),
        })
    }

    #[test]
    fn no_two_recipes_share_a_fingerprint_and_none_tells_a_secret() {
        let given = |secret: &str| {
            Base::Given(Credentials {
                access_key_id: "AKID".into(),
                secret_access_key: secret.into(),
                session_token: None,
            })
        };
        let recipes = [
            Recipe { base: container(None), role: None },
            Recipe { base: container(Some("t0ken")), role: None },
            Recipe { base: container(Some("t0ken")), role: Some(role("a", None)) },
            Recipe { base: container(Some("t0ken")), role: Some(role("a", Some("x"))) },
            Recipe { base: container(Some("t0ken")), role: Some(role("ab", None)) },
            Recipe { base: Base::Usual("a".into()), role: Some(role("a", None)) },
            Recipe { base: Base::Usual("b".into()), role: Some(role("a", None)) },
            Recipe {
                base: Base::Usual("b".into()),
                role: Some(Role { tags: vec![("t".into(), "v".into())], ..role("a", None) }),
            },
            Recipe { base: given("s3cret"), role: Some(role("a", None)) },
            Recipe { base: given("s3cre"), role: Some(role("a", None)) },
            Recipe { base: Base::Instance(Instance { cluster: "c".into(), role: None }), role: None },
            Recipe {
                base: Base::Instance(Instance { cluster: "c".into(), role: Some("none".into()) }),
                role: None,
            },
            Recipe {
                base: Base::WebIdentity(WebIdentity {
                    token: TokenFile { cluster: "c".into(), path: "/p".into() },
                    role: role("a", None),
                }),
                role: None,
            },
        ];
        let mut seen: Vec<String> = recipes.iter().map(Recipe::fingerprint).collect();
        assert_eq!(seen, recipes.clone().map(|recipe| recipe.fingerprint()));
        assert!(
            seen.iter().all(|seen| seen.len() == 64 && !seen.contains("s3cre") && !seen.contains("t0ken"))
        );
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), recipes.len());
        let shown = format!("{recipes:?}");
        assert!(!shown.contains("s3cre") && !shown.contains("t0ken"), "{shown}");
    }
}
