//! Images by URL: where they stand in a chat, which of them are fetched, and how they get into the body.

use std::collections::BinaryHeap;
use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;

use crate::openai::{self, Error};
use crate::wire::{self, List, Raw, Str};

use super::image_url::{Host, Refused, Url, check};
use super::networks::Network;

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

/// An image that is to be fetched.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub url: Url,
    /// Where that stands in the body, from quote to quote, first to last.
    pub places: Vec<Place>,
}

/// A place in a request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The string with its quotes.
    pub range: Range<usize>,
    /// `messages[0].content[1].image_url.url`.
    pub param: String,
}

/// All that is read of a chat here, or of a request for a response.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Chat<'a> {
    messages: Option<List<Message<'a>>>,
    input: Option<Raw<'a>>,
}

/// All that is read of a message or an item here.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Message<'a> {
    content: Option<Raw<'a>>,
    output: Option<Raw<'a>>,
}

/// All that is read of a part here.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Part<'a> {
    #[serde(rename = "type")]
    kind: Option<Str<'a>>,
    image_url: Option<Raw<'a>>,
}

/// All that is read of an image here.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct ImageUrl<'a> {
    url: Option<Raw<'a>>,
}

/// True where a body may hold an address of the web: no string that begins with `http`, no such address. (One written
/// with escapes is not seen, not fetched, and refused by the translation.)
pub fn may_hold_urls(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_ok_and(|text| text.split('"').any(|piece| piece.starts_with("http")))
}

/// Finds the images of a chat or of a request for a response that are to be fetched, each address once.
///
/// # Errors
/// 400: a body that cannot be read, an address that is not fetched, or too many.
pub fn find(body: &[u8], images: &Images) -> Result<Vec<Found>, Error> {
    let Chat { messages, input } = openai::parse(body)?;
    // A text has none, and what is no list is the translation's to refuse.
    let input: Option<List<Message<'_>>> = input.and_then(|input| wire::from_str(input.get()).ok());
    let mut found: Vec<Found> = Vec::new();
    for (list, messages) in [("messages", messages), ("input", input)] {
        for (at, Message { content, output }) in messages.unwrap_or_default().into_iter().enumerate() {
            for (member, parts) in [("content", content), ("output", output)] {
                // What is no list of parts is the translation's to refuse.
                let parts: Option<List<Part<'_>>> = parts.and_then(|parts| wire::from_str(parts.get()).ok());
                for (index, part) in parts.unwrap_or_default().into_iter().enumerate() {
                    let place = || format!("{list}[{at}].{member}[{index}].image_url");
                    add(&mut found, part, place, body, images)?;
                }
            }
        }
    }
    Ok(found)
}

/// Adds the image of a part, if it has one that is to be fetched.
fn add(
    found: &mut Vec<Found>,
    part: Part<'_>,
    place: impl Fn() -> String,
    body: &[u8],
    images: &Images,
) -> Result<(), Error> {
    let (raw, param) = match (part.kind.as_deref(), part.image_url) {
        (Some("image_url"), Some(image)) => match wire::from_str::<ImageUrl<'_>>(image.get()) {
            Ok(ImageUrl { url: Some(url) }) => (url, place() + ".url"),
            _ => return Ok(()),
        },
        (Some("input_image"), Some(url)) => (url, place()),
        _ => return Ok(()),
    };
    // What is no text is the translation's to refuse.
    let Ok(text) = wire::from_str::<Str<'_>>(raw.get()) else { return Ok(()) };
    if !(text.starts_with("http://") || text.starts_with("https://")) {
        return Ok(());
    }
    let url = Url::parse(&text)
        .and_then(|url| images.cluster(&url).map(|_| url))
        .map_err(|reason| refused(&param, reason))?;
    let start = (raw.get().as_ptr() as usize).wrapping_sub(body.as_ptr() as usize);
    let place = Place { range: start..start.saturating_add(raw.get().len()), param };
    if let Some(other) = found.iter_mut().find(|other| other.url == url) {
        other.places.push(place);
        return Ok(());
    }
    let most = images.per_request;
    if found.len() >= most {
        let message =
            format!("At most {most} images are fetched for one request; send others as data: URLs.");
        return Err(Error::invalid_param(place.param, message).code("too_many_images"));
    }
    found.push(Found { url, places: vec![place] });
    Ok(())
}

/// Puts a text in the stead of each place, which are apart and within the body.
pub fn splice<'t>(body: &[u8], texts: impl IntoIterator<Item = (Range<usize>, &'t str)>) -> Vec<u8> {
    let places = texts.into_iter().map(|(range, text)| (range.start, range.end, text));
    let texts = places.collect::<BinaryHeap<_>>().into_sorted_vec();
    let grown: usize = texts.iter().map(|(_, _, text)| text.len()).sum();
    let mut out = Vec::with_capacity(body.len().saturating_add(grown));
    let mut copied = 0;
    for (start, end, text) in texts {
        out.extend_from_slice(body.get(copied..start).unwrap_or_default());
        out.extend_from_slice(text.as_bytes());
        copied = end;
    }
    out.extend_from_slice(body.get(copied..).unwrap_or_default());
    out
}

/// What a client is told of an address that is not asked.
pub fn refused(param: &str, reason: Refused) -> Error {
    let reason = match reason {
        Refused::Malformed => "this URL cannot be fetched; send a plain http(s) URL or a data: URL.",
        Refused::Host => "images are not fetched from there; send a data: URL with base64.",
    };
    Error::invalid(format!("Invalid value for '{param}': {reason}")).param(param).code("unsupported_url")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images() -> Images {
        Images {
            cluster: "tls".to_owned(),
            http_cluster: None,
            hosts: vec![Host::parse("*.example.org").unwrap()],
            private_networks: Vec::new(),
            bytes: 10,
            timeout: Duration::from_secs(1),
            per_request: 2,
            redirects: 1,
        }
    }

    fn body(urls: &[&str]) -> String {
        let parts: Vec<_> =
            urls.iter().map(|url| format!(r#"{{"type":"image_url","image_url":{{"url":{url}}}}}"#)).collect();
        format!(r#"{{"messages":[{{"content":"hi"}},{{"content":[{}]}}]}}"#, parts.join(","))
    }

    #[test]
    fn each_address_is_found_once_with_all_its_places() {
        let body = body(&[
            r#""https://a.example.org/1""#,
            r#""data:image/png;base64,""#,
            r#""https:\/\/b.example.org\/2""#,
            r#""https://a.example.org/1""#,
        ]);
        assert!(may_hold_urls(body.as_bytes()));
        let found = find(body.as_bytes(), &images()).unwrap();
        let places: Vec<Vec<(&str, &str)>> = found
            .iter()
            .map(|found| {
                found.places.iter().map(|place| (&body[place.range.clone()], &*place.param)).collect()
            })
            .collect();
        assert_eq!(
            places,
            [
                vec![
                    (r#""https://a.example.org/1""#, "messages[1].content[0].image_url.url"),
                    (r#""https://a.example.org/1""#, "messages[1].content[3].image_url.url"),
                ],
                vec![(r#""https:\/\/b.example.org\/2""#, "messages[1].content[2].image_url.url")],
            ]
        );
        assert_eq!(found[1].url.path(), "/2");
    }

    #[test]
    fn images_of_a_request_for_a_response_are_found_in_messages_and_outputs() {
        let body = r#"{"input":[{"role":"user","content":[{"type":"input_text","text":"https://a.example.org/"},
            {"type":"input_image","image_url":"https://a.example.org/1"}]},{"role":"user","content":"hi"},
            {"type":"function_call_output","output":[{"type":"input_image","image_url":"https://a.example.org/1"},
            {"type":"input_image","image_url":"data:,"},{"type":"input_image","image_url":5}]}]}"#;
        let found = find(body.as_bytes(), &images()).unwrap();
        let places: Vec<_> =
            found[0].places.iter().map(|place| (&body[place.range.clone()], &*place.param)).collect();
        let url = "\"https://a.example.org/1\"";
        assert_eq!(places, [(url, "input[0].content[1].image_url"), (url, "input[2].output[0].image_url")]);
        assert_eq!(found.len(), 1);
        assert_eq!(find(br#"{"input":"https://a.example.org/1"}"#, &images()).unwrap(), []);
    }

    #[test]
    fn what_is_not_fetched_is_refused_by_its_place() {
        for (urls, param, code) in [
            (vec![r#""https://example.com/""#], "messages[1].content[0].image_url.url", "unsupported_url"),
            (vec![r#""http://a.example.org/""#], "messages[1].content[0].image_url.url", "unsupported_url"),
            (
                vec![r#""https://a.example.org/\n""#],
                "messages[1].content[0].image_url.url",
                "unsupported_url",
            ),
            (
                vec![
                    r#""https://a.example.org/1""#,
                    r#""https://a.example.org/2""#,
                    r#""https://a.example.org/3""#,
                ],
                "messages[1].content[2].image_url.url",
                "too_many_images",
            ),
        ] {
            let error = find(body(&urls).as_bytes(), &images()).unwrap_err();
            assert_eq!(
                (error.status, error.param.as_deref(), error.code),
                (400, Some(param), Some(code)),
                "{urls:?}"
            );
        }
    }

    #[test]
    fn what_is_no_address_of_an_image_is_left_to_the_translation() {
        for body in [
            body(&["5", "null", "{}", r#""s3://a/b""#]),
            r#"{"messages":[{"content":[{"type":"text","text":"https://a.example.org/"}]}]}"#.to_owned(),
            r#"{"messages":null}"#.to_owned(),
            "{}".to_owned(),
        ] {
            assert_eq!(find(body.as_bytes(), &images()).unwrap(), [], "{body}");
        }
        assert!(!may_hold_urls(body(&[r#""data:image/png;base64,aHR0cA==""#]).as_bytes()));
        assert!(!may_hold_urls(b"\"http\xff"));
    }

    #[test]
    fn texts_are_put_in_whatever_their_order() {
        let spliced = splice(br#"{"a":"1","b":"2"}"#, vec![(13..16, "two"), (5..8, r#""one""#)]);
        assert_eq!(spliced, br#"{"a":"one","b":two}"#);
        assert_eq!(splice(b"same", Vec::new()), b"same");
    }
}
