//! The error format that a client expects, where it is not OpenAI's.

use super::headers::Headers;
use super::native::{as_aws, is_native};
use crate::translate::messages::as_anthropic;

/// The header by which Anthropic's clients state the version of its API (its API reference, "Versions").
pub const VERSION: &str = "anthropic-version";

/// An error format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// AWS's, on Bedrock's own routes.
    Aws,
    /// Anthropic's.
    Anthropic,
}

/// The error format for a path, which may have a query; `None`: OpenAI's. `prefixes` are the configured ones.
pub fn of(path: &str, headers: &Headers, prefixes: &[String]) -> Option<Shape> {
    let (path, _) = path.split_once(['?', '#']).unwrap_or((path, ""));
    if is_native(path, prefixes) {
        return Some(Shape::Aws);
    }
    let mut rests =
        prefixes.iter().filter_map(|prefix| path.strip_prefix(prefix.as_str())?.strip_prefix('/'));
    let is_below = |rest: &str, name: &str| {
        rest.strip_prefix(name).is_some_and(|below| below.is_empty() || below.starts_with('/'))
    };
    let is_anthropics = rests.any(|rest| {
        is_below(rest, "messages") || (is_below(rest, "models") && headers.value(VERSION).is_some())
    });
    is_anthropics.then_some(Shape::Anthropic)
}

/// An error, converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its status.
    pub status: u16,
    /// AWS's type of the error, which stands in a header.
    pub kind: Option<&'static str>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Shape {
    /// Converts an error of the gateway's or Envoy's, given as `body` in OpenAI's format.
    pub fn tell(self, status: u16, body: &[u8], request_id: Option<&str>) -> Told {
        match self {
            Self::Aws => {
                let (kind, body) = as_aws(status, body);
                Told { status, kind: Some(kind), body }
            }
            Self::Anthropic => {
                let (status, body) = as_anthropic(status, body, request_id);
                Told { status, kind: None, body }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_shape_of_the_api_that_is_called() {
        let prefixes = ["/v1".to_owned(), "/api/v1".to_owned()];
        let (plain, versioned) = (Headers::default(), [(VERSION, "2023-06-01")].into_iter().collect());
        for (path, expected) in [
            ("/model/x/converse", Some(Shape::Aws)),
            ("/v1/messages", Some(Shape::Anthropic)),
            ("/api/v1/messages?beta=true", Some(Shape::Anthropic)),
            ("/v1/messages/batches", Some(Shape::Anthropic)),
            ("/v1/messagesx", None),
            ("/messages", None),
            ("/v1/chat/completions", None),
            ("/v1/models", None),
        ] {
            assert_eq!(of(path, &plain, &prefixes), expected, "{path}");
        }
        assert_eq!(of("/v1/models/x", &versioned, &prefixes), Some(Shape::Anthropic));
        assert_eq!(of("/v1/chat/completions", &versioned, &prefixes), None);
    }
}
