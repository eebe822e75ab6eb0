//! Decides which tools the model calls, and with which arguments; see `README.md`, "When a tool is called".

use super::question::Question;
use super::{Answer, Block};
use crate::encoding;
use crate::faults::Faults;
use crate::models::{Facts, ToolIds};
use crate::sample::sample;
use serde_json::{Value, json};

/// A tool to call, and the part of the text that mentions it.
pub(super) struct Call<'a> {
    name: &'a str,
    schema: &'a Value,
    about: &'a str,
}

/// The tools the text asks for.
pub(super) fn pick<'a>(
    body: &'a Value,
    question: &'a Question,
    forced_name: Option<&str>,
    forced: bool,
) -> Vec<Call<'a>> {
    let tools: Vec<(&str, &Value)> = body
        .pointer("/toolConfig/tools")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|t| t.get("toolSpec"))
        .filter_map(|t| {
            Some((t.get("name")?.as_str()?, t.pointer("/inputSchema/json").unwrap_or(&Value::Null)))
        })
        .collect();
    let text = question.next.as_ref().unwrap_or(&question.text).as_str();
    let call = |name, schema| Call { name, schema, about: text };
    if let Some(wanted) = forced_name {
        return tools.iter().filter(|(n, _)| *n == wanted).map(|(n, s)| call(*n, *s)).collect();
    }
    if !question.results.is_empty() && (forced || question.next.is_none()) {
        // Forced although the mentioned tools have been called: the last tool, since a tool that takes the final answer comes
        // last.
        return tools.last().map(|(n, s)| call(*n, *s)).into_iter().collect();
    }
    let mut mentions: Vec<(usize, &str, &Value)> = Vec::new();
    for &(name, schema) in &tools {
        mentions.extend(places(text, name).into_iter().map(|at| (at, name, schema)));
    }
    if !mentions.is_empty() {
        mentions.sort_by_key(|(at, ..)| *at);
        let ends = mentions.iter().skip(1).map(|(at, ..)| *at).chain([text.len()]);
        return mentions
            .iter()
            .zip(ends)
            .map(|((at, name, schema), end)| Call { name, schema, about: text.get(*at..end).unwrap_or(text) })
            .collect();
    }
    let words: Vec<String> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_lowercase).collect();
    let by_word: Vec<_> = tools.iter().filter(|(name, _)| overlaps(name, &words)).collect();
    if !by_word.is_empty() {
        return by_word.iter().map(|(n, s)| call(*n, *s)).collect();
    }
    if forced || words.iter().any(|w| w == "tool" || w == "tools") {
        return tools.first().map(|(n, s)| call(*n, *s)).into_iter().collect();
    }
    Vec::new()
}

/// Positions of `name` as a whole word in `text`.
fn places(text: &str, name: &str) -> Vec<usize> {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(name)
        .filter(|(at, _)| {
            let before = text.get(..*at).and_then(|t| t.chars().next_back());
            let after = text.get(at + name.len()..).and_then(|t| t.chars().next());
            !before.is_some_and(part) && !after.is_some_and(part)
        })
        .map(|(at, _)| at)
        .collect()
}

/// Whether a word of four or more letters of the tool's name is among `words`.
fn overlaps(name: &str, words: &[String]) -> bool {
    let mut spaced = String::new();
    for c in name.chars() {
        if c.is_uppercase() {
            spaced.push(' ');
        }
        spaced.extend(c.to_lowercase());
    }
    spaced
        .split(|c: char| !c.is_alphanumeric())
        .any(|part| part.chars().count() >= 4 && words.iter().any(|w| w == part))
}

/// Adds the calls to the answer, after a sentence of text unless they were forced.
pub(super) fn call(
    calls: Vec<Call<'_>>,
    facts: &Facts,
    faults: &Faults,
    forced: bool,
    question: &Question,
    answer: &mut Answer,
) {
    if !forced {
        let mut names: Vec<&str> = calls.iter().map(|c| c.name).collect();
        names.dedup();
        answer.blocks.push(Block::Text(format!("I will call {}.", names.join(" and "))));
    }
    for (i, call) in calls.iter().enumerate() {
        let input = if faults.tool_empty { json!({}) } else { sample(call.schema, call.about) };
        let input = if input.is_object() { input } else { json!({}) };
        let seed = format!("{} {i} {} {}", question.turns, call.name, call.about);
        answer.blocks.push(Block::Tool(tool_id(&seed, facts), call.name.to_owned(), input));
    }
    answer.stop = "tool_use".to_owned();
}

/// An id in the shape the family uses.
fn tool_id(seed: &str, facts: &Facts) -> String {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mistral = facts.tool_ids == ToolIds::Mistral;
    let (prefix, length) = if mistral { ("", 9) } else { ("tooluse_", 22) };
    let mut state = encoding::hash(seed.as_bytes());
    let mut id = prefix.to_owned();
    for _ in 0..length {
        state = encoding::scramble(state);
        let at = usize::try_from(state % 62).unwrap_or(0);
        id.push(LETTERS.get(at).map_or('0', |b| char::from(*b)));
    }
    id
}
