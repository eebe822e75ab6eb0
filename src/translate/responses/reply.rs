//! Translates an answer into a response: its events while it streams, and the whole response at the end.

use std::borrow::Cow;

use crate::bedrock::citation::Citation;
use crate::bedrock::reply::Usage;
use crate::openai::Error;
use crate::openai::completion::Annotation;
use crate::openai::responses::event::{Events, Member, Value, object};
use crate::translate::Answered;
use crate::translate::answer::{Event, Front, Streaming, Why, Writer};
use crate::translate::front::annotation::annotation;
use crate::translate::usage::usage;
use crate::wire::{self, Str};

use super::item::{Item, Kind};
use super::output::Output;
use super::part::{self, Form};
use super::tools::Special;

/// Facts about the request that the translation of the reply needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// The model whose reasoning it is: Bedrock's id without a profile's prefix.
    pub(super) thinker: String,
    /// Tools whose calls have another form than a function's.
    pub(super) special: Vec<Special>,
    /// Whether reasoning is sent as a summary.
    pub(super) summary: bool,
    /// The members of the request that the response repeats, an object.
    pub(super) echo: Vec<u8>,
}

/// A response under way.
#[derive(Debug)]
pub struct Response<'r> {
    asked: Cow<'r, Asked>,
    created: u64,
    /// The sequence number of the next event.
    sequence: u64,
    output: Output,
    /// Characters of text so far.
    characters: usize,
    why: Option<Why>,
}

/// A response that is not streamed.
pub(super) struct Whole<'r> {
    response: Response<'r>,
    /// The response, once complete.
    pub(super) object: Option<Vec<u8>>,
}

/// The stream of a response.
pub type Stream = Streaming<Response<'static>>;

impl<'r> Response<'r> {
    pub(super) fn new(asked: Cow<'r, Asked>, answered: Answered<'_>) -> Self {
        Self {
            asked,
            output: Output::new(answered.request_id),
            created: answered.created,
            sequence: 0,
            characters: 0,
            why: None,
        }
    }

    /// The response so far, without the request's members.
    fn head(&self, status: &'static str, own: &[Member<'_>], usage: Option<&Usage>) -> Vec<u8> {
        let id = format!("resp_{}", self.output.request);
        let usage = usage.map_or_else(|| b"null".to_vec(), tokens);
        let mut members = vec![
            ("id", Value::Text(&id)),
            ("object", Value::Text("response")),
            ("created_at", Value::Number(self.created)),
            // The time of completion is not known here.
            ("completed_at", Value::Json(b"null")),
            ("status", Value::Text(status)),
            ("output", Value::Entries(self.output.done())),
            ("usage", Value::Json(&usage)),
        ];
        members.extend_from_slice(own);
        for (name, value) in
            [("error", "null"), ("incomplete_details", "null"), ("service_tier", "\"default\"")]
        {
            if !own.iter().any(|(given, _)| *given == name) {
                members.push((name, Value::Json(value.as_bytes())));
            }
        }
        let mut out = Vec::new();
        object(&mut out, &members);
        out.pop();
        out
    }

    /// The whole response from its `head`, in parts: the repeated members may be as large as a request, and are not copied.
    fn pieces<'s>(&'s self, head: &'s [u8]) -> [&'s [u8]; 3] {
        match self.asked.echo.strip_prefix(b"{") {
            Some(echo) => [head, b",", echo],
            None => [head, b"", b"}"],
        }
    }
}

impl Asked {
    /// Bytes held.
    pub(super) fn held(&self) -> usize {
        let special = self.special.iter().map(Special::held);
        special.chain([self.thinker.capacity(), self.echo.capacity()]).fold(0, usize::saturating_add)
    }
}

/// Token counts in OpenAI's form, which always has all members. Bedrock does not count reasoning apart.
fn tokens(bedrock: &Usage) -> Vec<u8> {
    let counted = usage(bedrock);
    let (cached, written) = counted
        .prompt_tokens_details
        .map_or((0, 0), |details| (details.cached_tokens, details.cache_write_tokens));
    let (mut input, mut output, mut out) = (Vec::new(), Vec::new(), Vec::new());
    object(
        &mut input,
        &[("cached_tokens", Value::Number(cached)), ("cache_write_tokens", Value::Number(written))],
    );
    object(&mut output, &[("reasoning_tokens", Value::Number(0))]);
    object(
        &mut out,
        &[
            ("input_tokens", Value::Number(counted.prompt_tokens)),
            ("input_tokens_details", Value::Json(&input)),
            ("output_tokens", Value::Number(counted.completion_tokens)),
            ("output_tokens_details", Value::Json(&output)),
            ("total_tokens", Value::Number(counted.total_tokens)),
        ],
    );
    out
}

impl<'r> Whole<'r> {
    pub(super) fn new(asked: &'r Asked, answered: Answered<'_>) -> Self {
        Self { response: Response::new(Cow::Borrowed(asked), answered), object: None }
    }
}

impl<'a> Front<'a> for Whole<'_> {
    fn event(&mut self, event: Event<'a>) {
        match event {
            Event::Begins => {}
            Event::Ends { usage, service_tier } => {
                let head = self.response.end(usage.as_ref(), service_tier.as_ref()).1;
                self.object = Some(self.response.pieces(&head).concat());
            }
            event => self.response.tell(event, None),
        }
    }
}

impl Writer for Response<'_> {
    fn held(&self) -> usize {
        self.output.held().saturating_add(self.asked.held())
    }

    fn event(&mut self, event: Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Begins => self.begin(out),
            Event::Ends { usage, service_tier } => {
                let (kind, head) = self.end(usage.as_ref(), service_tier.as_ref());
                let mut sequence = self.sequence;
                let mut events = Events { sequence: &mut sequence, out: Some(out) };
                events.event(kind, &[("response", Value::Pieces(&self.pieces(&head)))]);
                self.sequence = sequence;
            }
            event => self.tell(event, Some(out)),
        }
    }

    fn fail(&self, error: &Error, out: &mut Vec<u8>) {
        // Other errors have the general code (OpenAI API reference, "ResponseError").
        let code = match error.status {
            429 => "rate_limit_exceeded",
            400..500 => "invalid_prompt",
            _ => "server_error",
        };
        let mut told = Vec::new();
        object(&mut told, &[("code", Value::Text(code)), ("message", Value::Text(&error.message))]);
        let head = self.head("failed", &[("error", Value::Json(&told))], None);
        let mut sequence = self.sequence;
        let mut events = Events { sequence: &mut sequence, out: Some(out) };
        events.event("response.failed", &[("response", Value::Pieces(&self.pieces(&head)))]);
    }
}

impl Response<'_> {
    fn begin(&mut self, out: &mut Vec<u8>) {
        let head = self.head("in_progress", &[], None);
        let mut sequence = self.sequence;
        let mut events = Events { sequence: &mut sequence, out: Some(out) };
        for kind in ["response.created", "response.in_progress"] {
            events.event(kind, &[("response", Value::Pieces(&self.pieces(&head)))]);
        }
        self.sequence = sequence;
    }

    /// The last event's type, and the response in it without the request's members.
    fn end(&self, usage: Option<&Usage>, service_tier: Option<&Str<'_>>) -> (&'static str, Vec<u8>) {
        let reason = match self.why {
            Some(Why::Limit | Why::Context) => Some("max_output_tokens"),
            Some(Why::Filter | Why::Refused) => Some("content_filter"),
            _ => None,
        };
        let mut details = Vec::new();
        let mut own = Vec::new();
        if let Some(reason) = reason {
            object(&mut details, &[("reason", Value::Text(reason))]);
            own.push(("incomplete_details", Value::Json(&details)));
        }
        own.extend(service_tier.map(|tier| ("service_tier", Value::Str(tier))));
        match reason {
            Some(_) => ("response.incomplete", self.head("incomplete", &own, usage)),
            None => ("response.completed", self.head("completed", &own, usage)),
        }
    }

    fn tell(&mut self, event: Event<'_>, out: Option<&mut Vec<u8>>) {
        let Self { asked, output, sequence, characters, why, .. } = self;
        let mut events = Events { sequence, out };
        match event {
            Event::Text { block, text } if !text.is_empty() => {
                let item = output.message(block, *characters, asked, &mut events);
                add(item, &part::TEXT, &text, &mut events);
                *characters = characters.saturating_add(text.chars().count());
            }
            Event::Citation { block, citation, start, end } => {
                let Some(item) = output.message(block, *characters, asked, &mut events) else { return };
                let before = if let Kind::Message { start } = item.kind { start } else { 0 };
                let [start, end] = [start, end].map(|at| at.saturating_sub(before));
                if let (Some(part), place) = item.part(&part::TEXT, &mut events) {
                    part.source(place, &source(citation, start, end), &mut events);
                }
            }
            Event::Reasoning { block, thought, text, signature } => {
                let text = text.filter(|text| !text.is_empty());
                if text.is_none() && signature.is_none() {
                    return;
                }
                let Some(item) = output.thought(block, thought, asked, &mut events) else { return };
                if let (Some(more), Kind::Thought { signature, .. }) = (signature, &mut item.kind) {
                    signature.get_or_insert_default().push_str(&more);
                }
                if let Some(text) = text {
                    let form = if asked.summary { &part::SUMMARY } else { &part::THOUGHT };
                    add(Some(item), form, &text, &mut events);
                }
            }
            Event::Redacted { block, thought, data } => {
                let item = output.thought(block, thought, asked, &mut events);
                if let Some(Item { kind: Kind::Thought { redacted, .. }, .. }) = item {
                    redacted.get_or_insert_default().push_str(&data);
                }
            }
            Event::Call { block, call, id, name, is_custom } => {
                let special = asked.special.iter().find(|special| special.name == *name);
                let (namespace, name, own) = match special {
                    Some(special) => {
                        let (namespace, name) = special.parts();
                        (namespace.map(str::to_owned), name, special.own)
                    }
                    None => (None, &*name, None),
                };
                let call_id = id.into_cow().into_owned();
                let name = name.to_owned();
                let kind = Kind::Call { number: call, call_id, namespace, name, own, is_custom };
                output.begin(block, kind, asked, &mut events);
            }
            Event::Arguments { call, piece, .. } => {
                add(output.call(call), &part::ARGUMENTS, &piece, &mut events)
            }
            Event::FreeText { call, text, .. } => add(output.call(call), &part::INPUT, &text, &mut events),
            Event::Searches { block } => {
                output.begin(block, Kind::Search { arguments: String::new() }, asked, &mut events);
            }
            Event::Searched { block, arguments } => output.searched(block, &arguments),
            Event::BlockEnds { block } => output.ends(block),
            Event::Stops(reason) => {
                *why = Some(reason);
                if reason == Why::Refused {
                    let item = output.message(u32::MAX, *characters, asked, &mut events);
                    add(item, &part::REFUSAL, &REFUSED.into(), &mut events);
                }
                let is_cut = matches!(reason, Why::Limit | Why::Context | Why::Filter);
                output.end(is_cut, asked, &mut events);
            }
            Event::Text { .. } | Event::Begins | Event::Ends { .. } => {}
        }
    }
}

/// The text of a refusal, for which Bedrock has none.
const REFUSED: &str = "The model refused to answer.";

/// Adds to the item's part of this form.
fn add(item: Option<&mut Item>, form: &'static Form, text: &Str<'_>, events: &mut Events<'_>) {
    let Some(item) = item else { return };
    let is_own = matches!(item.kind, Kind::Call { own: Some(_), .. });
    if let (Some(part), place) = item.part(form, events) {
        if is_own {
            part.text.push_str(text);
        } else {
            part.add(place, &Value::Str(text), text, events);
        }
    }
}

/// The annotation of a citation for the characters from `start` to `end`, in the form of this API. A document's name stands for
/// the file id.
fn source(citation: Citation<'_>, start: usize, end: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let rest = match annotation(citation, start, end) {
        Annotation::UrlCitation { url_citation } => {
            out.extend_from_slice(b"{\"type\":\"url_citation\"");
            wire::to_vec(&url_citation)
        }
        Annotation::FileCitation { file_citation } => {
            let index = Value::Number(u64::try_from(end).unwrap_or(u64::MAX));
            let id = Value::Str(&file_citation.filename);
            object(&mut out, &[("type", Value::Text("file_citation")), ("file_id", id), ("index", index)]);
            out.pop();
            wire::to_vec(&file_citation)
        }
    };
    out.push(b',');
    out.extend_from_slice(rest.strip_prefix(b"{").unwrap_or(&rest));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_repeated_is_written_once_for_each_event() {
        let echo = format!(r#"{{"instructions":"{}"}}"#, "x".repeat(1 << 20));
        let asked = Asked { echo: echo.clone().into_bytes(), ..Asked::default() };
        let answered = Answered { request_id: "req", created: 1, input_tokens: None };
        let mut response = Response::new(Cow::Borrowed(&asked), answered);
        let mut out = Vec::new();
        response.begin(&mut out);
        assert!(out.capacity() < 2 * echo.len() + 2_048, "{} for twice {}", out.capacity(), echo.len());
        let told = String::from_utf8(out).unwrap();
        let told: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
        assert_eq!(told.len(), 2);
        for (number, event) in told.iter().enumerate() {
            let event: serde_json::Value = serde_json::from_str(event).unwrap();
            assert_eq!(event["sequence_number"], number);
            assert_eq!(event["response"]["status"], "in_progress");
            assert_eq!(event["response"]["instructions"].as_str().map(str::len), Some(1 << 20));
        }
    }

    #[test]
    fn a_response_that_repeats_nothing_is_json_too() {
        let asked = Asked::default();
        let answered = Answered { request_id: "req", created: 1, input_tokens: None };
        let response = Response::new(Cow::Borrowed(&asked), answered);
        let head = response.head("completed", &[], None);
        let json = response.pieces(&head).concat();
        assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
    }
}
