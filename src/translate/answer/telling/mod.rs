//! Passes an answer on as events, and undoes the changes made for the model.

mod calling;
mod reading;

use crate::bedrock::citation::Citation;
use crate::openai::Error;
use crate::translate::fit::family::CallsInText;
use crate::translate::thoughts::{Gathering, Thoughts};
use crate::wire::{self, Raw, Str};

use super::calls::Calls;
use super::context::Context;
use super::event::{Event, Front, Why};
use super::held::{Held, Source, Speech, check_blocks};
use super::written::Reader;

/// The state of an answer being passed on.
#[derive(Debug)]
pub(in crate::translate::answer) struct Telling {
    /// Most bytes of text or of a call held back.
    limit: usize,
    /// Finds thoughts and tool calls in the text.
    reader: Option<Reader>,
    /// Finds tool calls in reasoning.
    calls_in_reasoning: Option<Calls>,
    /// The block of the last reasoning.
    thought_in: u32,
    speech: Speech,
    /// Open tool calls, by block.
    open: Vec<(u32, Open)>,
    /// Number of calls passed on to the client.
    calls: u32,
    /// Open thoughts.
    thinking: Vec<Thought>,
    /// Number of thoughts.
    thoughts: u32,
    /// Collects the reasoning to keep, until the answer has ended.
    gathering: Option<Gathering>,
    /// Whether characters are counted. Not where citations cannot occur, so that texts need not be decoded.
    counts: bool,
    /// Characters of text so far, which citations refer to.
    characters: usize,
    /// The block of the last text, and the characters before it.
    cited: (u32, usize),
    /// Something has been passed on since this was last asked.
    told: bool,
}

/// An open thought.
#[derive(Debug)]
struct Thought {
    block: u32,
    is_readable: bool,
    /// Its index in the answer.
    number: u32,
}

/// An open tool call.
#[derive(Debug)]
enum Open {
    /// A function; whether any of its arguments have come.
    Function { call: u32, begun: bool },
    /// A custom tool, whose input can be decoded only when its JSON is complete.
    Custom { call: u32, arguments: String },
    /// The answer tool; whether any of its arguments have come.
    Answer { begun: bool },
    /// A web search, with its arguments so far.
    Search { arguments: String },
    /// Not passed on to the client.
    Unheard,
}

impl Telling {
    /// For an answer to a request with this `context`; at most `limit` bytes are held back at a time.
    pub(in crate::translate::answer) fn new(context: &Context, limit: usize) -> Self {
        let speech = if context.holds_text() { Speech::Held(Held::default()) } else { Speech::Flows };
        Self {
            limit,
            reader: Reader::new(context, limit),
            calls_in_reasoning: (context.undo.written().calls == CallsInText::Kimi)
                .then(|| Calls::new(limit)),
            thought_in: 0,
            speech,
            open: Vec::new(),
            calls: 0,
            thinking: Vec::new(),
            thoughts: 0,
            gathering: None,
            counts: true,
            characters: 0,
            cited: (0, 0),
            told: false,
        }
    }

    /// Collects the reasoning before calls, where it is to be kept.
    pub(in crate::translate::answer) fn gathering(self, context: &Context) -> Self {
        Self { gathering: context.undo.keeps_thoughts().then(Gathering::default), ..self }
    }

    /// The reasoning to keep, once the model has stopped.
    pub(in crate::translate::answer) fn gathered(&mut self) -> Option<Thoughts> {
        self.gathering.take().and_then(Gathering::end)
    }

    /// For an answer that cannot have citations.
    pub(in crate::translate::answer) fn without_sources(self) -> Self {
        Self { counts: false, ..self }
    }

    fn count(&mut self, text: &Str<'_>) {
        if self.counts {
            self.characters = self.characters.saturating_add(text.chars().count());
        }
    }

    /// Bytes held.
    pub(in crate::translate::answer) fn held(&self) -> usize {
        let speech = match &self.speech {
            Speech::Held(held) => held.bytes(),
            Speech::Flows | Speech::Unwanted => 0,
        };
        let calls = self.open.iter().map(|(_, open)| match open {
            Open::Custom { arguments, .. } | Open::Search { arguments } => arguments.capacity(),
            Open::Function { .. } | Open::Answer { .. } | Open::Unheard => 0,
        });
        let open = self.open.capacity().saturating_mul(size_of::<(u32, Open)>());
        let thoughts = self.thinking.capacity().saturating_mul(size_of::<Thought>());
        let text = self.reader.as_ref().map_or(0, Reader::held);
        let reasoning = self.calls_in_reasoning.as_ref().map_or(0, Calls::held);
        let gathering = self.gathering.as_ref().map_or(0, Gathering::held);
        calls.chain([speech, open, thoughts, text, reasoning, gathering]).fold(0, usize::saturating_add)
    }

    /// Whether something has been passed on since this was last asked.
    pub(in crate::translate::answer) fn has_told(&mut self) -> bool {
        std::mem::take(&mut self.told)
    }

    fn tell<'a>(&mut self, event: Event<'a>, front: &mut dyn Front<'a>) {
        self.told = true;
        front.event(event);
    }

    /// Text of the answer.
    fn words<'a>(
        &mut self,
        block: u32,
        text: Str<'a>,
        context: &Context,
        front: &mut dyn Front<'a>,
    ) -> Result<(), Error> {
        if self.cited.0 != block {
            self.cited = (block, self.characters);
        }
        self.count(&text);
        match &mut self.speech {
            Speech::Flows => self.tell(Event::Text { block, text }, front),
            Speech::Held(held) => {
                let is_beginning = held.text.is_empty();
                held.say(&text, self.limit)?;
                // An answer by Bedrock's own structured output begins as JSON, so it is not held.
                if is_beginning && !context.undo.has_answer_tool() && text.starts_with(['{', '[']) {
                    self.release(front);
                }
            }
            Speech::Unwanted => {}
        }
        Ok(())
    }

    /// Passes the held text on, because it is the answer.
    fn release<'a>(&mut self, front: &mut dyn Front<'a>) {
        let Speech::Held(held) = &mut self.speech else { return };
        let (text, sources) = std::mem::take(held).into_parts();
        self.speech = Speech::Flows;
        if !text.is_empty() {
            self.tell(Event::Text { block: self.cited.0, text: text.into() }, front);
        }
        for Source { block, citation, start, end } in sources {
            self.tell(Event::Citation { block, citation, start, end }, front);
        }
    }

    /// A citation of a block's text.
    ///
    /// # Errors
    /// 502 where the limit on held bytes is exceeded.
    pub(in crate::translate::answer) fn citation<'a>(
        &mut self,
        block: u32,
        mut citation: Citation<'a>,
        context: &'a Context,
        front: &mut dyn Front<'a>,
    ) -> Result<(), Error> {
        if let Some(name) = citation.title.as_deref().and_then(|title| context.undo.document(title)) {
            citation.title = Some(name.into());
        }
        let end = self.characters;
        // A block with only citations, as Nova sends, belongs to the text before it.
        let start = if block >= self.cited.0 { self.cited.1 } else { end };
        match &mut self.speech {
            Speech::Flows => self.tell(Event::Citation { block, citation, start, end }, front),
            Speech::Held(held) => {
                let source = Source { block, citation: citation.into_owned(), start, end };
                held.cite(source, self.limit)?;
            }
            Speech::Unwanted => {}
        }
        Ok(())
    }

    /// Readable reasoning, or its signature.
    fn thinks<'a>(
        &mut self,
        block: u32,
        text: Option<Str<'a>>,
        signature: Option<Str<'a>>,
        front: &mut dyn Front<'a>,
    ) -> Result<(), Error> {
        let thought = self.thought(block, true)?;
        if let Some(gathering) = &mut self.gathering {
            gathering.piece(block, text.as_deref(), signature.as_deref(), None);
        }
        self.tell(Event::Reasoning { block, thought, text, signature }, front);
        Ok(())
    }

    /// Redacted reasoning.
    ///
    /// # Errors
    /// 502 where there are too many open thoughts.
    pub(in crate::translate::answer) fn redacted<'a>(
        &mut self,
        block: u32,
        data: Str<'a>,
        front: &mut dyn Front<'a>,
    ) -> Result<(), Error> {
        let thought = self.thought(block, false)?;
        if let Some(gathering) = &mut self.gathering {
            gathering.piece(block, None, None, Some(&data));
        }
        self.tell(Event::Redacted { block, thought, data }, front);
        Ok(())
    }

    /// The index of a thought.
    fn thought(&mut self, block: u32, is_readable: bool) -> Result<u32, Error> {
        self.thought_in = block;
        let known =
            self.thinking.iter().find(|known| known.block == block && known.is_readable == is_readable);
        if let Some(known) = known {
            return Ok(known.number);
        }
        check_blocks(self.thinking.len())?;
        let number = self.thoughts;
        self.thoughts = number.saturating_add(1);
        self.thinking.push(Thought { block, is_readable, number });
        Ok(number)
    }

    /// A block is complete.
    ///
    /// # Errors
    /// 502 where the limit on held bytes is exceeded.
    pub(in crate::translate::answer) fn ends<'a>(
        &mut self,
        block: u32,
        context: &'a Context,
        front: &mut dyn Front<'a>,
    ) -> Result<(), Error> {
        self.text_ends(block, context, front)?;
        if self.thought_in == block {
            self.reasoning_ends(block, context, front)?;
        }
        self.close(block, front);
        self.thinking.retain(|thought| thought.block != block);
        front.event(Event::BlockEnds { block });
        Ok(())
    }

    /// All content has come: passes on what is still held.
    ///
    /// # Errors
    /// 502 where the limit on held bytes is exceeded.
    pub(in crate::translate::answer) fn is_said<'a>(
        &mut self,
        context: &'a Context,
        front: &mut dyn Front<'a>,
    ) -> Result<(), Error> {
        while let Some((block, _)) = self.open.first() {
            self.ends(*block, context, front)?;
        }
        self.reasoning_ends(self.thought_in, context, front)?;
        self.texts_end(context, front)?;
        // The answer tool was not called, so the text is the answer, unless there are tool calls.
        let is_beside_calls = context.json_beside_calls && self.calls > 0;
        if !is_beside_calls || matches!(&self.speech, Speech::Held(held) if is_json(&held.text)) {
            self.release(front);
        }
        Ok(())
    }

    /// The model has stopped, by Bedrock's stop reason; returns the reason for the client.
    ///
    /// # Errors
    /// 502 where the model's output was malformed, so that there is no complete answer.
    pub(in crate::translate::answer) fn stops<'a>(
        &mut self,
        reason: &str,
        front: &mut dyn Front<'a>,
    ) -> Result<Why, Error> {
        let why = match reason {
            "max_tokens" => Why::Limit,
            "model_context_window_exceeded" => Why::Context,
            "guardrail_intervened" | "content_filtered" => Why::Filter,
            // The model refuses (Anthropic's documentation, "Handling stop reasons").
            "refusal" => Why::Refused,
            "malformed_model_output" | "malformed_tool_use" => {
                return Err(Error::new(502, format!("The model's output was malformed ({reason})."))
                    .code("model_error"));
            }
            // With calls of the client's tools the reason is always tool use: gpt-oss and others end such a turn with
            // `end_turn`.
            _ if self.calls > 0 => Why::Calls,
            "stop_sequence" => Why::Sequence,
            _ => Why::Done,
        };
        self.tell(Event::Stops(why), front);
        Ok(why)
    }
}

/// Whether a text is valid JSON.
fn is_json(text: &str) -> bool {
    wire::from_str::<Raw<'_>>(text).is_ok()
}
