//! One request from start to end: authentication, operation, faults, answer, log.

use crate::answer::{Answer, answer};
use crate::anthropic;
use crate::auth;
use crate::cache::Cache;
use crate::clock;
use crate::deliver::Delivery;
use crate::embeddings::{self, Embedded};
use crate::encoding::uuid;
use crate::errors::{AwsError, TYPE_SUFFIX};
use crate::faults::{Faults, Installed, Replacement};
use crate::guardrail;
use crate::issued::Issued;
use crate::journal::{Entry, Journal};
use crate::lists;
use crate::models::{Facts, Family, Models};
use crate::openai;
use crate::options::Options;
use crate::record::Recorder;
use crate::reply;
use crate::routes::{Operation, Route};
use crate::rules;
use crate::schema::Schema;
use crate::sigv4::Signed;
use crate::stream;
use crate::tokens;
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, Response, StatusCode, Version};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// The largest body that is read.
const MAX_BODY: usize = 32 << 20;
const JSON: &str = "application/json";
/// The service whose operations are the service model's.
const BEDROCK: &str = "bedrock";

/// Everything that lives as long as the emulator.
pub struct Service {
    options: Options,
    schema: Schema,
    models: RwLock<Arc<Models>>,
    faults: Installed,
    issued: Issued,
    journal: Journal,
    cache: Cache,
    recorder: Option<Recorder>,
    requests: AtomicU64,
    leaked: AtomicU64,
}

/// What the client gets: an answer, or a connection that ends.
pub type Outcome = Result<Response<Delivery>, std::io::Error>;

/// What an operation makes.
enum Made {
    Json(Value, Vec<(&'static str, String)>),
    Message(Answer),
    Stream(Answer),
    /// Events of InvokeModelWithResponseStream.
    Chunks(Vec<stream::Event>),
    /// A chat of OpenAI's, to a model; whole, or streamed with its usage or without.
    OpenAi(Answer, String, Option<bool>),
}

/// A request on a model that has passed.
struct Checked {
    /// The model's own id.
    model: String,
    body: Value,
    /// The answer of an embedding model.
    embedded: Option<Embedded>,
}

/// What is known of a request by the time it is logged.
#[derive(Default)]
struct Notes {
    model: Option<String>,
    auth: String,
    stream: bool,
    outcome: String,
    fault: String,
}

/// A request that is noted when it is over, also where its caller does not wait for the answer.
struct Noted<'a> {
    service: &'a Service,
    entry: Option<Entry>,
    notes: Notes,
    started: Instant,
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.service.note(entry, &self.notes.auth, self.notes.stream, self.started);
        }
    }
}

impl Service {
    /// Loads the shapes and the models.
    pub fn new(options: Options) -> Result<Self, String> {
        let recorder = options.record.clone().map(Recorder::new).transpose();
        Ok(Self {
            schema: Schema::load()?,
            models: RwLock::new(Arc::new(Models::new(&options.region, &options.models))),
            faults: Installed::new(options.faults.clone()),
            issued: Issued::default(),
            journal: Journal::default(),
            cache: Cache::default(),
            recorder: recorder.map_err(|e| format!("--record: {e}"))?,
            requests: AtomicU64::new(0),
            leaked: AtomicU64::new(0),
            options,
        })
    }

    /// Answers one request; `connection` is set when its connection is to be reset.
    pub async fn handle(&self, request: Request<Incoming>, connection: Arc<AtomicBool>) -> Outcome {
        let started = Instant::now();
        let (parts, body) = request.into_parts();
        let body = match Limited::new(body, MAX_BODY).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                let error = AwsError::new("RequestEntityTooLargeException", "Request is too large.");
                return Ok(self.error(&error, &Faults::default()));
            }
            Err(error) => return Err(std::io::Error::other(error.to_string())),
        };
        let path = parts.uri.path();
        let route = match Route::of(parts.method.as_str(), path) {
            route @ (Route::Admin(_) | Route::OpenAiChat) => route,
            _ if self.options.service != BEDROCK => Route::Unknown,
            route => route,
        };
        if let Route::Admin(what) = &route {
            return Ok(self.admin(parts.method.as_str(), what, &body));
        }
        let host = parts.uri.authority().map_or("", |a| a.as_str());
        let signed = Signed {
            method: parts.method.as_str(),
            path,
            query: parts.uri.query().unwrap_or_default(),
            headers: &parts.headers,
            host,
            body: &body,
        };
        let mut notes = Notes::default();
        if let Route::Model(operation, id) = &route {
            notes.model = Some(id.clone());
            notes.stream = operation.streams();
        }
        let leaks = auth::leaks(&parts.headers);
        let header = parts.headers.get("x-emulator").map(|v| String::from_utf8_lossy(v.as_bytes()));
        let (mut faults, made) = match self.authenticate(&signed, &mut notes) {
            Err(error) => (Arc::default(), Err(error)),
            Ok(()) => {
                let made = self.run(&route, &signed, &header);
                // A fault never hides that AWS would have refused the request.
                match made {
                    Ok((faults, made)) => (faults, Ok(made)),
                    Err(error) => (Arc::default(), Err(error)),
                }
            }
        };
        let made = match (&faults.error, made) {
            (Some(error), Ok(_)) => Err(error.clone()),
            (_, made) => made,
        };
        if faults.text.is_empty() && made.is_err() {
            faults = Arc::default();
        }
        notes.fault.clone_from(&faults.text);
        let query = parts.uri.query().map(|q| format!("?{q}")).unwrap_or_default();
        let entry = Entry {
            number: self.requests.fetch_add(1, Ordering::Relaxed) + 1,
            time: clock::now(),
            method: parts.method.to_string(),
            path: format!("{path}{query}"),
            model: notes.model.take(),
            version: format!("{:?}", parts.version),
            headers: parts.headers,
            body,
            status: 0,
            outcome: "the caller left".to_owned(),
            fault: notes.fault.clone(),
            leaks,
        };
        let mut noted = Noted { service: self, entry: Some(entry), notes, started };
        if faults.slow > 0 {
            tokio::time::sleep(Duration::from_millis(faults.slow)).await;
        }
        let latency = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        let outcome = if faults.reset.is_some_and(|n| n < 0) {
            noted.notes.outcome = "reset before the headers".to_owned();
            connection.store(true, Ordering::Relaxed);
            Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
        } else {
            // HTTP/2 resets the stream, not the connection.
            let is_http1 = parts.version == Version::HTTP_11 || parts.version == Version::HTTP_10;
            let connection = if is_http1 { Arc::clone(&connection) } else { Arc::default() };
            Ok(self.respond(&route, made, &faults, latency, connection, &mut noted.notes))
        };
        if let Some(entry) = &mut noted.entry {
            entry.status = outcome.as_ref().map_or(0, |r| r.status().as_u16());
            entry.outcome = std::mem::take(&mut noted.notes.outcome);
        }
        outcome
    }

    fn authenticate(&self, request: &Signed<'_>, notes: &mut Notes) -> Result<(), AwsError> {
        match auth::check(request, &self.options, &self.issued, clock::now()) {
            Ok(how) => {
                how.clone_into(&mut notes.auth);
                Ok(())
            }
            Err(error) => {
                // The rest of the text holds the canonical request: too long for a line.
                let why = error.message.lines().next().unwrap_or_default();
                notes.auth = format!("refused: {}: {why}", error.name);
                Err(error)
            }
        }
    }

    fn run(
        &self,
        route: &Route,
        request: &Signed<'_>,
        header: &Option<std::borrow::Cow<'_, str>>,
    ) -> Result<(Arc<Faults>, Made), AwsError> {
        let faults = || {
            self.faults
                .for_request(header.as_deref())
                .map_err(|e| AwsError::validation(format!("x-emulator: {e}")))
        };
        let made = |m: Result<Value, AwsError>| m.map(|v| Made::Json(v, Vec::new()));
        match route {
            Route::FoundationModels => {
                let made = made(lists::foundation_models(&self.models(), request.query))?;
                Ok((faults()?, made))
            }
            Route::InferenceProfiles => {
                // What is wrong with the request goes before any fault, and is not counted.
                lists::inference_profiles(&self.models(), request.query, &Faults::default())?;
                let faults = faults()?;
                let made = made(lists::inference_profiles(&self.models(), request.query, &faults))?;
                Ok((faults, made))
            }
            Route::Model(operation, id) => {
                let checked = self.checked(*operation, id, request);
                if let Some(recorder) = &self.recorder {
                    let error = checked.as_ref().err().map(|e| format!("{}: {}", e.name, e.message));
                    recorder.write(operation.name(), id, error.as_deref(), request.body);
                }
                let checked = checked?;
                let faults = faults()?;
                if faults.error.is_some() {
                    // Refused on demand: nothing is answered, nothing cached.
                    return Ok((faults, Made::Json(Value::Null, Vec::new())));
                }
                let made = self.operate(*operation, checked, &faults);
                Ok((faults, made))
            }
            Route::Guardrail(id, version) => {
                let is_number = !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit());
                if !id.bytes().all(|b| b.is_ascii_alphanumeric()) || !(is_number || version == "DRAFT") {
                    return Err(AwsError::named("ResourceNotFoundException"));
                }
                let body: Value = serde_json::from_slice(request.body).map_err(|e| {
                    AwsError::new("SerializationException", format!("The body is not JSON: {e}"))
                })?;
                self.schema.check("ApplyGuardrailRequest", &body)?;
                Ok((faults()?, Made::Json(guardrail::apply(&body), Vec::new())))
            }
            Route::OpenAiChat => {
                let (model, body) = self.openai_checked(request)?;
                let faults = faults()?;
                let streamed = body.get("stream").and_then(Value::as_bool).unwrap_or_default().then(|| {
                    body.pointer("/stream_options/include_usage").and_then(Value::as_bool).unwrap_or_default()
                });
                let body = openai::converse(&body)?;
                let usage = self.cache.count(&model, &body);
                let answer = answer(&body, &Facts::of(&model), &faults, usage);
                Ok((faults, Made::OpenAi(answer, model, streamed)))
            }
            Route::Admin(_) | Route::Unknown => Err(AwsError::named("UnknownOperationException")),
        }
    }

    /// What there is at the moment.
    fn models(&self) -> Arc<Models> {
        Arc::clone(&self.models.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change_models(&self, models: Models) {
        *self.models.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(models);
    }

    /// All that can be wrong with a chat of OpenAI's.
    fn openai_checked(&self, request: &Signed<'_>) -> Result<(String, Value), AwsError> {
        let body: Value = serde_json::from_slice(request.body)
            .map_err(|e| AwsError::validation(format!("The body is not JSON: {e}")))?;
        let asked = body.get("model").and_then(Value::as_str).unwrap_or_default();
        let model = self.models().resolve(asked)?.id.clone();
        openai::converse(&body)?;
        Ok((model, body))
    }

    /// All that can be wrong with a request on a model; gives what is left to answer.
    fn checked(&self, operation: Operation, id: &str, request: &Signed<'_>) -> Result<Checked, AwsError> {
        let content_type =
            request.headers.get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case(JSON) {
            return Err(AwsError::validation(format!(
                "The content type `{essence}` is not supported: it must be application/json."
            )));
        }
        let body: Value = serde_json::from_slice(request.body)
            .map_err(|e| AwsError::new("SerializationException", format!("The body is not JSON: {e}")))?;
        let models = self.models();
        let model = models.resolve(id)?;
        let shape = match operation {
            Operation::Converse => "ConverseRequest",
            Operation::ConverseStream => "ConverseStreamRequest",
            Operation::CountTokens => "CountTokensRequest",
            Operation::InvokeModel | Operation::InvokeStream => {
                // Each family has its own format: checked where it is answered.
                if matches!(model.facts.family, Family::Claude(_)) {
                    let body = anthropic::converse(&body)?;
                    rules::check(&body, &model.facts)?;
                    return Ok(Checked { model: model.id.clone(), body, embedded: None });
                }
                let embedded = embeddings::invoke(&model.id, &body)?;
                return Ok(Checked { model: model.id.clone(), body, embedded: Some(embedded) });
            }
        };
        self.schema.check(shape, &body)?;
        if model.facts.family == Family::Embedding {
            return Err(AwsError::validation(format!(
                "The action doesn't support the model that you provided. Try again with a supported text or chat \
                 model. ({id})"
            )));
        }
        let conversation = match operation {
            Operation::CountTokens => body.pointer("/input/converse"),
            _ => Some(&body),
        };
        if let Some(conversation) = conversation {
            rules::check(conversation, &model.facts)?;
        }
        Ok(Checked { model: model.id.clone(), body, embedded: None })
    }

    fn operate(&self, operation: Operation, checked: Checked, faults: &Faults) -> Made {
        let Checked { model, body, embedded } = checked;
        if let Some(embedded) = embedded {
            let headers = vec![
                ("x-amzn-bedrock-input-token-count", embedded.tokens.to_string()),
                ("x-amzn-bedrock-invocation-latency", "1".to_owned()),
            ];
            return Made::Json(embedded.body, headers);
        }
        if operation == Operation::CountTokens {
            let input = body.get("input").unwrap_or(&Value::Null);
            return Made::Json(json!({"inputTokens": tokens::of_value(input).max(1)}), Vec::new());
        }
        let facts = Facts::of(&model);
        let answer = answer(&body, &facts, faults, self.cache.count(&model, &body));
        match operation {
            Operation::Converse => Made::Message(answer),
            Operation::InvokeModel => {
                let headers = vec![
                    ("x-amzn-bedrock-input-token-count", answer.usage.input.to_string()),
                    ("x-amzn-bedrock-output-token-count", answer.usage.output.to_string()),
                    ("x-amzn-bedrock-invocation-latency", "1".to_owned()),
                ];
                Made::Json(anthropic::message(&answer, &model), headers)
            }
            Operation::InvokeStream => Made::Chunks(anthropic::chunks(&answer, &model)),
            _ => Made::Stream(answer),
        }
    }

    fn respond(
        &self,
        route: &Route,
        made: Result<Made, AwsError>,
        faults: &Faults,
        latency: u64,
        connection: Arc<AtomicBool>,
        notes: &mut Notes,
    ) -> Response<Delivery> {
        if let (Some(replacement), Ok(_)) = (faults.replacement, &made) {
            notes.outcome = format!("{replacement:?}");
            return self.replacement(replacement, route);
        }
        match made {
            Err(error) => {
                notes.outcome =
                    format!("{}: {}", error.name, error.message.lines().next().unwrap_or_default());
                if *route == Route::Unknown && error.name == "UnknownOperationException" {
                    let body = r#"{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}"#;
                    return self.response(404, JSON, Delivery::whole(Bytes::from_static(body.as_bytes())));
                }
                let mut response = self.error(&error, faults);
                if *route == Route::OpenAiChat {
                    *response.body_mut() = Delivery::whole(openai::error_body(&error).to_string().into());
                    response.headers_mut().remove("x-amzn-errortype");
                }
                response
            }
            Ok(Made::OpenAi(answer, model, None)) => {
                notes.outcome = summary(&answer);
                self.json(&openai::completion(&answer, &model), faults, connection)
            }
            Ok(Made::OpenAi(answer, model, Some(usage))) => {
                notes.outcome = summary(&answer);
                let events = openai::events(&answer, &model, usage, faults);
                let body = Delivery::shaped(events, faults, &self.options.manner, connection);
                self.response(200, "text/event-stream", body)
            }
            Ok(Made::Chunks(events)) => {
                notes.outcome = "ok".to_owned();
                let body = Delivery::shaped(
                    stream::frames(events, faults),
                    faults,
                    &self.options.manner,
                    connection,
                );
                let mut response = self.response(200, "application/vnd.amazon.eventstream", body);
                response.headers_mut().insert("x-amzn-bedrock-content-type", HeaderValue::from_static(JSON));
                response
            }
            Ok(Made::Json(value, headers)) => {
                notes.outcome = "ok".to_owned();
                let mut response = self.json(&value, faults, connection);
                for (name, value) in headers {
                    if let Ok(value) = HeaderValue::from_str(&value) {
                        response.headers_mut().insert(HeaderName::from_static(name), value);
                    }
                }
                response
            }
            Ok(Made::Message(answer)) => {
                notes.outcome = summary(&answer);
                self.json(&reply::converse(&answer, faults, latency), faults, connection)
            }
            Ok(Made::Stream(answer)) => {
                notes.outcome = summary(&answer);
                let frames = stream::frames(stream::events(&answer, faults, latency), faults);
                let body = Delivery::shaped(frames, faults, &self.options.manner, connection);
                Self::announced(self.response(200, "application/vnd.amazon.eventstream", body), faults)
            }
        }
    }

    fn json(&self, value: &Value, faults: &Faults, connection: Arc<AtomicBool>) -> Response<Delivery> {
        let bytes = Bytes::from(value.to_string());
        let manner = &self.options.manner;
        let shaped = faults.reset.is_some()
            || faults.stall.is_some()
            || faults.cut_bytes.is_some()
            || faults.no_first
            || faults.trailers
            || faults.split.or(manner.split).is_some();
        let body = if shaped {
            // Two halves stand for the frames that a plain answer does not have.
            let (mut first, mut bytes) = (Vec::new(), bytes);
            first.push(bytes.split_to(bytes.len() / 2));
            first.push(bytes);
            Delivery::shaped(first, faults, manner, connection)
        } else {
            Delivery::whole(bytes)
        };
        Self::announced(self.response(200, JSON, body), faults)
    }

    /// HTTP/1.1 sends only trailers that were announced (and only to clients that say `te: trailers`).
    fn announced(mut response: Response<Delivery>, faults: &Faults) -> Response<Delivery> {
        if faults.trailers {
            response.headers_mut().insert("trailer", HeaderValue::from_static("x-emulator-trailer"));
        }
        response
    }

    fn error(&self, error: &AwsError, faults: &Faults) -> Response<Delivery> {
        let mut body = error.body();
        if let Value::Object(map) = &mut body {
            if faults.style.capital
                && let Some(message) = map.remove("message")
            {
                map.insert("Message".to_owned(), message);
            }
            if faults.style.in_body {
                map.insert("__type".to_owned(), format!("com.amazon.bedrock#{}", error.name).into());
            }
        }
        let status = faults.status.unwrap_or(error.status);
        let mut response = self.response(status, JSON, Delivery::whole(body.to_string().into()));
        if !faults.style.in_body
            && let Ok(value) = HeaderValue::from_str(&format!("{}{TYPE_SUFFIX}", error.name))
        {
            response.headers_mut().insert("x-amzn-errortype", value);
        }
        if let Some(Ok(value)) = faults.retry_after.as_deref().map(HeaderValue::from_str) {
            response.headers_mut().insert("retry-after", value);
        }
        response
    }

    fn replacement(&self, what: Replacement, route: &Route) -> Response<Delivery> {
        let stream = matches!(route, Route::Model(operation, _) if operation.streams());
        let usual = if stream { "application/vnd.amazon.eventstream" } else { JSON };
        let (kind, body): (&str, &'static [u8]) = match what {
            Replacement::Garbage => {
                ("text/html", b"<!doctype html><html><body><h1>It works!</h1></body></html>")
            }
            Replacement::Empty => (usual, b""),
            Replacement::NotJson => (JSON, br#"{"output":{"message":{"role":"assistant","content":[{"te"#),
            Replacement::NoOutput => (JSON, b"{}"),
        };
        self.response(200, kind, Delivery::whole(Bytes::from_static(body)))
    }

    fn response(&self, status: u16, content_type: &'static str, body: Delivery) -> Response<Delivery> {
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert("content-type", HeaderValue::from_static(content_type));
        if let Ok(id) = HeaderValue::from_str(&uuid()) {
            headers.insert("x-amzn-requestid", id);
        }
        if let Some(Ok(name)) = self.options.name.as_deref().map(HeaderValue::from_str) {
            headers.insert("x-emulator-name", name);
        }
        response
    }

    fn admin(&self, method: &str, what: &str, body: &Bytes) -> Response<Delivery> {
        let text =
            |status: u16, text: String| self.response(status, "text/plain", Delivery::whole(text.into()));
        match (method, what) {
            ("GET", "health") => {
                let body = json!({"status": "ok", "name": self.options.name, "region": self.options.region,
                    "requests": self.requests.load(Ordering::Relaxed), "leaks": self.leaked.load(Ordering::Relaxed),
                    "fault": self.faults.text()});
                self.response(200, JSON, Delivery::whole(body.to_string().into()))
            }
            ("GET", "requests") => {
                self.response(200, JSON, Delivery::whole(self.journal.list().to_string().into()))
            }
            ("DELETE", "requests") => {
                self.journal.clear();
                text(204, String::new())
            }
            ("POST", "credentials") => match self.issued.add(body) {
                Ok(()) => text(204, String::new()),
                Err(error) => text(400, error),
            },
            ("GET", "credentials") => {
                self.response(200, JSON, Delivery::whole(self.issued.list().to_string().into()))
            }
            ("POST", "models") => match self.models().changed(body) {
                Ok(models) => {
                    self.change_models(models);
                    text(204, String::new())
                }
                Err(error) => text(400, error),
            },
            ("DELETE", "models") => {
                self.change_models(Models::new(&self.options.region, &self.options.models));
                text(204, String::new())
            }
            ("GET", "faults") => text(200, self.faults.text()),
            ("POST" | "PUT", "faults") => match Faults::parse(&String::from_utf8_lossy(body)) {
                Ok(faults) => {
                    self.faults.replace(faults);
                    text(200, self.faults.text())
                }
                Err(error) => text(400, error),
            },
            ("DELETE", "faults") => {
                self.faults.replace(Faults::default());
                text(204, String::new())
            }
            _ => text(404, "no such page of the emulator".to_owned()),
        }
    }

    /// The line of the log, and the entry of the journal.
    fn note(&self, entry: Entry, auth: &str, stream: bool, started: Instant) {
        if !entry.leaks.is_empty() {
            self.leaked.fetch_add(1, Ordering::Relaxed);
        }
        if !self.options.quiet {
            let name = self.options.name.as_deref().map(|n| format!(" [{n}]")).unwrap_or_default();
            let model = entry.model.as_deref().unwrap_or("-");
            let kind = if stream { "stream" } else { "plain" };
            let (iso, millis) = (clock::iso(entry.time), clock::millis());
            let time = iso.trim_end_matches('Z');
            let mut line = format!(
                "{time}.{millis:03}Z{name} {} {} model={model} auth=\"{auth}\" {kind} in={} status={} {}us: {}",
                entry.method,
                entry.path,
                entry.body.len(),
                entry.status,
                started.elapsed().as_micros(),
                entry.outcome,
            );
            if !entry.fault.is_empty() {
                line.push_str(&format!(" fault={}", entry.fault));
            }
            if !entry.leaks.is_empty() {
                line.push_str(&format!(" leak: {}", entry.leaks.join(", ")));
            }
            line.push('\n');
            // A closed stdout is no reason to stop serving.
            let _ = std::io::stdout().lock().write_all(line.as_bytes());
        }
        self.journal.add(entry);
    }
}

fn summary(answer: &Answer) -> String {
    let (read, written) = answer.usage.cache.unwrap_or_default();
    format!(
        "{} tokens={}+{}+{}cached/{}",
        answer.stop, answer.usage.input, written, read, answer.usage.output
    )
}
