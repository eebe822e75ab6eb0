//! `web_search`: OpenAI runs it, and some models here have a tool of their own in its place.

use crate::wire::Unknown;

/// Its types, and what each is called where it is left out.
const KINDS: &[(&str, &str)] = &[
    ("web_search", "tools[].web_search"),
    ("web_search_2025_08_26", "tools[].web_search_2025_08_26"),
    ("web_search_preview", "tools[].web_search_preview"),
    ("web_search_preview_2025_03_11", "tools[].web_search_preview_2025_03_11"),
];

/// What a tool of this type is called where it is left out; `None`: it is no such tool.
pub(super) fn of_tool(kind: &str) -> Option<&'static str> {
    KINDS.iter().find(|(known, _)| *known == kind).map(|(_, name)| *name)
}

/// Whether a model's own tool may stand for one with these members: not where they set limits that none here holds to. Those that say
/// OpenAI's default go, the others stay to be named.
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
