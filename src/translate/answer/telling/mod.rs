//! How an answer is told: what was changed for the model is undone on the way.

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

/// An answer that is being told.
#[derive(Debug)]
pub(in crate::translate::answer) struct Telling {
    /// How much may be held back of text or of a call, bytes.
    limit: usize,
    /// Finds what is in the text and is none of it.
    reader: Option<Reader>,
    /// Finds calls in reasoning.
    calls_in_reasoning: Option<Calls>,
    /// The block of the last reasoning.
    thought_in: u32,
    speech: Speech,
    /// Calls that have begun and not ended, by their blocks.
    open: Vec<(u32, Open)>,
    /// Calls so far that the client has heard of.
    calls: u32,
    /// Thoughts that have begun and not ended.
    thinking: Vec<Thought>,
    /// Thoughts so far.
    thoughts: u32,
    /// Reasoning that is to be kept, until the answer has ended.
    gathering: Option<Gathering>,
    /// Whether characters are counted: where no source can come, texts need not be read.
    counts: bool,
    /// Characters of text so far, which citations point at.
    characters: usize,
    /// The block of the last text, and the characters before it.
    cited: (u32, usize),
    /// The client has been told something since that was last asked.
    told: bool,
}

/// A thought that has begun.
#[derive(Debug)]
struct Thought {
    block: u32,
    is_readable: bool,
    /// Which of the answer's.
    number: u32,
}

/// A call that has begun.
#[derive(Debug)]
enum Open {
    /// A function; whether any of its arguments have come.
    Function { call: u32, begun: bool },
    /// A custom tool, whose text can be read only when its JSON is whole.
    Custom { call: u32, arguments: String },
    /// Its input is the answer; whether any of it has come.
    Answer { begun: bool },
    /// The model looks up the web, for what its arguments say.
    Search { arguments: String },
    /// The client hears nothing of it.
    Unheard,
}

impl Telling {
    /// Of an answer to `context`; no more than `limit` bytes of it are held back at a time.
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

    /// The same, which gathers reasoning before calls where that is to be kept.
    pub(in crate::translate::answer) fn gathering(self, context: &Context) -> Self {
        Self { gathering: context.undo.keeps_thoughts().then(Gathering::default), ..self }
    }

    /// The reasoning that is to be kept, once the model has stopped.
    pub(in crate::translate::answer) fn gathered(&mut self) -> Option<Thoughts> {
        self.gathering.take().and_then(Gathering::end)
    }

    /// The same of an answer without sources.
    pub(in crate::translate::answer) fn without_sources(self) -> Self {
        Self { counts: false, ..self }
    }

    fn count(&mut self, text: &Str<'_>) {
        if self.counts {
            self.characters = self.characters.saturating_add(text.chars().count());
        }
    }

    /// Memory that is held, bytes.
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

    /// Whether the client has been told something since this was last asked.
    pub(in crate::translate::answer) fn has_told(&mut self) -> bool {
        std::mem::take(&mut self.told)
    }

    fn tell<'a>(&mut self, event: Event<'a>, front: &mut dyn Front<'a>) {
        self.told = true;
        front.event(event);
    }

    /// Text that is the answer's.
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
                // Bedrock's own JSON begins as such, and need not wait.
                if is_beginning && !context.undo.has_answer_tool() && text.starts_with(['{', '[']) {
                    self.release(front);
                }
            }
            Speech::Unwanted => {}
        }
        Ok(())
    }

    /// Gives out the text that was held: it is the answer after all.
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

    /// A source of the text of a block.
    ///
    /// # Errors
    /// 502 where more has to be held back than may be.
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
        // A block of nothing but sources, as Nova gives them, is of the text before it.
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

    /// Reasoning that can be read, or its signature.
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

    /// Reasoning that cannot be read.
    ///
    /// # Errors
    /// 502 where there are too many thoughts.
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

    /// The number of a thought.
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

    /// A block is whole.
    ///
    /// # Errors
    /// 502 where more has to be held back than may be.
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

    /// All has been said: what is left of it is given out.
    ///
    /// # Errors
    /// 502 where more has to be held back than may be.
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
        // The answer tool was never called: what was said is the answer, unless that is the calls.
        let is_beside_calls = context.json_beside_calls && self.calls > 0;
        if !is_beside_calls || matches!(&self.speech, Speech::Held(held) if is_json(&held.text)) {
            self.release(front);
        }
        Ok(())
    }

    /// The model has stopped, for Bedrock's `reason`: why, as the client is told.
    ///
    /// # Errors
    /// 502 where the model's output was malformed: there is no whole answer to give.
    pub(in crate::translate::answer) fn stops<'a>(
        &mut self,
        reason: &str,
        front: &mut dyn Front<'a>,
    ) -> Result<Why, Error> {
        let why = match reason {
            "max_tokens" => Why::Limit,
            "model_context_window_exceeded" => Why::Context,
            "guardrail_intervened" | "content_filtered" => Why::Filter,
            // Of a model that will not go on (Anthropic's documentation, "Handling stop reasons").
            "refusal" => Why::Refused,
            "malformed_model_output" | "malformed_tool_use" => {
                return Err(Error::new(502, format!("The model's output was malformed ({reason})."))
                    .code("model_error"));
            }
            // The client's calls are the reason, whatever a model calls its own (gpt-oss and others end such a turn with `end_turn`).
            _ if self.calls > 0 => Why::Calls,
            "stop_sequence" => Why::Sequence,
            _ => Why::Done,
        };
        self.tell(Event::Stops(why), front);
        Ok(why)
    }
}

/// True for a text that a client can parse.
fn is_json(text: &str) -> bool {
    wire::from_str::<Raw<'_>>(text).is_ok()
}
