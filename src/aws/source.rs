//! Where credentials come from: written in the configuration, or fetched by one of AWS's ways.
//!
//! Whatever is fetched is asked for through Envoy's clusters, by their names, and so are token files.

use std::fmt;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::credentials::REDACTED;
use super::endpoint::Region;
use super::{Credentials, Identity};

/// Whom a target calls Bedrock as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What log lines call it: its path in the configuration.
    pub name: String,
    /// Where its identity comes from.
    pub source: Source,
    /// How a request proves it.
    pub sign: Sign,
}

/// How a request proves who sends it. An identity that is an API key is sent as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The filter signs each request.
    SigV4,
    /// The filter sends a short-term API key, see [`mint`](super::token::mint), that lives so long.
    Token(Duration),
    /// Envoy's own `aws_request_signing`, behind the filter.
    Envoy,
}

/// Where an identity comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Envoy has it, and signs.
    Envoy,
    /// It is written, and never changes.
    Given(Identity),
    /// It is fetched, and renewed before it ends.
    Fetched(Box<Recipe>),
}

/// How to fetch credentials: from a base, and then a role's by them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// What there is to begin with.
    pub base: Base,
    /// The role to assume with it (AWS STS API Reference, `AssumeRole`).
    pub role: Option<Role>,
}

/// Where a [`Recipe`] begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// Written credentials; only ever to assume a role with.
    Given(Credentials),
    /// ECS or EKS Pod Identity.
    Container(Container),
    /// EC2's instance metadata.
    Instance(Instance),
    /// A web identity: IAM roles for service accounts.
    WebIdentity(WebIdentity),
    /// The usual account, as it is at the moment; only ever to assume a role with. Of which source, by its
    /// [fingerprint](Source::fingerprint).
    Usual(String),
}

/// The container credentials endpoint (AWS SDKs and Tools Reference Guide, "Container credential provider").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Envoy's cluster.
    pub cluster: String,
    /// The `host` header.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// What is sent as `authorization`.
    pub token: Option<ContainerToken>,
}

/// What the container endpoint knows its caller by.
#[derive(Clone, PartialEq, Eq)]
pub enum ContainerToken {
    /// It is written.
    Given(String),
    /// It is read anew each time.
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

/// A file as a cluster of Envoy's serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenFile {
    /// Envoy's cluster.
    pub cluster: String,
    /// Under which path.
    pub path: String,
}

/// EC2's instance metadata, version 2 (Amazon EC2 User Guide, "Use the Instance Metadata Service").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Envoy's cluster.
    pub cluster: String,
    /// The instance profile's role; `None`: the one that is listed.
    pub role: Option<String>,
}

/// A token that STS takes for a role's credentials (AWS STS API Reference, `AssumeRoleWithWebIdentity`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebIdentity {
    /// The token.
    pub token: TokenFile,
    /// The role; has no external id.
    pub role: Role,
}

/// A role and whom to ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Envoy's cluster of STS.
    pub cluster: String,
    /// The region that is signed for.
    pub region: Region,
    /// The `host` header, which is signed.
    pub host: String,
    /// The role's ARN.
    pub arn: String,
    /// What CloudTrail calls the session.
    pub session_name: String,
    /// What the role's trust policy may ask for.
    pub external_id: Option<String>,
    /// How long the credentials are to live; `None`: as STS has it.
    pub duration_seconds: Option<u32>,
    /// The session's tags, by their names.
    pub tags: Vec<(String, String)>,
}

impl Recipe {
    /// Whether it is a caller's, and fetched only once that asks.
    pub fn is_callers(&self) -> bool {
        matches!(self.base, Base::Usual(_))
    }
}

impl Source {
    /// The clusters that are asked.
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

    /// A name that no other source has and that tells nothing of it.
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
    /// A name that no other recipe has and that tells nothing of it.
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

/// Texts that are hashed, each with its length, so that no two rows of them are alike.
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
