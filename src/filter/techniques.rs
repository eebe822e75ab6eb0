//! A technique's calls, in the gateway role: requests to this gateway itself with the caller's key, so many at a time. So each has its
//! own rights, attempts, targets and signature, like any request. The client's own is held meanwhile, and is the last call where
//! there is one.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, LogLevel, MapType};

use super::fan_out::passed_on;
use super::held::Held;
use super::refusal::host_failed;
use super::{host, limits};
use crate::config::Config;
use crate::gateway::headers::Headers;
use crate::gateway::spent::Spent;
use crate::openai::{Endpoint, Error};
use crate::techniques::away::{self, Away};
use crate::techniques::run::{self, Run};
use crate::techniques::{Expression, Question, Settings, Tunables};
use crate::translate::errors::no_answer;
use crate::translate::told::told;

/// A technique at work on one request.
#[derive(Debug)]
pub(super) struct Techniques {
    config: Rc<Config>,
    settings: Rc<Settings>,
    run: Run,
    /// What clients call it.
    name: String,
    /// What each call has.
    headers: Headers,
    /// The cluster that is called.
    cluster: String,
    /// Whether that is another server's.
    is_away: bool,
    /// What the client calls the model.
    model: Option<String>,
    /// Calls under way, and the place of each in its step.
    calls: Vec<(u32, usize)>,
    /// What the client is told where there is no answer: the last failure of a call.
    failure: Option<(u16, Headers, Vec<u8>)>,
    /// Headers of the last answer to a call.
    told: Headers,
    /// By when all calls but the last one have to be over.
    until: SystemTime,
    held: Held,
}

/// What has come of it.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Not all yet.
    Pending,
    /// An answer for the client: status, headers, body.
    Answer(u16, Headers, Vec<u8>),
    /// The client's own request, with this body, is the last call.
    Last(Vec<u8>, Spent),
}

impl Techniques {
    /// Begins what a chat has chosen. `body` is the chat without what chose it; `sent` is what the client sent.
    pub(super) fn begin(
        config: &Rc<Config>,
        settings: &Rc<Settings>,
        (technique, tunables): (&Expression, &Tunables),
        body: Vec<u8>,
        model: Option<String>,
        sent: &Headers,
    ) -> Result<(Self, Outcome), Error> {
        let question = Question::read(&body)?;
        let now = host::now();
        let until = now.checked_add(settings.timeout).unwrap_or(now);
        let made = settings.begin(technique, tunables, &question.wants)?;
        let elsewhere = settings.upstream.as_ref().filter(|_| made.is_none());
        let (question, body) = match elsewhere {
            None => (question, body),
            Some(_) => {
                let body = away::asked(&body, technique);
                (Question::read(&body)?, body)
            }
        };
        let made = made.unwrap_or_else(|| Box::new(Away));
        let (cluster, headers) = match elsewhere {
            Some(elsewhere) => (&elsewhere.cluster, others_headers(&elsewhere.cluster)),
            None => (&settings.cluster, own_headers(config, sent)),
        };
        let (run, outcome) = Run::begin(made, question, body, &flows(config, model.as_deref()))?;
        let mut this = Self {
            config: Rc::clone(config),
            settings: Rc::clone(settings),
            run,
            name: technique.to_string(),
            headers,
            cluster: cluster.clone(),
            is_away: elsewhere.is_some(),
            model,
            calls: Vec::new(),
            failure: None,
            told: Headers::default(),
            until,
            held: Held::default(),
        };
        this.count(0)?;
        let outcome = this.go_on(outcome)?;
        Ok((this, outcome))
    }

    /// The headers by which a client knows what was done.
    pub(super) fn marks(&self) -> Headers {
        let mut marks = Headers::default();
        marks.push("x-technique", &self.name);
        marks.push("x-technique-calls", self.run.made().to_string());
        marks
    }

    /// Whether some calls are under way: Envoy does not call them off.
    pub(super) fn has_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// What it is called, and how many calls it has made.
    pub(super) fn so_far(&self) -> (&str, usize) {
        (&self.name, self.run.made())
    }

    /// Takes the answer of a call.
    pub(super) fn answered(&mut self, call: u32, headers: usize, size: usize) -> Result<Outcome, Error> {
        let Some(at) = self.calls.iter().position(|(known, _)| *known == call) else {
            return Ok(Outcome::Pending);
        };
        let (_, place) = self.calls.swap_remove(at);
        let body = self.reply(headers, size)?;
        let config = Rc::clone(&self.config);
        let model = self.model.clone();
        let outcome = self.run.came(place, body.as_deref(), &flows(&config, model.as_deref()));
        drop(body);
        self.count(0)?;
        match outcome {
            Ok(outcome) => self.go_on(outcome),
            // What there is to say has been said upstream.
            Err(error) => match self.failure.take() {
                Some((status, headers, body)) if error.status == 502 => {
                    Ok(Outcome::Answer(status, headers, body))
                }
                _ => Err(error),
            },
        }
    }

    /// What a call came to; `None`: it failed.
    fn reply(&mut self, headers: usize, size: usize) -> Result<Option<Vec<u8>>, Error> {
        if headers == 0 {
            return Ok(None);
        }
        let headers = host::headers(MapType::HttpCallResponseHeaders)
            .map_err(|_| host_failed("give an answer's headers"))?;
        if size > self.config.reply_bytes {
            return Ok(None);
        }
        // It, and what is read of it.
        self.count(size.saturating_mul(3))?;
        let body = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, size)
            .map_err(|_| host_failed("give an answer"))?;
        let status = headers.text(":status").and_then(|status| status.parse::<u16>().ok()).unwrap_or(502);
        let is_json = headers.text("content-type").is_some_and(|kind| kind.starts_with("application/json"));
        if status == 200 {
            self.told = headers.only(TOLD);
            return Ok(Some(body));
        }
        // Envoy's timers go by the time at which their loop's turn began: on a busy worker the call ends some milliseconds before
        // `until`, with a 504 in nobody's shape.
        let left = self.until.duration_since(host::now()).unwrap_or_default();
        if left.is_zero() || (status == 504 && !is_json && left < Duration::from_secs(1)) {
            return Err(took_too_long());
        }
        self.failure = if is_json && !self.is_away {
            let mut kept = headers.only(TOLD);
            kept.push("content-type", "application/json");
            Some((status, kept, body))
        } else {
            // Envoy's own answers to a call, or another server's, which nobody has given OpenAI's shape.
            host::log(LogLevel::Warn, || {
                format!("a call of the technique '{}' got status {status}", self.name)
            });
            None
        };
        Ok(None)
    }

    /// Makes the calls that may be made now, and tells the answer.
    fn go_on(&mut self, outcome: run::Outcome) -> Result<Outcome, Error> {
        match outcome {
            run::Outcome::Pending => {
                while self.calls.len() < self.settings.max_parallel && self.ask()? {}
                Ok(Outcome::Pending)
            }
            run::Outcome::Last(body, parted) => {
                Ok(Outcome::Last(body, Spent { usage: self.run.usage(), parted }))
            }
            run::Outcome::Answer(answer) => {
                let limit = self.config.reply_bytes;
                if answer.len() > limit {
                    return Err(no_answer(format!("The reply is larger than {limit} bytes.")));
                }
                let mut headers = std::mem::take(&mut self.told);
                headers.extend(&self.marks());
                let wants = self.run.wants();
                if !wants.stream {
                    headers.push("content-type", "application/json");
                    return Ok(Outcome::Answer(200, headers, answer));
                }
                headers.push("content-type", "text/event-stream; charset=utf-8");
                headers.push("cache-control", "no-cache");
                // It has been paid for: what it takes is counted and never refused.
                self.held.count(answer.len().saturating_mul(2));
                Ok(Outcome::Answer(200, headers, told(&answer, wants.include_usage)?))
            }
        }
    }

    /// Makes one more call, where there is one.
    fn ask(&mut self) -> Result<bool, Error> {
        let left = self.until.duration_since(host::now()).unwrap_or_default();
        // No time at all would be no limit at all.
        if left.as_millis() == 0 {
            return Err(took_too_long());
        }
        let Some((place, body)) = self.run.call()? else { return Ok(false) };
        self.count(body.capacity())?;
        let mut headers = self.headers.clone();
        headers.push("content-length", body.len().to_string());
        let call = host::call(&self.cluster, &headers, &body, left).map_err(|_| {
            let cluster = &self.cluster;
            host::log(LogLevel::Error, || {
                format!("techniques: there is no cluster '{cluster}', or it takes no more")
            });
            Error::new(500, "The gateway is not configured for techniques.").code("gateway_error")
        })?;
        drop(body);
        self.count(0)?;
        self.calls.push((call, place));
        Ok(true)
    }

    /// Counts what is held, and `more` for a moment.
    fn count(&mut self, more: usize) -> Result<(), Error> {
        let failure = self
            .failure
            .as_ref()
            .map_or(0, |(_, headers, body)| headers.held().saturating_add(body.capacity()));
        let parts = [self.run.held(), self.headers.held(), self.told.held(), failure, more];
        self.held.set(parts.into_iter().fold(0, usize::saturating_add), self.config.worker_bytes)
    }
}

/// What of an answer's headers is the client's.
const TOLD: &[&str] = &[
    "x-request-id",
    "x-bedrock-model",
    "x-bedrock-region",
    "x-bedrock-fallback",
    "x-ignored-parameters",
    "retry-after",
    "x-should-retry",
];

/// Whether the reply of a model, the client's where `None`, can be told as it comes: where a target gives replies of OpenAI's that go on
/// as they are, nobody would add up the tokens.
fn flows<'c>(config: &'c Config, asked: Option<&'c str>) -> impl Fn(Option<&str>) -> bool + 'c {
    move |model| {
        let resolved = config.models.resolve(model.or(asked), Endpoint::ChatCompletions);
        resolved.is_ok_and(|resolved| !resolved.targets.iter().any(|target| target.backend.speaks_openai()))
    }
}

/// What each call to this gateway itself has.
fn own_headers(config: &Config, sent: &Headers) -> Headers {
    let prefix = config.prefixes.first().map_or("", String::as_str);
    let path = [prefix, "/chat/completions"].concat();
    let is_other = |name: &[u8]| name != b":path";
    let passed = passed_on(sent);
    let mut headers: Headers = passed.iter().filter(|(name, _)| is_other(name)).collect();
    headers.push(":path", path);
    limits::mark_part(&mut headers);
    headers
}

/// What each call to another server has: nothing of the client's.
fn others_headers(cluster: &str) -> Headers {
    Headers::from_iter([
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", cluster),
        (":path", "/v1/chat/completions"),
        ("content-type", "application/json"),
    ])
}

fn took_too_long() -> Error {
    Error::new(504, "The technique took too long.").code("technique_timeout")
}
