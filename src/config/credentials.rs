//! `credentials`: the AWS identity that signs requests.

use crate::arn::Arn;
use crate::aws::endpoint::{Region, host_and_path_of};
use crate::aws::source::{
    Account, Base, Container, ContainerToken, Instance, Recipe, Role, Sign, Source, TokenFile, WebIdentity,
};
use crate::aws::{Credentials, Identity};

use super::signer::sign;
use super::values::{error, error_in, host_of, inside, region_of};
use super::{Error, file};

/// Host of the ECS agent, for paths without a host (Amazon ECS Developer Guide, "Task IAM role").
const ECS_HOST: &str = "169.254.170.2";
const SESSION_NAME: &str = "bedrock-filter";
/// Session durations, seconds (AWS STS API Reference, `AssumeRole`).
const DURATIONS: std::ops::RangeInclusive<u32> = 900..=43_200;

/// Reads the account at `at`; STS is called in `region` unless configured.
pub(super) fn account(written: &file::Credentials, region: &Region, at: &str) -> Result<Account, Error> {
    let sign = sign(written, at)?;
    let source = if sign == Sign::Envoy { Source::Envoy } else { source(written, region, at)? };
    Ok(Account { name: at.to_owned(), source, sign })
}

fn source(written: &file::Credentials, region: &Region, at: &str) -> Result<Source, Error> {
    let file::Credentials {
        access_key_id: _,
        secret_access_key: _,
        session_token: _,
        bearer_token: _,
        container,
        instance,
        web_identity,
        assume_role,
        sign: _,
        token_lifetime_seconds: _,
    } = written;
    let given = given(written, at)?;
    let role = match assume_role {
        Some(written) => Some(role(&written.into(), region, &inside(at, "assume_role"))?),
        None => None,
    };
    let base = match (given, container, instance, web_identity) {
        (Some(Identity::Bearer(_)), None, None, None) if role.is_some() => {
            return Err(error_in(at, "assume_role", "a bearer token cannot assume a role"));
        }
        (Some(Identity::SigV4(credentials)), None, None, None) if role.is_some() => Base::Given(credentials),
        (Some(identity), None, None, None) => return Ok(Source::Given(identity)),
        (None, Some(written), None, None) => {
            Base::Container(container_of(written, &inside(at, "container"))?)
        }
        (None, None, Some(written), None) => Base::Instance(instance_of(written, &inside(at, "instance"))?),
        (None, None, None, Some(written)) => {
            Base::WebIdentity(web_identity_of(written, region, &inside(at, "web_identity"))?)
        }
        _ => {
            return Err(error(
                at,
                "give one of 'access_key_id' with 'secret_access_key', 'bearer_token', 'container', 'instance' \
                 and 'web_identity'",
            ));
        }
    };
    Ok(Source::Fetched(Box::new(Recipe { base, role })))
}

fn given(written: &file::Credentials, at: &str) -> Result<Option<Identity>, Error> {
    let access_key_id = credential(at, "access_key_id", written.access_key_id.as_deref())?;
    let secret_access_key = credential(at, "secret_access_key", written.secret_access_key.as_deref())?;
    let session_token = credential(at, "session_token", written.session_token.as_deref())?;
    // AWS's SDKs prefer the bearer token, too.
    if let Some(token) = credential(at, "bearer_token", written.bearer_token.as_deref())? {
        return Ok(Some(Identity::Bearer(token.to_owned())));
    }
    match (access_key_id, secret_access_key) {
        (Some(access_key_id), Some(secret_access_key)) => Ok(Some(Identity::SigV4(Credentials {
            access_key_id: access_key_id.to_owned(),
            secret_access_key: secret_access_key.to_owned(),
            session_token: session_token.map(str::to_owned),
        }))),
        (Some(_), None) => Err(error_in(at, "secret_access_key", "missing")),
        (None, Some(_)) => Err(error_in(at, "access_key_id", "missing")),
        (None, None) => Ok(None),
    }
}

/// A part of the credentials, without the newline at the end of a file; an empty one counts as absent.
fn credential<'w>(at: &str, name: &str, written: Option<&'w str>) -> Result<Option<&'w str>, Error> {
    let value = written.map(str::trim).filter(|value| !value.is_empty());
    match value {
        Some(value) if !value.bytes().all(|b| b.is_ascii_graphic()) => {
            Err(error_in(at, name, "has characters that a header cannot carry"))
        }
        value => Ok(value),
    }
}

fn container_of(written: &file::Container, at: &str) -> Result<Container, Error> {
    let file::Container { cluster, uri, authorization_token, authorization_token_file } = written;
    let token = credential(at, "authorization_token", authorization_token.as_deref())?;
    let token = match (token, authorization_token_file) {
        (None, None) => None,
        (Some(token), None) => Some(ContainerToken::Given(token.to_owned())),
        (None, Some(file)) => {
            Some(ContainerToken::File(token_file(file, &inside(at, "authorization_token_file"))?))
        }
        (Some(_), Some(_)) => {
            return Err(error(at, "give either 'authorization_token' or 'authorization_token_file'"));
        }
    };
    let at_uri = inside(at, "uri");
    let (host, path) = if uri.starts_with('/') {
        (ECS_HOST.to_owned(), path_of(uri, &at_uri)?)
    } else {
        host_and_path_of(uri)
            .ok_or_else(|| error(&at_uri, "must be a path, 'http://host/path' or 'https://host/path'"))?
    };
    Ok(Container { cluster: cluster_of(cluster, at)?, host, path, token })
}

fn instance_of(written: &file::Instance, at: &str) -> Result<Instance, Error> {
    let file::Instance { cluster, role } = written;
    if role.as_deref().is_some_and(|role| !is_name(role, 1..=64)) {
        return Err(error_in(at, "role", "not the name of a role"));
    }
    Ok(Instance { cluster: cluster_of(cluster, at)?, role: role.clone() })
}

fn web_identity_of(written: &file::WebIdentity, region: &Region, at: &str) -> Result<WebIdentity, Error> {
    let token = token_file(&written.token, &inside(at, "token"))?;
    Ok(WebIdentity { token, role: role(&written.into(), region, at)? })
}

/// The members that both kinds of roles have.
struct RoleWritten<'w> {
    cluster: &'w str,
    role_arn: &'w str,
    session_name: Option<&'w str>,
    external_id: Option<&'w str>,
    duration_seconds: Option<u32>,
    region: Option<&'w str>,
    endpoint: Option<&'w str>,
}

impl<'w> From<&'w file::WebIdentity> for RoleWritten<'w> {
    fn from(written: &'w file::WebIdentity) -> Self {
        let file::WebIdentity {
            cluster,
            role_arn,
            token: _,
            session_name,
            duration_seconds,
            region,
            endpoint,
        } = written;
        Self {
            cluster,
            role_arn,
            session_name: session_name.as_deref(),
            external_id: None,
            duration_seconds: *duration_seconds,
            region: region.as_deref(),
            endpoint: endpoint.as_deref(),
        }
    }
}

impl<'w> From<&'w file::AssumeRole> for RoleWritten<'w> {
    fn from(written: &'w file::AssumeRole) -> Self {
        let file::AssumeRole {
            cluster,
            role_arn,
            external_id,
            session_name,
            duration_seconds,
            region,
            endpoint,
        } = written;
        Self {
            cluster,
            role_arn,
            session_name: session_name.as_deref(),
            external_id: external_id.as_deref(),
            duration_seconds: *duration_seconds,
            region: region.as_deref(),
            endpoint: endpoint.as_deref(),
        }
    }
}

fn role(written: &RoleWritten<'_>, region: &Region, at: &str) -> Result<Role, Error> {
    let RoleWritten { cluster, role_arn, session_name, external_id, duration_seconds, region: own, endpoint } =
        *written;
    if !is_role(role_arn) {
        return Err(error_in(
            at,
            "role_arn",
            "not the ARN of a role, such as 'arn:aws:iam::123456789012:role/name'",
        ));
    }
    let session_name = session_name.unwrap_or(SESSION_NAME);
    if !is_name(session_name, 2..=64) {
        return Err(error_in(at, "session_name", "must be 2 to 64 of letters, digits and '_+=,.@-'"));
    }
    let is_external_id =
        |id: &str| (2..=1224).contains(&id.len()) && id.bytes().all(|b| is_of_name(b) || b":/".contains(&b));
    if !external_id.is_none_or(is_external_id) {
        let reason = "must be 2 to 1224 of letters, digits and '_+=,.@:/-'";
        return Err(error_in(at, "external_id", reason));
    }
    if duration_seconds.is_some_and(|seconds| !DURATIONS.contains(&seconds)) {
        return Err(error_in(at, "duration_seconds", "must be 900 to 43200"));
    }
    let region = match own {
        Some(own) => region_of(own, &inside(at, "region"))?,
        None => region.clone(),
    };
    let host = match endpoint {
        Some(endpoint) => host_of(endpoint, &inside(at, "endpoint"))?,
        None => region.sts_host(),
    };
    Ok(Role {
        cluster: cluster_of(cluster, at)?,
        region,
        host,
        arn: role_arn.to_owned(),
        session_name: session_name.to_owned(),
        external_id: external_id.map(str::to_owned),
        duration_seconds,
        tags: Vec::new(),
    })
}

/// A caller's role, assumed by the default account in a session of this name; STS is called in `region` unless configured.
pub(super) fn caller_role(
    written: &file::CallerRole,
    session_name: &str,
    region: &Region,
    at: &str,
) -> Result<Role, Error> {
    let file::CallerRole {
        cluster,
        role_arn,
        external_id,
        session_name: own,
        duration_seconds,
        region: at_region,
        endpoint,
        tags: _,
    } = written;
    let written = RoleWritten {
        cluster,
        role_arn,
        session_name: Some(own.as_deref().unwrap_or(session_name)),
        external_id: external_id.as_deref(),
        duration_seconds: *duration_seconds,
        region: at_region.as_deref(),
        endpoint: endpoint.as_deref(),
    };
    role(&written, region, at)
}

/// Longest session name (AWS STS API Reference, `AssumeRole`).
const SESSION: usize = 64;

/// A caller's name as a session name; characters that STS refuses become hyphens.
pub(super) fn session_of(name: &str) -> String {
    let is_legal = |c: char| u8::try_from(c).is_ok_and(is_of_name);
    let name: String = name.chars().map(|c| if is_legal(c) { c } else { '-' }).take(SESSION).collect();
    // A session name has at least two characters.
    if name.len() < 2 { ["caller-", &name].concat() } else { name }
}

fn token_file(written: &file::TokenFile, at: &str) -> Result<TokenFile, Error> {
    let file::TokenFile { cluster, path } = written;
    Ok(TokenFile { cluster: cluster_of(cluster, at)?, path: path_of(path, &inside(at, "path"))? })
}

fn cluster_of(written: &str, at: &str) -> Result<String, Error> {
    if written.is_empty() {
        return Err(error_in(at, "cluster", "must not be empty"));
    }
    Ok(written.to_owned())
}

fn path_of(written: &str, at: &str) -> Result<String, Error> {
    if written.starts_with('/') && written.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return Ok(written.to_owned());
    }
    Err(error(at, "must be a path, such as '/token'"))
}

/// Whether a text is a role's ARN (IAM User Guide, "IAM identifiers").
fn is_role(arn: &str) -> bool {
    let Some(Arn { partition, service: "iam", region: "", account, resource }) = Arn::parse(arn) else {
        return false;
    };
    let name = resource.strip_prefix("role/").unwrap_or_default();
    partition.starts_with("aws")
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && arn.len() <= 2048
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_name(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(is_of_name)
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ROLE: &str = "arn:aws:iam::123456789012:role/path/name";

    fn run(written: &Value) -> Result<Source, Error> {
        let region = Region::new("eu-west-1").unwrap();
        source(&serde_json::from_value(written.clone()).unwrap(), &region, "credentials")
    }

    fn recipe(written: &Value) -> Recipe {
        let Source::Fetched(recipe) = run(written).unwrap() else { panic!("{written} is not fetched") };
        *recipe
    }

    #[test]
    fn a_containers_uri_may_be_relative_or_full() {
        for (uri, host, path) in [
            ("/v2/credentials/a-b?c=d", "169.254.170.2", "/v2/credentials/a-b?c=d"),
            ("http://169.254.170.23/v1/credentials", "169.254.170.23", "/v1/credentials"),
            ("http://[fd00:ec2::23]/v1/credentials", "[fd00:ec2::23]", "/v1/credentials"),
            ("http://localhost:8080", "localhost:8080", "/"),
            ("http://LOCALHOST:80?a=b", "localhost", "/?a=b"),
        ] {
            let Base::Container(read) = recipe(&json!({"container": {"cluster": "c", "uri": uri}})).base
            else {
                panic!("no container");
            };
            assert_eq!((read.host.as_str(), read.path.as_str()), (host, path));
        }
    }

    #[test]
    fn sts_is_the_regions_where_nothing_else_is_said() {
        let host = |more: Value| {
            let mut role = json!({"cluster": "sts", "role_arn": ROLE});
            role.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let written = json!({"access_key_id": "a", "secret_access_key": "s", "assume_role": role});
            let role = recipe(&written).role.unwrap();
            (role.region.to_string(), role.host)
        };
        let pair = |region: &str, host: &str| (region.to_owned(), host.to_owned());
        assert_eq!(host(json!({})), pair("eu-west-1", "sts.eu-west-1.amazonaws.com"));
        assert_eq!(
            host(json!({"region": "cn-north-1"})),
            pair("cn-north-1", "sts.cn-north-1.amazonaws.com.cn")
        );
        assert_eq!(
            host(json!({"endpoint": "https://sts-fips.us-east-1.amazonaws.com", "region": "us-east-1"})),
            pair("us-east-1", "sts-fips.us-east-1.amazonaws.com")
        );
    }

    #[test]
    fn written_credentials_are_fetched_only_to_assume_a_role() {
        let written = json!({"access_key_id": "a", "secret_access_key": "s"});
        assert!(matches!(run(&written).unwrap(), Source::Given(Identity::SigV4(_))));
        assert!(matches!(run(&json!({"bearer_token": "t"})).unwrap(), Source::Given(Identity::Bearer(_))));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        let file = json!({"cluster": "c", "path": "/t"});
        let web = |name: &str, value: Value| {
            let mut web = json!({"cluster": "sts", "role_arn": ROLE, "token": file});
            web[name] = value;
            json!({"web_identity": web})
        };
        let role = |name: &str, value: Value| {
            let mut role = json!({"cluster": "sts", "role_arn": ROLE});
            role[name] = value;
            json!({"instance": {"cluster": "imds"}, "assume_role": role})
        };
        let container = |name: &str, value: Value| {
            let mut container = json!({"cluster": "c", "uri": "/x"});
            container[name] = value;
            json!({"container": container})
        };
        for (written, path) in [
            (json!({}), ""),
            (json!({"assume_role": {"cluster": "sts", "role_arn": ROLE}}), ""),
            (json!({"bearer_token": "t", "assume_role": {"cluster": "s", "role_arn": ROLE}}), ".assume_role"),
            (json!({"bearer_token": "t", "instance": {"cluster": "i"}}), ""),
            (json!({"access_key_id": "a", "secret_access_key": "s", "instance": {"cluster": "i"}}), ""),
            (json!({"container": {"cluster": "c", "uri": "/x"}, "instance": {"cluster": "i"}}), ""),
            (container("cluster", json!("")), ".container.cluster"),
            (container("uri", json!("v2/credentials")), ".container.uri"),
            (container("uri", json!("ftp://a/b")), ".container.uri"),
            (container("uri", json!("/a b")), ".container.uri"),
            (container("uri", json!("http://user@a/b")), ".container.uri"),
            (container("uri", json!("http://a/b#c")), ".container.uri"),
            (container("authorization_token", json!("a\nb")), ".container.authorization_token"),
            (
                json!({"container": {"cluster": "c", "uri": "/", "authorization_token": "t",
                    "authorization_token_file": file}}),
                ".container",
            ),
            (
                container("authorization_token_file", json!({"cluster": "c", "path": "t"})),
                ".container.authorization_token_file.path",
            ),
            (json!({"instance": {"cluster": "i", "role": "a/b"}}), ".instance.role"),
            (json!({"instance": {"cluster": ""}}), ".instance.cluster"),
            (web("role_arn", json!("name")), ".web_identity.role_arn"),
            (web("token", json!({"cluster": "", "path": "/t"})), ".web_identity.token.cluster"),
            (web("duration_seconds", json!(60)), ".web_identity.duration_seconds"),
            (role("cluster", json!("")), ".assume_role.cluster"),
            (role("role_arn", json!("arn:aws:iam::123456789012:user/x")), ".assume_role.role_arn"),
            (role("role_arn", json!("arn:aws:iam::1:role/x")), ".assume_role.role_arn"),
            (role("role_arn", json!("arn:aws:iam::123456789012:role/")), ".assume_role.role_arn"),
            (role("session_name", json!("a b")), ".assume_role.session_name"),
            (role("session_name", json!("a")), ".assume_role.session_name"),
            (role("external_id", json!("a")), ".assume_role.external_id"),
            (role("external_id", json!("a&b")), ".assume_role.external_id"),
            (role("duration_seconds", json!(43_201)), ".assume_role.duration_seconds"),
            (role("region", json!("EU")), ".assume_role.region"),
            (role("endpoint", json!("sts")), ".assume_role.endpoint"),
        ] {
            assert_eq!(run(&written).unwrap_err().path, format!("credentials{path}"), "{written}");
        }
    }
}
