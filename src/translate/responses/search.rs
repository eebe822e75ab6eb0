//! `web_search`: OpenAI runs this tool; some models at Bedrock have one of their own that can replace it.

use crate::wire::Unknown;

/// Types of the tool, and the name to note where it is ignored.
const KINDS: &[(&str, &str)] = &[
    ("web_search", "tools[].web_search"),
    ("web_search_2025_08_26", "tools[].web_search_2025_08_26"),
    ("web_search_preview", "tools[].web_search_preview"),
    ("web_search_preview_2025_03_11", "tools[].web_search_preview_2025_03_11"),
];

/// The name to note where a tool of this type is ignored; `None`: it is another tool.
pub(super) fn of_tool(kind: &str) -> Option<&'static str> {
    KINDS.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name)
}

/// Whether a model's own search can replace a tool with these members: not if they set limits that it cannot keep. Members that
/// state OpenAI's default are removed; the rest are to be noted.
pub(super) fn may_stand(members: &mut Unknown<'_>) -> bool {
    members.retain(|(name, value)| {
        !matches!(
            (&**name, value.get()),
            ("search_context_size", "\"medium\"")
                | ("external_web_access", "true")
                | ("filters", "null" | "{}")
        )
    });
    !members.iter().any(|(name, _)| matches!(&**name, "external_web_access" | "filters"))
}
