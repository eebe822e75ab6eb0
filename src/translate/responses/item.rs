//! Items of the output, and the events of their beginning and end.

use crate::openai::responses::event::{Events, Member, Value, object};
use crate::wire::{self, Members, Raw};

use super::own::Own;
use super::part::{ARGUMENTS, INPUT, Part, Place};
use super::sealed::Thought;

/// An open item.
#[derive(Debug)]
pub(super) struct Item {
    /// Its index in the output.
    pub(super) index: usize,
    /// Converse's index of its last block.
    pub(super) block: u32,
    /// Whether that block is complete.
    pub(super) is_whole: bool,
    id: String,
    pub(super) kind: Kind,
    pub(super) parts: Vec<Part>,
}

/// The kind of an item.
#[derive(Debug)]
pub(super) enum Kind {
    /// A message; the characters of the answer before it.
    Message { start: usize },
    /// Reasoning.
    Thought {
        /// Index of the thought in the answer.
        number: u32,
        /// Whether the client asked for a summary.
        summary: bool,
        /// The model's signature.
        signature: Option<String>,
        /// Redacted reasoning.
        redacted: Option<String>,
    },
    /// A web search.
    Search {
        /// The arguments of the search, JSON, once complete.
        arguments: String,
    },
    /// A tool call.
    Call {
        /// Index of the call in the answer.
        number: u32,
        /// Bedrock's id of the call.
        call_id: String,
        /// The namespace and the name that declare the tool.
        namespace: Option<String>,
        name: String,
        /// Set for a tool of OpenAI's that the client runs.
        own: Option<&'static Own>,
        is_custom: bool,
    },
}

/// The status of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Completed,
    Incomplete,
}

impl Item {
    /// Begins an item at an index of the output. `request` is the request's id.
    pub(super) fn begin(
        index: usize,
        block: u32,
        kind: Kind,
        request: &str,
        events: &mut Events<'_>,
    ) -> Self {
        let prefix = match &kind {
            Kind::Message { .. } => "msg",
            Kind::Thought { .. } => "rs",
            Kind::Search { .. } => "ws",
            Kind::Call { own: Some(own), .. } => own.prefix,
            Kind::Call { is_custom: true, .. } => "ctc",
            Kind::Call { .. } => "fc",
        };
        let mut item = Self {
            index,
            block,
            is_whole: false,
            id: format!("{prefix}_{request}_{index}"),
            kind,
            parts: Vec::new(),
        };
        if let Kind::Call { is_custom, .. } = item.kind {
            item.parts.push(Part::new(if is_custom { &INPUT } else { &ARGUMENTS }, 0));
        }
        let (index, json) = (item.place().0, item.json(Status::InProgress, ""));
        let members = [("output_index", Value::Number(index)), ("item", Value::Json(&json))];
        events.event("response.output_item.added", &members);
        for kind in ["response.web_search_call.in_progress", "response.web_search_call.searching"] {
            item.searches(kind, events);
        }
        item
    }

    /// Bytes held.
    pub(super) fn held(&self) -> usize {
        let kind = match &self.kind {
            Kind::Message { .. } => 0,
            Kind::Search { arguments } => arguments.capacity(),
            Kind::Thought { signature, redacted, .. } => {
                [signature, redacted].into_iter().flatten().map(String::capacity).sum()
            }
            Kind::Call { call_id, name, .. } => call_id.capacity().saturating_add(name.capacity()),
        };
        let parts = self.parts.iter().map(Part::held);
        parts.chain([size_of::<Self>(), kind]).fold(0, usize::saturating_add)
    }

    /// Writes an event about the progress of a search.
    fn searches(&self, kind: &'static str, events: &mut Events<'_>) {
        if matches!(self.kind, Kind::Search { .. }) {
            let (index, id) = self.place();
            events.event(kind, &[("item_id", Value::Text(id)), ("output_index", Value::Number(index))]);
        }
    }

    fn place(&self) -> Place<'_> {
        (u64::try_from(self.index).unwrap_or(u64::MAX), &self.id)
    }

    /// The item's part of this form, which begins if it is not there.
    pub(super) fn part(
        &mut self,
        form: &'static super::part::Form,
        events: &mut Events<'_>,
    ) -> (Option<&mut Part>, Place<'_>) {
        let place = (u64::try_from(self.index).unwrap_or(u64::MAX), self.id.as_str());
        if !self.parts.iter().any(|part| part.is(form)) {
            let part = Part::new(form, self.parts.len());
            part.begin(place, events);
            self.parts.push(part);
        }
        (self.parts.iter_mut().find(|part| part.is(form)), place)
    }

    /// Ends the item and returns its JSON in the output. `model` is the model whose reasoning it is.
    pub(super) fn end(&self, status: Status, model: &str, events: &mut Events<'_>) -> Vec<u8> {
        if !matches!(self.kind, Kind::Call { own: Some(_), .. }) {
            for part in &self.parts {
                part.end(self.place(), events);
            }
        }
        if status == Status::Completed {
            self.searches("response.web_search_call.completed", events);
        }
        let json = self.json(status, model);
        let members = [("output_index", Value::Number(self.place().0)), ("item", Value::Json(&json))];
        events.event("response.output_item.done", &members);
        json
    }

    fn status(&self, status: Status) -> &'static str {
        match (status, &self.kind) {
            (Status::Incomplete, Kind::Call { own: Some(own), .. }) => own.cut,
            (Status::InProgress, _) => "in_progress",
            (Status::Completed, _) => "completed",
            (Status::Incomplete, _) => "incomplete",
        }
    }

    fn json(&self, status: Status, model: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let id = ("id", Value::Text(&self.id));
        let status_member = ("status", Value::Text(self.status(status)));
        let mut parts = Vec::new();
        if !matches!(self.kind, Kind::Call { .. }) {
            for part in &self.parts {
                if !parts.is_empty() {
                    parts.push(b',');
                }
                part.write(&mut parts);
            }
        }
        match &self.kind {
            Kind::Message { .. } => object(
                &mut out,
                &[
                    id,
                    ("type", Value::Text("message")),
                    status_member,
                    ("role", Value::Text("assistant")),
                    ("content", Value::List(&parts)),
                ],
            ),
            Kind::Thought { summary, signature, redacted, .. } => {
                let (summary, content) = if *summary { (&parts[..], &[][..]) } else { (&[][..], &parts[..]) };
                let text = self.parts.first().map_or("", |part| &part.text);
                let sealed = match (status, signature, redacted) {
                    (Status::InProgress, ..) => None,
                    (_, Some(signature), _) => Some(Thought::signed(model, text, signature).seal()),
                    (_, None, Some(data)) => Some(Thought::redacted(model, data).seal()),
                    (_, None, None) => None,
                };
                let sealed = sealed.as_deref().map_or(Value::Json(b"null"), Value::Text);
                let mut members =
                    vec![id, ("type", Value::Text("reasoning")), ("summary", Value::List(summary))];
                members.extend((!content.is_empty()).then_some(("content", Value::List(content))));
                members.extend([("encrypted_content", sealed), status_member]);
                object(&mut out, &members);
            }
            Kind::Search { arguments } => {
                let action = search(arguments);
                let kind = ("type", Value::Text("web_search_call"));
                object(&mut out, &[id, kind, status_member, ("action", Value::Json(&action))]);
            }
            Kind::Call { call_id, namespace, name, own, is_custom, .. } => {
                let call_id = ("call_id", Value::Text(call_id));
                if let Some(own) = own {
                    let todo = todo(own, self.parts.first().map_or("", |part| &part.text));
                    let members = [
                        id,
                        ("type", Value::Text(own.call)),
                        status_member,
                        call_id,
                        (own.member, Value::Json(&todo)),
                    ];
                    object(&mut out, &members);
                    return out;
                }
                let kind = if *is_custom { "custom_tool_call" } else { "function_call" };
                let mut members: Vec<Member<'_>> = vec![id, ("type", Value::Text(kind)), call_id];
                members.extend((!is_custom).then_some(status_member));
                members.push(("name", Value::Text(name)));
                members.extend(namespace.as_deref().map(|namespace| ("namespace", Value::Text(namespace))));
                members.extend(self.parts.first().map(Part::member));
                object(&mut out, &members);
            }
        }
        out
    }
}

/// The action of a web search, from the arguments of the model's own tool if they have a single text.
fn search(arguments: &str) -> Vec<u8> {
    let Members(members) = wire::from_str::<Members<'_, Raw<'_>>>(arguments).unwrap_or(Members(Vec::new()));
    let query = members.iter().rfind(|(name, value)| name == "query" && value.get().starts_with('"'));
    let query = query.map_or("\"\"", |(_, query)| query.get());
    let mut out = Vec::new();
    object(&mut out, &[("type", Value::Text("search")), ("query", Value::Json(query.as_bytes()))]);
    out
}

/// The action of a call that the client runs: the model's arguments and the members that are always present.
fn todo(own: &Own, written: &str) -> Vec<u8> {
    let Members(written) = wire::from_str::<Members<'_, Raw<'_>>>(written).unwrap_or(Members(Vec::new()));
    let given = |name: &str| written.iter().rfind(|(known, _)| known == name).map(|(_, value)| value.get());
    let defaults = own.defaults.iter().map(|(name, value)| (*name, given(name).unwrap_or(value)));
    let optional = own.optional.iter().filter_map(|name| Some((*name, given(name)?)));
    let kind = given("type").unwrap_or_default();
    let is_there =
        |name: &str| own.without.is_none_or(|(of_kind, without)| kind != of_kind || name != without);
    let members: Vec<Member<'_>> = defaults
        .chain(optional)
        .filter(|(name, _)| is_there(name))
        .map(|(name, value)| (name, Value::Json(value.as_bytes())))
        .collect();
    let mut out = Vec::new();
    object(&mut out, &members);
    // Line ends in the model's JSON can only be between tokens, and an event's data is one line.
    for byte in out.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::own::of_tool;
    use super::*;

    #[test]
    fn what_a_model_writes_in_lines_becomes_one_line() {
        let written = "{\r\n \"command\": [\n  \"echo\",\n  \"a\\nb\"\n ],\n \"timeout_ms\": 5\n}";
        let told = todo(of_tool("local_shell").unwrap(), written);
        let expected = r#"{"type":"exec","command":[   "echo",   "a\nb"  ],"env":{},"timeout_ms":5}"#;
        assert_eq!(String::from_utf8(told).unwrap(), expected);
    }
}
