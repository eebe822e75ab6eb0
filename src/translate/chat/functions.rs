//! `functions` beside `tools`: the older form of the same.

use std::collections::HashMap;

use crate::openai::Error;
use crate::openai::chat::{Function, Tool};
use crate::texts::cut;
use crate::wire::List;

/// The functions that are not among the `tools`. Clients for both old and new servers send each in both forms (OpenAI's own SDK
/// does in its tests); such a function is taken once, as a tool.
///
/// 400 with both paths where the two differ.
/// 400 naming both places where they differ.
pub(super) fn beside<'a>(
    tools: Option<&List<Tool<'a>>>,
    functions: Option<List<Function<'a>>>,
) -> Result<Option<List<Function<'a>>>, Error> {
    let Some(tools) = tools else { return Ok(functions) };
    let Some(List(functions)) = functions else { return Ok(None) };
    let of_tools = tools.0.iter().enumerate().filter_map(|(at, tool)| {
        let function = tool.function.as_deref()?;
        Some((&**function.name.as_ref()?, (at, function)))
    });
    let of_tools: HashMap<&str, (usize, &Function<'a>)> = of_tools.collect();
    let mut left = Vec::new();
    for (at, function) in functions.into_iter().enumerate() {
        let name = function.name.as_deref().unwrap_or_default();
        match of_tools.get(name) {
            None => left.push(function),
            Some((_, tool)) if agree(tool, &function) => {}
            Some((tool, _)) => {
                let message = format!(
                    "'functions[{at}]' and 'tools[{tool}].function' both define '{}' and differ.",
                    cut(name)
                );
                return Err(Error::invalid_param(format!("functions[{at}]"), message));
            }
        }
    }
    Ok((!left.is_empty()).then_some(List(left)))
}

/// Whether both describe the same function. The older form has no `strict`.
fn agree(tool: &Function<'_>, function: &Function<'_>) -> bool {
    let told = |function: &Function<'_>| {
        let text = function.description.as_deref().unwrap_or_default().to_owned();
        (text, function.parameters.map(|schema| without_spaces(schema.get())))
    };
    told(tool) == told(function)
        && function.strict.is_none_or(|strict| strict == tool.strict.unwrap_or(false))
}

/// JSON without the spaces between its tokens.
fn without_spaces(json: &str) -> String {
    let (mut in_text, mut is_escaped) = (false, false);
    let stays = |c: &char| {
        let stays = in_text || !c.is_ascii_whitespace();
        match c {
            '"' if !is_escaped => in_text = !in_text,
            _ => {}
        }
        is_escaped = *c == '\\' && !is_escaped;
        stays
    };
    json.chars().filter(stays).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_spaces_between_tokens_are_left_out() {
        let written = "{ \"a b\" : [ 1,\n\t2 ] , \"q\\\" \\\\\" : \" x \" }";
        assert_eq!(without_spaces(written), r#"{"a b":[1,2],"q\" \\":" x "}"#);
    }
}
