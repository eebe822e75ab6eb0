//! `credentials.sign`: how requests are authenticated, and by whom.

use std::time::Duration;

use crate::aws::source::Sign;
use crate::aws::token::MAX_LIFETIME;

use super::Error;
use super::file;
use super::values::{error, error_in, inside};

/// Default lifetime of short-term API keys: short, because a stolen one acts as the gateway until it expires, and a new one is
/// cheap.
const LIFETIME: Duration = Duration::from_secs(3_600);

/// Shortest lifetime; a shorter one would depend on exact clocks.
const MIN_LIFETIME: Duration = Duration::from_secs(60);

/// Reads the way of signing at `at`.
pub(super) fn sign(written: &file::Credentials, at: &str) -> Result<Sign, Error> {
    let lifetime = written.token_lifetime_seconds.map(Duration::from_secs);
    let lifetime_at = inside(at, "token_lifetime_seconds");
    match written.sign.unwrap_or(file::Sign::SigV4) {
        file::Sign::Token => {
            let lifetime = lifetime.unwrap_or(LIFETIME);
            if !(MIN_LIFETIME..=MAX_LIFETIME).contains(&lifetime) {
                return Err(error(lifetime_at, "must be 60 to 43200"));
            }
            Ok(Sign::Token(lifetime))
        }
        _ if lifetime.is_some() => Err(error(lifetime_at, "only with 'sign: token'")),
        file::Sign::SigV4 => Ok(Sign::SigV4),
        file::Sign::Envoy => match given(written) {
            Some(field) => {
                Err(error_in(at, field, "with 'sign: envoy' it is Envoy that has the credentials"))
            }
            None => Ok(Sign::Envoy),
        },
    }
}

/// The name of the first credential that is written and not empty.
fn given(written: &file::Credentials) -> Option<&'static str> {
    let is_given = |value: &Option<String>| value.as_deref().is_some_and(|value| !value.trim().is_empty());
    let fields = [
        ("access_key_id", is_given(&written.access_key_id)),
        ("secret_access_key", is_given(&written.secret_access_key)),
        ("session_token", is_given(&written.session_token)),
        ("bearer_token", is_given(&written.bearer_token)),
        ("container", written.container.is_some()),
        ("instance", written.instance.is_some()),
        ("web_identity", written.web_identity.is_some()),
        ("assume_role", written.assume_role.is_some()),
    ];
    fields.into_iter().find(|(_, is_given)| *is_given).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Sign, Error> {
        sign(&serde_json::from_str(text).unwrap(), "credentials")
    }

    #[test]
    fn requests_are_signed_unless_something_else_is_said() {
        let text = |more: &str| format!(r#"{{"access_key_id":"a","secret_access_key":"s"{more}}}"#);

        assert_eq!(read(&text("")), Ok(Sign::SigV4));
        assert_eq!(read(&text(r#","sign":"sigv4""#)), Ok(Sign::SigV4));
        assert_eq!(read(&text(r#","sign":"token""#)), Ok(Sign::Token(LIFETIME)));
        for seconds in [60, 43_200] {
            let more = format!(r#","sign":"token","token_lifetime_seconds":{seconds}"#);
            assert_eq!(read(&text(&more)), Ok(Sign::Token(Duration::from_secs(seconds))));
        }
    }

    #[test]
    fn envoy_needs_no_credentials_of_ours() {
        assert_eq!(read(r#"{"sign":"envoy"}"#), Ok(Sign::Envoy));
        assert_eq!(read(r#"{"sign":"envoy","access_key_id":"","bearer_token":" "}"#), Ok(Sign::Envoy));
        let error = read(r#"{"sign":"envoy","instance":{"cluster":"imds"}}"#).unwrap_err();
        assert_eq!(error.path, "credentials.instance");
    }
}
