//! Turns a record into what is counted.

use super::{Ended, Tokens, Whose};
use crate::record::{Outcome, Record};

/// The labels and numbers of a record.
pub fn of(record: &Record) -> (Whose<'_>, Ended<'_>) {
    let whose = Whose {
        caller: record.caller.as_deref().unwrap_or_default(),
        team: record.team.as_deref().unwrap_or_default(),
        model: record.model.as_deref().unwrap_or_default(),
        region: record.region.as_deref().unwrap_or_default(),
    };
    let ended = Ended {
        is_part: record.part_of.is_some(),
        status: record.status.unwrap_or_default(),
        outcome: record.outcome.as_str(),
        error: record.error.as_deref().unwrap_or_default(),
        tokens: tokens(record),
        cost_micros: record.cost_micros.unwrap_or_default(),
        retries: record.attempts.saturating_sub(1),
        is_fallback: record.is_fallback && record.outcome == Outcome::Ok,
        first_token: record.time_to_first_token,
        duration: record.duration.unwrap_or_default(),
    };
    (whose, ended)
}

fn tokens(record: &Record) -> Tokens {
    let Some(usage) = record.usage else { return Tokens::default() };
    let of_input = usage.prompt_tokens_details.unwrap_or_default();
    let of_output = usage.completion_tokens_details.unwrap_or_default();
    Tokens {
        input: usage.prompt_tokens,
        output: usage.completion_tokens,
        cache_read: of_input.cached_tokens,
        cache_write: of_input.cache_write_tokens,
        reasoning: of_output.reasoning_tokens,
    }
}
