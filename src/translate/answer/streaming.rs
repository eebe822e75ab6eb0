//! Translates a stream of Bedrock's into the client's.

use crate::openai::Error;
use crate::translate::noted::Noted;
use crate::translate::thoughts::Thoughts;
use crate::translate::{Limits, Streamed};

use super::context::Context;
use super::event::{Event, Front, Writer};
use super::stream::Stream;
use super::whole::whole;

/// A stream being translated, with its writer.
#[derive(Debug)]
pub struct Streaming<W> {
    answer: Stream,
    writer: W,
}

/// Passes events to a writer.
struct To<'s, W> {
    writer: &'s mut W,
    out: &'s mut Vec<u8>,
}

impl<'a, W: Writer> Front<'a> for To<'_, W> {
    fn event(&mut self, event: Event<'a>) {
        self.writer.event(event, self.out);
    }
}

impl<W: Writer> Streaming<W> {
    /// For the answer to a request with this `context`, written by `writer`.
    pub fn of(context: Context, limits: &Limits, writer: W) -> Self {
        Self { answer: Stream::new(context, limits), writer }
    }
}

/// Writes a whole Converse reply, the body of a 200, as the stream that the client asked for.
///
/// # Errors
/// 502 where it is not a Converse reply, or the model's output was malformed.
pub fn at_once<W: Writer>(context: &Context, body: &[u8], mut writer: W) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(body.len().saturating_mul(2));
    whole(context, body, &mut To { writer: &mut writer, out: &mut out })?;
    Ok(out)
}

impl<W: Writer> Streamed for Streaming<W> {
    fn has_begun(&self) -> bool {
        self.answer.has_begun()
    }

    fn held(&self) -> usize {
        self.answer.held().saturating_add(self.writer.held())
    }

    fn bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let written = out.len();
        let result = self.answer.bytes(bytes, &mut To { writer: &mut self.writer, out });
        if !self.has_begun() {
            out.truncate(written);
        }
        result
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.answer.end(&mut To { writer: &mut self.writer, out })
    }

    fn thoughts(&mut self) -> Option<Thoughts> {
        self.answer.thoughts()
    }

    fn noted(&self) -> Noted {
        self.answer.noted()
    }

    fn fail(&self, error: &Error, out: &mut Vec<u8>) {
        self.writer.fail(error, out);
    }
}
