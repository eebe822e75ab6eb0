//! Texts within items that are streamed in parts, each kind with its own events.

use crate::openai::responses::event::{Events, Member, Value, object};

/// The names for a kind of text.
#[derive(Debug)]
pub(super) struct Form {
    /// The `type` of a content part, and the events of its beginning and end; `None`: the text is a member of the item itself.
    part: Option<(&'static str, &'static str, &'static str)>,
    /// The member with the part's index.
    index: &'static str,
    /// The event of an addition.
    delta: &'static str,
    /// The event of the complete text.
    done: &'static str,
    /// The member with the complete text.
    member: &'static str,
    /// Whether it has annotations and log probabilities.
    has_sources: bool,
}

/// Text of a message.
pub(super) static TEXT: Form = Form {
    part: Some(("output_text", "response.content_part.added", "response.content_part.done")),
    index: "content_index",
    delta: "response.output_text.delta",
    done: "response.output_text.done",
    member: "text",
    has_sources: true,
};

/// A refusal.
pub(super) static REFUSAL: Form = Form {
    part: Some(("refusal", "response.content_part.added", "response.content_part.done")),
    index: "content_index",
    delta: "response.refusal.delta",
    done: "response.refusal.done",
    member: "refusal",
    has_sources: false,
};

/// Reasoning.
pub(super) static THOUGHT: Form = Form {
    part: Some(("reasoning_text", "response.content_part.added", "response.content_part.done")),
    index: "content_index",
    delta: "response.reasoning_text.delta",
    done: "response.reasoning_text.done",
    member: "text",
    has_sources: false,
};

/// Reasoning, for a client that asked for a summary.
pub(super) static SUMMARY: Form = Form {
    part: Some((
        "summary_text",
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_part.done",
    )),
    index: "summary_index",
    delta: "response.reasoning_summary_text.delta",
    done: "response.reasoning_summary_text.done",
    member: "text",
    has_sources: false,
};

/// The arguments of a function call.
pub(super) static ARGUMENTS: Form = Form {
    part: None,
    index: "",
    delta: "response.function_call_arguments.delta",
    done: "response.function_call_arguments.done",
    member: "arguments",
    has_sources: false,
};

/// The input of a custom tool's call.
pub(super) static INPUT: Form = Form {
    part: None,
    index: "",
    delta: "response.custom_tool_call_input.delta",
    done: "response.custom_tool_call_input.done",
    member: "input",
    has_sources: false,
};

/// An open text.
#[derive(Debug)]
pub(super) struct Part {
    form: &'static Form,
    /// Index of the part in its item.
    number: u64,
    pub(super) text: String,
    /// Annotations: JSON with commas between them.
    sources: Vec<u8>,
    /// Number of annotations.
    count: u64,
}

/// The item of a part: its index in the output, and its id.
pub(super) type Place<'i> = (u64, &'i str);

impl Part {
    pub(super) fn new(form: &'static Form, number: usize) -> Self {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        Self { form, number, text: String::new(), sources: Vec::new(), count: 0 }
    }

    /// Bytes held.
    pub(super) fn held(&self) -> usize {
        [size_of::<Self>(), self.text.capacity(), self.sources.capacity()]
            .into_iter()
            .fold(0, usize::saturating_add)
    }

    /// Whether the part has this form.
    pub(super) fn is(&self, form: &'static Form) -> bool {
        std::ptr::eq(self.form, form)
    }

    /// Writes an event with these further members.
    fn tell(&self, place: Place<'_>, kind: &'static str, own: &[Member<'_>], events: &mut Events<'_>) {
        let (output_index, item_id) = place;
        let mut members =
            vec![("item_id", Value::Text(item_id)), ("output_index", Value::Number(output_index))];
        if self.form.part.is_some() {
            members.push((self.form.index, Value::Number(self.number)));
        }
        members.extend_from_slice(own);
        events.event(kind, &members);
    }

    /// Writes the events of the part's beginning.
    pub(super) fn begin(&self, place: Place<'_>, events: &mut Events<'_>) {
        if let Some((_, added, _)) = self.form.part {
            self.tell(place, added, &[("part", Value::Json(&self.json()))], events);
        }
    }

    /// Adds to the text.
    pub(super) fn add(&mut self, place: Place<'_>, piece: &Value<'_>, text: &str, events: &mut Events<'_>) {
        self.text.push_str(text);
        let delta = ("delta", *piece);
        if self.form.has_sources {
            self.tell(place, self.form.delta, &[delta, ("logprobs", Value::Json(b"[]"))], events);
        } else {
            self.tell(place, self.form.delta, &[delta], events);
        }
    }

    /// Adds an annotation.
    pub(super) fn source(&mut self, place: Place<'_>, source: &[u8], events: &mut Events<'_>) {
        let members = [("annotation_index", Value::Number(self.count)), ("annotation", Value::Json(source))];
        self.tell(place, "response.output_text.annotation.added", &members, events);
        if self.count > 0 {
            self.sources.push(b',');
        }
        self.sources.extend_from_slice(source);
        self.count = self.count.saturating_add(1);
    }

    /// Writes the events of the part's end.
    pub(super) fn end(&self, place: Place<'_>, events: &mut Events<'_>) {
        let whole = (self.form.member, Value::Text(&self.text));
        match self.form {
            Form { has_sources: true, .. } => {
                self.tell(place, self.form.done, &[whole, ("logprobs", Value::Json(b"[]"))], events);
            }
            _ => self.tell(place, self.form.done, &[whole], events),
        }
        if let Some((.., done)) = self.form.part {
            self.tell(place, done, &[("part", Value::Json(&self.json()))], events);
        }
    }

    /// The text as a member of its item.
    pub(super) fn member(&self) -> Member<'_> {
        (self.form.member, Value::Text(&self.text))
    }

    /// Writes the content part.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let kind = self.form.part.map_or("", |(kind, ..)| kind);
        let mut members = vec![("type", Value::Text(kind)), self.member()];
        if self.form.has_sources {
            members.extend([("annotations", Value::List(&self.sources)), ("logprobs", Value::Json(b"[]"))]);
        }
        object(out, &members);
    }

    fn json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }
}
