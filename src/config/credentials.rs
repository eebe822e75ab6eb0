//! `credentials`: as whom to call Bedrock.

use crate::aws::endpoint::Region;
use crate::aws::source::{
    Account, Base, Container, ContainerToken, Instance, Recipe, Role, Sign, Source, TokenFile, WebIdentity,
};
use crate::aws::{Credentials, Identity};

use super::signer::sign;
use super::values::{error, host_of, region_of};
use super::{Error, file};

/// Where an ECS agent answers for paths without a host (Amazon ECS Developer Guide, "Task IAM role").
const ECS_HOST: &str = "169.254.170.2";
const SESSION_NAME: &str = "bedrock-filter";
/// AWS STS API Reference, `AssumeRole`.
const DURATIONS: std::ops::RangeInclusive<u32> = 900..=43_200;

/// As whom, by what is written at `at`; STS is in `region` where nothing else is said.
pub(super) fn account(written: file::Credentials, region: &Region, at: &str) -> Result<Account, Error> {
    let sign = sign(&written, at)?;
    let source = if sign == Sign::Envoy { Source::Envoy } else { source(written, region, at)? };
    Ok(Account { name: at.to_owned(), source, sign })
}

fn source(written: file::Credentials, region: &Region, at: &str) -> Result<Source, Error> {
    let file::Credentials {
        access_key_id,
        secret_access_key,
        session_token,
        bearer_token,
        container,
        instance,
        web_identity,
        assume_role,
        sign: _,
        token_lifetime_seconds: _,
    } = written;
    let given = given(access_key_id, secret_access_key, session_token, bearer_token, at)?;
    let role =
        assume_role.map(|written| role(written.into(), region, &format!("{at}.assume_role"))).transpose()?;
    let base = match (given, container, instance, web_identity) {
        (Some(Identity::Bearer(_)), None, None, None) if role.is_some() => {
            return Err(error(format!("{at}.assume_role"), "a bearer token cannot assume a role"));
        }
        (Some(identity @ Identity::Bearer(_)), None, None, None) => return Ok(Source::Given(identity)),
        (Some(Identity::SigV4(credentials)), None, None, None) if role.is_some() => Base::Given(credentials),
        (Some(identity @ Identity::SigV4(_)), None, None, None) => return Ok(Source::Given(identity)),
        (None, Some(written), None, None) => {
            Base::Container(container_of(written, &format!("{at}.container"))?)
        }
        (None, None, Some(written), None) => Base::Instance(instance_of(written, &format!("{at}.instance"))?),
        (None, None, None, Some(written)) => {
            Base::WebIdentity(web_identity_of(written, region, &format!("{at}.web_identity"))?)
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

fn given(
    access_key_id: Option<String>,
    secret_access_key: Option<String>,
    session_token: Option<String>,
    bearer_token: Option<String>,
    at: &str,
) -> Result<Option<Identity>, Error> {
    let access_key_id = credential(at, "access_key_id", access_key_id)?;
    let secret_access_key = credential(at, "secret_access_key", secret_access_key)?;
    let session_token = credential(at, "session_token", session_token)?;
    // AWS's SDKs prefer the bearer token as well.
    if let Some(token) = credential(at, "bearer_token", bearer_token)? {
        return Ok(Some(Identity::Bearer(token)));
    }
    match (access_key_id, secret_access_key) {
        (Some(access_key_id), Some(secret_access_key)) => {
            Ok(Some(Identity::SigV4(Credentials { access_key_id, secret_access_key, session_token })))
        }
        (Some(_), None) => Err(error(format!("{at}.secret_access_key"), "missing")),
        (None, Some(_)) => Err(error(format!("{at}.access_key_id"), "missing")),
        (None, None) => Ok(None),
    }
}

/// A part of the credentials, without the line end that files put behind it; an empty one is none.
fn credential(at: &str, name: &str, written: Option<String>) -> Result<Option<String>, Error> {
    let value = written.as_deref().map(str::trim).filter(|value| !value.is_empty());
    match value {
        Some(value) if !value.bytes().all(|b| b.is_ascii_graphic()) => {
            Err(error(format!("{at}.{name}"), "has characters that a header cannot carry"))
        }
        value => Ok(value.map(str::to_owned)),
    }
}

fn container_of(written: file::Container, at: &str) -> Result<Container, Error> {
    let file::Container { cluster, uri, authorization_token, authorization_token_file } = written;
    let token = credential(at, "authorization_token", authorization_token)?;
    let token = match (token, authorization_token_file) {
        (None, None) => None,
        (Some(token), None) => Some(ContainerToken::Given(token)),
        (None, Some(file)) => {
            Some(ContainerToken::File(token_file(file, &format!("{at}.authorization_token_file"))?))
        }
        (Some(_), Some(_)) => {
            return Err(error(at, "give either 'authorization_token' or 'authorization_token_file'"));
        }
    };
    let at_uri = format!("{at}.uri");
    let (host, path) = if uri.starts_with('/') {
        (ECS_HOST.to_owned(), uri)
    } else {
        let host_begins = uri.find("://").map_or(0, |at| at.saturating_add(3));
        let path_begins = uri.get(host_begins..).and_then(|rest| rest.find('/')).map(|at| at + host_begins);
        let (endpoint, path) = path_begins.and_then(|at| uri.split_at_checked(at)).unwrap_or((&uri, "/"));
        (host_of(endpoint, &at_uri)?, path.to_owned())
    };
    Ok(Container { cluster: cluster_of(cluster, at)?, host, path: path_of(path, &at_uri)?, token })
}

fn instance_of(written: file::Instance, at: &str) -> Result<Instance, Error> {
    let file::Instance { cluster, role } = written;
    if role.as_deref().is_some_and(|role| !is_name(role, 1..=64)) {
        return Err(error(format!("{at}.role"), "not the name of a role"));
    }
    Ok(Instance { cluster: cluster_of(cluster, at)?, role })
}

fn web_identity_of(written: file::WebIdentity, region: &Region, at: &str) -> Result<WebIdentity, Error> {
    let file::WebIdentity { cluster, role_arn, session_name, duration_seconds, region: own, endpoint, token } =
        written;
    let token = token_file(token, &format!("{at}.token"))?;
    let written = RoleWritten {
        cluster,
        role_arn,
        session_name,
        external_id: None,
        duration_seconds,
        region: own,
        endpoint,
    };
    Ok(WebIdentity { token, role: role(written, region, at)? })
}

/// What both ways to a role are written with.
struct RoleWritten {
    cluster: String,
    role_arn: String,
    session_name: Option<String>,
    external_id: Option<String>,
    duration_seconds: Option<u32>,
    region: Option<String>,
    endpoint: Option<String>,
}

impl From<file::AssumeRole> for RoleWritten {
    fn from(written: file::AssumeRole) -> Self {
        let file::AssumeRole {
            cluster,
            role_arn,
            session_name,
            external_id,
            duration_seconds,
            region,
            endpoint,
        } = written;
        Self { cluster, role_arn, session_name, external_id, duration_seconds, region, endpoint }
    }
}

fn role(written: RoleWritten, region: &Region, at: &str) -> Result<Role, Error> {
    let RoleWritten { cluster, role_arn, session_name, external_id, duration_seconds, region: own, endpoint } =
        written;
    if !is_role(&role_arn) {
        return Err(error(
            format!("{at}.role_arn"),
            "not the ARN of a role, such as 'arn:aws:iam::123456789012:role/name'",
        ));
    }
    let session_name = session_name.unwrap_or_else(|| SESSION_NAME.to_owned());
    if !is_name(&session_name, 2..=64) {
        return Err(error(format!("{at}.session_name"), "must be 2 to 64 of letters, digits and '_+=,.@-'"));
    }
    let is_external_id = |id: &String| {
        (2..=1224).contains(&id.len()) && id.bytes().all(|b| is_of_name(b) || b":/".contains(&b))
    };
    if !external_id.as_ref().is_none_or(is_external_id) {
        let reason = "must be 2 to 1224 of letters, digits and '_+=,.@:/-'";
        return Err(error(format!("{at}.external_id"), reason));
    }
    if duration_seconds.is_some_and(|seconds| !DURATIONS.contains(&seconds)) {
        return Err(error(format!("{at}.duration_seconds"), "must be 900 to 43200"));
    }
    let region = match own {
        Some(own) => region_of(own, &format!("{at}.region"))?,
        None => region.clone(),
    };
    let host = match endpoint {
        Some(endpoint) => host_of(&endpoint, &format!("{at}.endpoint"))?,
        None => region.sts_host(),
    };
    let cluster = cluster_of(cluster, at)?;
    Ok(Role { cluster, region, host, arn: role_arn, session_name, external_id, duration_seconds })
}

fn token_file(written: file::TokenFile, at: &str) -> Result<TokenFile, Error> {
    let file::TokenFile { cluster, path } = written;
    Ok(TokenFile { cluster: cluster_of(cluster, at)?, path: path_of(path, &format!("{at}.path"))? })
}

fn cluster_of(written: String, at: &str) -> Result<String, Error> {
    if written.is_empty() {
        return Err(error(format!("{at}.cluster"), "must not be empty"));
    }
    Ok(written)
}

fn path_of(written: String, at: &str) -> Result<String, Error> {
    if written.starts_with('/') && written.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return Ok(written);
    }
    Err(error(at, "must be a path, such as '/token'"))
}

/// IAM User Guide, "IAM identifiers".
fn is_role(arn: &str) -> bool {
    let mut fields = arn.splitn(6, ':');
    let parts: [Option<&str>; 6] = std::array::from_fn(|_| fields.next());
    let [Some("arn"), Some(partition), Some("iam"), Some(""), Some(account), Some(role)] = parts else {
        return false;
    };
    let name = role.strip_prefix("role/").unwrap_or_default();
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
        source(serde_json::from_value(written.clone()).unwrap(), &region, "credentials")
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
