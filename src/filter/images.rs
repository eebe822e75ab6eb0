//! Images by URL, in the gateway role: asked for side by side, followed where they lead on, and put into the body.
//!
//! The request is held all the while. What this side cannot see, the address that a name stands for and the bytes as they
//! come, the fetch role sees to, at the cluster that is asked.

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

/// What the fetch role says of an answer, in a header that no server can set.
pub(super) const VERDICT: &str = "x-bedrock-fetch";

/// What [`VERDICT`] says.
pub(super) mod verdict {
    /// It is the server's, within its limits.
    pub(in crate::filter) const ANSWERED: &str = "answered";
    /// The server was not asked: its address is somebody's own.
    pub(in crate::filter) const PRIVATE: &str = "private";
    /// It would be larger than an image may be.
    pub(in crate::filter) const TOO_LARGE: &str = "too-large";
    /// All that are on their way to this worker are as much as it holds.
    pub(in crate::filter) const BUSY: &str = "busy";
}

/// The images of one request.
#[derive(Debug)]
pub(super) struct Fetching {
    config: Rc<Config>,
    fetches: Vec<Fetch>,
    /// Of the request's body, which stays with Envoy meanwhile.
    size: usize,
    /// What the body has and what comes into it, bytes.
    grown: usize,
    /// What the images take that are there.
    held: Held,
}

/// One image.
#[derive(Debug)]
struct Fetch {
    found: Found,
    /// Where it is looked for now.
    url: Url,
    redirects: usize,
    until: SystemTime,
    /// Which call it is; `None` once it has come.
    call: Option<u32>,
    /// What came.
    image: Image,
}

impl Fetching {
    /// Asks for what the request in `body` wants fetched. `None`: nothing.
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

    /// Takes the answer of a call. True once all have come and are in the body.
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
        // What came, and what becomes of it.
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

    /// Counts the images that are there, where all are looked for, and `more` for a moment.
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
        // No time at all would be no limit at all.
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
        // The fetch role's own refusal comes so where the host's address is known already, and then has no words.
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

/// What came.
enum Answer {
    Image,
    Redirect(String),
    Failed(&'static str),
    /// The server was not asked: its address is somebody's own.
    Private,
    /// The worker holds as much as it may.
    Busy,
    /// Nobody has looked at the address and the bytes.
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
        // Envoy's own answers, or none.
        (None, Some(504)) => Answer::Failed(TOOK_TOO_LONG),
        (None, None | Some(500..)) => Answer::Failed("its server gave no whole answer"),
        (None, Some(_)) => Answer::Unguarded,
    }
}
