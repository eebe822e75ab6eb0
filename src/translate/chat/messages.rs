//! The messages of a chat.

use std::fmt::Display;

use crate::openai::Error;
use crate::openai::chat;
use crate::translate::conversation::{CallName, CallResult, Content, Message, Speaker};
use crate::translate::front::{cache, guarded, results};
use crate::translate::notes::Notes;

use super::thoughts::Thoughts;
use super::{calls, content};

/// Reads the messages of a request.
///
/// # Errors
/// 400 with the path of the wrong member.
pub(super) fn read<'a>(
    messages: Vec<chat::Message<'a>>,
    cache: &mut cache::Names,
    notes: &mut Notes<'_>,
) -> Result<Vec<Message<'a>>, Error> {
    notes.check_messages(messages.len())?;
    let mut all = Vec::with_capacity(messages.len());
    for (index, read) in messages.into_iter().enumerate() {
        all.push(message(read, &format_args!("messages[{index}]"), cache, notes)?);
    }
    Ok(all)
}

fn message<'a>(
    message: chat::Message<'a>,
    place: &dyn Display,
    cache: &mut cache::Names,
    notes: &mut Notes<'_>,
) -> Result<Message<'a>, Error> {
    let chat::Message {
        role,
        content: said,
        name,
        refusal,
        tool_calls,
        function_call,
        tool_call_id,
        reasoning_content,
        signature,
        thinking_blocks,
        audio,
        annotations,
        is_error,
        status,
        cache_control,
        unknown,
    } = message;
    notes.unknown("messages[].", unknown)?;
    notes.ignore_if(audio.is_some(), "messages[].audio");
    notes.ignore_if(annotations.is_some_and(|list| list.get() != "[]"), "messages[].annotations");
    let role = role.ok_or_else(|| Error::missing(&format!("{place}.role")))?;
    let content_place = format_args!("{place}.content");
    if matches!(&*role, "system" | "developer" | "user") && said.is_none() {
        return Err(Error::missing(&content_place.to_string()));
    }
    if &*role != "function" {
        notes.ignore_if(name.is_some(), "messages[].name");
    }
    if &*role != "assistant" {
        notes.ignore_if(refusal.is_some(), "messages[].refusal");
        notes.ignore_if(tool_calls.is_some(), "messages[].tool_calls");
        notes.ignore_if(function_call.is_some(), "messages[].function_call");
        notes.ignore_if(reasoning_content.is_some(), "messages[].reasoning_content");
        notes.ignore_if(signature.is_some(), "messages[].signature");
        notes.ignore_if(thinking_blocks.is_some(), "messages[].thinking_blocks");
    }
    if !matches!(&*role, "tool" | "function") {
        notes.ignore_if(tool_call_id.is_some(), "messages[].tool_call_id");
        notes.ignore_if(is_error.is_some(), "messages[].is_error");
        notes.ignore_if(status.is_some(), "messages[].status");
    }
    let mut content = Vec::new();
    let speaker = match &*role {
        "system" | "developer" => {
            content::read(said, &content_place, &mut content, cache, notes)?;
            let is_text =
                |content: &Content<'_>| content.is_text() || matches!(content, Content::CachePoint(_));
            check(&content, is_text, "may hold only text", &content_place)?;
            Speaker::System
        }
        "user" => {
            content::read(said, &content_place, &mut content, cache, notes)?;
            let is_said = |content: &Content<'_>| !matches!(content, Content::Reasoning(_));
            check(&content, is_said, "may not hold reasoning", &content_place)?;
            Speaker::User
        }
        "assistant" => {
            let thoughts = Thoughts { reasoning_content, signature, thinking_blocks };
            content.extend(thoughts.into_blocks(notes)?.into_iter().map(Content::Reasoning));
            content::read(said, &content_place, &mut content, cache, notes)?;
            let is_spoken = |content: &Content<'_>| {
                content.is_text() || matches!(content, Content::Reasoning(_) | Content::CachePoint(_))
            };
            check(&content, is_spoken, "may hold only text", &content_place)?;
            content.extend(refusal.filter(|text| !text.is_blank()).map(|text| Content::Text(*text)));
            calls::read(tool_calls, function_call, place, &mut content, cache, notes)?;
            Speaker::Assistant
        }
        "tool" | "function" => {
            let call = match (&*role, tool_call_id, name) {
                (_, Some(id), _) => CallName::Id(*id),
                ("function", None, Some(name)) => CallName::Tool(*name),
                ("function", None, None) => return Err(Error::missing(&format!("{place}.name"))),
                _ => return Err(Error::missing(&format!("{place}.tool_call_id"))),
            };
            let failed = is_error == Some(true) || status.is_some_and(|status| &**status == "error");
            let mut given = Vec::new();
            content::read(said, &content_place, &mut given, cache, notes)?;
            let given = guarded::unmarked(given, content::PARTS, notes);
            let (given, points) = results::result(given, &content_place)?;
            content.push(Content::Result(CallResult { call, content: given, failed }));
            content.extend(points.into_iter().map(Content::CachePoint));
            Speaker::User
        }
        role => {
            let role: String = role.chars().take(64).collect();
            let message = format!(
                "'{place}.role' is '{role}'; it must be system, developer, user, assistant, tool or function."
            );
            return Err(Error::invalid(message).param(format!("{place}.role")));
        }
    };
    let point = cache::point(cache_control, cache::CONTROL, cache, notes)?;
    content.extend(point.map(Content::CachePoint));
    Ok(Message { speaker, content })
}

/// Refuses content that a role cannot have.
fn check(
    content: &[Content<'_>],
    may_be: impl Fn(&Content<'_>) -> bool,
    rule: &str,
    place: &dyn Display,
) -> Result<(), Error> {
    if content.iter().all(may_be) {
        return Ok(());
    }
    let message = format!("'{place}' {rule} in this role.");
    Err(Error::invalid(message).param(place.to_string()))
}
