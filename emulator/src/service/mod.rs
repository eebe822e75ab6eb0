//! One request from start to end: authentication, operation, faults, answer, log.
//!
//! [`checks`] finds what AWS refuses, [`operations`] makes the answer, [`responses`] gives it the form of the API, [`log`]
//! records it, [`tally`] counts its tokens. [`admin`] serves the emulator's own pages.

mod admin;
mod checks;
mod log;
mod operations;
mod responses;
mod tally;

use crate::account::Account;
use crate::auth;
use crate::cache::Cache;
use crate::clock;
use crate::deliver::Delivery;
use crate::errors::AwsError;
use crate::faults::{Faults, Installed};
use crate::issued::Issued;
use crate::journal::{Entry, Journal};
use crate::models::Models;
use crate::options::Options;
use crate::record::Recorder;
use crate::routes::Route;
use crate::schema::Schema;
use crate::sigv4::Signed;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response, Version};
use log::{Noted, Notes};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Largest body, bytes.
const MAX_BODY: usize = 32 << 20;
const JSON: &str = "application/json";
/// The service whose operations are checked by the service model.
const BEDROCK: &str = "bedrock";

/// Everything that lives as long as the emulator.
pub struct Service {
    options: Options,
    schema: Schema,
    models: RwLock<Arc<Models>>,
    faults: Installed,
    issued: Issued,
    journal: Journal,
    account: Arc<Account>,
    cache: Cache,
    recorder: Option<Recorder>,
    requests: AtomicU64,
    leaked: AtomicU64,
}

/// The client's answer, or a connection that ends.
pub type Outcome = Result<Response<Delivery>, std::io::Error>;

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
            account: Arc::default(),
            cache: Cache::default(),
            recorder: recorder.map_err(|e| format!("--record: {e}"))?,
            requests: AtomicU64::new(0),
            leaked: AtomicU64::new(0),
            options,
        })
    }

    /// Answers one request; sets `connection` if it is to be reset.
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
                // A refusal by AWS takes precedence over a fault.
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
            // In HTTP/2 the stream is reset, not the connection.
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
        match auth::check(request, &self.options, &self.issued, clock::now() + self.options.clock_ahead) {
            Ok(how) => {
                how.clone_into(&mut notes.auth);
                Ok(())
            }
            Err(error) => {
                // The rest of the text is the canonical request, too long for a log line.
                let why = error.message.lines().next().unwrap_or_default();
                notes.auth = format!("refused: {}: {why}", error.name);
                Err(error)
            }
        }
    }

    /// The current models.
    fn models(&self) -> Arc<Models> {
        Arc::clone(&self.models.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change_models(&self, models: Models) {
        *self.models.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(models);
    }
}
