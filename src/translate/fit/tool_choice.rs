//! The tool choice in Converse's form.

use crate::bedrock::converse::{self, ToolChoice, ToolSpec};
use crate::translate::conversation::Choice;
use crate::translate::numbered::Numbered;

use super::tool_names::ToolNames;

/// Converts the choice. Tools that are not allowed are removed, except those that the history calls.
pub(super) fn chosen<'a>(
    choice: Choice<'a>,
    specs: &mut Vec<converse::Tool<'a>>,
    is_called: &Numbered<'static>,
    names: &mut ToolNames<'a>,
) -> Option<ToolChoice<'a>> {
    match choice {
        Choice::Auto | Choice::None | Choice::Search => None,
        Choice::Required => Some(ToolChoice::Any {}),
        Choice::Named(name) => Some(ToolChoice::Tool { name: names.legal(&name) }),
        Choice::Allowed { required, names: allowed } => {
            let mut legal = Numbered::default();
            for name in allowed {
                legal.add(names.legal(&name));
            }
            retain(specs, |spec| legal.contains(&spec.name) || is_called.contains(&spec.name));
            (required && !specs.is_empty()).then_some(ToolChoice::Any {})
        }
    }
}

/// Keeps these tools, and the cache points after them.
pub(super) fn retain<'a>(specs: &mut Vec<converse::Tool<'a>>, mut keep: impl FnMut(&ToolSpec<'a>) -> bool) {
    let mut kept = false;
    specs.retain(|tool| {
        if let converse::Tool::ToolSpec(spec) = tool {
            kept = keep(spec);
        }
        kept
    });
}
