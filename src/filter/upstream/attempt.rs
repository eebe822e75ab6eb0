//! The state of one attempt: what was sent, and how its answer is handled.

use super::head::Head;
use crate::bedrock::operation::Operation;
use crate::gateway::headers::Headers;
use crate::gateway::memory::Owner;
use crate::gateway::targets::Target;
use crate::openai::Error;
use crate::translate::later_frames::LaterFrames;
use crate::translate::passthrough::{FirstEvent, FirstFrame};
use crate::translate::watched::{Body, Events};
use crate::translate::{Options, Reply, Streamed};

/// Content type of JSON bodies.
pub(super) const JSON: &str = "application/json";
/// Content type of server-sent events.
pub(super) const EVENTS: &str = "text/event-stream; charset=utf-8";

/// The target that answers for the client's model, at the place of this attempt.
pub(super) struct Chosen {
    pub(super) target: Target,
    /// The caller's inference profile that is called instead of the model.
    pub(super) called: Option<String>,
    pub(super) is_fallback: bool,
}

impl Chosen {
    /// The model id or profile to call for an operation, named by its last path segment. Counting tokens is free, so it is not
    /// asked of a profile.
    pub(super) fn asked_as<'c>(&'c self, options: &'c Options, operation: &str) -> &'c str {
        match &self.called {
            Some(called) if operation != Operation::CountTokens.segment() => called,
            _ => options.asked_as(&self.target.id, operation),
        }
    }

    /// The caller's inference profile, where the operation is asked of it.
    pub(super) fn profile(&self, operation: &str) -> Option<String> {
        self.called.clone().filter(|_| operation != Operation::CountTokens.segment())
    }
}

impl std::ops::Deref for Chosen {
    type Target = str;

    fn deref(&self) -> &str {
        &self.target.id
    }
}

/// What of the request its answer will need.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) reply: Awaited,
    pub(super) model: String,
    /// The caller's inference profile that was called in the model's place.
    pub(super) profile: Option<String>,
    pub(super) region: String,
    pub(super) is_fallback: bool,
    pub(super) ignored: String,
    /// The owner of the answer's reasoning, where that is kept.
    pub(super) owner: Option<Owner>,
    /// Bytes counted for this; a stream takes over its part.
    held: usize,
}

impl Sent {
    /// For a request to `model` in `region`.
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
        Self { reply, model, region, is_fallback, ignored, owner: None, profile: None, held }
    }

    /// With the caller's inference profile that was called.
    pub(super) fn by(self, profile: Option<String>) -> Self {
        let held = self.held.saturating_add(profile.as_ref().map_or(0, String::capacity));
        Self { profile, held, ..self }
    }

    /// The model id or profile that Bedrock was called with.
    pub(super) fn called(&self) -> &str {
        self.profile.as_deref().unwrap_or(&self.model)
    }

    /// With the owner of the answer's reasoning.
    pub(super) fn of(self, owner: Option<Owner>) -> Self {
        Self { owner, ..self }
    }

    /// Bytes held until the answer has ended.
    pub(super) fn held(&self) -> usize {
        self.held
    }
}

/// How the answer will be handled.
#[derive(Debug)]
pub(super) enum Awaited {
    /// It is to be translated.
    Translated(Box<Reply>),
    /// It is to be passed on untranslated.
    AsItIs(Kind),
}

/// How far the answer has come.
#[derive(Debug)]
pub(super) enum Answer {
    /// It has not begun.
    None,
    /// Held until it is whole.
    Whole(Head),
    /// Held until its first event.
    First(Head, Box<dyn Streamed>),
    /// Being translated, event by event.
    Stream(Box<dyn Streamed>),
    /// Untranslated, and its beginning is still held.
    AsItIs(AsItIs),
    /// Passes untranslated, except for the text of exception frames.
    Frames(LaterFrames),
    /// Passes untranslated, and its tokens are read.
    Body(Body),
    /// The same for a stream of OpenAI's API.
    Events(Events),
    /// An error whose headers are sent; its body follows at the end, made of the upstream's body unless the error is known.
    Late(Head, Option<Error>),
    /// Sent; the rest of the upstream's answer is discarded.
    Given,
}

impl Answer {
    /// Bytes held. A body that is held until it is whole stays with Envoy.
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

/// The API of an untranslated request and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Bedrock's own.
    Native(Operation),
    /// OpenAI's.
    OpenAi,
}

/// An untranslated answer whose beginning is held.
#[derive(Debug)]
pub(super) enum AsItIs {
    /// An error, held until it is whole.
    Error(Kind, Head, Headers),
    /// A stream, held until its first event.
    First(Beginner, Head, Headers),
}

/// Parses a stream up to its first event.
#[derive(Debug)]
pub(super) enum Beginner {
    /// A stream of Bedrock's.
    Native(Operation, FirstFrame),
    /// A stream of OpenAI's API.
    OpenAi(FirstEvent),
}

impl Beginner {
    /// The API that the stream belongs to.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Native(operation, _) => Kind::Native(*operation),
            Self::OpenAi(_) => Kind::OpenAi,
        }
    }
}
