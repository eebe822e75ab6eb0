//! What the assistant called.

use std::fmt::Display;

use crate::bedrock::converse::Input;
use crate::openai::Error;
use crate::openai::chat::{CustomCall, FunctionCall, ToolCall};
use crate::translate::conversation::{Call, Content};
use crate::translate::notes::Notes;
use crate::wire::{self, List, Raw, Str, is_within_depth};

use super::cache;
use super::tools::CUSTOM_INPUT;

/// Reads the calls of a message, and the cache points behind them.
///
/// # Errors
/// 400 naming what is wrong by its path.
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
    let name =
        name.filter(|name| !name.is_empty()).ok_or_else(|| Error::missing(&format!("{place}.name")))?;
    let input = arguments.map_or(Input::Empty, |text| input(text, notes));
    Ok(Call { id, name, input })
}

/// Arguments: a JSON object as it is, nothing as an empty one, anything else wrapped so that nothing is lost.
fn input<'a>(arguments: Str<'a>, notes: &Notes<'_>) -> Input<'a> {
    if arguments.is_blank() {
        return Input::Empty;
    }
    let is_object = arguments.trim_start().starts_with('{');
    let limit = notes.limits().json_depth;
    match wire::from_str::<Raw<'_>>(&arguments) {
        Ok(object) if is_object && is_within_depth(object.get(), limit) => Input::Raw(object.to_owned()),
        _ => Input::Wrapped("arguments", arguments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::Limits;
    use crate::translate::notes::Unsupported;

    #[test]
    fn arguments_that_are_no_object_are_wrapped() {
        let limits = Limits::default();
        let notes = Notes::new(Unsupported::Refuse, &limits);
        for (arguments, expected) in [
            ("", "{}"),
            (" \n", "{}"),
            (r#"{"a": 1.0}"#, r#"{"a": 1.0}"#),
            ("[1]", r#"{"arguments":"[1]"}"#),
            ("{", r#"{"arguments":"{"}"#),
        ] {
            assert_eq!(wire::to_string(&input(arguments.into(), &notes)), expected, "{arguments}");
        }
    }
}
