//! Images by URL: where they stand in a request, which of them are fetched, and how they get into the body.

mod find;
mod put;

use std::time::Duration;

use crate::openai::Error;

use super::image_url::{Host, Refused, Url, check};
use super::networks::Network;

pub use find::{Found, Place, find, may_hold_urls};
pub use put::{Form, Image, Text, splice};

/// What the configuration says about fetching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// The Envoy cluster for `https`.
    pub cluster: String,
    /// The Envoy cluster for `http`; `None`: such are not fetched.
    pub http_cluster: Option<String>,
    /// Whom to ask.
    pub hosts: Vec<Host>,
    /// Addresses that may be asked though they are not out on the internet.
    pub private_networks: Vec<Network>,
    /// Largest image.
    pub bytes: usize,
    /// For one image, its redirects included.
    pub timeout: Duration,
    /// Most addresses that are fetched for one request.
    pub per_request: usize,
    /// Most redirects that are followed for one image.
    pub redirects: usize,
}

impl Images {
    /// The cluster that fetches from `url`.
    ///
    /// # Errors
    /// What the client is to be told where it is not fetched.
    pub fn cluster(&self, url: &Url) -> Result<&str, Refused> {
        check(url, &self.hosts, &self.private_networks)?;
        let cluster = if url.is_https() { Some(&self.cluster) } else { self.http_cluster.as_ref() };
        cluster.map(String::as_str).ok_or(Refused::Host)
    }
}

/// What a client is told of an address that is not asked.
pub fn refused(param: &str, reason: Refused) -> Error {
    let reason = match reason {
        Refused::Malformed => "this URL cannot be fetched; send a plain http(s) URL, or the image in base64.",
        Refused::Host => "images are not fetched from there; send the image in base64.",
    };
    Error::invalid(format!("Invalid value for '{param}': {reason}")).param(param).code("unsupported_url")
}
