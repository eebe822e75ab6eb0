//! What there is to know of one attempt: what was sent, and what is being done with the answer.

use super::head::Head;
use crate::bedrock::operation::Operation;
use crate::gateway::headers::Headers;
use crate::gateway::memory::Owner;
use crate::gateway::targets::Target;
use crate::openai::Error;
use crate::translate::later_frames::LaterFrames;
use crate::translate::passthrough::{FirstEvent, FirstFrame};
use crate::translate::watched::{Body, Events};
use crate::translate::{Reply, Streamed};

/// The type of the bodies that we write.
pub(super) const JSON: &str = "application/json";
/// The type of the streams that we write.
pub(super) const EVENTS: &str = "text/event-stream; charset=utf-8";

/// What answers for the model that the client asked for, at the place of this attempt.
pub(super) struct Chosen {
    pub(super) target: Target,
    pub(super) is_fallback: bool,
}

impl std::ops::Deref for Chosen {
    type Target = str;

    fn deref(&self) -> &str {
        &self.target.id
    }
}

/// What of the request the answer needs.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) reply: Awaited,
    pub(super) model: String,
    pub(super) region: String,
    pub(super) is_fallback: bool,
    pub(super) ignored: String,
    /// Whose reasoning it is that the answer may hold, where that is kept.
    pub(super) owner: Option<Owner>,
    /// What all this takes, bytes: a stream takes its part over.
    held: usize,
}

impl Sent {
    /// What a request to `model` was that was sent to `region`, and what becomes of its answer.
    pub(super) fn new(
        reply: Awaited,
        model: String,
        region: String,
        is_fallback: bool,
        ignored: String,
    ) -> Self {
        let kept = match &reply {
            Awaited::Translated(reply) => reply.held(),
            Awaited::AsItIs(_) => 0,
        };
        let texts = [&model, &region, &ignored].map(String::capacity);
        let held = texts.into_iter().fold(kept, usize::saturating_add);
        Self { reply, model, region, is_fallback, ignored, owner: None, held }
    }

    /// The same where the answer's reasoning is kept, as `owner`'s.
    pub(super) fn of(self, owner: Option<Owner>) -> Self {
        Self { owner, ..self }
    }

    /// Memory that is held until the answer is over, bytes.
    pub(super) fn held(&self) -> usize {
        self.held
    }
}

/// What becomes of the answer.
#[derive(Debug)]
pub(super) enum Awaited {
    /// It is translated.
    Translated(Box<Reply>),
    /// It goes on as it is.
    AsItIs(Kind),
}

/// What is being done with the answer.
#[derive(Debug)]
pub(super) enum Answer {
    /// It has not begun.
    None,
    /// It is held until it is whole.
    Whole(Head),
    /// It is held until its first event.
    First(Head, Box<dyn Streamed>),
    /// It flows.
    Stream(Box<dyn Streamed>),
    /// It will go on as it is, or is an error of those that do.
    AsItIs(AsItIs),
    /// It goes on as it is, but for what its exceptions tell.
    Frames(LaterFrames),
    /// It goes on as it is, and is looked at.
    Body(Body),
    /// The same of a stream of OpenAI's.
    Events(Events),
    /// It is an error whose headers are out; its body follows at the end, made of what comes unless it is known.
    Late(Head, Option<Error>),
    /// It has been given; what still comes is thrown away.
    Given,
}

impl Answer {
    /// Memory that is held, bytes. What is held of a whole answer stays with Envoy.
    pub(super) fn held(&self) -> usize {
        match self {
            Self::None | Self::Given => 0,
            Self::Frames(frames) => frames.held(),
            Self::Body(body) => body.held(),
            Self::Events(events) => events.held(),
            Self::Whole(head) | Self::Late(head, _) => head.held(),
            Self::First(head, stream) => head.held().saturating_add(stream.held()),
            Self::Stream(stream) => stream.held(),
            Self::AsItIs(AsItIs::Error(_, head, headers) | AsItIs::First(_, head, headers)) => {
                head.held().saturating_add(headers.held())
            }
        }
    }
}

/// Whose form a request and its answer have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Bedrock's own.
    Native(Operation),
    /// OpenAI's.
    OpenAi,
}

/// An answer of which something is held.
#[derive(Debug)]
pub(super) enum AsItIs {
    /// An error, until it is whole.
    Error(Kind, Head, Headers),
    /// A stream, until its first event.
    First(Beginner, Head, Headers),
}

/// Who waits for a stream's first event.
#[derive(Debug)]
pub(super) enum Beginner {
    /// Of Bedrock's own.
    Native(Operation, FirstFrame),
    /// Of OpenAI's.
    OpenAi(FirstEvent),
}

impl Beginner {
    /// Whose form the stream has.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Native(operation, _) => Kind::Native(*operation),
            Self::OpenAi(_) => Kind::OpenAi,
        }
    }
}
