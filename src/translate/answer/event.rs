//! The events that an answer consists of.

use std::fmt;

use crate::bedrock::citation::Citation;
use crate::bedrock::reply::Usage;
use crate::openai::Error;
use crate::wire::Str;

/// An event of an answer, in the model's order.
///
/// `block` is Converse's index of a content block. Events of several blocks may alternate; a block may hold both reasoning and
/// text; and held text comes when its block has ended. A front whose API has blocks numbers them itself.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// The answer begins: once, before all others.
    Begins,
    /// More text.
    Text {
        /// The block that it is of.
        block: u32,
        /// The addition; empty only in a whole reply.
        text: Str<'a>,
    },
    /// More readable reasoning, or its signature.
    Reasoning {
        /// The block that it is of.
        block: u32,
        /// Index of the thought in the answer, from 0.
        thought: u32,
        /// The addition.
        text: Option<Str<'a>>,
        /// The model's signature of the thought.
        signature: Option<Str<'a>>,
    },
    /// Redacted reasoning.
    Redacted {
        /// The block that it is of.
        block: u32,
        /// Index of the thought in the answer, from 0.
        thought: u32,
        /// Base64.
        data: Str<'a>,
    },
    /// A tool call begins.
    Call {
        /// The block of the call.
        block: u32,
        /// Index of the call in the answer, from 0.
        call: u32,
        /// Bedrock's id of the call.
        id: Str<'a>,
        /// The tool, by the client's name.
        name: Str<'a>,
        /// Whether it is a custom tool, which takes free text.
        is_custom: bool,
    },
    /// The next part of a call's arguments, JSON text. There is at least one.
    Arguments {
        /// The block of the call.
        block: u32,
        /// Index of the call.
        call: u32,
        /// The addition.
        piece: Str<'a>,
    },
    /// The input of a custom tool's call, once and whole.
    FreeText {
        /// The block of the call.
        block: u32,
        /// Index of the call.
        call: u32,
        /// The input; may be empty.
        text: Str<'a>,
    },
    /// The model begins a web search of its own. Fronts whose API has no such event ignore it.
    Searches {
        /// The block of the search.
        block: u32,
    },
    /// The query of a web search is complete.
    Searched {
        /// The block of the search.
        block: u32,
        /// The arguments of the search, JSON.
        arguments: Str<'a>,
    },
    /// A citation of text that has been passed on.
    Citation {
        /// The block of the text.
        block: u32,
        /// The citation.
        citation: Citation<'a>,
        /// The first character of the range, counted over all of the answer's text.
        start: usize,
        /// One past the last.
        end: usize,
    },
    /// A block is complete.
    BlockEnds {
        /// Which one.
        block: u32,
    },
    /// The model has stopped: only `Ends` follows.
    Stops(Why),
    /// The answer has ended: once, after all others.
    Ends {
        /// Token counts, where Bedrock tells them.
        usage: Option<Usage>,
        /// The service tier, where Bedrock tells it.
        service_tier: Option<Str<'a>>,
    },
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It ended its turn.
    Done,
    /// It met a stop sequence.
    Sequence,
    /// It calls tools of the client's.
    Calls,
    /// It reached `max_tokens`.
    Limit,
    /// It reached the end of its context window.
    Context,
    /// A guardrail or a content filter intervened.
    Filter,
    /// It refused to answer.
    Refused,
}

/// Turns an answer's events into a client's message, in the format of its API.
pub trait Front<'a> {
    /// Takes the next event.
    fn event(&mut self, event: Event<'a>);
}

/// Turns an answer's events into a client's stream, in the format of its API.
pub trait Writer: fmt::Debug {
    /// Writes the next event. Every event but the end of a block and a search must write something: `silent_frames` counts the
    /// frames that write nothing.
    fn event(&mut self, event: Event<'_>, out: &mut Vec<u8>);

    /// Writes an error event, the last of the stream.
    fn fail(&self, error: &Error, out: &mut Vec<u8>);

    /// Bytes held.
    fn held(&self) -> usize;
}
