//! Images by URL: finding them in a request, fetching, and writing them into the body.

mod find;
mod put;

use std::time::Duration;

use crate::openai::Error;

use super::image_url::{Host, Refused, Url, check};
use super::networks::Network;

pub use find::{Found, Place, find, may_hold_urls};
pub use put::{Form, Image, Text, splice};

/// The configuration for fetching images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// The Envoy cluster for `https`.
    pub cluster: String,
    /// The Envoy cluster for `http`; `None`: URLs of `http` are refused.
    pub http_cluster: Option<String>,
    /// The hosts that may be asked.
    pub hosts: Vec<Host>,
    /// Networks that may be asked although they are not public.
    pub private_networks: Vec<Network>,
    /// Largest image, bytes.
    pub bytes: usize,
    /// Timeout of one image, redirects included.
    pub timeout: Duration,
    /// Most different URLs in one request.
    pub per_request: usize,
    /// Most redirects of one image.
    pub redirects: usize,
}

impl Images {
    /// The cluster that fetches from `url`.
    ///
    /// # Errors
    /// The reason for the client where such URLs are not fetched.
    pub fn cluster(&self, url: &Url) -> Result<&str, Refused> {
        check(url, &self.hosts, &self.private_networks)?;
        let cluster = if url.is_https() { Some(&self.cluster) } else { self.http_cluster.as_ref() };
        cluster.map(String::as_str).ok_or(Refused::Host)
    }
}

/// The error for an image that is not fetched.
pub fn refused(param: &str, reason: Refused) -> Error {
    let reason = match reason {
        Refused::Malformed => "this URL cannot be fetched; send a plain http(s) URL, or the image in base64.",
        Refused::Host => "images are not fetched from there; send the image in base64.",
    };
    Error::invalid(format!("Invalid value for '{param}': {reason}")).param(param).code("unsupported_url")
}
