//! The form of an answer: JSON, frames, server-sent events, an error, or what a fault replaces it by.

use super::log::{Notes, summary};
use super::operations::Made;
use super::tally::{self, Tally};
use super::{JSON, Service};
use crate::deliver::Delivery;
use crate::encoding::uuid;
use crate::errors::{AwsError, TYPE_SUFFIX};
use crate::faults::{Faults, Replacement};
use crate::openai;
use crate::reply;
use crate::routes::Route;
use crate::stream;
use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

impl Service {
    /// The client's response. `latency` is in milliseconds; `connection` is set if it is to be reset.
    pub(super) fn respond(
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
            Ok(Made::Chunks(events, usage)) => {
                notes.outcome = "ok".to_owned();
                let progress = tally::of_chunks(&events, usage.output);
                let frames = stream::frames(events, faults);
                let tally = Tally::of_frames(usage, progress, &frames, faults);
                let body = Delivery::shaped(frames, faults, &self.options.manner, connection);
                let mut response = self.response(200, "application/vnd.amazon.eventstream", body);
                response.headers_mut().insert("x-amzn-bedrock-content-type", HeaderValue::from_static(JSON));
                if faults.fails_at_once() { response } else { self.counted(response, route, tally) }
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
            Ok(Made::Invoked(value, headers, usage)) => {
                let tally = Tally::of_body(usage, value.to_string().len(), true);
                let made = Ok(Made::Json(value, headers));
                let response = self.respond(route, made, faults, latency, connection, notes);
                self.counted(response, route, tally)
            }
            Ok(Made::Message(answer)) => {
                notes.outcome = summary(&answer);
                let body = reply::converse(&answer, faults, latency);
                // An incomplete answer cannot be parsed.
                let is_whole = faults.reset.is_none() && faults.stall.is_none() && faults.cut_bytes.is_none();
                let is_told = is_whole && !faults.no_metadata;
                let tally = Tally::of_body(answer.usage, body.to_string().len(), is_told);
                self.counted(self.json(&body, faults, connection), route, tally)
            }
            Ok(Made::Stream(answer)) => {
                notes.outcome = summary(&answer);
                let events = stream::events(&answer, faults, latency);
                let progress = tally::of_events(&events);
                let frames = stream::frames(events, faults);
                let tally = Tally::of_frames(answer.usage, progress, &frames, faults);
                let body = Delivery::shaped(frames, faults, &self.options.manner, connection);
                let response = self.response(200, "application/vnd.amazon.eventstream", body);
                let response = Self::announced(response, faults);
                if faults.fails_at_once() { response } else { self.counted(response, route, tally) }
            }
        }
    }

    /// Adds an entry to the account of tokens.
    fn counted(&self, mut response: Response<Delivery>, route: &Route, tally: Tally) -> Response<Delivery> {
        if let Route::Model(_, model) = route {
            let id = response.headers().get("x-amzn-requestid").and_then(|id| id.to_str().ok());
            let watch = self.account.open(id.unwrap_or_default(), model, tally.cost, tally.marks);
            response.body_mut().watch(watch);
        }
        response
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
            // An answer without frames is sent in two halves instead.
            let (mut first, mut bytes) = (Vec::new(), bytes);
            first.push(bytes.split_to(bytes.len() / 2));
            first.push(bytes);
            Delivery::shaped(first, faults, manner, connection)
        } else {
            Delivery::whole(bytes)
        };
        Self::announced(self.response(200, JSON, body), faults)
    }

    /// Announces trailers, which HTTP/1.1 requires (and sends only to clients with `te: trailers`).
    fn announced(mut response: Response<Delivery>, faults: &Faults) -> Response<Delivery> {
        if faults.trailers {
            response.headers_mut().insert("trailer", HeaderValue::from_static("x-emulator-trailer"));
        }
        response
    }

    /// An error with AWS's text, in the form that the faults request.
    pub(super) fn error(&self, error: &AwsError, faults: &Faults) -> Response<Delivery> {
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

    /// A response with the headers that all have.
    pub(super) fn response(
        &self,
        status: u16,
        content_type: &'static str,
        body: Delivery,
    ) -> Response<Delivery> {
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
}
