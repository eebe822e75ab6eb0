//! A JSON schema as the object that it is: its members in the client's order, their values as they are written.

use std::borrow::Cow;

use crate::openai::Error;
use crate::wire::{self, Members, Raw};

/// The members of a schema.
pub(super) type Object<'a> = Vec<(Cow<'a, str>, Raw<'a>)>;

/// The members of a schema that has to be an object. `param` is where it stands.
pub(super) fn members<'a>(schema: Raw<'a>, param: &str) -> Result<Object<'a>, Error> {
    wire::from_str::<Members<'_, Raw<'_>>>(schema.get())
        .map(|members| members.0)
        .map_err(|_| refuse(param, "a JSON schema must be an object."))
}

/// The value of a member.
pub(super) fn value<'a>(members: &Object<'a>, name: &str) -> Option<Raw<'a>> {
    members.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
}

/// The error for a schema that Bedrock would not take.
pub(super) fn refuse(param: &str, reason: &str) -> Error {
    Error::invalid(format!("Invalid schema for '{param}': {reason}")).param(param)
}
