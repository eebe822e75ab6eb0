//! Images by URL, in the gateway role: fetched side by side, following redirects, and written into the body.
//!
//! The request is held meanwhile. The address that a host name resolves to, and the size of a response that is still coming,
//! are checked by the fetch role, at the cluster that fetches.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, LogLevel, MapType, Status};

use super::held::{self, Held};
use super::host;
use super::refusal::{host_failed, too_large};
use crate::config::Config;
use crate::gateway::headers::Headers;
use crate::gateway::image_url::{Refused, Url};
use crate::gateway::images::{self, Found, Image, Images, refused};
use crate::openai::Error;

/// The response header by which the fetch role reports to the gateway role. It is removed from what servers send.
pub(super) const VERDICT: &str = "x-bedrock-fetch";

/// Values of [`VERDICT`].
pub(super) mod verdict {
    /// The response is the server's, within its limits.
    pub(in crate::filter) const ANSWERED: &str = "answered";
    /// The server was not asked, because its address is not a public one.
    pub(in crate::filter) const PRIVATE: &str = "private";
    /// The response is larger than an image may be.
    pub(in crate::filter) const TOO_LARGE: &str = "too-large";
    /// The images being fetched on this worker take as much memory as allowed.
    pub(in crate::filter) const BUSY: &str = "busy";
}

/// The images of one request.
#[derive(Debug)]
pub(super) struct Fetching {
    config: Rc<Config>,
    fetches: Vec<Fetch>,
    /// Bytes of the request's body, which Envoy holds meanwhile.
    size: usize,
    /// Bytes of the body with the images in it.
    grown: usize,
    /// Bytes counted for the images that are there.
    held: Held,
}

/// One image.
#[derive(Debug)]
struct Fetch {
    found: Found,
    /// Its URL, or the one that the last redirect named.
    url: Url,
    redirects: usize,
    until: SystemTime,
    /// Token of the call under way; `None` once its response has come.
    call: Option<u32>,
    /// The image, once it has come.
    image: Image,
}

impl Fetching {
    /// Begins to fetch the images of the request in `body`; `None` where it has none.
    pub(super) fn begin(
        config: &Rc<Config>,
        images: &Images,
        body: &[u8],
        size: usize,
    ) -> Result<Option<Self>, Error> {
        if !images::may_hold_urls(body) {
            return Ok(None);
        }
        let found = images::find(body, images)?;
        if found.is_empty() {
            return Ok(None);
        }
        let now = host::now();
        let until = now.checked_add(images.timeout).unwrap_or(now);
        let mut fetches = Vec::with_capacity(found.len());
        for found in found {
            let url = found.url.clone();
            let call = Some(ask(images, &url, images.timeout, &found)?);
            fetches.push(Fetch { found, url, redirects: 0, until, call, image: Image::default() });
        }
        let (config, grown) = (Rc::clone(config), body.len());
        let mut this = Self { config, fetches, size, grown, held: Held::default() };
        this.count(0)?;
        Ok(Some(this))
    }

    /// Takes the response of a call. True once all images have come and are in the body.
    pub(super) fn answered(&mut self, call: u32, headers: usize, size: usize) -> Result<bool, Error> {
        let config = Rc::clone(&self.config);
        let Some(images) = &config.images else { return Ok(false) };
        let Some(fetch) = self.fetches.iter_mut().find(|fetch| fetch.call == Some(call)) else {
            return Ok(false);
        };
        let headers = if headers > 0 { host::headers(MapType::HttpCallResponseHeaders).ok() } else { None };
        match judge(&headers.unwrap_or_default()) {
            Answer::Image => {}
            Answer::Redirect(location) => {
                fetch.follow(images, &location)?;
                return Ok(false);
            }
            Answer::Failed(problem) => return Err(fetch.failed(problem)),
            Answer::Busy => return Err(held::busy()),
            Answer::Private => return Err(refused(fetch.param(), Refused::Host)),
            Answer::Unguarded => {
                host::log(LogLevel::Error, || {
                    "images: an answer came past the fetch role: is it on the cluster?".to_owned()
                });
                return Err(cannot_fetch());
            }
        }
        // Counts the response and the image made of it.
        self.count(size.saturating_add(Image::held_of(size)))?;
        let Some(fetch) = self.fetches.iter_mut().find(|fetch| fetch.call == Some(call)) else {
            return Ok(false);
        };
        let bytes = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, size)
            .map_err(|_| host_failed("give an image"))?;
        fetch.call = None;
        fetch.image = Image::of(&bytes).ok_or_else(|| fetch.no_image())?;
        let texts = fetch.found.places.iter().map(|place| fetch.image.text(&place.form).len());
        self.grown = texts.fold(self.grown, usize::saturating_add);
        self.count(0)?;
        let limit = config.body_bytes;
        if self.grown > limit {
            return Err(too_large(limit));
        }
        if self.fetches.iter().any(|fetch| fetch.call.is_some()) {
            return Ok(false);
        }
        self.put_in()?;
        Ok(true)
    }

    /// Counts the bytes of the images that are there, where all are looked for, and `more` temporarily.
    fn count(&mut self, more: usize) -> Result<(), Error> {
        let there = self.fetches.iter().map(Fetch::held);
        self.held.set(there.fold(more, usize::saturating_add), self.config.worker_bytes)
    }

    fn put_in(&mut self) -> Result<(), Error> {
        self.count(self.size.min(self.grown).saturating_add(self.grown))?;
        let body = hostcalls::get_buffer(BufferType::HttpRequestBody, 0, self.size)
            .map_err(|_| host_failed("give the request's body"))?;
        let texts = self.fetches.iter().flat_map(|fetch| {
            fetch.found.places.iter().map(|place| (place.range.clone(), fetch.image.text(&place.form)))
        });
        let body = images::splice(&body, texts);
        host::set_request_body(self.size, &body).map_err(|_| host_failed("take the request's body"))
    }
}

impl Fetch {
    fn held(&self) -> usize {
        let places = self.found.places.iter().map(images::Place::held);
        let parts = [size_of::<Self>(), self.image.held(), self.url.held(), self.found.url.held()];
        places.chain(parts).fold(0, usize::saturating_add)
    }

    fn follow(&mut self, images: &Images, location: &str) -> Result<(), Error> {
        if self.redirects >= images.redirects {
            return Err(self.failed("it leads on too often"));
        }
        self.redirects = self.redirects.saturating_add(1);
        let url = self.url.follow(location).map_err(|reason| refused(self.param(), reason))?;
        let left = self.until.duration_since(host::now()).unwrap_or_default();
        // To Envoy a timeout of zero means none.
        if left.as_millis() == 0 {
            return Err(self.failed(TOOK_TOO_LONG));
        }
        self.call = Some(ask(images, &url, left, &self.found)?);
        self.url = url;
        Ok(())
    }

    fn param(&self) -> &str {
        param(&self.found)
    }

    fn failed(&self, problem: &str) -> Error {
        let param = self.param();
        Error::invalid(format!("Invalid value for '{param}': the image could not be fetched: {problem}."))
            .param(param)
            .code("invalid_image_url")
    }

    fn no_image(&self) -> Error {
        let param = self.param();
        let message = format!(
            "'{param}' is not an image that Bedrock takes: what is there is not PNG, JPEG, GIF or WebP."
        );
        Error::invalid(message).param(param).code("invalid_image")
    }
}

fn param(found: &Found) -> &str {
    found.places.first().map_or("messages", |place| &place.param)
}

fn ask(images: &Images, url: &Url, timeout: Duration, found: &Found) -> Result<u32, Error> {
    let cluster = images.cluster(url).map_err(|reason| refused(param(found), reason))?;
    let headers = Headers::from_iter([
        (":method", "GET"),
        (":scheme", url.scheme()),
        (":authority", url.authority()),
        (":path", url.path()),
    ]);
    host::call(cluster, &headers, &[], timeout).map_err(|failed| {
        // Envoy reports a local reply of the fetch role as a failed call where it connects at once; the reason is lost then.
        if failed == Status::InternalFailure {
            host::log(LogLevel::Info, || format!("images: the cluster '{cluster}' would not ask"));
            return refused(param(found), Refused::Host);
        }
        host::log(LogLevel::Error, || format!("images: there is no cluster '{cluster}'"));
        cannot_fetch()
    })
}

fn cannot_fetch() -> Error {
    Error::new(500, "The gateway is not configured to fetch images.").code("gateway_error")
}

const TOOK_TOO_LONG: &str = "it took too long";

/// The outcome of a call.
enum Answer {
    Image,
    Redirect(String),
    Failed(&'static str),
    /// Not asked: the address is not a public one.
    Private,
    /// The worker holds as many bytes as it may.
    Busy,
    /// The response did not pass the fetch role, so address and size are unchecked.
    Unguarded,
}

fn judge(headers: &Headers) -> Answer {
    let status = headers.text(":status").and_then(|status| status.parse::<u16>().ok());
    match (headers.text(VERDICT), status) {
        (Some(verdict::PRIVATE), _) => Answer::Private,
        (Some(verdict::BUSY), _) => Answer::Busy,
        (Some(verdict::TOO_LARGE), _) => Answer::Failed("it is too large"),
        (Some(_), Some(200)) => Answer::Image,
        (Some(_), Some(301 | 302 | 303 | 307 | 308)) => match headers.text("location") {
            Some(location) => Answer::Redirect(location.to_owned()),
            None => Answer::Failed("its server leads nowhere"),
        },
        (Some(_), _) => Answer::Failed("its server did not answer with 200"),
        // Envoy's own reply, or no response.
        (None, Some(504)) => Answer::Failed(TOOK_TOO_LONG),
        (None, None | Some(500..)) => Answer::Failed("its server gave no whole answer"),
        (None, Some(_)) => Answer::Unguarded,
    }
}
