//! Translates an answer into the chunks of a stream.

use crate::openai::chunk::{Custom, Delta, Form, Function, Indexed, ToolCall, Writer as Head};
use crate::openai::completion::{ThinkingBlock, Usage};
use crate::openai::{Error, sse};
use crate::translate::answer::{self, Event, Streaming, Writer};
use crate::translate::usage::{add, usage};
use crate::translate::{Answered, Limits};
use crate::wire::Str;

use super::{Reply, finish_reason, refusal};
use crate::translate::front::annotation::annotation;

/// The state of a stream's chunks.
#[derive(Debug)]
pub struct Chunks {
    head: Head,
    /// The text that the answer begins with.
    beginning: String,
    /// The client gave `functions`, and wants `function_call` back.
    legacy_functions: bool,
    /// Number of citations so far.
    sources: u32,
    /// Tokens of a technique's earlier calls, where this is its last.
    before: Option<Box<Usage>>,
}

/// The stream of a chat, or of `POST completions`.
pub type Stream = Streaming<Chunks>;

impl Stream {
    /// The stream that answers a request.
    pub fn new(mut reply: Reply, answered: Answered<'_>, limits: &Limits) -> Self {
        let context = std::mem::take(&mut reply.context);
        Self::of(context, limits, Chunks::of(&reply, answered))
    }
}

/// Writes a whole answer, the body of a 200, as the stream that the client asked for.
///
/// # Errors
/// 502 where it is not a Converse reply.
pub fn at_once(reply: &Reply, body: &[u8], answered: Answered<'_>) -> Result<Vec<u8>, Error> {
    answer::at_once(&reply.context, body, Chunks::of(reply, answered))
}

impl Chunks {
    fn of(reply: &Reply, answered: Answered<'_>) -> Self {
        let form = if reply.text.is_some() { Form::Text } else { Form::Chat };
        let id = reply.id(answered.request_id);
        Self {
            head: Head::new(&id, answered.created, &reply.model, reply.include_usage, form),
            beginning: reply.text.clone().unwrap_or_default(),
            legacy_functions: reply.legacy_functions,
            sources: 0,
            before: reply.before.clone(),
        }
    }
}

impl Writer for Chunks {
    fn held(&self) -> usize {
        self.beginning.capacity()
    }

    fn fail(&self, error: &Error, out: &mut Vec<u8>) {
        sse::error(out, error);
    }

    fn event(&mut self, event: Event<'_>, out: &mut Vec<u8>) {
        let Self { head: writer, beginning, legacy_functions, sources, before } = self;
        let delta = match event {
            Event::Begins => {
                let content = Some(beginning.as_str().into());
                Delta { role: Some("assistant"), content, ..Delta::default() }
            }
            Event::Text { block: _, text } => return writer.text(out, &text),
            // Sent twice: as readable text, and as a block that can be sent back with its signature.
            Event::Reasoning { block: _, thought, text, signature } => {
                let thinking = text.clone().unwrap_or_default();
                let piece = ThinkingBlock::Thinking { thinking, signature };
                let thinking_blocks = Some([Indexed { index: thought, piece }]);
                Delta { reasoning_content: text, thinking_blocks, ..Delta::default() }
            }
            Event::Redacted { block: _, thought, data } => {
                let piece = ThinkingBlock::RedactedThinking { data };
                let thinking_blocks = Some([Indexed { index: thought, piece }]);
                Delta { thinking_blocks, ..Delta::default() }
            }
            Event::Call { block: _, call, id, name, is_custom: true } => {
                let custom = Custom { name: Some(&name), input: "" };
                let delta = call_delta(call, Some((&id, "custom")), None, Some(custom));
                return writer.choice(out, &delta, None);
            }
            Event::Call { block: _, call, id, name, is_custom: false } => {
                let function = Function { name: Some(&name), arguments: Str::default() };
                let delta = if *legacy_functions {
                    Delta { function_call: Some(function), ..Delta::default() }
                } else {
                    call_delta(call, Some((&id, "function")), Some(function), None)
                };
                return writer.choice(out, &delta, None);
            }
            Event::Arguments { block: _, call, piece } => {
                let function = Function { name: None, arguments: piece };
                if *legacy_functions {
                    Delta { function_call: Some(function), ..Delta::default() }
                } else {
                    call_delta(call, None, Some(function), None)
                }
            }
            Event::FreeText { block: _, call, text } => {
                let custom = Custom { name: None, input: &text };
                return writer.choice(out, &call_delta(call, None, None, Some(custom)), None);
            }
            Event::Citation { block: _, citation, start, end } => {
                let annotations =
                    Some([Indexed { index: *sources, piece: annotation(citation, start, end) }]);
                *sources = sources.saturating_add(1);
                Delta { annotations, ..Delta::default() }
            }
            Event::Searches { .. } | Event::Searched { .. } | Event::BlockEnds { .. } => return,
            Event::Stops(why) => {
                if let Some(refusal) = refusal(why) {
                    writer.choice(out, &Delta { refusal: Some(refusal), ..Delta::default() }, None);
                }
                return writer.choice(out, &Delta::default(), Some(finish_reason(why, *legacy_functions)));
            }
            Event::Ends { usage: tokens, service_tier } => {
                if tokens.is_some() || before.is_some() {
                    let mut all = usage(&tokens.unwrap_or_default());
                    if let Some(before) = before {
                        add(&mut all, before);
                    }
                    writer.usage(out, &all, service_tier.as_deref());
                }
                return writer.done(out);
            }
        };
        writer.choice(out, &delta, None);
    }
}

fn call_delta<'a>(
    index: u32,
    first: Option<(&'a str, &'static str)>,
    function: Option<Function<'a>>,
    custom: Option<Custom<'a>>,
) -> Delta<'a> {
    let (id, kind) = first.unzip();
    Delta { tool_calls: Some([ToolCall { index, id, kind, function, custom }]), ..Delta::default() }
}
