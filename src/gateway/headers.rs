//! Header maps as Envoy gives them: names in lower case, values of any bytes.

use crate::openai::Error;

/// The header that decides a `cluster_header` route. Only the gateway role sets it.
pub const CLUSTER: &str = "x-bedrock-cluster";

/// Headers in their order, pseudo headers among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(pub Vec<(Vec<u8>, Vec<u8>)>);

impl Headers {
    /// The first value of `name`.
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(other, _)| other == name.as_bytes()).map(|(_, value)| value.as_slice())
    }

    /// The first value of `name` where it is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// All values of `name` that are text, joined by commas as HTTP has it (RFC 9110, 5.3).
    pub fn all(&self, name: &str) -> Option<String> {
        let values = self.0.iter().filter(|(other, _)| other == name.as_bytes());
        let values: Vec<&str> = values.filter_map(|(_, value)| std::str::from_utf8(value).ok()).collect();
        (!values.is_empty()).then(|| values.join(","))
    }

    /// Holds them to a limit: bytes of names and values.
    ///
    /// # Errors
    /// 431 where they are larger.
    pub fn check_size(&self, limit: usize) -> Result<(), Error> {
        let sizes = self.0.iter().map(|(name, value)| name.len().saturating_add(value.len()));
        if sizes.fold(0, usize::saturating_add) <= limit {
            return Ok(());
        }
        let message = format!("The request's headers are larger than {limit} bytes.");
        Err(Error::new(431, message).code("request_headers_too_large"))
    }

    /// Adds a header.
    pub fn push(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.0.push((name.as_bytes().to_vec(), value.into()));
    }

    /// The first value of each of `names` that is there.
    #[must_use]
    pub fn only(&self, names: &[&str]) -> Self {
        let mut found = Self::default();
        for name in names {
            if let Some(value) = self.value(name) {
                found.push(name, value);
            }
        }
        found
    }

    /// The names of what no client may send further: its credentials, what could reach AWS as AWS's own, and what
    /// steers Envoy's router.
    pub fn stripped(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|(name, _)| name.as_slice()).filter(|name| is_stripped(name))
    }
}

/// True for a header that may go on to Bedrock where the configuration says so: none of what is stripped, and none that
/// belongs to the connection or to the body that we write anew (RFC 9110).
pub fn may_be_forwarded(name: &str) -> bool {
    const NAMES: &[&str] =
        &["host", "connection", "keep-alive", "te", "trailer", "upgrade", "expect", "accept-encoding"];
    const PREFIXES: &[&str] = &["content-", "transfer-", "proxy-", "x-amzn-bedrock-"];
    let is_legal = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
    !name.is_empty()
        && name.bytes().all(is_legal)
        && !is_stripped(name.as_bytes())
        && !NAMES.contains(&name)
        && !PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn is_stripped(name: &[u8]) -> bool {
    const NAMES: &[&[u8]] =
        &[b"authorization", b"x-api-key", b"api-key", b"proxy-authorization", b"cookie", CLUSTER.as_bytes()];
    const PREFIXES: &[&[u8]] = &[b"x-amz-", b"x-envoy-"];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_are_too_large_are_refused_however_they_are_spread() {
        let mut headers = Headers::default();
        headers.push("one", "1234567");
        assert_eq!(headers.check_size(10), Ok(()));
        headers.push("", "");
        assert_eq!(headers.check_size(10), Ok(()));
        headers.push("x", "");
        let error = headers.check_size(10).unwrap_err();
        assert_eq!((error.status, error.code), (431, Some("request_headers_too_large")));
    }

    #[test]
    fn no_credential_and_no_steering_header_goes_further() {
        let mut headers = Headers::default();
        for name in [
            ":path",
            "authorization",
            "x-api-key",
            "api-key",
            "cookie",
            "x-amz-security-token",
            "x-amz-date",
            "x-envoy-retry-on",
            "x-envoy-upstream-rq-timeout-ms",
            "x-bedrock-cluster",
            "accept",
        ] {
            headers.push(name, "v");
        }
        let stripped = headers.stripped().count();
        assert_eq!(stripped, headers.0.len() - 2);
        assert!(headers.stripped().all(|name| name != b":path" && name != b"accept"));
    }
}
