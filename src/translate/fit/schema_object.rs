//! A JSON schema as an object: its members in the client's order, their values in written form.

use std::borrow::Cow;

use crate::wire::{self, Members, Raw};

/// The members of a schema.
pub(super) type Object<'a> = Vec<(Cow<'a, str>, Raw<'a>)>;

/// The members of a schema; an error where it is not an object.
pub(super) fn members(schema: Raw<'_>) -> Result<Object<'_>, String> {
    wire::from_str::<Members<'_, Raw<'_>>>(schema.get())
        .map(|members| members.0)
        .map_err(|_| "a JSON schema must be an object.".to_owned())
}

/// The value of a member.
pub(super) fn value<'a>(members: &Object<'a>, name: &str) -> Option<Raw<'a>> {
    members.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
}
