//! What the fronts of the chat-like APIs share: the things that are the same in each, read in one place, and the end of every
//! request's way. Nothing here knows which API the client speaks, but for the names of members that it is given.

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

/// Most room that is made for a body before it is needed, bytes.
const AT_ONCE: usize = 64 << 10;
/// What Converse's form needs beside the client's own bytes, about.
const BESIDE: usize = 1_024;

/// A conversation as it goes to Bedrock.
#[derive(Debug)]
pub(super) struct Finished<'a> {
    /// Converse's body.
    pub(super) body: Pieces<'a>,
    /// Whether the model can give the answer as a stream.
    streams: bool,
    /// What makes the reply the client's again.
    pub(super) undo: Undo,
    /// The answer will be JSON where calls may come instead: clients parse all content there is.
    pub(super) json_beside_calls: bool,
}

/// What a conversation is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The model's answer.
    Answer,
    /// How many tokens it would cost.
    Count,
}

impl Finished<'_> {
    /// Bedrock's operation for it. `stream` says whether the client waits for a stream: where the model gives none, the whole answer is
    /// written as one.
    pub(super) fn operation(&self, stream: bool) -> &'static str {
        if stream && self.streams { "converse-stream" } else { "converse" }
    }
}

/// Makes a conversation fit the model of these `rules`, names what was changed, and writes it. `source` is the body that it was
/// read from. `tool_schema` says where the schema of the tool at a place stands.
///
/// # Errors
/// 400 naming what no model takes.
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
