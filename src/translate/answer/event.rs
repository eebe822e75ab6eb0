//! What an answer consists of.

use std::fmt;

use crate::bedrock::citation::Citation;
use crate::bedrock::reply::Usage;
use crate::openai::Error;
use crate::wire::Str;

/// Something that the client is told, in the order in which the model gives it.
///
/// `block` is Converse's number of a block. Events of one block may come between those of another; a block may be both reasoning and
/// text, and text that was held comes when its block has ended: a front that has blocks of its own numbers them itself.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// The answer is under way: once, before all else.
    Begins,
    /// More text.
    Text {
        /// The block that it is of.
        block: u32,
        /// What is added; only a whole reply has any that is empty.
        text: Str<'a>,
    },
    /// More reasoning that can be read, or what proves it.
    Reasoning {
        /// The block that it is of.
        block: u32,
        /// Which thought of the answer's it is, from 0.
        thought: u32,
        /// What is added to be read.
        text: Option<Str<'a>>,
        /// What proves to the model that the thought is its own.
        signature: Option<Str<'a>>,
    },
    /// Reasoning that cannot be read.
    Redacted {
        /// The block that it is of.
        block: u32,
        /// Which thought of the answer's it is, from 0.
        thought: u32,
        /// Base64.
        data: Str<'a>,
    },
    /// A call begins.
    Call {
        /// The block that it is of.
        block: u32,
        /// Which call of the answer's it is, from 0.
        call: u32,
        /// Bedrock's id of it.
        id: Str<'a>,
        /// The tool, by the client's name.
        name: Str<'a>,
        /// Whether the tool takes free text.
        is_custom: bool,
    },
    /// Arguments of a call: the next piece of the JSON text. There is at least one.
    Arguments {
        /// The block that they are of.
        block: u32,
        /// Which call of the answer's.
        call: u32,
        /// What is added.
        piece: Str<'a>,
    },
    /// The text of a call of a tool that takes free text, once and whole.
    FreeText {
        /// The block that it is of.
        block: u32,
        /// Which call of the answer's.
        call: u32,
        /// All there is; may be empty.
        text: Str<'a>,
    },
    /// The model begins to look up the web by itself. To a front that has no word for that it is nothing.
    Searches {
        /// The block that it is of.
        block: u32,
    },
    /// What it looks for has been said.
    Searched {
        /// The block that it is of.
        block: u32,
        /// The arguments of its tool, JSON.
        arguments: Str<'a>,
    },
    /// A source of text that has been told.
    Citation {
        /// The block of the text.
        block: u32,
        /// The source.
        citation: Citation<'a>,
        /// Of all the answer's text, the first character that it covers.
        start: usize,
        /// One past the last.
        end: usize,
    },
    /// A block is whole.
    BlockEnds {
        /// Which one.
        block: u32,
    },
    /// The model has stopped: no more of the above comes.
    Stops(Why),
    /// The answer is over: once, after all else.
    Ends {
        /// What it cost, where Bedrock says.
        usage: Option<Usage>,
        /// The tier that served it, where Bedrock says.
        service_tier: Option<Str<'a>>,
    },
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The model ended its turn.
    Done,
    /// It met a stop sequence.
    Sequence,
    /// It calls the client's tools.
    Calls,
    /// `max_tokens` were not enough.
    Limit,
    /// The model has no room for more.
    Context,
    /// A guardrail or a filter stepped in.
    Filter,
    /// The model will not answer.
    Refused,
}

/// Who tells a client of an answer, in the words of its API.
pub trait Front<'a> {
    /// Tells what comes next.
    fn event(&mut self, event: Event<'a>);
}

/// Who writes a stream to a client, in the words of its API.
pub trait Writer: fmt::Debug {
    /// Writes what comes next. Each event but the end of a block and a search has to give the client something: how long a stream may
    /// say nothing is counted by the others.
    fn event(&mut self, event: Event<'_>, out: &mut Vec<u8>);

    /// Tells of an error inside the stream; nothing comes after it.
    fn fail(&self, error: &Error, out: &mut Vec<u8>);

    /// Memory that is held, bytes.
    fn held(&self) -> usize;
}
