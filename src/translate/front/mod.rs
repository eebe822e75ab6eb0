//! Shared by the fronts of chat-like APIs: members that are the same in each, and the last step of every translation. It does
//! not depend on the client's API, except for member names that are passed in.

pub(super) mod annotation;
pub(super) mod answer;
pub(super) mod arguments;
pub(super) mod bedrock_members;
pub(super) mod cache;
pub(super) mod choice;
pub(super) mod documents;
pub(super) mod guarded;
pub(super) mod media;
pub(super) mod metadata;
pub(super) mod named;
pub(super) mod parameters;
pub(super) mod results;
pub(super) mod tools;

use crate::bedrock::count_tokens;
use crate::openai::Error;
use crate::wire::{self, Pieces};

use super::Rules;
use super::conversation::{Answer, Content, Conversation};
use super::fit::notes::{Field, Note};
use super::fit::{self, Fitted, Refused, Target, Undo};
use super::notes::Notes;
use named::Names;

/// Largest initial capacity of a body, bytes.
const AT_ONCE: usize = 64 << 10;
/// Bytes that Converse's form needs beside the client's own, about.
const BESIDE: usize = 1_024;

/// A translated conversation.
#[derive(Debug)]
pub(super) struct Finished<'a> {
    /// Converse's body.
    pub(super) body: Pieces<'a>,
    /// Whether the model can give the answer as a stream.
    streams: bool,
    /// Changes that the reply has to undo.
    pub(super) undo: Undo,
    /// The answer must be JSON, but may be tool calls instead; clients parse all its text.
    pub(super) json_beside_calls: bool,
}

/// The purpose of a conversation's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The model's answer.
    Answer,
    /// To count its tokens.
    Count,
}

impl Finished<'_> {
    /// Bedrock's operation. `stream` says whether the client asked for a stream; where the model cannot stream, the whole
    /// answer is sent to the client as one.
    pub(super) fn operation(&self, stream: bool) -> &'static str {
        if stream && self.streams { "converse-stream" } else { "converse" }
    }
}

/// Adapts a conversation to a model by its `rules`, notes the changes, and serialises it. `source` is the body that it borrows
/// from. `tool_schema` gives the path of a tool's schema by the tool's index.
///
/// # Errors
/// 400 with the path of what no model takes.
pub(super) fn finish<'a>(
    conversation: Conversation<'a>,
    rules: Rules<'_>,
    names: &Names,
    source: &'a [u8],
    tool_schema: impl Fn(usize) -> String,
    purpose: Purpose,
    notes: &mut Notes<'_>,
) -> Result<Finished<'a>, Error> {
    let may_call = !conversation.tools.is_empty() || conversation.messages.iter().any(has_calls);
    let wants_json = !matches!(conversation.answer, Answer::Text);
    let target = Target {
        capabilities: rules.capabilities,
        schema_depth: rules.limits.schema_depth,
        betas: rules.anthropic_betas,
        tokens: rules.tokens,
        recall: rules.recall,
    };
    let Fitted { request, streams, undo, notes: noted } =
        fit::fit(conversation, target).map_err(|refused| {
            let (param, reason) = match refused {
                Refused::Empty => {
                    let said = names.said;
                    return Error::invalid_param(said, format!("'{said}' holds nothing to answer."));
                }
                Refused::Search => {
                    let message = "'tool_choice' is a web search, which this model does not make.";
                    return Error::invalid_param("tool_choice", message).code("unsupported_parameter");
                }
                Refused::AnswerSchema(reason) => {
                    (named::param(&Field::AnswerMember(String::new()), names).to_owned(), reason)
                }
                Refused::ToolSchema(place, reason) => (tool_schema(place), reason),
            };
            Error::invalid(format!("Invalid schema for '{param}': {reason}")).param(param)
        })?;
    let gets_json = wants_json && !noted.contains(&Note::Unsupported(Field::Answer));
    named::name(noted, names, notes)?;
    let room = source.len().saturating_add(BESIDE).min(AT_ONCE);
    let body = match purpose {
        Purpose::Answer => wire::pieces(source, room, &request),
        Purpose::Count => wire::pieces(source, room, &count_tokens::Request::of(&request)),
    };
    Ok(Finished { body, streams, undo, json_beside_calls: may_call && gets_json })
}

fn has_calls(message: &super::conversation::Message<'_>) -> bool {
    message.content.iter().any(|content| matches!(content, Content::Call(_)))
}
