//! Header maps as Envoy gives them: names in lower case, values of arbitrary bytes.

use std::borrow::Cow;
use std::fmt;

use crate::openai::Error;

/// The header that decides a `cluster_header` route. Only the gateway role sets it.
pub const CLUSTER: &str = "x-bedrock-cluster";

/// Header of a request that the gateway role has let go on. A route that matches only its absence is taken while the request is
/// held; it has a timeout of its own, so that a request ends even if the VM fails.
pub const LET_IN: &str = "x-bedrock-let-in";

/// Header of this gateway's calls to itself for a part of a request; such a call cannot choose a technique. A client that sends
/// it only loses techniques. Limits check its value, which no client knows: see [`mark`](super::limits::mark).
pub const CALL_OF_TECHNIQUE: &str = "x-bedrock-technique-call";

/// The `x-request-id` of the request for which this gateway makes a call to itself. Only for records: no right and no limit
/// depends on it.
pub const PART_OF: &str = "x-bedrock-part-of";

/// Headers in their order, pseudo headers included: all bytes in one block, and the position of each. A request's headers are
/// read and written three times, so a header is not an allocation of its own.
#[derive(Clone, Default)]
pub struct Headers {
    bytes: Vec<u8>,
    places: Vec<Place>,
}

/// The position of a header in the block: its name, a zero byte, its value.
#[derive(Clone, Copy)]
struct Place {
    start: usize,
    name: usize,
    value: usize,
}

impl Headers {
    /// Parses a map in the ABI's serialised form (proxy-wasm ABI 0.2.1): the number of headers, two lengths for each, then the
    /// bytes, each name and value followed by a zero byte. Numbers are `u32`, little-endian.
    ///
    /// `None` where the bytes have another form.
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let (count, mut lengths) = number(&bytes)?;
        let mut places = Vec::with_capacity(count.min(lengths.len() / 8));
        let mut start = count.checked_mul(8)?.checked_add(4)?;
        for _ in 0..count {
            let (name, after) = number(lengths)?;
            let (value, after) = number(after)?;
            lengths = after;
            places.push(Place { start, name, value });
            start = start.checked_add(name)?.checked_add(value)?.checked_add(2)?;
        }
        (start <= bytes.len()).then_some(Self { bytes, places })
    }

    /// The ABI's serialised form; the original bytes where no header was added since.
    pub fn as_bytes(&self) -> Cow<'_, [u8]> {
        let is_as_it_came = self
            .places
            .first()
            .is_some_and(|first| first.start == self.places.len().saturating_mul(8).saturating_add(4))
            && self.places.last().is_some_and(|last| {
                let end = last.start.saturating_add(last.name).saturating_add(last.value).saturating_add(2);
                end == self.bytes.len()
            });
        if is_as_it_came { Cow::Borrowed(&self.bytes) } else { Cow::Owned(self.to_bytes()) }
    }

    /// The ABI's serialised form, written anew.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Two lengths each, and the zero byte after the value.
        let beside = self.places.len().saturating_mul(9).saturating_add(4);
        let mut out = Vec::with_capacity(beside.saturating_add(self.bytes.len()));
        // Envoy's limit on headers is far below `u32::MAX`.
        let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        out.extend_from_slice(&number(self.places.len()));
        for place in &self.places {
            out.extend_from_slice(&number(place.name));
            out.extend_from_slice(&number(place.value));
        }
        for (name, value) in self.iter() {
            out.extend_from_slice(name);
            out.push(0);
            out.extend_from_slice(value);
            out.push(0);
        }
        out
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        let places = self.places.capacity().saturating_mul(size_of::<Place>());
        self.bytes.capacity().saturating_add(places)
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.places.iter().map(|place| self.at(place))
    }

    fn at(&self, place: &Place) -> (&[u8], &[u8]) {
        let both = self.bytes.get(place.start..).unwrap_or_default();
        let (name, rest) = both.split_at_checked(place.name).unwrap_or_default();
        // A zero byte separates them.
        let value = rest.get(1..).and_then(|value| value.get(..place.value)).unwrap_or_default();
        (name, value)
    }

    /// The first value of `name`.
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        // A request's headers are asked some thirty times, so first by what costs least.
        let of_length = self.places.iter().filter(|place| place.name == name.len());
        of_length
            .map(|place| self.at(place))
            .find(|(other, _)| *other == name.as_bytes())
            .map(|(_, value)| value)
    }

    /// The first value of `name`, if it is UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// All UTF-8 values of `name`, joined by commas (RFC 9110, 5.3).
    pub fn all(&self, name: &str) -> Option<String> {
        let values = self.iter().filter(|(other, _)| *other == name.as_bytes());
        let values: Vec<&str> = values.filter_map(|(_, value)| std::str::from_utf8(value).ok()).collect();
        (!values.is_empty()).then(|| values.join(","))
    }

    /// Checks the headers against a limit: bytes of names and values.
    ///
    /// # Errors
    /// 431 where they exceed it.
    pub fn check_size(&self, limit: usize) -> Result<(), Error> {
        let sizes = self.iter().map(|(name, value)| name.len().saturating_add(value.len()));
        if sizes.fold(0, usize::saturating_add) <= limit {
            return Ok(());
        }
        let message = format!("The request's headers are larger than {limit} bytes.");
        Err(Error::new(431, message).code("request_headers_too_large"))
    }

    /// Adds a header.
    pub fn push(&mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.add(name.as_ref(), value.as_ref());
    }

    fn add(&mut self, name: &[u8], value: &[u8]) {
        self.places.push(Place { start: self.bytes.len(), name: name.len(), value: value.len() });
        self.bytes.extend_from_slice(name);
        self.bytes.push(0);
        self.bytes.extend_from_slice(value);
    }

    /// Adds all headers of another map.
    pub fn extend(&mut self, others: &Self) {
        for (name, value) in others.iter() {
            self.push(name, value);
        }
    }

    /// The first value of each of `names`, where present.
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

    /// Names of the headers that are removed from a client's request: its credentials, headers that mean something to AWS, and
    /// those that steer Envoy's router.
    pub fn stripped(&self) -> impl Iterator<Item = &[u8]> {
        self.iter().map(|(name, _)| name).filter(|name| is_stripped(name))
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut headers = Self::default();
        for (name, value) in pairs {
            headers.push(name, value);
        }
        headers
    }
}

/// Equal by names and values, wherever they lie.
impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// Shows names only: values may be secrets.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| String::from_utf8_lossy(name))).finish()
    }
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}

/// Whether the configuration may have a header passed on to Bedrock: not one that is stripped, and not one of the connection or
/// of the body, which is rewritten (RFC 9110).
pub fn may_be_forwarded(name: &str) -> bool {
    const NAMES: &[&str] =
        &["host", "connection", "keep-alive", "te", "trailer", "upgrade", "expect", "accept-encoding"];
    const PREFIXES: &[&str] = &["content-", "transfer-", "proxy-", "x-amzn-bedrock-"];
    http::HeaderName::from_bytes(name.as_bytes()).is_ok()
        && !is_stripped(name.as_bytes())
        && !NAMES.contains(&name)
        && !PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn is_stripped(name: &[u8]) -> bool {
    const NAMES: &[&[u8]] = &[
        b"authorization",
        b"x-api-key",
        b"api-key",
        b"proxy-authorization",
        b"cookie",
        CLUSTER.as_bytes(),
        LET_IN.as_bytes(),
        CALL_OF_TECHNIQUE.as_bytes(),
        PART_OF.as_bytes(),
    ];
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
    fn headers_come_back_as_they_went_whatever_their_bytes() {
        let pairs: [(&[u8], &[u8]); 3] = [(b":path", b"/"), (b"x", &[0, 0xff, 0]), (b"", b"")];
        let headers: Headers = pairs.into_iter().collect();
        let bytes = headers.to_bytes();
        let read = Headers::from_bytes(bytes.clone()).unwrap();
        assert!(read.iter().eq(pairs));
        assert_eq!((&read, read.to_bytes()), (&headers, bytes.clone()));
        for end in 0..bytes.len() {
            assert_eq!(Headers::from_bytes(bytes[..end].to_vec()), None, "cut at {end}");
        }
    }

    #[test]
    fn a_header_can_be_added_to_what_was_read() {
        let bytes = Headers::from_iter([("a", "1")]).to_bytes();
        let mut headers = Headers::from_bytes(bytes).unwrap();
        headers.push("b", "2");
        assert_eq!(headers, Headers::from_iter([("a", "1"), ("b", "2")]));
        assert_eq!(headers.to_bytes(), Headers::from_iter([("a", "1"), ("b", "2")]).to_bytes());
    }

    #[test]
    fn lengths_beyond_all_memory_are_no_headers() {
        for bytes in [[0xff; 4].to_vec(), [&[1, 0, 0, 0][..], &[0xff; 8]].concat()] {
            assert_eq!(Headers::from_bytes(bytes), None);
        }
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
        assert_eq!(stripped, headers.iter().count() - 2);
        assert!(headers.stripped().all(|name| name != b":path" && name != b"accept"));
    }
}
