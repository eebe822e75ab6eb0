//! `discover`: discovery of models.

use std::time::Duration;

use crate::aws::endpoint::Region;

use super::switch::Switch;
use super::values::{error_in, host_of};
use super::{Discover, Error, Upstream, file};

const CLUSTER: &str = "bedrock-control";
/// Default refresh, seconds: short enough for a new profile to appear before its maker asks.
const REFRESH: u32 = 300;
const LONGEST_REFRESH: u32 = 86_400;

/// Reads the settings, unless they are `false`. `taken` are the clusters in which the filter itself runs.
pub(super) fn discover_of(
    written: &Switch<file::Discover>,
    upstream: &Upstream,
    taken: &[&String],
) -> Result<Option<Discover>, Error> {
    let usual = file::Discover::default();
    let written = match written {
        Switch::Only(false) => return Ok(None),
        Switch::Only(true) => &usual,
        Switch::With(written) => written,
    };
    let file::Discover { cluster, endpoint, refresh_seconds } = written;
    let cluster = cluster.clone().unwrap_or_else(|| CLUSTER.to_owned());
    if cluster.is_empty() {
        return Err(error_in("discover", "cluster", "must not be empty"));
    }
    // The filter would be called from within its own HTTP call, where it cannot answer.
    if taken.iter().any(|taken| **taken == cluster) {
        return Err(error_in("discover", "cluster", "is Bedrock's own: the filter is in its way"));
    }
    let refresh = refresh_seconds.unwrap_or(REFRESH);
    if !(1..=LONGEST_REFRESH).contains(&refresh) {
        return Err(error_in("discover", "refresh_seconds", &format!("must be 1 to {LONGEST_REFRESH}")));
    }
    let region: &Region = &upstream.region;
    let host = match endpoint {
        Some(endpoint) => host_of(endpoint, "discover.endpoint")?,
        None => region.control_host(upstream.variant),
    };
    let account = upstream.accounts.first().map(|account| account.source.fingerprint()).unwrap_or_default();
    // Catalogues are shared only between plugins that agree in all of these.
    let key = format!("{account}/{region}/{host}/{cluster}");
    Ok(Some(Discover { cluster, host, refresh: Duration::from_secs(refresh.into()), key }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::config::{Config, Discover, Error};

    fn load(discover: Value, more: &[(&str, Value)]) -> Result<Option<Discover>, Error> {
        let mut text =
            json!({"api_keys": [{"name": "a", "key": "k"}], "credentials": {"bearer_token": "t0ken"}});
        text["discover"] = discover;
        for (name, value) in more {
            text[*name] = value.clone();
        }
        Config::load(text.to_string().as_bytes(), |_| None).map(|config| config.discover)
    }

    #[test]
    fn a_switch_is_enough_and_the_host_is_the_regions_control_plane() {
        assert_eq!(load(json!(false), &[]), Ok(None));
        assert_eq!(load(json!(null), &[]), Ok(None));
        let found =
            load(json!(true), &[("region", json!("cn-north-1")), ("fips", json!(true))]).unwrap().unwrap();
        assert_eq!(found.host, "bedrock-fips.cn-north-1.amazonaws.com.cn");
        assert_eq!((found.cluster.as_str(), found.refresh.as_secs()), ("bedrock-control", 300));
        assert_eq!(load(json!({}), &[]), load(json!(true), &[]));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        for (discover, path) in [
            (json!("yes"), "discover"),
            (json!(5), "discover"),
            (json!({"cluser": "c"}), "discover.cluser"),
            (json!({"cluster": 5}), "discover.cluster"),
            (json!({"cluster": "bedrock"}), "discover.cluster"),
            (json!({"refresh_seconds": 0}), "discover.refresh_seconds"),
            (json!({"refresh_seconds": 86_401}), "discover.refresh_seconds"),
            (json!({"endpoint": "bedrock.us-east-1.amazonaws.com"}), "discover.endpoint"),
        ] {
            let error = load(discover.clone(), &[("cluster", json!("bedrock"))]).unwrap_err();
            assert_eq!(error.path, path, "{discover}");
        }
    }

    #[test]
    fn what_is_shared_is_another_accounts_under_another_key_and_tells_no_secret() {
        let key = |token: &str, host: &str| {
            let credentials = ("credentials", json!({"bearer_token": token}));
            load(json!({"endpoint": host}), &[credentials]).unwrap().unwrap().key
        };
        let first = key("t0ken", "https://a.example");
        assert_ne!(first, key("another", "https://a.example"));
        assert_ne!(first, key("t0ken", "https://b.example"));
        assert_eq!(first, key("t0ken", "https://a.example"));
        assert!(!first.contains("t0ken"));
    }
}
