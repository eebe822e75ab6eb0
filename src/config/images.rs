//! `images`: fetching of images by URL.

use std::time::Duration;

use crate::gateway::image_url::Host;
use crate::gateway::images::Images;
use crate::gateway::networks::Network;

use super::values::{error, error_in, inside, item, positive};
use super::{Error, file};

const BYTES: usize = 8 << 20;
const TIMEOUT_SECONDS: u32 = 10;
/// An hour. (Envoy takes timeouts in milliseconds of 32 bits.)
const LONGEST_SECONDS: u32 = 3600;
const PER_REQUEST: usize = 20;
const REDIRECTS: usize = 3;

pub(super) fn images_of(written: &file::Images) -> Result<Images, Error> {
    let file::Images {
        cluster,
        http_cluster,
        hosts,
        private_networks,
        bytes,
        timeout_seconds,
        per_request,
        redirects,
    } = written;
    for (name, cluster) in [("cluster", Some(cluster)), ("http_cluster", http_cluster.as_ref())] {
        if cluster.is_some_and(String::is_empty) {
            return Err(error_in("images", name, "must not be empty"));
        }
    }
    if hosts.is_empty() {
        return Err(error("images.hosts", "at least one is needed: no image is fetched from anywhere else"));
    }
    for (at, host) in hosts.iter().enumerate() {
        if host
            .strip_prefix("*.")
            .is_some_and(|suffix| !suffix.split(':').next().unwrap_or_default().contains('.'))
        {
            let reason = "all below a top-level domain: anybody may have a host there";
            return Err(error(item("images.hosts", at), reason));
        }
    }
    let timeout = timeout_seconds.unwrap_or(TIMEOUT_SECONDS);
    if !(1..=LONGEST_SECONDS).contains(&timeout) {
        return Err(error_in("images", "timeout_seconds", "must be 1 to 3600"));
    }
    Ok(Images {
        cluster: cluster.clone(),
        http_cluster: http_cluster.clone(),
        hosts: each("hosts", hosts, Host::parse, "not 'host', '*.host', or either with ':port'")?,
        private_networks: each(
            "private_networks",
            private_networks.as_deref().unwrap_or_default(),
            Network::parse,
            "not a network such as '10.1.0.0/16' or 'fd00::/8'",
        )?,
        bytes: positive("images", "bytes", bytes.unwrap_or(BYTES))?,
        timeout: Duration::from_secs(timeout.into()),
        per_request: positive("images", "per_request", per_request.unwrap_or(PER_REQUEST))?,
        redirects: redirects.unwrap_or(REDIRECTS),
    })
}

fn each<T>(
    name: &str,
    written: &[String],
    parse: fn(&str) -> Option<T>,
    reason: &str,
) -> Result<Vec<T>, Error> {
    let items = written.iter().enumerate();
    items
        .map(|(at, text)| parse(text).ok_or_else(|| error(item(&inside("images", name), at), reason)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn run(name: &str, value: Value) -> Result<Images, Error> {
        let mut written = json!({"cluster": "images", "hosts": ["a.example.org"]});
        written[name] = value;
        images_of(&serde_json::from_value(written).unwrap())
    }

    #[test]
    fn a_wrong_field_is_named_by_its_path() {
        for (name, value, path) in [
            ("cluster", json!(""), "images.cluster"),
            ("http_cluster", json!(""), "images.http_cluster"),
            ("hosts", json!([]), "images.hosts"),
            ("hosts", json!(["a", "*"]), "images.hosts[1]"),
            ("hosts", json!(["https://a"]), "images.hosts[0]"),
            ("hosts", json!(["a.example.com", "*.com"]), "images.hosts[1]"),
            ("hosts", json!(["*.internal:8443"]), "images.hosts[0]"),
            ("private_networks", json!(["10.0.0.0"]), "images.private_networks[0]"),
            ("bytes", json!(0), "images.bytes"),
            ("timeout_seconds", json!(0), "images.timeout_seconds"),
            ("timeout_seconds", json!(3601), "images.timeout_seconds"),
            ("per_request", json!(0), "images.per_request"),
        ] {
            assert_eq!(run(name, value).unwrap_err().path, path);
        }
        assert_eq!(run("redirects", json!(0)).unwrap().redirects, 0);
    }
}
