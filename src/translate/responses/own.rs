//! OpenAI's tools that the client runs. Clients declare them by type only, so the gateway describes their arguments to the
//! model.

use crate::wire::{self, Members, Raw, Unknown};

/// Such a tool.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Own {
    /// Its type, which is also its name for the model.
    pub(super) tool: &'static str,
    /// The type of the item with a call.
    pub(super) call: &'static str,
    /// The type of the item with an output.
    pub(super) output: &'static str,
    /// The member of a call with the model's arguments.
    pub(super) member: &'static str,
    /// Prefix of a call's item id.
    pub(super) prefix: &'static str,
    /// Members that the arguments always have, with default values.
    pub(super) defaults: &'static [(&'static str, &'static str)],
    /// Optional members of the arguments; others of the model's are dropped.
    pub(super) optional: &'static [&'static str],
    /// Where the arguments' `type` is this, they lack that member.
    pub(super) without: Option<(&'static str, &'static str)>,
    /// The status of an incomplete call.
    pub(super) cut: &'static str,
    pub(super) description: &'static str,
    /// The schema of the arguments.
    pub(super) schema: &'static str,
}

/// All such tools (OpenAI's documentation, "Local shell", "Shell", "Apply patch").
pub(super) const ALL: &[Own] = &[
    Own {
        tool: "local_shell",
        call: "local_shell_call",
        output: "local_shell_call_output",
        member: "action",
        prefix: "lsh",
        defaults: &[("type", "\"exec\""), ("command", "[]"), ("env", "{}")],
        optional: &["working_directory", "timeout_ms", "user"],
        without: None,
        cut: "incomplete",
        description: "Runs a command on the user's machine and gives its output.",
        schema: r#"{"type":"object","properties":{"command":{"type":"array","items":{"type":"string"},"description":"The program and its arguments."},"working_directory":{"type":"string"},"timeout_ms":{"type":"integer"}},"required":["command"]}"#,
    },
    Own {
        tool: "shell",
        call: "shell_call",
        output: "shell_call_output",
        member: "action",
        prefix: "sh",
        defaults: &[("commands", "[]"), ("timeout_ms", "null"), ("max_output_length", "null")],
        optional: &[],
        without: None,
        cut: "incomplete",
        description: "Runs shell commands, one after the other, and gives the output of each.",
        schema: r#"{"type":"object","properties":{"commands":{"type":"array","items":{"type":"string"}},"timeout_ms":{"type":"integer"},"max_output_length":{"type":"integer"}},"required":["commands"]}"#,
    },
    Own {
        tool: "apply_patch",
        call: "apply_patch_call",
        output: "apply_patch_call_output",
        member: "operation",
        prefix: "apc",
        defaults: &[("type", "\"update_file\""), ("path", "\"\""), ("diff", "\"\"")],
        optional: &[],
        without: Some(("\"delete_file\"", "diff")),
        cut: "in_progress",
        description: "Creates, updates or deletes a file. The diff of a file that is created has a + before each line; that of one that is updated is in the V4A format: hunks that begin with @@, lines that begin with a space, - or +.",
        schema: r#"{"type":"object","properties":{"type":{"type":"string","enum":["create_file","update_file","delete_file"]},"path":{"type":"string"},"diff":{"type":"string","description":"Not for delete_file."}},"required":["type","path"]}"#,
    },
];

/// The tool of this type.
pub(super) fn of_tool(kind: &str) -> Option<&'static Own> {
    ALL.iter().find(|own| own.tool == kind)
}

/// Whether the client runs a declared tool: its `environment` may say that OpenAI does. An `environment` that states the
/// default is removed.
pub(super) fn is_clients(members: &mut Unknown<'_>) -> bool {
    let Some(at) = members.iter().position(|(name, _)| name == "environment") else { return true };
    let environment = members.get(at).map(|(_, value)| wire::from_str::<Members<'_, Raw<'_>>>(value.get()));
    let Some(Ok(Members(environment))) = environment else { return true };
    let kind = environment.iter().find(|(name, _)| name == "type").map(|(_, kind)| kind.get());
    if environment.len() <= 1 {
        members.remove(at);
    }
    kind.is_none_or(|kind| kind == "\"local\"")
}
