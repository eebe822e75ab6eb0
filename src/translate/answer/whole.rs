//! Reads a whole Converse reply.

use crate::bedrock::reply::{Block, Citations, Output, Reply, ToolUse, is_of_server};
use crate::openai::Error;
use crate::translate::errors::no_answer;
use crate::translate::noted::Noted;
use crate::wire;

use super::context::Context;
use super::event::{Event, Front};
use super::telling::Telling;

/// Passes the body of a 200, the answer to a request with this `context`, to `front` as events.
///
/// # Errors
/// 502 where it is not a Converse reply, or the model's output was malformed: what was passed on must then be dropped.
pub fn whole<'a>(context: &'a Context, body: &'a [u8], front: &mut dyn Front<'a>) -> Result<(), Error> {
    let Reply { output, stop_reason, usage, service_tier } =
        wire::object_from_slice(body).map_err(|_| no_answer("Bedrock's reply could not be read."))?;
    // The tokens are billed, whether or not the answer can be used.
    let mut noted = Noted::default();
    noted.costs(usage.as_ref());
    context.noted.set(noted);
    let message = output.and_then(|Output { message }| message);
    let message = message.ok_or_else(|| no_answer("Bedrock's reply has no output."))?;
    let stop_reason = stop_reason.ok_or_else(|| no_answer("Bedrock's reply does not say why it ended."))?;
    // No limit: all of it is in memory already.
    let mut telling = Telling::new(context, usize::MAX);
    let mut blocks = message.content.iter().flat_map(|content| content.0.iter());
    if !blocks.any(|block| block.citations_content.is_some()) {
        telling = telling.without_sources();
    }
    front.event(Event::Begins);
    for (index, block) in (0..).zip(message.content.into_iter().flatten()) {
        tell(&mut telling, index, block, context, front)?;
        telling.ends(index, context, front)?;
    }
    telling.is_said(context, front)?;
    let why = telling.stops(&stop_reason, front)?;
    noted.stops(&stop_reason, why);
    context.noted.set(noted);
    let service_tier = service_tier.and_then(|tier| tier.kind);
    front.event(Event::Ends { usage, service_tier });
    Ok(())
}

fn tell<'a>(
    telling: &mut Telling,
    index: u32,
    block: Block<'a>,
    context: &'a Context,
    front: &mut dyn Front<'a>,
) -> Result<(), Error> {
    let Block { text, tool_use, reasoning_content, citations_content } = block;
    if let Some(text) = text {
        telling.text(index, text, context, front)?;
    }
    if let Some(call) = tool_use {
        let ToolUse { tool_use_id, name, input, kind } = *call;
        match (is_of_server(kind.as_ref()), tool_use_id, name) {
            (true, _, name) => telling.of_server(index, name, context, front)?,
            (false, Some(id), Some(name)) => telling.call(index, id, name, context, front)?,
            _ => return Err(no_answer("Bedrock's reply has a call without a name or an id.")),
        }
        if let Some(input) = input {
            telling.arguments(index, input.get().into(), front)?;
        }
    }
    if let Some(reasoning) = reasoning_content {
        if let Some(readable) = reasoning.reasoning_text {
            let text = Some(readable.text.unwrap_or_default());
            telling.reasoning(index, text, readable.signature, context, front)?;
        }
        if let Some(data) = reasoning.redacted_content {
            telling.redacted(index, data, front)?;
        }
    }
    if let Some(citations) = citations_content {
        let Citations { content, citations } = *citations;
        for piece in content.into_iter().flatten() {
            telling.text(index, piece.text.unwrap_or_default(), context, front)?;
        }
        for citation in citations.into_iter().flatten() {
            telling.citation(index, citation, context, front)?;
        }
    }
    Ok(())
}
