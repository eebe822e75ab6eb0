//! Finds the images in a request that are to be fetched.

use std::ops::Range;

use memchr::memmem;
use serde::Deserialize;

use crate::gateway::image_url::Url;
use crate::openai::{self, Error};
use crate::wire::{self, List, Members, Raw, Str};

use super::{Form, Images, refused};

/// An image that is to be fetched.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// The image's URL.
    pub url: Url,
    /// Where the URL stands in the body, first to last.
    pub places: Vec<Place>,
}

/// A place in a request's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The bytes that the image replaces: a string with its quotes, or an object.
    pub range: Range<usize>,
    /// The form of the replacement.
    pub form: Form,
    /// The path of the URL, for errors: `messages[0].content[1].image_url.url`.
    pub param: String,
}

impl Place {
    /// Bytes held.
    pub fn held(&self) -> usize {
        let others = match &self.form {
            Form::Url => 0,
            Form::Source(others) => others.capacity(),
        };
        [self.param.capacity(), others].into_iter().fold(size_of::<Self>(), usize::saturating_add)
    }
}

/// How deep blocks may nest: an image in a document in a tool result.
const DEPTH: usize = 3;

/// The members read of a request: OpenAI's chat or Responses, Anthropic's Messages.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Chat<'a> {
    messages: Option<List<Message<'a>>>,
    input: Option<Raw<'a>>,
}

/// The members read of a message or an item.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Message<'a> {
    content: Option<Raw<'a>>,
    output: Option<Raw<'a>>,
}

/// The members read of a part or a block.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Part<'a> {
    #[serde(rename = "type")]
    kind: Option<Str<'a>>,
    image_url: Option<Raw<'a>>,
    source: Option<Raw<'a>>,
    content: Option<Raw<'a>>,
}

/// The members read of OpenAI's `image_url`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct ImageUrl<'a> {
    url: Option<Raw<'a>>,
}

/// The members read of a document's source.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Source<'a> {
    content: Option<Raw<'a>>,
}

/// Whether a body may hold a web URL, that is, a string that begins with `http`. (A URL written with escapes is not seen here,
/// not fetched, and refused by the translation.)
pub fn may_hold_urls(body: &[u8]) -> bool {
    memmem::find(body, b"\"http").is_some()
}

/// Finds the images of a request that are to be fetched, each URL once.
///
/// # Errors
/// 400: a body that cannot be read, a URL that is not allowed, or too many.
pub fn find(body: &[u8], images: &Images) -> Result<Vec<Found>, Error> {
    let Chat { messages, input } = openai::parse(body)?;
    // A string has no images, and the translation refuses other types.
    let input: Option<List<Message<'_>>> = input.and_then(list);
    let mut search = Search { body, images, found: Vec::new() };
    for (name, messages) in [("messages", messages), ("input", input)] {
        for (at, Message { content, output }) in messages.unwrap_or_default().into_iter().enumerate() {
            for (member, parts) in [("content", content), ("output", output)] {
                search.parts(parts, &|| format!("{name}[{at}].{member}"), DEPTH)?;
            }
        }
    }
    Ok(search.found)
}

/// Parses a list; `None` for any other type, which the translation refuses.
fn list<'a, T: Deserialize<'a>>(raw: Raw<'a>) -> Option<List<T>> {
    wire::from_str(raw.get()).ok()
}

struct Search<'b> {
    body: &'b [u8],
    images: &'b Images,
    found: Vec<Found>,
}

impl Search<'_> {
    /// Searches a list of parts, `depth` levels deep.
    fn parts(
        &mut self,
        parts: Option<Raw<'_>>,
        place: &dyn Fn() -> String,
        depth: usize,
    ) -> Result<(), Error> {
        let Some(deeper) = depth.checked_sub(1) else { return Ok(()) };
        let parts: List<Part<'_>> = parts.and_then(list).unwrap_or_default();
        for (at, Part { kind, image_url, source, content }) in parts.into_iter().enumerate() {
            let place = |member: &str| format!("{}[{at}].{member}", place());
            match kind.as_deref() {
                Some("image_url") => {
                    let image = image_url.and_then(|image| wire::from_str::<ImageUrl<'_>>(image.get()).ok());
                    if let Some(url) = image.and_then(|image| image.url) {
                        self.add(url, url, Form::Url, || place("image_url.url"))?;
                    }
                }
                Some("input_image") => {
                    if let Some(url) = image_url {
                        self.add(url, url, Form::Url, || place("image_url"))?;
                    }
                }
                Some("image") => {
                    if let Some((source, (url, form))) = source.and_then(|raw| Some((raw, by_url(raw)?))) {
                        self.add(source, url, form, || place("source.url"))?;
                    }
                }
                Some("tool_result") => self.parts(content, &|| place("content"), deeper)?,
                Some("document") => {
                    let source = source.and_then(|raw| wire::from_str::<Source<'_>>(raw.get()).ok());
                    let content = source.and_then(|source| source.content);
                    self.parts(content, &|| place("source.content"), deeper)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Adds the image of `raw`, if its `url` is one to be fetched.
    fn add(
        &mut self,
        raw: Raw<'_>,
        url: Raw<'_>,
        form: Form,
        param: impl FnOnce() -> String,
    ) -> Result<(), Error> {
        // The translation refuses a `url` that is not a string.
        let Ok(text) = wire::from_str::<Str<'_>>(url.get()) else { return Ok(()) };
        if !(text.starts_with("http://") || text.starts_with("https://")) {
            return Ok(());
        }
        let param = param();
        let url = Url::parse(&text)
            .and_then(|url| self.images.cluster(&url).map(|_| url))
            .map_err(|reason| refused(&param, reason))?;
        let start = (raw.get().as_ptr() as usize).wrapping_sub(self.body.as_ptr() as usize);
        let place = Place { range: start..start.saturating_add(raw.get().len()), form, param };
        if let Some(other) = self.found.iter_mut().find(|other| other.url == url) {
            other.places.push(place);
            return Ok(());
        }
        let most = self.images.per_request;
        if self.found.len() >= most {
            let message =
                format!("At most {most} images are fetched for one request; send others in base64.");
            return Err(Error::invalid_param(place.param, message).code("too_many_images"));
        }
        self.found.push(Found { url, places: vec![place] });
        Ok(())
    }
}

/// The URL of a `source` that has one, and the form of the image that replaces it.
fn by_url(source: Raw<'_>) -> Option<(Raw<'_>, Form)> {
    let Members(members): Members<'_, Raw<'_>> = wire::from_str(source.get()).ok()?;
    let (mut kind, mut url, mut others) = (None, None, String::new());
    for (name, raw) in members {
        match &*name {
            "type" => kind = wire::from_str::<Str<'_>>(raw.get()).ok(),
            "url" => url = Some(raw),
            "media_type" | "data" => {}
            name => {
                others.push(',');
                others.push_str(&wire::to_string(name));
                others.push(':');
                others.push_str(raw.get());
            }
        }
    }
    if kind.as_deref() != Some("url") { None } else { Some((url?, Form::Source(others))) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::Form;
    use super::*;
    use crate::gateway::image_url::Host;

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
        // What is no text is looked at, and refused there.
        assert!(may_hold_urls(b"\"http\xff"));
    }

    #[test]
    fn images_of_messages_are_found_in_turns_results_and_documents() {
        let image = r#"{"type":"image","source":{"type":"url","url":"https://a.example.org/1"}}"#;
        let other = r#"{"type":"image","source":{"cache":1,"ty\u0070e":"url","media_type":"x","url":"https:\/\/a.example.org/2"}}"#;
        let document = format!(r#"{{"type":"document","source":{{"type":"content","content":[{image}]}}}}"#);
        let result = format!(r#"{{"type":"tool_result","content":[{other},{document}]}}"#);
        let body = format!(r#"{{"messages":[{{"content":[{image},{result},{document}]}}]}}"#);
        let found = find(body.as_bytes(), &images()).unwrap();
        let places: Vec<Vec<(&str, &Form)>> = found
            .iter()
            .map(|found| found.places.iter().map(|place| (&*place.param, &place.form)).collect())
            .collect();
        let plain = Form::Source(String::new());
        assert_eq!(
            places,
            [
                vec![
                    ("messages[0].content[0].source.url", &plain),
                    ("messages[0].content[1].content[1].source.content[0].source.url", &plain),
                    ("messages[0].content[2].source.content[0].source.url", &plain),
                ],
                vec![(
                    "messages[0].content[1].content[0].source.url",
                    &Form::Source(r#","cache":1"#.to_owned())
                )],
            ]
        );
        for place in found.iter().flat_map(|found| &found.places) {
            assert!(body[place.range.clone()].starts_with('{') && body[place.range.clone()].ends_with('}'));
        }
    }

    #[test]
    fn what_is_no_image_by_url_is_left_to_the_translation() {
        for block in [
            r#"{"type":"document","source":{"type":"url","url":"https://a.example.org/1.pdf"}}"#,
            r#"{"type":"image","source":{"type":"base64","url":"https://a.example.org/1"}}"#,
            r#"{"type":"image","source":{"type":"url","url":"s3://a/b"}}"#,
            r#"{"type":"image","source":"https://a.example.org/1"}"#,
            r#"{"type":"text","text":"https://a.example.org/1"}"#,
            r#"{"type":"tool_result","content":"https://a.example.org/1"}"#,
        ] {
            let body = format!(r#"{{"messages":[{{"content":[{block}]}}]}}"#);
            assert_eq!(find(body.as_bytes(), &images()).unwrap(), [], "{block}");
        }
        let nested = |inner: String| format!(r#"{{"type":"tool_result","content":[{inner}]}}"#);
        let image = r#"{"type":"image","source":{"type":"url","url":"https://a.example.org/1"}}"#.to_owned();
        let body = |block: String| format!(r#"{{"messages":[{{"content":[{block}]}}]}}"#);
        assert_eq!(find(body(nested(image.clone())).as_bytes(), &images()).unwrap().len(), 1);
        let deep = (0..20).fold(image, |inner, _| nested(inner));
        assert_eq!(find(body(deep).as_bytes(), &images()).unwrap(), []);
    }
}
