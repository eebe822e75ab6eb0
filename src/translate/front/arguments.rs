//! The arguments of tool calls.

use crate::bedrock::converse::Input;
use crate::translate::notes::Notes;
use crate::wire::{self, Raw, Str, is_within_depth};

/// Converts arguments: a JSON object stays as it is, an empty text becomes an empty object, anything else is wrapped so that it
/// is not lost.
pub(in crate::translate) fn input<'a>(arguments: Str<'a>, notes: &Notes<'_>) -> Input<'a> {
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
