//! Lists of names: path prefixes, features of `anthropic-beta`, headers to pass on.

use super::Error;
use super::values::{error, item};
use crate::gateway::headers::may_be_forwarded;

const PREFIXES: [&str; 2] = ["/v1", "/api/v1"];

/// The prefixes of OpenAI's paths, or the defaults.
pub(super) fn prefixes_of(written: Option<&[String]>) -> Result<Vec<String>, Error> {
    let Some(prefixes) = written else {
        return Ok(PREFIXES.map(str::to_owned).to_vec());
    };
    for (at, prefix) in prefixes.iter().enumerate() {
        let at = item("prefixes", at);
        if !prefix.starts_with('/') || prefix.ends_with('/') {
            return Err(error(at, "must begin with '/' and not end with it, such as '/v1'"));
        }
        if !prefix.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#".contains(&byte)) {
            return Err(error(at, "has characters that no path has"));
        }
        if prefix == "/health" {
            return Err(error(at, "'/health' is the gateway's own"));
        }
    }
    Ok(prefixes.to_vec())
}

/// Features of `anthropic-beta`, by name or by prefix with `*`.
pub(super) fn betas(written: &[String]) -> Result<Vec<String>, Error> {
    let is_legal = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    for (at, name) in written.iter().enumerate() {
        let name = name.strip_suffix('*').unwrap_or(name);
        if name.is_empty() || !name.bytes().all(is_legal) {
            return Err(error(
                item("anthropic_betas", at),
                "not the name of a feature, nor the beginning of one with '*' behind it",
            ));
        }
    }
    Ok(written.to_vec())
}

/// Headers of clients that are passed on; refuses those that carry credentials or mean something to AWS or Envoy.
pub(super) fn forwarded(written: &[String]) -> Result<Vec<String>, Error> {
    let mut headers = Vec::with_capacity(written.len());
    for (at, name) in written.iter().enumerate() {
        let name = name.to_ascii_lowercase();
        if !may_be_forwarded(&name) {
            return Err(error(item("forward_headers", at), "not a header that may go on to Bedrock"));
        }
        headers.push(name);
    }
    Ok(headers)
}
