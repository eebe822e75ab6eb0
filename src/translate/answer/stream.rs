//! Reads the events of ConverseStream.

use serde::Deserialize;

use crate::bedrock::eventstream::{Decoder, Frame};
use crate::bedrock::reply::{ServiceTier, Usage, is_of_server};
use crate::bedrock::stream::{
    BlockDelta, BlockStart, BlockStop, Delta, MessageStop, Metadata, ReasoningDelta, ToolUseStart,
};
use crate::openai::Error;
use crate::translate::Limits;
use crate::translate::errors::{self, no_answer};
use crate::translate::noted::Noted;
use crate::translate::thoughts::Thoughts;
use crate::wire::{self, Str};

use super::context::Context;
use super::event::{Event, Front};
use super::telling::Telling;

/// The receiver of events, each of which lives as long as its frame.
type Told<'f> = dyn for<'a> Front<'a> + 'f;

/// A stream being read.
#[derive(Debug)]
pub(super) struct Stream {
    context: Context,
    decoder: Decoder,
    /// Frames left that may write nothing to the client.
    silent_frames: usize,
    telling: Telling,
    /// Reasoning to keep, once the model has stopped.
    kept: Option<Thoughts>,
    /// An event has come.
    begun: bool,
    /// `messageStop` has come.
    stopped: bool,
    usage: Option<Usage>,
    noted: Noted,
    service_tier: Option<String>,
    finished: bool,
}

impl Stream {
    /// For the answer to a request with this `context`.
    pub(super) fn new(context: Context, limits: &Limits) -> Self {
        Self {
            telling: Telling::new(&context, limits.frame_bytes).gathering(&context),
            kept: None,
            context,
            decoder: Decoder::new(limits.frame_bytes),
            silent_frames: limits.silent_frames,
            begun: false,
            stopped: false,
            usage: None,
            noted: Noted::default(),
            service_tier: None,
            finished: false,
        }
    }

    /// Whether a valid event has come, so that the answer has begun.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Bytes held back: an incomplete frame, and text that can be passed on only later.
    pub(super) fn held(&self) -> usize {
        self.decoder.held().saturating_add(self.telling.held())
    }

    /// Reasoning to keep, once there is any; returned once.
    pub(super) fn thoughts(&mut self) -> Option<Thoughts> {
        self.kept.take()
    }

    /// Facts for the record so far.
    pub(super) fn noted(&self) -> Noted {
        self.noted
    }

    /// Takes the next bytes, cut anywhere, and passes the events that they complete to `front`. If the stream [has not
    /// begun](Self::has_begun) afterwards, what was passed on must be dropped.
    ///
    /// # Errors
    /// An exception, a corrupt frame, or malformed output: the answer cannot continue.
    pub(super) fn bytes(&mut self, bytes: &[u8], front: &mut Told<'_>) -> Result<(), Error> {
        if self.finished {
            return Ok(());
        }
        // The decoder is taken out while its frames are read.
        let mut decoder = std::mem::replace(&mut self.decoder, Decoder::new(0));
        decoder.push(bytes);
        let result = self.frames(&mut decoder, front);
        self.decoder = decoder;
        result
    }

    fn frames(&mut self, decoder: &mut Decoder, front: &mut Told<'_>) -> Result<(), Error> {
        while !self.finished {
            match decoder.next_frame() {
                Ok(Some(frame)) => self.frame(&frame, front)?,
                Ok(None) => return Ok(()),
                Err(error) => return Err(no_answer(format!("Bedrock's stream is corrupt: {error}."))),
            }
        }
        Ok(())
    }

    /// The bytes have ended.
    ///
    /// # Errors
    /// 502 where the answer is incomplete: a cut stream must not look like a regular end.
    pub(super) fn end(&mut self, front: &mut Told<'_>) -> Result<(), Error> {
        if self.finished {
            return Ok(());
        }
        if !self.stopped || !self.decoder.is_empty() {
            return Err(
                no_answer("Bedrock's stream was cut off before the end of the answer.").code("stream_cut")
            );
        }
        // Only the metadata is missing: the answer is complete, and its usage stays unknown.
        self.finish(front);
        Ok(())
    }

    fn frame(&mut self, frame: &Frame<'_>, front: &mut Told<'_>) -> Result<(), Error> {
        let kind = errors::event_type(frame)?;
        if !self.begun {
            front.event(Event::Begins);
            self.event(kind, frame, front)?;
            // An exception or a corrupt frame before the first valid event can still become an HTTP status.
            self.begun = true;
            self.telling.has_told();
            return Ok(());
        }
        self.event(kind, frame, front)?;
        if self.telling.has_told() || self.finished { Ok(()) } else { self.silent() }
    }

    fn event(&mut self, kind: &[u8], frame: &Frame<'_>, front: &mut Told<'_>) -> Result<(), Error> {
        match kind {
            b"contentBlockStart" => self.block_start(read(frame)?, front),
            b"contentBlockDelta" => self.block_delta(read(frame)?, front),
            b"contentBlockStop" => {
                let BlockStop { index } = read(frame)?;
                self.telling.ends(index.unwrap_or(0), &self.context, front)
            }
            b"messageStop" => self.message_stop(read(frame)?, front),
            b"metadata" => {
                let Metadata { usage, service_tier } = read(frame)?;
                self.usage = usage;
                self.noted.costs(usage.as_ref());
                self.service_tier = service_tier
                    .and_then(|ServiceTier { kind }| kind)
                    .map(|kind| kind.into_cow().into_owned());
                if self.stopped {
                    self.finish(front);
                }
                Ok(())
            }
            // `messageStart` has nothing of interest, and unknown events are ignored.
            _ => Ok(()),
        }
    }

    /// Counts a frame that writes nothing, because the client would wait as long as such frames come.
    fn silent(&mut self) -> Result<(), Error> {
        let left = self.silent_frames.checked_sub(1);
        self.silent_frames = left.ok_or_else(|| no_answer("Bedrock's stream goes on and says nothing."))?;
        Ok(())
    }

    fn block_start(&mut self, event: BlockStart<'_>, front: &mut Told<'_>) -> Result<(), Error> {
        let Some(start) = event.start.and_then(|start| start.tool_use) else { return Ok(()) };
        let ToolUseStart { tool_use_id, name, kind } = start;
        let block = event.index.unwrap_or(0);
        if is_of_server(kind.as_ref()) {
            return self.telling.of_server(block, name, &self.context, front);
        }
        let (Some(id), Some(name)) = (tool_use_id, name) else {
            return Err(no_answer("Bedrock's stream has a call without a name or an id."));
        };
        self.telling.call(block, id, name, &self.context, front)
    }

    fn block_delta(&mut self, event: BlockDelta<'_>, front: &mut Told<'_>) -> Result<(), Error> {
        let Some(Delta { text, tool_use, reasoning_content, citation }) = event.delta else {
            return Ok(());
        };
        let (block, telling) = (event.index.unwrap_or(0), &mut self.telling);
        if let Some(text) = some(text) {
            self.noted.flows(text.len());
            telling.text(block, text, &self.context, front)?;
        }
        if let Some(ReasoningDelta { text, signature, redacted_content }) = reasoning_content {
            let text = some(text);
            self.noted.flows(text.as_deref().map_or(0, str::len));
            if text.is_some() || signature.is_some() {
                telling.reasoning(block, text, signature, &self.context, front)?;
            }
            if let Some(data) = redacted_content {
                telling.redacted(block, data, front)?;
            }
        }
        if let Some(piece) = some(tool_use.and_then(|piece| piece.input)) {
            self.noted.flows(piece.len());
            telling.arguments(block, piece, front)?;
        }
        if let Some(citation) = citation {
            telling.citation(block, citation, &self.context, front)?;
        }
        Ok(())
    }

    fn message_stop(&mut self, event: MessageStop<'_>, front: &mut Told<'_>) -> Result<(), Error> {
        self.telling.is_said(&self.context, front)?;
        let reason =
            event.stop_reason.ok_or_else(|| no_answer("Bedrock's stream does not say why it ended."))?;
        let why = self.telling.stops(&reason, front)?;
        self.noted.stops(&reason, why);
        self.stopped = true;
        self.kept = self.telling.gathered();
        // The metadata usually comes after `messageStop`, but may come before.
        if self.usage.is_some() {
            self.finish(front);
        }
        Ok(())
    }

    fn finish(&mut self, front: &mut Told<'_>) {
        let service_tier = self.service_tier.as_deref().map(Str::from);
        front.event(Event::Ends { usage: self.usage, service_tier });
        self.finished = true;
    }
}

/// The text, unless it is empty.
fn some(text: Option<Str<'_>>) -> Option<Str<'_>> {
    text.filter(|text| !text.is_empty())
}

/// Parses a frame's payload.
fn read<'a, T: Deserialize<'a>>(frame: &Frame<'a>) -> Result<T, Error> {
    wire::object_from_slice(frame.payload)
        .map_err(|_| no_answer("Bedrock's stream has an event that cannot be read."))
}
