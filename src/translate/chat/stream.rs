//! The events of ConverseStream become chunks, one by one.

use crate::bedrock::error::Error as Exception;
use crate::bedrock::eventstream::{Decoder, Frame};
use crate::bedrock::reply::{Usage, is_of_server};
use crate::bedrock::stream::{
    BlockDelta, BlockStart, BlockStop, Delta as Piece, MessageStop, Metadata, ReasoningDelta, ToolUseStart,
};
use serde::Deserialize;

use crate::openai::chunk::{Custom, Delta, Form, Function, Indexed, ToolCall, Writer};
use crate::openai::completion::ThinkingBlock;
use crate::openai::{Error, sse};
use crate::translate::errors::{self, no_answer};
use crate::translate::fit::JsonObject;
use crate::translate::thoughts::{Gathering, Thoughts};
use crate::translate::usage::usage;
use crate::translate::{Answered, Limits, Streamed};
use crate::wire::{self, Str};

use super::reply::{annotation, custom_input, is_json};
use super::{Called, Reply, refusal};

/// A stream under way.
#[derive(Debug)]
pub struct Stream {
    context: Reply,
    decoder: Decoder,
    /// How much may be held back of text or of a call, bytes.
    held_bytes: usize,
    /// Frames by which the client may still get nothing.
    silent_frames: usize,
    writer: Writer,
    /// Calls that have begun and not ended, by their block's index.
    open: Vec<(u32, Open)>,
    /// Calls so far.
    calls: u32,
    /// Characters of text so far, which citations point at.
    characters: usize,
    /// The block of the last text, and the characters before it.
    cited: (u32, usize),
    /// Sources so far.
    sources: u32,
    /// The blocks of reasoning so far.
    thoughts: Vec<u32>,
    /// Reasoning that is to be kept, until the answer has ended.
    gathering: Option<Gathering>,
    /// The same after that.
    kept: Option<Thoughts>,
    speech: Speech,
    /// Finds the answer among the model's words, where that is a JSON object.
    object: Option<JsonObject>,
    /// Some event has come.
    begun: bool,
    /// `messageStop` has come.
    stopped: bool,
    usage: Option<Usage>,
    service_tier: Option<String>,
    finished: bool,
}

/// What is done with the model's text.
#[derive(Debug)]
enum Speech {
    /// It is the answer.
    Flows,
    /// It may be: until the answer tool is called, or the answer ends without that, nobody knows. Nor where the answer has to be
    /// JSON and this is none so far: it may be said beside calls. `sources` are the chunks of its annotations.
    Held { text: String, sources: Vec<u8> },
    /// The answer tool was called: what is said beside it is no part of the answer.
    Unwanted,
}

/// A call that has begun.
#[derive(Debug)]
enum Open {
    /// A function; whether any of its arguments have come.
    Function { index: u32, begun: bool },
    /// A custom tool, whose text can be read only when its JSON is whole.
    Custom { index: u32, arguments: String },
    /// Its input is the answer; whether any of it has come.
    Answer { begun: bool },
    /// Bedrock's own, which the client hears nothing of.
    Server,
}

impl Streamed for Stream {
    fn has_begun(&self) -> bool {
        self.has_begun()
    }

    fn held(&self) -> usize {
        self.held()
    }

    fn bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        self.bytes(bytes, out)
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.end(out)
    }

    fn thoughts(&mut self) -> Option<Thoughts> {
        self.kept.take()
    }

    fn fail(&self, error: &Error, out: &mut Vec<u8>) {
        sse::error(out, error);
    }
}

impl Stream {
    /// A stream that answers `context`.
    pub fn new(context: Reply, answered: Answered<'_>, limits: &Limits) -> Self {
        let id = context.id(answered.request_id);
        let form = if context.text.is_some() { Form::Text } else { Form::Chat };
        let writer = Writer::new(&id, answered.created, &context.model, context.include_usage, form);
        let speech = if context.undo.has_answer_tool() || context.json_beside_calls {
            Speech::Held { text: String::new(), sources: Vec::new() }
        } else {
            Speech::Flows
        };
        Self {
            object: context.undo.json_object(),
            gathering: context.keeps_thoughts().then(Gathering::default),
            kept: None,
            context,
            decoder: Decoder::new(limits.frame_bytes),
            held_bytes: limits.frame_bytes,
            silent_frames: limits.silent_frames,
            writer,
            open: Vec::new(),
            calls: 0,
            characters: 0,
            cited: (0, 0),
            sources: 0,
            thoughts: Vec::new(),
            speech,
            begun: false,
            stopped: false,
            usage: None,
            service_tier: None,
            finished: false,
        }
    }

    /// True once a good event has come: from then on the answer is under way.
    pub fn has_begun(&self) -> bool {
        self.begun
    }

    /// What of the answer is held back, bytes: a frame that is not whole, and what can be told only later.
    pub fn held(&self) -> usize {
        let speech = match &self.speech {
            Speech::Held { text, sources } => text.capacity().saturating_add(sources.capacity()),
            Speech::Flows | Speech::Unwanted => 0,
        };
        let calls = self.open.iter().map(|(_, open)| match open {
            Open::Custom { arguments, .. } => arguments.capacity(),
            Open::Function { .. } | Open::Answer { .. } | Open::Server => 0,
        });
        let open = self.open.capacity().saturating_mul(size_of::<(u32, Open)>());
        let thoughts = self.thoughts.capacity().saturating_mul(size_of::<u32>());
        let object = self.object.as_ref().map_or(0, JsonObject::held);
        let gathering = self.gathering.as_ref().map_or(0, Gathering::held);
        let parts = [self.decoder.held(), speech, open, thoughts, object, gathering];
        calls.chain(parts).fold(0, usize::saturating_add)
    }

    /// Takes the next bytes, however they were cut, and writes the chunks of the events that they complete.
    ///
    /// # Errors
    /// An exception, a corrupt frame, or malformed output: the answer cannot go on.
    pub fn bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        if self.finished {
            return Ok(());
        }
        // The decoder is lent out while its frames are read.
        let mut decoder = std::mem::replace(&mut self.decoder, Decoder::new(0));
        decoder.push(bytes);
        let result = self.frames(&mut decoder, out);
        self.decoder = decoder;
        result
    }

    fn frames(&mut self, decoder: &mut Decoder, out: &mut Vec<u8>) -> Result<(), Error> {
        while !self.finished {
            match decoder.next_frame() {
                Ok(Some(frame)) => self.frame(&frame, out)?,
                Ok(None) => return Ok(()),
                Err(error) => return Err(no_answer(format!("Bedrock's stream is corrupt: {error}."))),
            }
        }
        Ok(())
    }

    /// The bytes have ended.
    ///
    /// # Errors
    /// 502 where the answer is not whole: a cut stream is an error, never a silent end.
    pub fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        if self.finished {
            return Ok(());
        }
        if !self.stopped || !self.decoder.is_empty() {
            return Err(
                no_answer("Bedrock's stream was cut off before the end of the answer.").code("stream_cut")
            );
        }
        // Only the metadata is missing: the answer is whole, its cost unknown and not invented.
        self.finish(out);
        Ok(())
    }

    fn frame(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        match frame.header(":message-type") {
            Some("event") => {}
            Some("exception") => {
                let name = frame.header(":exception-type").unwrap_or_default();
                return Err(errors::error(&Exception::from_exception(name, frame.payload)));
            }
            Some("error") => {
                let code = frame.header(":error-code").unwrap_or_default();
                let message = frame.header(":error-message").unwrap_or_default();
                return Err(errors::error(&Exception::from_error_frame(code, message)));
            }
            _ => return Err(no_answer("Bedrock's stream has a frame of an unknown kind.")),
        }
        if self.begun {
            let written = out.len();
            self.event(frame, out)?;
            return if out.len() > written { Ok(()) } else { self.silent() };
        }
        let beginning = self.context.text.as_deref().unwrap_or_default();
        let delta = Delta { role: Some("assistant"), content: Some(beginning.into()), ..Delta::default() };
        self.writer.choice(out, &delta, None);
        let result = self.event(frame, out);
        // Only a good event is a beginning: before one, an error still can be a status.
        self.begun = result.is_ok();
        if !self.begun {
            out.clear();
        }
        result
    }

    fn event(&mut self, frame: &Frame<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        match frame.header(":event-type").unwrap_or_default() {
            "contentBlockStart" => self.block_start(read(frame)?, out),
            "contentBlockDelta" => self.block_delta(read(frame)?, out),
            "contentBlockStop" => {
                let BlockStop { index } = read(frame)?;
                self.close(index.unwrap_or(0), out);
                Ok(())
            }
            "messageStop" => self.message_stop(read(frame)?, out),
            "metadata" => {
                let Metadata { usage, service_tier } = read(frame)?;
                self.usage = usage;
                self.service_tier =
                    service_tier.and_then(|tier| tier.kind).map(|kind| kind.into_cow().into_owned());
                if self.stopped {
                    self.finish(out);
                }
                Ok(())
            }
            // `messageStart` says nothing more, and new events may come any day.
            _ => Ok(()),
        }
    }

    /// Counts a frame by which the client gets nothing: it would wait for as long as they come.
    fn silent(&mut self) -> Result<(), Error> {
        let left = self.silent_frames.checked_sub(1);
        self.silent_frames = left.ok_or_else(|| no_answer("Bedrock's stream goes on and says nothing."))?;
        Ok(())
    }

    fn block_start(&mut self, event: BlockStart<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        let Some(start) = event.start.and_then(|start| start.tool_use) else { return Ok(()) };
        let ToolUseStart { tool_use_id, name, kind } = start;
        if is_of_server(kind.as_ref()) {
            check_blocks(self.open.len())?;
            self.open.push((event.index.unwrap_or(0), Open::Server));
            return Ok(());
        }
        let (Some(id), Some(name)) = (tool_use_id, name) else {
            return Err(no_answer("Bedrock's stream has a call without a name or an id."));
        };
        let index = self.calls;
        if self.context.legacy_functions && index > 0 {
            // The older form has room for one call.
            return Ok(());
        }
        check_blocks(self.open.len())?;
        let called = self.context.called(&name);
        if let Some(gathering) = self.gathering.as_mut().filter(|_| called != Called::Answer) {
            gathering.call(&id);
        }
        let call = match called {
            Called::Answer => {
                self.speech = Speech::Unwanted;
                self.open.push((event.index.unwrap_or(0), Open::Answer { begun: false }));
                return Ok(());
            }
            Called::Function(name) => {
                let function = Function { name: Some(name), arguments: Str::default() };
                let delta = if self.context.legacy_functions {
                    Delta { function_call: Some(function), ..Delta::default() }
                } else {
                    tool_delta(index, Some((&id, "function")), Some(function), None)
                };
                self.writer.choice(out, &delta, None);
                Open::Function { index, begun: false }
            }
            Called::Custom(name) => {
                let custom = Custom { name: Some(name), input: "" };
                self.writer.choice(out, &tool_delta(index, Some((&id, "custom")), None, Some(custom)), None);
                Open::Custom { index, arguments: String::new() }
            }
        };
        self.open.push((event.index.unwrap_or(0), call));
        self.calls = self.calls.saturating_add(1);
        Ok(())
    }

    fn block_delta(&mut self, event: BlockDelta<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        let Some(Piece { text, tool_use, reasoning_content, citation }) = event.delta else {
            return Ok(());
        };
        let block = event.index.unwrap_or(0);
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.text(block, &text, out)?;
        }
        if let Some(reasoning) = reasoning_content {
            self.reasoning(block, reasoning, out)?;
        }
        if let Some(piece) = tool_use.and_then(|piece| piece.input).filter(|piece| !piece.is_empty()) {
            self.arguments(block, &piece, out)?;
        }
        if let Some(citation) = citation {
            let start = if self.cited.0 == block { self.cited.1 } else { self.characters };
            let piece = annotation(citation, start, self.characters);
            let annotations = Some([Indexed { index: self.sources, piece }]);
            self.sources = self.sources.saturating_add(1);
            let delta = Delta { annotations, ..Delta::default() };
            match &mut self.speech {
                Speech::Flows => self.writer.choice(out, &delta, None),
                Speech::Held { text, sources } => {
                    self.writer.choice(sources, &delta, None);
                    check_held(text.len().saturating_add(sources.len()), self.held_bytes)?;
                }
                Speech::Unwanted => {}
            }
        }
        Ok(())
    }

    fn text(&mut self, block: u32, text: &Str<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        match &mut self.object {
            Some(object) => match object.piece(text) {
                part if part.is_empty() => Ok(()),
                part => self.words(block, &part.into(), out),
            },
            None => self.words(block, text, out),
        }
    }

    /// Text that is the answer's.
    fn words(&mut self, block: u32, text: &Str<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        if self.cited.0 != block {
            self.cited = (block, self.characters);
        }
        self.characters = self.characters.saturating_add(text.chars().count());
        match &mut self.speech {
            Speech::Flows => self.writer.text(out, text),
            Speech::Held { text: held, .. } => {
                let is_beginning = held.is_empty();
                hold(held, text, self.held_bytes)?;
                // Bedrock's own JSON begins as such, and need not wait.
                if is_beginning && !self.context.undo.has_answer_tool() && text.starts_with(['{', '[']) {
                    self.release(out);
                }
            }
            Speech::Unwanted => {}
        }
        Ok(())
    }

    /// True where the text that was held is JSON.
    fn is_json(&self) -> bool {
        matches!(&self.speech, Speech::Held { text, .. } if is_json(text))
    }

    /// Gives out the text that was held: it is the answer after all.
    fn release(&mut self, out: &mut Vec<u8>) {
        if let Speech::Held { text, sources } = &self.speech {
            if !text.is_empty() {
                let content = Some(Str::from(text.as_str()));
                self.writer.choice(out, &Delta { content, ..Delta::default() }, None);
            }
            out.extend_from_slice(sources);
            self.speech = Speech::Flows;
        }
    }

    /// Reasoning goes out twice: to be read, and in pieces of a block that can be sent back with its signature.
    fn reasoning(
        &mut self,
        block: u32,
        reasoning: ReasoningDelta<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let ReasoningDelta { text, signature, redacted_content } = reasoning;
        let known = self.thoughts.iter().position(|thought| *thought == block);
        let at = known.unwrap_or(self.thoughts.len());
        if known.is_none() {
            check_blocks(at)?;
            self.thoughts.push(block);
        }
        let index = u32::try_from(at).unwrap_or(u32::MAX);
        if let Some(gathering) = &mut self.gathering {
            gathering.piece(block, text.as_deref(), signature.as_deref(), redacted_content.as_deref());
        }
        let text = text.filter(|text| !text.is_empty());
        let piece = match (&text, signature, redacted_content) {
            (None, None, None) => return Ok(()),
            (None, None, Some(data)) => ThinkingBlock::RedactedThinking { data },
            (text, signature, _) => {
                let thinking = text.clone().unwrap_or_default();
                ThinkingBlock::Thinking { thinking, signature }
            }
        };
        let delta = Delta {
            reasoning_content: text,
            thinking_blocks: Some([Indexed { index, piece }]),
            ..Delta::default()
        };
        self.writer.choice(out, &delta, None);
        Ok(())
    }

    /// A piece of a call's arguments.
    fn arguments(&mut self, block: u32, piece: &Str<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        let Some((_, open)) = self.open.iter_mut().find(|(index, _)| *index == block) else {
            if self.context.legacy_functions && self.calls > 0 {
                return Ok(());
            }
            return Err(no_answer("Bedrock's stream has arguments of a call that never began."));
        };
        let delta = match open {
            Open::Function { index, begun } => {
                *begun = true;
                arguments_delta(self.context.legacy_functions, *index, piece.clone())
            }
            Open::Custom { arguments, .. } => {
                return hold(arguments, piece, self.held_bytes);
            }
            Open::Server => return Ok(()),
            Open::Answer { begun } => {
                *begun = true;
                self.characters = self.characters.saturating_add(piece.chars().count());
                Delta { content: Some(piece.clone()), ..Delta::default() }
            }
        };
        self.writer.choice(out, &delta, None);
        Ok(())
    }

    /// A block is whole: a call that got no arguments gets empty ones.
    fn close(&mut self, block: u32, out: &mut Vec<u8>) {
        let Some(at) = self.open.iter().position(|(index, _)| *index == block) else { return };
        let (_, open) = self.open.swap_remove(at);
        match open {
            Open::Function { begun: true, .. } | Open::Answer { begun: true } | Open::Server => {}
            Open::Function { index, begun: false } => {
                self.writer.choice(
                    out,
                    &arguments_delta(self.context.legacy_functions, index, "{}".into()),
                    None,
                );
            }
            Open::Answer { begun: false } => {
                self.writer.choice(out, &Delta { content: Some("{}".into()), ..Delta::default() }, None);
            }
            Open::Custom { index, arguments } => {
                let input = custom_input(&arguments);
                let custom = Custom { name: None, input: &input };
                self.writer.choice(out, &tool_delta(index, None, None, Some(custom)), None);
            }
        }
    }

    fn message_stop(&mut self, event: MessageStop<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        while let Some((block, _)) = self.open.first() {
            self.close(*block, out);
        }
        if let Some(rest) = self.object.take().map(|mut object| object.end()).filter(|rest| !rest.is_empty())
        {
            self.words(self.cited.0, &rest.into(), out)?;
        }
        // The answer tool was never called: what was said is the answer, unless that is the calls.
        if !(self.context.json_beside_calls && self.calls > 0 && !self.is_json()) {
            self.release(out);
        }
        let stop_reason =
            event.stop_reason.ok_or_else(|| no_answer("Bedrock's stream does not say why it ended."))?;
        let finish_reason = self.context.finish_reason(&stop_reason, self.calls > 0)?;
        if let Some(refusal) = refusal(&stop_reason) {
            self.writer.choice(out, &Delta { refusal: Some(refusal), ..Delta::default() }, None);
        }
        self.writer.choice(out, &Delta::default(), Some(finish_reason));
        self.stopped = true;
        self.kept = self.gathering.take().and_then(Gathering::end);
        // The metadata usually comes after, but need not.
        if self.usage.is_some() {
            self.finish(out);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if let Some(tokens) = &self.usage {
            self.writer.usage(out, &usage(tokens), self.service_tier.as_deref());
        }
        self.writer.done(out);
        self.finished = true;
    }
}

/// Keeps a piece until the rest has come.
fn hold(held: &mut String, piece: &str, limit: usize) -> Result<(), Error> {
    check_held(held.len().saturating_add(piece.len()), limit)?;
    held.push_str(piece);
    Ok(())
}

/// Most blocks of a kind that are known at a time: each event is looked up among them.
const BLOCKS: usize = 1_024;

fn check_blocks(known: usize) -> Result<(), Error> {
    if known < BLOCKS {
        return Ok(());
    }
    Err(no_answer(format!("Bedrock's stream has more than {BLOCKS} blocks at a time.")))
}

fn check_held(length: usize, limit: usize) -> Result<(), Error> {
    if length <= limit {
        return Ok(());
    }
    Err(no_answer(format!("Bedrock's stream has more than {limit} bytes that must be held together.")))
}

/// Reads a frame's payload.
fn read<'a, T: Deserialize<'a>>(frame: &Frame<'a>) -> Result<T, Error> {
    wire::object_from_slice(frame.payload)
        .map_err(|_| no_answer("Bedrock's stream has an event that cannot be read."))
}

fn arguments_delta(legacy: bool, index: u32, arguments: Str<'_>) -> Delta<'_> {
    let function = Function { name: None, arguments };
    if legacy {
        return Delta { function_call: Some(function), ..Delta::default() };
    }
    tool_delta(index, None, Some(function), None)
}

fn tool_delta<'a>(
    index: u32,
    first: Option<(&'a str, &'static str)>,
    function: Option<Function<'a>>,
    custom: Option<Custom<'a>>,
) -> Delta<'a> {
    let (id, kind) = first.unzip();
    Delta { tool_calls: Some([ToolCall { index, id, kind, function, custom }]), ..Delta::default() }
}
