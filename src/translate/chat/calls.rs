//! Tool calls of the assistant's.

use std::fmt::Display;

use crate::bedrock::converse::Input;
use crate::openai::Error;
use crate::openai::chat::{CustomCall, FunctionCall, ToolCall};
use crate::translate::conversation::{Call, Content};
use crate::translate::front::arguments;
use crate::translate::front::cache;
use crate::translate::front::tools::{CUSTOM_INPUT, named};
use crate::translate::notes::Notes;
use crate::wire::{List, Str};

/// Reads the tool calls of a message, and their cache points.
///
/// # Errors
/// 400 with the path of the wrong member.
pub(super) fn read<'a>(
    tool_calls: Option<Box<List<ToolCall<'a>>>>,
    function_call: Option<Box<FunctionCall<'a>>>,
    place: &dyn Display,
    into: &mut Vec<Content<'a>>,
    cache: &mut cache::Names,
    notes: &mut Notes<'_>,
) -> Result<(), Error> {
    for (index, call) in tool_calls.map(|calls| *calls).into_iter().flatten().enumerate() {
        let ToolCall { id, kind, function, custom, index: _, cache_control, unknown } = call;
        let place = format_args!("{place}.tool_calls[{index}]");
        notes.unknown("messages[].tool_calls[].", unknown)?;
        let point = cache::point(cache_control, cache::CONTROL, cache, notes)?;
        let call = match (function, custom) {
            (Some(called), custom) => {
                notes.ignore_if(custom.is_some(), "messages[].tool_calls[].custom");
                self::function(id, *called, &format_args!("{place}.function"), notes)?
            }
            (None, Some(custom)) => {
                let CustomCall { name, input, unknown } = *custom;
                notes.unknown("messages[].tool_calls[].custom.", unknown)?;
                let name = name.ok_or_else(|| Error::missing(&format!("{place}.custom.name")))?;
                Call { id, name, input: Input::Wrapped(CUSTOM_INPUT, input.unwrap_or_default()) }
            }
            (None, None) => {
                let kind = kind.as_deref().filter(|kind| *kind == "custom").unwrap_or("function");
                return Err(Error::missing(&format!("{place}.{kind}")));
            }
        };
        into.push(Content::Call(call));
        into.extend(point.map(Content::CachePoint));
    }
    if let Some(called) = function_call {
        let call = function(None, *called, &format_args!("{place}.function_call"), notes)?;
        into.push(Content::Call(call));
    }
    Ok(())
}

fn function<'a>(
    id: Option<Str<'a>>,
    function: FunctionCall<'a>,
    place: &dyn Display,
    notes: &mut Notes<'_>,
) -> Result<Call<'a>, Error> {
    let FunctionCall { name, arguments, unknown } = function;
    notes.unknown("messages[].tool_calls[].function.", unknown)?;
    let name = named(name, place)?;
    let input = arguments.map_or(Input::Empty, |text| arguments::input(text, notes));
    Ok(Call { id, name, input })
}
