//! Translates an answer into the events of a stream.

use crate::anthropic::message::{Block, Delta, Ending, Event as Told, Input, Message, Usage};
use crate::openai::Error;
use crate::translate::answer::{self, Event, Streaming, Why, Writer};
use crate::translate::messages::errors;
use crate::translate::{Answered, Limits, Streamed};
use crate::wire::Str;

use super::{Reply, citation, id, stop_reason, usage};

/// Most open blocks: beyond it the oldest is closed.
const OPEN: usize = 64;

/// The kind of a block of the client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    Redacted,
    Call,
}

/// The state of the events.
#[derive(Debug)]
struct Events {
    id: String,
    model: String,
    stop: Option<String>,
    /// Open blocks: Converse's index, the kind, the client's index.
    open: Vec<(u32, Kind, u32)>,
    /// Number of blocks.
    blocks: u32,
    why: Option<Why>,
}

/// The stream that answers a request.
pub(super) fn of(reply: Reply, answered: Answered<'_>, limits: &Limits) -> Box<dyn Streamed> {
    let events = Events::of(&reply, answered);
    Box::new(Streaming::of(reply.context, limits, events))
}

/// Writes a whole answer as the stream that the client asked for.
///
/// # Errors
/// 502 where it is not a Converse reply.
pub(super) fn at_once(reply: &Reply, body: &[u8], answered: Answered<'_>) -> Result<Vec<u8>, Error> {
    answer::at_once(&reply.context, body, Events::of(reply, answered))
}

impl Events {
    fn of(reply: &Reply, answered: Answered<'_>) -> Self {
        let Reply { model, stream: _, context: _, stop } = reply;
        let id = id(answered.request_id);
        Self { id, model: model.clone(), stop: stop.clone(), open: Vec::new(), blocks: 0, why: None }
    }

    /// The client's index of a block, which begins with `block` if it has not begun.
    fn index(
        &mut self,
        of: u32,
        kind: Kind,
        block: impl FnOnce() -> Block<'static>,
        out: &mut Vec<u8>,
    ) -> u32 {
        let known = self.open.iter().find(|(number, its, _)| *number == of && *its == kind);
        if let Some((_, _, index)) = known {
            return *index;
        }
        self.begin(of, kind, block(), out)
    }

    fn begin(&mut self, of: u32, kind: Kind, content_block: Block<'_>, out: &mut Vec<u8>) -> u32 {
        if self.open.len() >= OPEN {
            let (_, _, index) = self.open.remove(0);
            Told::ContentBlockStop { index }.write(out);
        }
        let index = self.blocks;
        self.blocks = index.saturating_add(1);
        self.open.push((of, kind, index));
        Told::ContentBlockStart { index, content_block }.write(out);
        index
    }

    /// Closes the blocks that `ends` selects, in order.
    fn end(&mut self, ends: impl Fn(u32) -> bool, out: &mut Vec<u8>) {
        self.open.retain(|(number, _, index)| {
            let is_over = ends(*number);
            if is_over {
                Told::ContentBlockStop { index: *index }.write(out);
            }
            !is_over
        });
    }
}

fn no_text() -> Block<'static> {
    Block::Text { text: Str::default(), citations: Vec::new() }
}

fn no_thought() -> Block<'static> {
    Block::Thinking { thinking: Str::default(), signature: Str::default() }
}

impl Writer for Events {
    fn held(&self) -> usize {
        let texts = [Some(&self.id), Some(&self.model), self.stop.as_ref()];
        let texts = texts.into_iter().flatten().map(String::capacity);
        texts.fold(self.open.capacity().saturating_mul(size_of::<(u32, Kind, u32)>()), usize::saturating_add)
    }

    fn fail(&self, error: &Error, out: &mut Vec<u8>) {
        errors::event(out, error);
    }

    fn event(&mut self, event: Event<'_>, out: &mut Vec<u8>) {
        let (index, delta) = match event {
            Event::Begins => {
                let message = Message {
                    id: &self.id,
                    kind: "message",
                    role: "assistant",
                    model: &self.model,
                    content: Vec::new(),
                    stop_reason: None,
                    stop_sequence: None,
                    usage: Usage::default(),
                };
                Told::MessageStart { message }.write(out);
                return Told::Ping.write(out);
            }
            Event::Text { block, text } => {
                (self.index(block, Kind::Text, no_text, out), Delta::TextDelta { text })
            }
            Event::Reasoning { block, thought: _, text, signature } => {
                let index = self.index(block, Kind::Thinking, no_thought, out);
                if let Some(thinking) = text.filter(|text| !text.is_empty()) {
                    Told::ContentBlockDelta { index, delta: Delta::ThinkingDelta { thinking } }.write(out);
                }
                let Some(signature) = signature else { return };
                (index, Delta::SignatureDelta { signature })
            }
            Event::Redacted { block, thought: _, data } => {
                self.begin(block, Kind::Redacted, Block::RedactedThinking { data }, out);
                return;
            }
            Event::Call { block, call: _, id, name, is_custom: _ } => {
                self.begin(block, Kind::Call, Block::ToolUse { id, name, input: Input::default() }, out);
                return;
            }
            Event::Arguments { block, call: _, piece } | Event::FreeText { block, call: _, text: piece } => {
                let known =
                    self.open.iter().rfind(|(number, kind, _)| *number == block && *kind == Kind::Call);
                let Some((_, _, index)) = known else { return };
                (*index, Delta::InputJsonDelta { partial_json: piece })
            }
            Event::Citation { block, citation: source, start: _, end: _ } => {
                let Some(citation) = citation(source) else { return };
                (self.index(block, Kind::Text, no_text, out), Delta::CitationsDelta { citation })
            }
            Event::Searches { .. } | Event::Searched { .. } => return,
            Event::BlockEnds { block } => return self.end(|number| number == block, out),
            Event::Stops(why) => {
                self.end(|_| true, out);
                self.why = Some(why);
                return;
            }
            Event::Ends { usage: tokens, service_tier: _ } => {
                let delta = Ending {
                    stop_reason: self.why.map(stop_reason),
                    stop_sequence: self.stop.as_deref().filter(|_| self.why == Some(Why::Sequence)),
                };
                Told::MessageDelta { delta, usage: usage(tokens) }.write(out);
                return Told::MessageStop.write(out);
            }
        };
        Told::ContentBlockDelta { index, delta }.write(out);
    }
}
