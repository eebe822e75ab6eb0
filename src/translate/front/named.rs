//! Notes about changes made for the model, under the client's names.

use crate::openai::Error;
use crate::translate::fit::notes::{Field, Note};
use crate::translate::notes::Notes;

use super::cache;

/// The names of things in the client's API and request.
#[derive(Debug)]
pub(in crate::translate) struct Names {
    /// The messages.
    pub(in crate::translate) said: &'static str,
    /// The limit on tokens.
    pub(in crate::translate) max_tokens: &'static str,
    /// The web search.
    pub(in crate::translate) web_search: &'static str,
    /// Cache points.
    pub(in crate::translate) cache: cache::Names,
    /// Names that differ between APIs; `None`: the name is the same in every API.
    pub(in crate::translate) own: fn(&Field) -> Option<&'static str>,
}

/// Reports the notes.
///
/// # Errors
/// 400 for a parameter without a counterpart, where the configuration says to refuse.
pub(in crate::translate) fn name(
    noted: Vec<Note>,
    names: &Names,
    notes: &mut Notes<'_>,
) -> Result<(), Error> {
    for note in noted {
        match note {
            Note::Dropped(
                ref field @ (Field::SchemaMember(ref member) | Field::AnswerMember(ref member)),
            ) => {
                notes.ignore(&format!("{}.{member}", param(field, names)));
            }
            Note::Dropped(Field::Beta(name)) => notes.ignore(&format!("anthropic-beta.{name}")),
            Note::Dropped(Field::CachePoint) => {
                for name in &names.cache.points {
                    notes.ignore(name);
                }
            }
            Note::Dropped(Field::CacheHour) => {
                for name in &names.cache.hours {
                    notes.ignore(&format!("{name}.ttl"));
                }
            }
            Note::Dropped(field) => notes.ignore(param(&field, names)),
            Note::Unsupported(field) => {
                let message = match field {
                    Field::Tools => "This model does not take tools.",
                    Field::Answer => "This model has no way to promise JSON.",
                    Field::Audio => "This model does not take audio.",
                    _ => "This model does not take it.",
                };
                notes.unsupported(param(&field, names), message)?;
            }
        }
    }
    Ok(())
}

/// The client's name of a field.
pub(in crate::translate) fn param(field: &Field, names: &Names) -> &'static str {
    if let Some(name) = (names.own)(field) {
        return name;
    }
    match field {
        Field::MaxTokens => names.max_tokens,
        Field::Temperature => "temperature",
        Field::TopP => "top_p",
        Field::TopK => "top_k",
        Field::Stop => "stop",
        Field::Tools => "tools",
        Field::ToolChoice => "tool_choice",
        Field::SingleCall => "parallel_tool_calls",
        Field::Strict => "tools[].strict",
        Field::SchemaMember(_) => "tools[].parameters",
        Field::AnswerMember(_) | Field::Answer => "format",
        Field::Effort => "effort",
        Field::Thinking => "thinking",
        Field::ThinkingBudget => "thinking.budget_tokens",
        Field::Replay => "reasoning",
        Field::WebSearch => names.web_search,
        Field::Audio => "audio",
        Field::Citations => "citations",
        Field::DocumentContext => "context",
        Field::GuardContent => "guard_content",
        Field::CachePoint | Field::CacheHour | Field::ToolCachePoint => cache::CONTROL,
        Field::Caching => "extra_body.prompt_caching",
        Field::Betas | Field::Beta(_) => "anthropic-beta",
    }
}
