//! The content blocks of a request.

use crate::anthropic::request::{Block, Citations, Message};
use crate::bedrock::converse::{Input, Reasoning, ResultBlock};
use crate::openai::{Error, member};
use crate::translate::conversation::{self, Call, CallName, CallResult, Content, Speaker};
use crate::translate::front::cache;
use crate::translate::front::tools::named;
use crate::translate::notes::Notes;
use crate::wire::{self, Members, OneOrMany, Raw, Str, is_within_depth};

use super::media;

/// Blocks of tools that Anthropic's servers run, which Bedrock does not have.
const SERVERS: &[&str] = &["server_tool_use", "container_upload", "mcp_tool_use", "mcp_tool_result"];

/// Reads the system prompt.
pub(super) fn instructions<'a>(
    system: OneOrMany<'a, Block<'a>>,
    cache: &mut cache::Names,
    notes: &mut Notes<'_>,
) -> Result<Vec<Content<'a>>, Error> {
    let mut into = Vec::new();
    match system {
        OneOrMany::One(text) => into.extend(said(text)),
        OneOrMany::Many(blocks) => {
            for (index, block) in blocks.into_iter().enumerate() {
                if block.kind.as_deref() != Some("text") {
                    let param = format!("system[{index}].type");
                    return Err(Error::invalid(format!("'{param}' must be 'text'.")).param(param));
                }
                self::block(block, &format!("system[{index}]"), &mut into, cache, notes)?;
            }
        }
    }
    Ok(into)
}

/// Reads the messages.
///
/// # Errors
/// 400 with the path of the wrong member.
pub(super) fn messages<'a>(
    messages: Vec<Message<'a>>,
    cache: &mut cache::Names,
    notes: &mut Notes<'_>,
) -> Result<Vec<conversation::Message<'a>>, Error> {
    notes.check_messages(messages.len())?;
    let mut all = Vec::with_capacity(messages.len());
    for (index, message) in messages.into_iter().enumerate() {
        let Message { role, content, unknown } = message;
        notes.unknown("messages[].", unknown)?;
        let speaker = match role.as_deref() {
            Some("user") => Speaker::User,
            Some("assistant") => Speaker::Assistant,
            Some("system") => Speaker::System,
            None => return Err(Error::missing(&format!("messages[{index}].role"))),
            Some(_) => {
                let param = format!("messages[{index}].role");
                return Err(Error::invalid(format!("'{param}' must be 'user' or 'assistant'.")).param(param));
            }
        };
        let mut into = Vec::new();
        match content.ok_or_else(|| Error::missing(&format!("messages[{index}].content")))? {
            OneOrMany::One(text) => into.extend(said(text)),
            OneOrMany::Many(blocks) => {
                into.reserve(blocks.len());
                for (at, block) in blocks.into_iter().enumerate() {
                    let place = format!("messages[{index}].content[{at}]");
                    check_speaker(&block, speaker, &place)?;
                    self::block(block, &place, &mut into, cache, notes)?;
                }
            }
        }
        all.push(conversation::Message { speaker, content: into });
    }
    Ok(all)
}

/// Refuses a block that only the other role may have.
fn check_speaker(block: &Block<'_>, speaker: Speaker, place: &str) -> Result<(), Error> {
    let kind = block.kind.as_deref().unwrap_or_default();
    let may = match kind {
        "text" => true,
        "thinking" | "redacted_thinking" | "tool_use" => speaker == Speaker::Assistant,
        "image" | "document" | "tool_result" | "search_result" => speaker == Speaker::User,
        _ => speaker != Speaker::System,
    };
    if may {
        return Ok(());
    }
    let message = format!("'{place}' is '{kind}', which cannot be in a message of this role.");
    Err(Error::invalid(message).param(format!("{place}.type")))
}

fn said(text: Str<'_>) -> Option<Content<'_>> {
    (!text.is_blank()).then_some(Content::Text(text))
}

fn block<'a>(
    mut block: Block<'a>,
    place: &str,
    into: &mut Vec<Content<'a>>,
    cache: &mut cache::Names,
    notes: &mut Notes<'_>,
) -> Result<(), Error> {
    let kind = block.kind.take().ok_or_else(|| Error::missing(&format!("{place}.type")))?;
    let need = |member: &str| Error::missing(&format!("{place}.{member}"));
    let mut points = Vec::new();
    match &*kind {
        "text" => into.extend(said(block.text.take().ok_or_else(|| need("text"))?)),
        "image" => into.push(media::image(block.source.take(), place, notes)?),
        "document" => {
            name_citations(block.citations.take(), place, notes)?;
            into.extend(block.context.take().and_then(said));
            let document = media::document(block.source.take(), block.title.take(), place, notes)?;
            into.push(Content::Document(document));
        }
        "search_result" => {
            name_citations(block.citations.take(), place, notes)?;
            into.push(Content::Text(search_result(&mut block, place, notes)?.into()));
        }
        "tool_use" => {
            let name = named(block.name.take(), &place)?;
            let id = block.id.take().ok_or_else(|| need("id"))?;
            let input = arguments(block.input.take(), notes);
            into.push(Content::Call(Call { id: Some(id), name, input }));
        }
        "tool_result" => {
            let id = block.tool_use_id.take().ok_or_else(|| need("tool_use_id"))?;
            let content = result(block.content.take(), place, &mut points, cache, notes)?;
            let failed = block.is_error.take().unwrap_or(false);
            into.push(Content::Result(CallResult { call: CallName::Id(id), content, failed }));
        }
        "thinking" => {
            let text = block.thinking.take().ok_or_else(|| need("thinking"))?;
            match block.signature.take().filter(|signature| !signature.is_empty()) {
                Some(signature) => {
                    into.push(Content::Reasoning(Reasoning::ReasoningText { text, signature }));
                }
                // Without its signature every model would refuse the reasoning.
                None => notes.ignore("messages[].content[].thinking"),
            }
        }
        "redacted_thinking" => {
            let data = block.data.take().ok_or_else(|| need("data"))?;
            into.push(Content::Reasoning(Reasoning::RedactedContent(data)));
        }
        kind if SERVERS.contains(&kind) || kind.ends_with("_tool_result") => {
            let message = "Only Anthropic's own servers do this; Bedrock does not.";
            return notes.unsupported(&format!("{place}.{kind}"), message);
        }
        kind => {
            let kind: String = kind.chars().take(64).collect();
            let message = format!("'{place}.type' is '{kind}', which is not available here.");
            return Err(Error::invalid(message).param(format!("{place}.type")));
        }
    }
    into.append(&mut points);
    let control = block.cache_control.take();
    into.extend(cache::point(control, cache::CONTROL, cache, notes)?.map(Content::CachePoint));
    name_rest(block, notes)
}

/// Notes members of a block that do not belong to its type.
fn name_rest(block: Block<'_>, notes: &mut Notes<'_>) -> Result<(), Error> {
    const PLACE: &str = "messages[].content[].";
    let Block {
        kind: _,
        text,
        source,
        title,
        context,
        citations,
        id,
        name,
        input,
        caller,
        tool_use_id,
        content,
        is_error,
        thinking,
        signature,
        data,
        cache_control: _,
        unknown,
    } = block;
    let caller = caller.filter(|caller| !is_direct(caller));
    // Citations of an earlier answer are of no use to a model.
    let citations = citations.filter(|citations| citations.get() != "[]");
    for (name, is_there) in [
        ("text", text.is_some()),
        ("source", is_said(source)),
        ("title", title.is_some()),
        ("context", context.is_some()),
        ("citations", is_said(citations)),
        ("id", id.is_some()),
        ("name", name.is_some()),
        ("input", is_said(input)),
        ("caller", is_said(caller)),
        ("tool_use_id", tool_use_id.is_some()),
        ("content", is_said(content)),
        ("is_error", is_error.is_some()),
        ("thinking", thinking.is_some()),
        ("signature", signature.is_some()),
        ("data", data.is_some()),
    ] {
        if is_there {
            notes.ignore(&format!("{PLACE}{name}"));
        }
    }
    notes.unknown(PLACE, unknown)
}

fn is_said(raw: Option<Raw<'_>>) -> bool {
    raw.is_some_and(|raw| raw.get() != "null")
}

/// Whether a call was made by the model, rather than by a tool that Anthropic's servers run.
fn is_direct(caller: Raw<'_>) -> bool {
    let Ok(Members(members)) = wire::from_str::<Members<'_, Raw<'_>>>(caller.get()) else { return false };
    matches!(members.as_slice(), [(name, kind)] if name == "type" && kind.get() == "\"direct\"")
}

/// Notes `citations` of the block at `place` where they are requested.
fn name_citations(citations: Option<Raw<'_>>, place: &str, notes: &mut Notes<'_>) -> Result<(), Error> {
    let Some(raw) = citations else { return Ok(()) };
    let citations: Option<Citations<'_>> = member(raw, &format!("{place}.citations"))?;
    let Citations { enabled, unknown } = citations.unwrap_or_default();
    notes.unknown("messages[].content[].citations.", unknown)?;
    notes.ignore_if(enabled == Some(true), "messages[].content[].citations");
    Ok(())
}

/// A search result, as text.
fn search_result(block: &mut Block<'_>, place: &str, notes: &mut Notes<'_>) -> Result<String, Error> {
    let path = format!("{place}.content");
    let content = block.content.take().ok_or_else(|| Error::missing(&path))?;
    let source = block.source.take();
    let source: Option<Str<'_>> = source.map(|raw| member(raw, &format!("{place}.source"))).transpose()?;
    let title = block.title.take();
    let said = match member(content, &path)? {
        OneOrMany::One(text) => text.into_cow().into_owned(),
        OneOrMany::Many(blocks) => media::texts(blocks, &path, "messages[].content[].content[].", notes)?,
    };
    let head = [title.as_deref().unwrap_or_default(), source.as_deref().unwrap_or_default()];
    Ok(format!("{}\n{said}", head.join("\n")).trim().to_owned())
}

/// Converts arguments: a JSON object stays as it is, an absent one becomes an empty object, anything else is wrapped so that it
/// is not lost.
fn arguments<'a>(input: Option<Raw<'a>>, notes: &Notes<'_>) -> Input<'a> {
    match input {
        None => Input::Empty,
        Some(raw) if raw.get() == "null" => Input::Empty,
        Some(raw) if raw.get().starts_with('{') && is_within_depth(raw.get(), notes.limits().json_depth) => {
            Input::Raw(raw.to_owned())
        }
        Some(raw) => Input::Wrapped("arguments", raw.get().into()),
    }
}

/// The content of a tool result, and the cache points in it.
fn result<'a>(
    content: Option<Raw<'a>>,
    place: &str,
    points: &mut Vec<Content<'a>>,
    cache: &mut cache::Names,
    notes: &mut Notes<'_>,
) -> Result<Vec<ResultBlock<'a>>, Error> {
    let Some(raw) = content else { return Ok(Vec::new()) };
    let path = format!("{place}.content");
    let mut given = Vec::new();
    match member::<Option<OneOrMany<'a, Block<'a>>>>(raw, &path)? {
        None => {}
        Some(OneOrMany::One(text)) => given.extend(said(text)),
        Some(OneOrMany::Many(blocks)) => {
            for (index, inner) in blocks.into_iter().enumerate() {
                let place = format!("{path}[{index}]");
                let kind = inner.kind.as_deref().unwrap_or_default();
                if !matches!(kind, "text" | "image" | "document" | "search_result") {
                    let kind: String = kind.chars().take(64).collect();
                    let message = format!("'{place}.type' is '{kind}', which a result cannot hold here.");
                    return Err(Error::invalid(message).param(format!("{place}.type")));
                }
                block(inner, &place, &mut given, cache, notes)?;
            }
        }
    }
    let mut blocks = Vec::with_capacity(given.len());
    for content in given {
        match content {
            Content::Text(text) => blocks.push(ResultBlock::Text(text)),
            Content::Image(image) => blocks.push(ResultBlock::Image(image)),
            Content::Document(document) => blocks.push(ResultBlock::Document(document)),
            Content::Video(video) => blocks.push(ResultBlock::Video(video)),
            point => points.push(point),
        }
    }
    Ok(blocks)
}
