//! What was changed so that the model takes it, in the names that the client knows.

use crate::openai::Error;
use crate::translate::fit::notes::{Field, Note};
use crate::translate::notes::Notes;

use super::{cache, format};

/// What the client called what has more names than one.
#[derive(Debug)]
pub(super) struct Names {
    /// The limit on tokens.
    pub(super) max_tokens: &'static str,
    /// Cache points.
    pub(super) cache: cache::Names,
}

/// Names what is noted.
///
/// # Errors
/// 400 where the configuration refuses what has no counterpart, and the model has none.
pub(super) fn name(noted: Vec<Note>, names: &Names, notes: &mut Notes<'_>) -> Result<(), Error> {
    for note in noted {
        match note {
            Note::Dropped(Field::SchemaMember(member)) => {
                notes.ignore(&format!("tools[].function.parameters.{member}"));
            }
            Note::Dropped(Field::AnswerMember(member)) => {
                notes.ignore(&format!("{}.{member}", format::SCHEMA))
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
                    _ => "This model does not take it.",
                };
                notes.unsupported(param(&field, names), message)?;
            }
        }
    }
    Ok(())
}

fn param(field: &Field, names: &Names) -> &'static str {
    match field {
        Field::MaxTokens => names.max_tokens,
        Field::Temperature => "temperature",
        Field::TopP => "top_p",
        Field::TopK => "top_k",
        Field::Stop => "stop",
        Field::Tools => "tools",
        Field::ToolChoice => "tool_choice",
        Field::SingleCall => "parallel_tool_calls",
        Field::Strict => "tools[].function.strict",
        Field::SchemaMember(_) => "tools[].function.parameters",
        Field::AnswerMember(_) => format::SCHEMA,
        Field::Answer => "response_format",
        Field::Effort => "reasoning_effort",
        Field::Thinking => "thinking",
        Field::ThinkingBudget => "thinking.budget_tokens",
        Field::Replay => "messages[].reasoning_content",
        Field::CachePoint | Field::CacheHour | Field::ToolCachePoint => cache::CONTROL,
        Field::Caching => "extra_body.prompt_caching",
        Field::Betas | Field::Beta(_) => "anthropic-beta",
    }
}
