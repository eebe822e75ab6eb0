//! The calls of a technique, in the gateway role: requests to this gateway itself with the caller's key, a limited number at a
//! time. So each has its own rights, attempts, targets and signature, like any request. The client's own request is held
//! meanwhile; where the technique allows, it becomes the last call.

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

/// A technique under way for one request.
#[derive(Debug)]
pub(super) struct Techniques {
    config: Rc<Config>,
    settings: Rc<Settings>,
    run: Run,
    /// The technique's name, as clients call it.
    name: String,
    /// The headers of each call.
    headers: Headers,
    /// The cluster that is called.
    cluster: String,
    /// Whether that cluster is another server (OptiLLM) instead of this gateway.
    is_away: bool,
    /// The model as the client names it.
    model: Option<String>,
    /// The calls under way: token, and index in the current step.
    calls: Vec<(u32, usize)>,
    /// The last failure of a call, which the client gets where there is no answer: status, headers, body.
    failure: Option<(u16, Headers, Vec<u8>)>,
    /// Headers of the last call's response that the client gets.
    told: Headers,
    /// The deadline of all calls but the last one.
    until: SystemTime,
    held: Held,
}

/// The state of the technique after a call's response.
#[derive(Debug)]
pub(super) enum Outcome {
    /// More responses are awaited.
    Pending,
    /// The client's answer: status, headers, body.
    Answer(u16, Headers, Vec<u8>),
    /// The client's own request, with this body, is to be the last call.
    Last(Vec<u8>, Spent),
}

impl Techniques {
    /// Begins the technique that a chat has chosen. `body` is the chat without the members that chose it; `sent` are the
    /// client's headers.
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

    /// Response headers that name the technique and its number of calls.
    pub(super) fn marks(&self) -> Headers {
        let mut marks = Headers::default();
        marks.push("x-technique", &self.name);
        marks.push("x-technique-calls", self.run.made().to_string());
        marks
    }

    /// Whether calls are under way. Envoy does not cancel them when the request ends.
    pub(super) fn has_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// The technique's name and the number of calls made.
    pub(super) fn so_far(&self) -> (&str, usize) {
        (&self.name, self.run.made())
    }

    /// Takes the response of a call.
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
            // The failed call's own error is the better one.
            Err(error) => match self.failure.take() {
                Some((status, headers, body)) if error.status == 502 => {
                    Ok(Outcome::Answer(status, headers, body))
                }
                _ => Err(error),
            },
        }
    }

    /// The outcome of a call: the body of its response; `None` where it failed.
    fn reply(&mut self, headers: usize, size: usize) -> Result<Option<Vec<u8>>, Error> {
        if headers == 0 {
            return Ok(None);
        }
        let headers = host::headers(MapType::HttpCallResponseHeaders)
            .map_err(|_| host_failed("give an answer's headers"))?;
        if size > self.config.reply_bytes {
            return Ok(None);
        }
        // Counts the body and its parsed form.
        self.count(size.saturating_mul(3))?;
        let body = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, size)
            .map_err(|_| host_failed("give an answer"))?;
        let status = headers.text(":status").and_then(|status| status.parse::<u16>().ok()).unwrap_or(502);
        let is_json = headers.text("content-type").is_some_and(|kind| kind.starts_with("application/json"));
        if status == 200 {
            self.told = headers.only(TOLD);
            return Ok(Some(body));
        }
        // Envoy's timers start from the beginning of the event loop's turn: on a busy worker a call ends some milliseconds
        // before `until`, with a 504 that is not in OpenAI's format.
        let left = self.until.duration_since(host::now()).unwrap_or_default();
        if left.is_zero() || (status == 504 && !is_json && left < Duration::from_secs(1)) {
            return Err(took_too_long());
        }
        self.failure = if is_json && !self.is_away {
            let mut kept = headers.only(TOLD);
            kept.push("content-type", "application/json");
            Some((status, kept, body))
        } else {
            // Envoy's own reply to the call, or another server's, which is not in OpenAI's format.
            host::log(LogLevel::Warn, || {
                format!("a call of the technique '{}' got status {status}", self.name)
            });
            None
        };
        Ok(None)
    }

    /// Makes the calls that may be made now, or returns the answer.
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
                // The answer is paid for already, so its bytes are counted and never refused.
                self.held.count(answer.len().saturating_mul(2));
                Ok(Outcome::Answer(200, headers, told(&answer, wants.include_usage)?))
            }
        }
    }

    /// Makes the next call, if there is one.
    fn ask(&mut self) -> Result<bool, Error> {
        let left = self.until.duration_since(host::now()).unwrap_or_default();
        // To Envoy a timeout of zero means none.
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

    /// Counts the bytes held, and `more` temporarily.
    fn count(&mut self, more: usize) -> Result<(), Error> {
        let failure = self
            .failure
            .as_ref()
            .map_or(0, |(_, headers, body)| headers.held().saturating_add(body.capacity()));
        let parts = [self.run.held(), self.headers.held(), self.told.held(), failure, more];
        self.held.set(parts.into_iter().fold(0, usize::saturating_add), self.config.worker_bytes)
    }
}

/// The response headers of a call that the client gets.
const TOLD: &[&str] = &[
    "x-request-id",
    "x-bedrock-model",
    "x-bedrock-region",
    "x-bedrock-fallback",
    "x-ignored-parameters",
    "retry-after",
    "x-should-retry",
];

/// Whether a model's reply (`None`: the client's model) can be streamed as the technique's answer. It cannot where a target
/// speaks OpenAI's API and its stream goes on untranslated: the tokens of the other calls could not be added.
fn flows<'c>(config: &'c Config, asked: Option<&'c str>) -> impl Fn(Option<&str>) -> bool + 'c {
    move |model| {
        let resolved = config.models.resolve(model.or(asked), Endpoint::ChatCompletions);
        resolved.is_ok_and(|resolved| !resolved.targets.iter().any(|target| target.backend.speaks_openai()))
    }
}

/// The headers of each call to this gateway itself.
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

/// The headers of each call to another server: none of the client's.
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
